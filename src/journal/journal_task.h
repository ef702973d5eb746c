/*
 * journal_task - what the journal has to be told of a task
 */
#ifndef JOURNAL_JOURNAL_TASK_H
#define JOURNAL_JOURNAL_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "journal/journal_key.h"

/* What the events don't tell of a task. */
struct journal_task {
	struct journal_key key;
	int64_t occurrence;           /* from 1 among those of the same key; 0: not counted */
	uint64_t number;
	const char *name;             /* or NULL */
	const char *input;            /* its items, with a NUL between them; NULL: none */
	size_t input_len;
	const struct covey_command *command;
};

#endif
