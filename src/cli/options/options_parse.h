/*
 * options_parse - from the words of a command line to options
 */
#ifndef CLI_OPTIONS_OPTIONS_PARSE_H
#define CLI_OPTIONS_OPTIONS_PARSE_H

#include "base/error.h"
#include "cli/options/options.h"

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,           /* print usage_print */
	OPTIONS_HELP_SHORT,     /* print usage_print_short: -h */
	OPTIONS_HELP_TABLE,     /* print usage_table: --help=table, for the tests */
	OPTIONS_VERSION,
	OPTIONS_XARGS,          /* the words from argv[rest] on are the command line of xargs */
	OPTIONS_BAD             /* print err->message, exit 2 */
};

/*
 * Fills *o from argv, which must outlive *o; argv[0] is skipped. -h, --help and --version end
 * the parsing. With OPTIONS_BAD, err has a message, and *o must not be used.
 */
enum options_result options_parse(int argc, char *const argv[], struct options *o,
    struct error *err);

/* ---- for the command line of xargs ---- */

/* Fills *o with the defaults. Returns 0, or -1 with a message. */
int options_begin_for_xargs(struct options *o, struct error *err);

/*
 * Parses a long option: word is its text after the dashes, and its argument may be argv[*next].
 * Returns 0, or -1 with a message.
 */
int options_take_for_xargs(struct options *o, const char *word, char *const argv[], int argc,
    int *next, struct error *err);

/* Checks the options together. Returns 0, or -1 with a message. */
int options_finish_for_xargs(struct options *o, struct error *err);

/*
 * Copies the options that say how tasks are run, and not which, from *from to *o, except those that
 * an option given in *o replaces or excludes. Returns 0, or -1 with a message.
 */
int options_inherit(struct options *o, const struct options *from, struct error *err);

#endif
