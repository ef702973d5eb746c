/*
 * joblog - a line for each task that has ended, in the columns of GNU parallel's --joblog
 *
 * Seq, Host, Starttime, JobRuntime, Send, Receive, Exitval, Signal and Command, with tabs in
 * between, of the task's last attempt. A task that was killed by covey has -1 and 15, one that could
 * not be started 127 or 126, as from a shell; one that was never started has no line.
 */
#ifndef CLI_OUTPUT_JOBLOG_H
#define CLI_OUTPUT_JOBLOG_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/output/sink.h"

struct joblog;

/*
 * Opens the file, which is made if need be; "+FILE", or append: what is in it stays. NULL with a
 * message.
 */
struct joblog *joblog_open(const char *name, bool append, struct error *err);
void joblog_close(struct joblog *log);

/* The run begins: empties the file and writes the header, where they are due. 0, or -1: see below. */
int joblog_start(struct joblog *log);

struct sink joblog_sink(struct joblog *log);

/* Are there lines to be written? */
bool joblog_is_behind(const struct joblog *log);

/* Writes the lines of what has ended. Returns 0, or -1: joblog_error says why. */
int joblog_flush(struct joblog *log);
const char *joblog_error(const struct joblog *log);

#endif
