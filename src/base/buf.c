#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

int buf_enlarge(struct buf *buf, size_t n)
{
	char *at;

	if (n >= SIZE_MAX - buf->len)
		return -1;
	at = grow(buf->at, &buf->size, buf->len + n + 1, 1);
	if (at == NULL)
		return -1;
	buf->at = at;
	return 0;
}

int buf_add(struct buf *buf, const void *bytes, size_t n)
{
	if (buf_reserve(buf, n) != 0)
		return -1;
	/* memcpy must not be given NULL, not even for no bytes */
	if (n > 0)
		memcpy(buf->at + buf->len, bytes, n);
	buf->len += n;
	buf->at[buf->len] = '\0';
	return 0;
}

int buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

int buf_add_word(struct buf *buf, const char *word, size_t n)
{
	if (n == SIZE_MAX || buf_reserve(buf, n + 1) != 0 || buf_add(buf, word, n) != 0)
		return -1;
	return buf_add(buf, "", 1);
}

void buf_drop(struct buf *buf, size_t n)
{
	if (n == 0)
		return;
	buf->len -= n;
	memmove(buf->at, buf->at + n, buf->len);
	buf->at[buf->len] = '\0';
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->at != NULL)
		buf->at[0] = '\0';
}

void buf_release(struct buf *buf)
{
	free(buf->at);
	*buf = (struct buf){ .at = NULL };
}
