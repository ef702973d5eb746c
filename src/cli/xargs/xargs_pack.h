/*
 * xargs_pack - items into command lines, by the rules of xargs
 *
 * A line is full when it has as many items or input lines as allowed (-n, -L), or when the next
 * item would make it too long (-s); with a replace string (-I), each item makes a line of its own.
 * The size of a command line is that of all its words, each with its NUL. No input or output.
 */
#ifndef CLI_XARGS_XARGS_PACK_H
#define CLI_XARGS_XARGS_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/xargs/xargs_read.h"

struct xargs_pack_options {
	char *const *command;     /* and its first arguments: ncommand > 0 of them */
	size_t ncommand;
	const char *replace;      /* or NULL */
	unsigned long max_args;   /* 0: no limit */
	unsigned long max_lines;  /* 0: no limit */
	long max_chars;           /* the size's limit */
	long max_kernel;          /* … and with a pointer for each word; 0: none; not looked at with -I */
	bool exit;                /* with a limit on items or lines, too much to fit is an error */
};

enum xargs_packed {
	PACK_PENDING,             /* the item is in; there is room for others */
	PACK_COMPLETE,            /* the item is in; run the line now */
	PACK_RUN_FIRST,           /* the item is not in: run the line, then add it again */
	PACK_NO_ROOM,             /* not even one item fits */
	PACK_LIST_TOO_LONG,       /* too much for one line, which is an error here */
	PACK_COMMAND_TOO_LONG,    /* an argument that contains the item is too long */
	PACK_NO_MEMORY
};

struct xargs_pack;

/* *options is copied, the command is not. NULL if out of memory. */
struct xargs_pack *xargs_pack_new(const struct xargs_pack_options *options);

/* NULL is allowed. */
void xargs_pack_free(struct xargs_pack *p);

/* Does the command itself, without any item, fit? Not asked with -I, where the first item does. */
bool xargs_pack_fits(const struct xargs_pack *p);

/* The most characters that an item may have now; negative: none may have any. */
long xargs_pack_room(const struct xargs_pack *p);

/* Adds the item, which is copied. A line that is complete, or to be run first, must be cleared. */
enum xargs_packed xargs_pack_add(struct xargs_pack *p, const struct xargs_item *item);

/* Has the line any item? */
bool xargs_pack_has_items(const struct xargs_pack *p);

/* The line, NULL-terminated; until the next call. NULL if out of memory. */
const char *const *xargs_pack_line(struct xargs_pack *p);

/* Begins a new line. */
void xargs_pack_clear(struct xargs_pack *p);

#endif
