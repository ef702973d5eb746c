/*
 * buf - bytes in memory that grow as more are added
 *
 * A buffer that is all zero is empty. What buf_add and its like have added is followed by a NUL
 * that is not counted, so that it can be used as a string. Its address changes as it grows.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *at;       /* NULL before memory is needed */
	size_t len;     /* bytes in use */
	size_t size;    /* bytes that there is room for; more than len, or 0 */
};

/*
 * All of these return 0, or -1 if out of memory; the buffer is then as before. The bytes that
 * are added must not be the buffer's own.
 */

/* Moves the buffer to where there is room for n more bytes and a NUL. */
int buf_enlarge(struct buf *buf, size_t n);

/* Makes room for n more bytes and a NUL, if there is not enough. */
static inline int buf_reserve(struct buf *buf, size_t n)
{
	return n < buf->size - buf->len ? 0 : buf_enlarge(buf, n);
}

/* Adds n bytes; or a string; or a word, which is n bytes and a NUL that is counted. */
int buf_add(struct buf *buf, const void *bytes, size_t n);
int buf_add_text(struct buf *buf, const char *text);
int buf_add_word(struct buf *buf, const char *word, size_t n);

/* Removes the first n bytes, of those that are there. */
void buf_drop(struct buf *buf, size_t n);

/* Removes all bytes and keeps the memory; and releases the memory, too. */
void buf_clear(struct buf *buf);
void buf_release(struct buf *buf);

#endif
