/*
 * journal_key - what a task is known by from run to run: its name, where it has one, or its content
 *
 * The arguments, and where the task has them of its own, the changes to its environment, its
 * working directory and its standard input. Not its number, its place in the input or its limits.
 */
#ifndef JOURNAL_JOURNAL_KEY_H
#define JOURNAL_JOURNAL_KEY_H

#include "covey.h"

/* Half a SHA-256: that two tasks ever share a key need not be reckoned with. */
enum { JOURNAL_KEY_SIZE = 16 };

struct journal_key {
	unsigned char bytes[JOURNAL_KEY_SIZE];
};

/* The key of a task that has a name is that of the name alone. */
struct journal_key journal_key_of_name(const char *name);

/* The key of a command. */
struct journal_key journal_key_of(const struct covey_command *command);

#endif
