/*
 * item_list - items in memory, in their order: those of a source that is gone through more than once
 */
#ifndef CLI_INPUT_ITEM_LIST_H
#define CLI_INPUT_ITEM_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/input/input.h"
#include "cli/input/record.h"

/* All zero is empty. */
struct item_list {
	struct span *items;      /* n of them; texts are there after item_list_settle */
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
int item_list_load(struct item_list *held, const struct input_options *options, struct error *err);

/* Adds a copy. Returns 0, or -1 if memory is out. */
int item_list_add(struct item_list *held, const char *text, size_t len);

/* Makes the items' texts known; to be called after the last item_list_add, and again after another. */
void item_list_settle(struct item_list *held);

/* Takes off the first item; false if there is none. From then on, nothing can be added. */
bool item_list_take_first(struct item_list *held, struct span *item);

/* Forgets all items and keeps the memory; and releases it. */
void item_list_clear(struct item_list *held);
void item_list_release(struct item_list *held);

#endif
