/*
 * xargs_begin - covey --xargs, and covey called by the name xargs, from their command line on
 */
#ifndef CLI_XARGS_XARGS_BEGIN_H
#define CLI_XARGS_XARGS_BEGIN_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options/options.h"
#include "cli/xargs/xargs_options.h"

/* Is the program called by the name of xargs? */
bool xargs_is_name(const char *argv0);

/*
 * Reads the command line from argv[first] on. Without options of covey's, does all that it asks for
 * and returns true with *status. False: the run is supervised, and *x and *covey describe it.
 */
bool xargs_begin(struct xargs_options *x, int argc, char *const argv[], int first,
    struct options *covey, int *status);

/*
 * Reads a recorded command line again, of covey or xargs: fills *o as options_parse does, including
 * what xargs' own options mean. Returns 0, or -1 with a message.
 */
int xargs_recall(int argc, char *const argv[], struct options *o, struct error *err);

#endif
