/*
 * header - the names of columns, from the first record of each source
 */
#ifndef CLI_INPUT_HEADER_H
#define CLI_INPUT_HEADER_H

#include <stddef.h>

#include "cli/input/record.h"

struct header {
	struct header_name {
		char *text;
		size_t len;
	} *names;                 /* of column 1, 2, … of all sources together */
	size_t n;
	size_t *widths;           /* of each source: how many of them are its own */
	size_t nsources;
};

/*
 * Adds the names of another source's columns, which are copied. Returns 0, or -1 if out of memory.
 */
int header_add(struct header *header, const struct span *names, size_t n);

/*
 * The first column of that name, from 1, and how many there are; 0 if there is none. An empty name
 * is none.
 */
unsigned header_find(const struct header *header, const char *name, size_t len, size_t *count);

/* Releases what it holds. */
void header_release(struct header *header);

#endif
