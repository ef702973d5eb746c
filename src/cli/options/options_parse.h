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
	OPTIONS_HELP_TABLE,     /* print usage_table: --help=table, for the tests */
	OPTIONS_VERSION,
	OPTIONS_XARGS,          /* what follows, from argv[rest] on, are the words of xargs */
	OPTIONS_BAD             /* say err->message, exit 2 */
};

/*
 * Fills *o from argv, which must outlive it; argv[0] is skipped. --help and --version end the
 * parsing where they stand. With OPTIONS_BAD, err says what is wrong; *o is then of no use.
 */
enum options_result options_parse(int argc, char *const argv[], struct options *o,
    struct error *err);

/* ---- for xargs, which has a command line of its own ---- */

/* The defaults. Returns 0, or -1. */
int options_begin_for_xargs(struct options *o, struct error *err);

/* Takes a long option, which begins at word, without dashes; its argument may be argv[*next]. */
int options_take_for_xargs(struct options *o, const char *word, char *const argv[], int argc,
    int *next, struct error *err);

/* What cannot be seen from one option alone. Returns 0, or -1 with what is wrong. */
int options_finish_for_xargs(struct options *o, struct error *err);

/*
 * Options of *from that are about how tasks are run, and not about which, hold in *o as well, where
 * none that was given there says otherwise. Returns 0, or -1 with a message.
 */
int options_inherit(struct options *o, const struct options *from, struct error *err);

#endif
