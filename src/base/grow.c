#include "base/grow.h"

#include <bsd/stdlib.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void *grow(void *array, size_t *room, size_t n, size_t size)
{
	size_t larger = *room > 0 ? *room : FIRST_BYTES / size + 1;
	void *moved;

	if (array != NULL && n <= *room)
		return array;
	/* the difference of two pointers into an array must fit in ptrdiff_t */
	if (n > (size_t)PTRDIFF_MAX / size)
		return NULL;
	while (larger < n)
		larger = larger <= (size_t)PTRDIFF_MAX / size / 2 ? larger * 2 : n;
	moved = reallocarray(array, larger, size);
	if (moved != NULL)
		*room = larger;
	return moved;
}
