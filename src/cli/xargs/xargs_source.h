/*
 * xargs_source - the next command line of xargs
 *
 * Reads standard input or a file, no more of it than the next line needs, by xargs_read and
 * xargs_pack.
 */
#ifndef CLI_XARGS_XARGS_SOURCE_H
#define CLI_XARGS_XARGS_SOURCE_H

#include <stdbool.h>

#include "cli/input/record.h"
#include "cli/xargs/xargs_options.h"

enum xargs_next {
	XARGS_NEXT_LINE,       /* there is one */
	XARGS_NEXT_NUL,        /* not yet: the input contains a NUL byte, which is said once */
	XARGS_NEXT_LATER,      /* not yet: read again when the descriptor is readable */
	XARGS_NEXT_END,
	XARGS_NEXT_BAD         /* see xargs_source_error */
};

struct xargs_source;

/* What to say of XARGS_NEXT_NUL. */
extern const char xargs_nul_warning[];

/*
 * Opens the input. With patient, reading waits for it; without, nothing is read before
 * xargs_source_ready. NULL, with errno, if that fails.
 */
struct xargs_source *xargs_source_open(const struct xargs_options *o, bool patient);

/* Leaves standard input, if possible, after what has been used of it. NULL is allowed. */
void xargs_source_close(struct xargs_source *s);

/*
 * The next line, which lasts until the next call. Its command and first arguments are always o's.
 */
enum xargs_next xargs_source_next(struct xargs_source *s, const char *const **argv);

/*
 * The items of that line, which last as long as it does; one empty item if it has none.
 * Returns 0, or -1 if out of memory.
 */
int xargs_source_record(struct xargs_source *s, const char *const *argv, struct record *record);

/*
 * The last line was run. As long as none was, the end of the input gives one without items, unless
 * there is -r or -I.
 */
void xargs_source_ran(struct xargs_source *s);

/* What is wrong with the input, or with the size of a command line. */
const char *xargs_source_error(const struct xargs_source *s);

/* Is there input that was not read? */
bool xargs_source_has_more(const struct xargs_source *s);

/* The errno with which reading failed, or 0; the input ended there. */
int xargs_source_read_errno(const struct xargs_source *s);

/* The descriptor to watch, -1 if it is always ready; and that it was found readable. */
int xargs_source_fd(const struct xargs_source *s);
void xargs_source_ready(struct xargs_source *s);

#endif
