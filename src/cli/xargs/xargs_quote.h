/*
 * xargs_quote - words as xargs prints them
 *
 * Not as shquote does it for covey's own messages: which characters are quoted, and how, follows
 * GNU xargs, and what can be printed follows the locale.
 */
#ifndef CLI_XARGS_XARGS_QUOTE_H
#define CLI_XARGS_XARGS_QUOTE_H

#include <stdio.h>

/* Prints a command for -t and -p, each word quoted for the shell where it needs to be. */
void xargs_quote_line(FILE *out, const char *const *argv);

/* Prints a name in a message: in the locale's quotes, with escapes as in C. */
void xargs_quote_name(FILE *out, const char *name);

#endif
