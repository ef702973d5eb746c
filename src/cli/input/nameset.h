/*
 * nameset - which names there have been, and where
 *
 * Sixteen bytes for each, whatever its length: of a name its hash is kept, in 64 bits. In a million
 * names, two of one hash are as likely as one in thirty million.
 */
#ifndef CLI_INPUT_NAMESET_H
#define CLI_INPUT_NAMESET_H

#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
struct nameset {
	struct nameset_entry *entries;
	size_t n, size;                 /* the size is 0, or a power of two */
};

/*
 * Adds a name, which is in that line (from 1). Returns 0; 1 if it is there already, *first says in
 * which line; -1 if out of memory.
 */
int nameset_add(struct nameset *set, const char *name, uint64_t line, uint64_t *first);

void nameset_release(struct nameset *set);

#endif
