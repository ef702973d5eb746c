/*
 * placeholder - what {…} stands for, in commands, scripts and tags
 *
 *	{}    the item                   {/}   its basename: what follows the last slash
 *	{.}   without its extension      {/.}  the basename without extension
 *	{//}  its directory, or "."      {#}   the task's number      {%}  the slot's number
 *
 *	{2} {2.} {2/} {2//} {2/.}        the same of the task's second item
 *	{name} {name.} …                 the same of the column with that name
 *
 * Everything else in braces is plain text, and so is {7} where a task cannot have seven items, as
 * in a regular expression. But what is a placeholder of other programs is refused, so that nobody
 * finds it in the name of a file: {= … =}, {-1}, {##}, {..}, {+/}, {%.c}, and {nosuch} where there
 * are names. No input or output happens here.
 */
#ifndef CLI_COMMAND_PLACEHOLDER_H
#define CLI_COMMAND_PLACEHOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/input/header.h"

enum placeholder_part {
	PART_ITEM,
	PART_NO_EXT,
	PART_BASE,
	PART_DIR,
	PART_BASE_NO_EXT,
	PART_TASK,
	PART_SLOT,
	PART_COUNT
};

struct placeholder {
	enum placeholder_part part;
	unsigned column;     /* of which item, from 1; 0: of all of them, which may be just one */
};

enum { PLACEHOLDER_ANY_COLUMN = INT_MAX };

/* Which placeholders exist; all zero: those of a single item. */
struct placeholder_syntax {
	const char *replace;           /* stands for the item instead of "{}", or NULL */
	unsigned columns;              /* the most items that a task can have; 0: one */
	const struct header *header;   /* names of columns, or NULL */
	bool named;                    /* a word in braces is a name, and refused if nothing has it */
};

/* May a task have more than one item? */
static inline bool placeholder_several(const struct placeholder_syntax *syntax)
{
	return syntax->columns > 1;
}

/* Whether it stands for items or parts of them: all but {#} and {%}. */
static inline bool placeholder_is_item(const struct placeholder *p)
{
	return p->part != PART_TASK && p->part != PART_SLOT;
}

/* Whether it stands for as many values as there are items. */
static inline bool placeholder_is_list(const struct placeholder *p,
    const struct placeholder_syntax *syntax)
{
	return placeholder_several(syntax) && p->column == 0 && placeholder_is_item(p);
}

/* Length of the placeholder that text starts with, and which one it is; 0 if there is none. */
size_t placeholder_scan(const char *text, const struct placeholder_syntax *syntax,
    struct placeholder *found);

/*
 * Do the placeholders in these texts make sense? Returns -1 and a message in why if replace is
 * empty, if {2} is used beside {1} although a task has one item only, if two columns have the
 * name, or if, without replace, there is a placeholder of other programs.
 */
int placeholder_check(const char *const *texts, size_t n, const struct placeholder_syntax *syntax,
    char *why, size_t why_size);

#endif
