/*
 * record - what one task is made of: its items, in order
 */
#ifndef CLI_INPUT_RECORD_H
#define CLI_INPUT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct record {
	const struct span *items;   /* at least one */
	size_t nitems;
	size_t bytes;               /* the items' lengths together */
	uint64_t line;              /* where the source's stream has it, from 1; 0: not known */
	uint64_t number;            /* of the task, from 1; 0: it is one more than the last one's */
	uint64_t place;             /* in the order of the input, from 1; 0: it comes in that order */
	struct span own;            /* room for items, where there is one */
};

/* Makes it a record of one item. */
static inline void record_set_one(struct record *record, const char *text, size_t len)
{
	record->own = (struct span){ text, len };
	record->items = &record->own;
	record->nitems = 1;
	record->bytes = len;
	record->number = record->place = 0;
}

/*
 * A copy in one block, texts included; the caller frees it with free. NULL if out of memory.
 */
struct record *record_copy(const struct record *record);

#endif
