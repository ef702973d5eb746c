/*
 * span - a stretch of text
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stddef.h>

/* Text that belongs to somebody else. */
struct span {
	const char *text;   /* of an item: NUL-terminated */
	size_t len;
};

#endif
