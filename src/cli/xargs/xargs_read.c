#include "cli/xargs/xargs_read.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum state {
	STATE_BETWEEN,       /* items */
	STATE_ITEM,
	STATE_QUOTED,
	STATE_ESCAPED        /* the next character stands for itself */
};

struct xargs_reader {
	struct xargs_read_options options;
	const char *bytes, *end;    /* given and not consumed */
	bool all_given, ended, saw_nul, failed;
	enum state state;
	char quote;                 /* in STATE_QUOTED, or unmatched */
	char previous;              /* byte, quoted or not */
	bool after_blank;           /* that is what ended the last item */
	struct buf item;
};

struct xargs_reader *xargs_reader_new(const struct xargs_read_options *options)
{
	struct xargs_reader *r = calloc(1, sizeof *r);

	if (r != NULL)
		r->options = *options;
	return r;
}

void xargs_reader_free(struct xargs_reader *r)
{
	if (r == NULL)
		return;
	buf_release(&r->item);
	free(r);
}

void xargs_reader_give(struct xargs_reader *r, const char *bytes, size_t len)
{
	r->bytes = bytes;
	r->end = len == 0 ? bytes : bytes + len;
	r->all_given = len == 0;
}

size_t xargs_reader_left(const struct xargs_reader *r)
{
	return (size_t)(r->end - r->bytes);
}

char xargs_reader_quote(const struct xargs_reader *r)
{
	return r->quote;
}

bool xargs_reader_failed(const struct xargs_reader *r)
{
	return r->failed;
}

/* ---- storing ---- */

static enum xargs_token fail(struct xargs_reader *r)
{
	r->failed = r->ended = true;
	return XARGS_END;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* XARGS_MORE stands for "nothing to tell". */
static enum xargs_token store(struct xargs_reader *r, char c, long max)
{
	bool first_nul = c == '\0' && !r->saw_nul;

	if ((long)r->item.len < max) {
		if (buf_reserve(&r->item, 1) != 0)
			return fail(r);
		r->item.at[r->item.len++] = c;
	} else if (first_nul) {
		/* the NUL is reported first; the byte is read again for the rest */
		r->bytes--;
	} else {
		return XARGS_TOO_LONG;
	}
	r->saw_nul |= first_nul;
	return first_nul ? XARGS_NUL : XARGS_MORE;
}

/* Ends the item, which may be the one of -E, after which there are none. */
static enum xargs_token take(struct xargs_reader *r, struct xargs_item *item, bool ends_line,
    bool may_be_eof)
{
	if (buf_reserve(&r->item, 0) != 0)
		return fail(r);
	r->item.at[r->item.len] = '\0';
	*item = (struct xargs_item){ .text = r->item.at, .len = r->item.len, .ends_line = ends_line };
	r->item.len = 0;
	r->state = STATE_BETWEEN;
	r->after_blank = is_blank(r->previous);
	if (may_be_eof && r->options.eof != NULL && strcmp(item->text, r->options.eof) == 0) {
		r->ended = true;
		return XARGS_END;
	}
	return XARGS_ITEM;
}

/* ---- with blanks and quotes ---- */

/* A character of an item outside of quotes. */
static enum xargs_token read_plain(struct xargs_reader *r, char c, char previous, long max,
    struct xargs_item *item)
{
	r->state = STATE_ITEM;
	if (c == '\n')
		return take(r, item, !is_blank(previous), true);
	if (is_blank(c) && !r->options.lines)
		return take(r, item, false, true);
	switch (c) {
	case '\\':
		r->state = STATE_ESCAPED;
		return XARGS_MORE;
	case '\'':
	case '"':
		r->state = STATE_QUOTED;
		r->quote = c;
		return XARGS_MORE;
	default:
		return store(r, c, max);
	}
}

static enum xargs_token read_quoted(struct xargs_reader *r, char c, long max)
{
	if (c == '\n') {
		r->ended = true;
		return XARGS_UNMATCHED;
	}
	if (c != r->quote)
		return store(r, c, max);
	r->state = STATE_ITEM;
	return XARGS_MORE;
}

static enum xargs_token read_one(struct xargs_reader *r, char c, long max, struct xargs_item *item)
{
	char previous = r->previous;

	r->previous = c;
	switch (r->state) {
	case STATE_BETWEEN:
		/* every white space, not only what ends an item: a carriage return, too */
		if (isspace((unsigned char)c))
			return XARGS_MORE;
		return read_plain(r, c, previous, max, item);
	case STATE_ITEM:
		return read_plain(r, c, previous, max, item);
	case STATE_QUOTED:
		return read_quoted(r, c, max);
	case STATE_ESCAPED:
		r->state = STATE_ITEM;
		return store(r, c, max);
	}
	return XARGS_MORE;
}

static enum xargs_token next_quoted(struct xargs_reader *r, long max, struct xargs_item *item)
{
	enum xargs_token token = XARGS_MORE;

	while (token == XARGS_MORE && r->bytes < r->end)
		token = read_one(r, *r->bytes++, max, item);
	return token;
}

/* ---- with a delimiter ---- */

static enum xargs_token next_delimited(struct xargs_reader *r, long max, struct xargs_item *item)
{
	size_t left = xargs_reader_left(r), n;
	const char *end;

	if (left == 0)
		return XARGS_MORE;
	/* memchr would look for its lowest eight bits */
	end = r->options.delimiter > UCHAR_MAX ? NULL : memchr(r->bytes, r->options.delimiter, left);
	n = end == NULL ? left : (size_t)(end - r->bytes);
	if (n > 0 && (long)(r->item.len + n) > max) {
		/* up to the first one too many, where a reader of single characters would stop */
		r->bytes += max > (long)r->item.len ? max - (long)r->item.len + 1 : 1;
		return XARGS_TOO_LONG;
	}
	if (buf_add(&r->item, r->bytes, n) != 0)
		return fail(r);
	r->bytes += n;
	if (end == NULL)
		return XARGS_MORE;
	r->bytes++;
	return take(r, item, true, false);
}

/* ---- both ---- */

/* The end of the input ends an item that has a character, even if that is within quotes. */
static enum xargs_token finish(struct xargs_reader *r, struct xargs_item *item)
{
	r->ended = true;
	if (r->item.len == 0)
		return XARGS_END;
	if (r->state == STATE_QUOTED)
		return XARGS_UNMATCHED;
	/* xargs looks at it only where no other item is before it on its line */
	return take(r, item, true, !r->after_blank);
}

enum xargs_token xargs_reader_next(struct xargs_reader *r, long max, struct xargs_item *item)
{
	enum xargs_token token;

	if (r->ended)
		return XARGS_END;
	token = r->options.delimiter == XARGS_NO_DELIMITER ? next_quoted(r, max, item)
	    : next_delimited(r, max, item);
	if (token == XARGS_TOO_LONG)
		r->ended = true;
	if (token == XARGS_MORE && r->all_given)
		return finish(r, item);
	return token;
}
