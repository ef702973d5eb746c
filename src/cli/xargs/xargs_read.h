/*
 * xargs_read - bytes to items, by the rules of xargs
 *
 * Blanks (space and tab) and newlines separate items, quotes and backslashes protect them; or a
 * delimiter ends each, and nothing is special; or, for -I, each line is an item. Bytes are given
 * piece by piece, and how they are cut into pieces makes no difference. No input or output.
 */
#ifndef CLI_XARGS_XARGS_READ_H
#define CLI_XARGS_XARGS_READ_H

#include <stdbool.h>
#include <stddef.h>

enum { XARGS_NO_DELIMITER = -1 };

struct xargs_read_options {
	int delimiter;        /* a byte, or XARGS_NO_DELIMITER, or more than a byte: it never comes */
	bool lines;           /* without a delimiter: blanks do not end an item */
	const char *eof;      /* an item after which there are none, or NULL; not with a delimiter */
};

enum xargs_token {
	XARGS_ITEM,
	XARGS_MORE,           /* all bytes are consumed: give more, or say that there are none */
	XARGS_NUL,            /* a NUL byte, for the first time, which will cut its item: just go on */
	XARGS_END,
	XARGS_UNMATCHED,      /* the line ends within quotes: see xargs_reader_quote */
	XARGS_TOO_LONG        /* this item is longer than it may be */
};

struct xargs_item {
	const char *text;     /* NUL-terminated; until the next call */
	size_t len;           /* includes what follows a NUL byte in it, since that counts for sizes */
	bool ends_line;       /* as -L counts: a trailing blank continues the line */
};

struct xargs_reader;

/* eof is not copied. NULL if out of memory. */
struct xargs_reader *xargs_reader_new(const struct xargs_read_options *options);

/* NULL is allowed. */
void xargs_reader_free(struct xargs_reader *r);

/* Gives it bytes, which must stay until they are consumed; or, with len 0, says that all came. */
void xargs_reader_give(struct xargs_reader *r, const char *bytes, size_t len);

/* The next item, of which max characters are allowed (a negative number: none). */
enum xargs_token xargs_reader_next(struct xargs_reader *r, long max, struct xargs_item *item);

/* How many of the bytes given have not been consumed. */
size_t xargs_reader_left(const struct xargs_reader *r);

/* The quote that is unmatched. */
char xargs_reader_quote(const struct xargs_reader *r);

/* Has memory run out? The reader has then said XARGS_END. */
bool xargs_reader_failed(const struct xargs_reader *r);

#endif
