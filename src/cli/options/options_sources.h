/*
 * options_sources - parse the sources of items on the command line
 */
#ifndef CLI_OPTIONS_OPTIONS_SOURCES_H
#define CLI_OPTIONS_OPTIONS_SOURCES_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options/options.h"

/* The words of a command line; argv[next] is the next one to be parsed. */
struct words {
	char *const *argv;
	int argc;
	int next;
};

/* Adds a file as a source. Returns 0, or -1 with a message. */
int options_sources_add_file(const char *path, bool linked, struct options_sources *sources,
    struct error *err);

/*
 * Parses COMMAND [ARG]... [::: ITEM...]... [:::: FILE...]..., up to the last word. Returns 0, or -1
 * with a message.
 */
int options_sources_take_words(struct words *w, struct options *o, struct error *err);

#endif
