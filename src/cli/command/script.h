/*
 * script - shell scripts with placeholders, and shell lines, as commands to run
 *
 * A script becomes a call of the shell in which each placeholder is a variable that the script
 * refers to; its value is an argument of the call, so an item is never read as code:
 *
 *	/bin/sh -c 'covey_1=$1; gzip -9 "${covey_1}"' covey ITEM
 *
 * A script that needs nothing of a shell is split into words here and can run without a shell. No
 * input or output.
 */
#ifndef CLI_COMMAND_SCRIPT_H
#define CLI_COMMAND_SCRIPT_H

#include <stddef.h>

#include "cli/command/template.h"

#define SCRIPT_SHELL "/bin/sh"

struct script;

/*
 * Compiles a script. If a placeholder cannot stand for data, or the script is unfinished, returns
 * NULL and in why a message: what is wrong, in which line, and what to write instead.
 */
struct script *script_compile(const char *text, const struct placeholder_syntax *syntax, char *why,
    size_t why_size);

/* Releases the script and its templates; NULL is allowed. */
void script_free(struct script *s);

/* The call of the shell. Within the script the items are also $1, $2, …. Belongs to the script. */
struct template *script_shell(struct script *s);

/*
 * The command itself, if it is one simple command of plain words whose name is neither a builtin
 * nor a keyword; else NULL. If no such command is found, the shell must be called, whose message
 * users expect. Belongs to the script.
 */
struct template *script_direct(struct script *s);

/* ---- lines, which have no placeholders ---- */

struct line_splitter;

/* Makes a splitter; NULL if out of memory. */
struct line_splitter *line_splitter_new(void);

/* Releases a splitter; NULL is allowed. */
void line_splitter_free(struct line_splitter *sp);

/*
 * Splits a line into a NULL-terminated argv, which lasts until the next call, if a shell would run
 * exactly that. Returns NULL where a shell is needed, or if out of memory: a shell will do then,
 * too.
 */
const char *const *script_split_line(struct line_splitter *sp, const char *line, size_t len);

#endif
