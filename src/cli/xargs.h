/*
 * xargs - covey --xargs, and covey called by the name xargs
 *
 * Without an option of covey's, it is GNU xargs exactly: children share its process group, terminal,
 * descriptors and output, and what it does in which order is what xargs does. With one, xargs_feed
 * gives the same command lines to an ordinary run.
 */
#ifndef CLI_XARGS_H
#define CLI_XARGS_H

#include <stdbool.h>

#include "options.h"
#include "xargs_options.h"

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

/* Is the program called by the name of xargs? */
bool xargs_is_name(const char *argv0);

/*
 * Reads the command line from argv[first] on and, where that is all, does what it asks for: returns
 * true with *status. False: the run is supervised; *x is then all of it, and *covey complete.
 */
bool xargs_begin(struct xargs_options *x, int argc, char *const argv[], int first,
    struct options *covey, int *status);

/*
 * Any command line that covey has accepted before, by whatever name it was called, once more: fills
 * *o as options_parse does, with what xargs' own options make of it, too. Returns 0, or -1 with a
 * message.
 */
int xargs_recall(int argc, char *const argv[], struct options *o, struct cli_error *err);

/* Runs it as GNU xargs does, and returns the exit status. */
int xargs_run(const struct xargs_options *o);

#endif
