/*
 * held - items in memory, in their order: those of a source that is gone through more than once
 */
#ifndef CLI_HELD_H
#define CLI_HELD_H

#include <stdbool.h>
#include <stddef.h>

#include "clierror.h"
#include "input.h"
#include "record.h"

/* All zero is empty. */
struct held {
	struct span *items;      /* n of them; texts are there after held_settle */
	size_t n;
	size_t skipped;          /* items in front of them that were taken off */
	size_t room;
	char *text;              /* the items' copies, each with a NUL; NULL: they are words */
	size_t used, size;
};

/*
 * Reads a source to its end, waiting for it, into what is empty. Returns 0, or -1 with a message;
 * then nothing is held.
 */
int held_load(struct held *held, const struct input_options *options, struct cli_error *err);

/* Adds a copy. Returns 0, or -1 if memory is out. */
int held_add(struct held *held, const char *text, size_t len);

/* Makes the items' texts known; to be called after the last held_add, and again after another. */
void held_settle(struct held *held);

/* Takes off the first item; false if there is none. From then on, nothing can be added. */
bool held_take_first(struct held *held, struct span *item);

/* Forgets all items and keeps the memory; and releases it. */
void held_clear(struct held *held);
void held_release(struct held *held);

#endif
