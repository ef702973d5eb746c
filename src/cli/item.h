/*
 * item - what a task needs to remember of its item while it runs
 */
#ifndef CLI_ITEM_H
#define CLI_ITEM_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"

/* Hangs on the task as its user pointer; NULL where nothing has to be remembered. */
struct item {
	const char *tag;      /* what its lines begin with; NULL: nothing */
	size_t tag_len;
	size_t len;           /* of the item */
	const char *text;
	uint64_t number;      /* of the task, in the order of the input */
};

/* A task's number for people: the executor counts what it is given, which may not be everything. */
static inline uint64_t item_number(const struct covey_task *task)
{
	const struct item *item = task->user;

	return item == NULL ? task->id : item->number;
}

#endif
