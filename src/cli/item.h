/*
 * item - what a task needs to remember of its item while it runs
 */
#ifndef CLI_ITEM_H
#define CLI_ITEM_H

#include <stddef.h>

/* Hangs on the task as its user pointer; NULL where nothing has to be remembered. */
struct item {
	const char *tag;      /* what its lines begin with; NULL: nothing */
	size_t tag_len;
	size_t len;           /* of the item */
	const char *text;
};

#endif
