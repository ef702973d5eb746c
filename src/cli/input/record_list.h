/*
 * record_list - all records of a source, in memory, in the order in which they came
 *
 * For what cannot be told before the last one is there. A record takes its text, and some forty
 * bytes.
 */
#ifndef CLI_INPUT_RECORD_LIST_H
#define CLI_INPUT_RECORD_LIST_H

#include "cli/input/item_list.h"
#include "cli/input/source.h"

/* All zero is empty. */
struct record_list {
	struct item_list items;              /* the items of all */
	struct record_list_place {
		size_t first;                /* of its items in items */
		uint64_t line, number;
	} *places;
	size_t n, room;
};

/*
 * Adds the next record. INPUT_AGAIN: there may be more; INPUT_END: that was all, and
 * record_list_get may be called. Any other answer is the source's.
 */
enum input_result record_list_load(struct record_list *list, struct source *from,
    struct error *err);

/* The record at that place, from 0. */
void record_list_get(const struct record_list *list, size_t at, struct record *record);

void record_list_release(struct record_list *list);

#endif
