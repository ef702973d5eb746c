/*
 * optsources - where items come from, in the words of the command line
 */
#ifndef CLI_OPTSOURCES_H
#define CLI_OPTSOURCES_H

#include <stdbool.h>

#include "clierror.h"
#include "options.h"

/* Words, the next of which is argv[next]. */
struct words {
	char *const *argv;
	int argc;
	int next;
};

/* Another source: a file. Returns 0, or -1 with a message. */
int optsources_add_file(const char *path, bool linked, struct options_sources *sources,
    struct cli_error *err);

/* COMMAND [ARG]... [::: ITEM...]... [:::: FILE...]...; returns 0, or -1 with a message. */
int optsources_take_words(struct words *w, struct options *o, struct cli_error *err);

#endif
