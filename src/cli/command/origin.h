/*
 * origin - what a task needs to remember of its input while it runs
 */
#ifndef CLI_COMMAND_ORIGIN_H
#define CLI_COMMAND_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"

#include "cli/input/record.h"

/* Hangs on the task as its user pointer, one block; NULL where nothing has to be remembered. */
struct origin {
	const char *tag;      /* what its lines begin with; NULL: nothing */
	size_t tag_len;
	const char *name;     /* of --tasks, or NULL */
	uint64_t number;      /* of the task, in the order of the input */
	uint64_t place;       /* whose turn it is to be printed; 0: by the executor's count */
	struct record record;
};

/* A task's number for people: the executor counts what it is given, which may not be everything. */
static inline uint64_t origin_number(const struct covey_task *task)
{
	const struct origin *item = task->user;

	return item == NULL ? task->id : item->number;
}

/* Its turn with --keep-order, which knows no gaps. */
static inline uint64_t origin_place(const struct covey_task *task)
{
	const struct origin *item = task->user;

	return item == NULL || item->place == 0 ? task->id : item->place;
}

#endif
