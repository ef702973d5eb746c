/*
 * xargs - GNU xargs, exactly
 *
 * Without an option of covey's: children share its process group, terminal, descriptors and output,
 * and what it does in which order is what xargs does. With one, xargs_plan gives the same command
 * lines to an ordinary run.
 */
#ifndef CLI_XARGS_XARGS_H
#define CLI_XARGS_XARGS_H

#include "cli/xargs/xargs_options.h"

/* xargs' exit statuses. */
enum {
	XARGS_STATUS_OK = 0,
	XARGS_STATUS_ERROR = 1,           /* usage, input, sizes, … */
	XARGS_STATUS_SOME_FAILED = 123,   /* a command exited with 1 to 254 */
	XARGS_STATUS_GAVE_UP = 124,       /* one exited with 255 */
	XARGS_STATUS_SIGNALED = 125,      /* one was ended by a signal */
	XARGS_STATUS_CANNOT_RUN = 126,
	XARGS_STATUS_NOT_FOUND = 127
};

/* Runs it as GNU xargs does, and returns the exit status. */
int xargs_run(const struct xargs_options *o);

#endif
