/*
 * grow - room in an array for more elements
 */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stddef.h>

/*
 * Returns the array, moved or not, with room for at least n elements of that size, and more where
 * it had to grow, so that adding one element at a time is cheap; *room is set to their number. The
 * array is NULL or memory of malloc. Returns NULL if out of memory, or if the size overflows; the
 * array and *room are then as before.
 */
void *grow(void *array, size_t *room, size_t n, size_t size);

#endif
