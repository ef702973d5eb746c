/*
 * out_line - lines appear as they come (--line-buffer), never torn
 *
 * With --keep-order the first unfinished task's lines appear as they come, and those of the others
 * when their turn comes. As everywhere, stdout of an attempt that is followed by another one does
 * not appear: while a task has tries left, its stdout is captured, and waits for the end of the attempt.
 */
#ifndef CLI_OUTPUT_OUT_LINE_H
#define CLI_OUTPUT_OUT_LINE_H

#include "cli/output/keep_order.h"
#include "cli/output/sink.h"

struct out_line;

/* Reports lines that it cannot keep as TROUBLE_OUTPUT. NULL when memory runs out. */
struct out_line *out_line_new(struct keep_order *order, struct trouble *trouble);
void out_line_free(struct out_line *line);

/*
 * All that attempts print appears at once: parts of lines where there is no tag, and stdout of
 * attempts that are followed by others.
 */
void out_line_stream(struct out_line *line);

struct sink out_line_sink(struct out_line *line);

#endif
