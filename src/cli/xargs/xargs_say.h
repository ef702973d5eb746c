/*
 * xargs_say - the messages of xargs, on standard error
 */
#ifndef CLI_XARGS_XARGS_SAY_H
#define CLI_XARGS_XARGS_SAY_H

#include "cli/xargs/xargs_options.h"

/* Prints "xargs: …", with the name it was called by, and a newline. */
void xargs_say(const struct xargs_options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Opens the executor's input, or says why it cannot be: NULL. patient as in xargs_source_open.
 */
struct xargs_source;
struct xargs_source *xargs_say_open(const struct xargs_options *o, bool patient);

/* --show-limits. */
void xargs_say_limits(const struct xargs_options *o, const struct xargs_limits *limits);

enum xargs_answer { XARGS_ANSWER_YES, XARGS_ANSWER_NO, XARGS_ANSWER_NONE };

/*
 * Prints the command and asks on the terminal whether to run it. XARGS_ANSWER_NONE, with a message:
 * nobody can be asked. *tty is the terminal once it is open, and the caller's to close.
 */
enum xargs_answer xargs_say_ask(const struct xargs_options *o, const char *const *argv, FILE **tty);

/* Help, and the version, on standard output. */
void xargs_say_help(const struct xargs_options *o);
void xargs_say_version(void);

#endif
