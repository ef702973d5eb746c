/*
 * item_list - items in memory, in their order: those of a source that is used more than once
 */
#ifndef CLI_INPUT_ITEM_LIST_H
#define CLI_INPUT_ITEM_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "cli/input/input.h"
#include "cli/input/record.h"

/* All zero is empty. */
struct item_list {
	struct span *items;      /* n of them; texts are there after item_list_settle */
	size_t n;
	size_t skipped;          /* items in front of them that were taken off */
	size_t room;
	struct buf text;         /* the items' copies, each with its NUL; empty: they are words */
};

/*
 * Reads a source to its end, waiting for it, into what is empty. Returns 0, or -1 with a message;
 * then the list is empty.
 */
int item_list_load(struct item_list *list, const struct input_options *options, struct error *err);

/* Adds a copy. Returns 0, or -1 if out of memory. */
int item_list_add(struct item_list *list, const char *text, size_t len);

/*
 * Makes the items' texts known; to be called after the last item_list_add, and again after another.
 */
void item_list_settle(struct item_list *list);

/* The length of all items together, without their NULs, where they are copies. */
static inline size_t item_list_bytes(const struct item_list *list)
{
	return list->text.len - list->n;
}

/* Removes the last item, which must be a copy and empty. */
static inline void item_list_drop_empty(struct item_list *list)
{
	list->n--;
	list->text.len--;
}

/* Takes off the first item; false if there is none. From then on, nothing can be added. */
bool item_list_take_first(struct item_list *list, struct span *item);

/* Forgets all items and keeps the memory; and releases it. */
void item_list_clear(struct item_list *list);
void item_list_release(struct item_list *list);

#endif
