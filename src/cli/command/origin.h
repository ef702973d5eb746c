/*
 * origin - what a task remembers of its plan while it runs
 */
#ifndef CLI_COMMAND_ORIGIN_H
#define CLI_COMMAND_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "cli/command/plan.h"
#include "cli/input/record.h"

/* The user pointer of a task; one block of memory. */
struct origin {
	const char *tag;      /* the beginning of each line of its output, or NULL */
	size_t tag_len;
	const char *name;     /* of --tasks, or NULL */
	uint64_t number;      /* of the task, in the order of the input */
	uint64_t place;       /* its turn with --keep-order; 0: by the executor's count */
	struct record record;
	/* for the journal */
	struct journal_key key;
	int64_t occurrence;
	const struct covey_command *command;   /* while the task is being submitted; then NULL */
};

/* Copies of what the plan points to; tag may be NULL. For free(3); NULL: out of memory. */
struct origin *origin_new(const struct plan *plan, const char *tag);

/* The items as one text, with a NUL between two of them. The text is in the block of the origin. */
struct span origin_input(const struct origin *origin);

/* A task's number for people: the executor counts what it is given, which may not be everything. */
static inline uint64_t origin_number(const struct covey_task *task)
{
	const struct origin *origin = task->user;

	return origin == NULL ? task->id : origin->number;
}

/* Its turn with --keep-order; turns have no gaps. */
static inline uint64_t origin_place(const struct covey_task *task)
{
	const struct origin *origin = task->user;

	return origin == NULL || origin->place == 0 ? task->id : origin->place;
}

#endif
