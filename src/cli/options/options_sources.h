/*
 * options_sources - where items come from, in the words of the command line
 */
#ifndef CLI_OPTIONS_OPTIONS_SOURCES_H
#define CLI_OPTIONS_OPTIONS_SOURCES_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options/options.h"

/* Words, the next of which is argv[next]. */
struct words {
	char *const *argv;
	int argc;
	int next;
};

/* Another source: a file. Returns 0, or -1 with a message. */
int options_sources_add_file(const char *path, bool linked, struct options_sources *sources,
    struct error *err);

/* COMMAND [ARG]... [::: ITEM...]... [:::: FILE...]...; returns 0, or -1 with a message. */
int options_sources_take_words(struct words *w, struct options *o, struct error *err);

#endif
