/*
 * pool - all records of a source, in memory, in the order in which they came
 *
 * For what cannot be told before the last one is there. A record takes its text, and some forty
 * bytes.
 */
#ifndef CLI_INPUT_POOL_H
#define CLI_INPUT_POOL_H

#include "cli/input/item_list.h"
#include "cli/input/source.h"

/* All zero is empty. */
struct pool {
	struct item_list held;                /* the items of all */
	struct pool_place {
		size_t first;                /* of its items in held */
		uint64_t line, number;
	} *places;
	size_t n, room;
};

/*
 * Adds the next record. INPUT_AGAIN: there may be more; INPUT_END: that was all, and pool_get may be
 * called. Any other answer is the source's.
 */
enum input_result pool_load(struct pool *pool, struct source *from, struct error *err);

/* The record at that place, from 0. */
void pool_get(const struct pool *pool, size_t at, struct record *record);

void pool_release(struct pool *pool);

#endif
