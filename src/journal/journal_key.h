/*
 * journal_key - identifies a task across runs: by its name if it has one, else by its content
 *
 * The content is the command's arguments, and if the task sets them, its environment changes,
 * working directory and standard input. The task's number, its place in the input and its limits do
 * not count.
 */
#ifndef JOURNAL_JOURNAL_KEY_H
#define JOURNAL_JOURNAL_KEY_H

#include "covey.h"

/* Half a SHA-256: two different tasks do not get the same key in practice. */
enum { JOURNAL_KEY_SIZE = 16 };

struct journal_key {
	unsigned char bytes[JOURNAL_KEY_SIZE];
};

/* The key of a task with a name; its command does not count. */
struct journal_key journal_key_of_name(const char *name);

/* The key of a task without a name. */
struct journal_key journal_key_of(const struct covey_command *command);

#endif
