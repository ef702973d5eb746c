/*
 * journal_task - what the journal must be told about a task
 */
#ifndef JOURNAL_JOURNAL_TASK_H
#define JOURNAL_JOURNAL_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "journal/journal_key.h"

/* What events do not say about a task. */
struct journal_task {
	struct journal_key key;
	int64_t occurrence;           /* from 1, among tasks with the same key; 0: not counted */
	uint64_t number;
	const char *name;             /* or NULL */
	const char *input;            /* its items, separated by NUL; NULL: none */
	size_t input_len;
	const struct covey_command *command;
};

#endif
