/*
 * xargs_options - the command line of xargs
 *
 * GNU xargs' options with its messages, and covey's own long options. If both have an option of a
 * name, or with that beginning, the name means xargs' option.
 */
#ifndef CLI_XARGS_XARGS_OPTIONS_H
#define CLI_XARGS_XARGS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/options/options.h"

/* All pointers are into argv, or to constants. */
struct xargs_options {
	const char *program;       /* as messages call it */
	bool by_name;              /* called as xargs, and not as covey --xargs */
	char *const *command;      /* ncommand > 0 words; "echo" where none was given */
	size_t ncommand;
	const char *arg_file;      /* NULL: standard input */
	int delimiter;             /* XARGS_NO_DELIMITER, or a byte, or 256 for one that never comes */
	const char *eof;           /* or NULL */
	const char *replace;       /* or NULL */
	unsigned long max_args;    /* 0: no limit */
	unsigned long max_lines;   /* 0: no limit */
	long max_chars;
	long max_kernel;           /* the same with a pointer for each word: more cannot be run */
	unsigned max_procs;        /* 0: no limit */
	const char *slot_var;      /* or NULL */
	bool exit;                 /* -x */
	bool no_run_if_empty;      /* -r */
	bool verbose;              /* -t */
	bool interactive;          /* -p; -t holds, too */
	bool open_tty;             /* -o */
	bool show_limits;
	bool supervised;           /* an option of covey's was given: then its promises hold */
};

enum xargs_parsed { XARGS_PARSED_RUN, XARGS_PARSED_HELP, XARGS_PARSED_VERSION, XARGS_PARSED_BAD };

struct xargs_limits;

/*
 * Fills *x from the words of argv from first on, and covey's options into *covey. Warnings, and
 * with XARGS_PARSED_BAD what is wrong, are printed to messages. x->program, x->by_name and
 * x->supervised are to be set before.
 */
enum xargs_parsed xargs_options_parse(struct xargs_options *x, int argc, char *const argv[],
    int first, const struct xargs_limits *limits, struct options *covey, FILE *messages);

#endif
