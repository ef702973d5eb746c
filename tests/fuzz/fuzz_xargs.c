/*
 * The tokenizer of xargs, and the packing of its items into lines. The input's first line says how:
 * letters "0" and "I", "L" and "n" followed by a number, "s" and one, "k" and one for the kernel's
 * limit, "x", "d" followed by a byte, "D" for a delimiter that never comes, "E" and the rest of that
 * line; and what follows is read.
 *
 * However the bytes come in pieces, the items are the same; and a line is never larger than allowed.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "cli/xargs/xargs_pack.h"
#include "cli/xargs/xargs_read.h"

enum { MAX_TEXT = 1 << 20, MANY = 1 << 20 };

/* What came of the input: each item with its length and its line's end, and how it ended. */
struct transcript {
	char text[MAX_TEXT];
	size_t len;
};

static void note(struct transcript *t, const void *bytes, size_t len)
{
	FUZZ_CHECK(t->len + len <= sizeof t->text);
	memcpy(t->text + t->len, bytes, len);
	t->len += len;
}

static void read_all(const struct xargs_read_options *o, long max, const uint8_t *data, size_t size,
    size_t piece, struct transcript *t)
{
	struct xargs_reader *r = xargs_reader_new(o);
	enum xargs_token token = XARGS_MORE;
	struct xargs_item item;
	size_t given = 0, n = 0;

	FUZZ_CHECK(r != NULL);
	t->len = 0;
	while (token == XARGS_MORE || token == XARGS_ITEM || token == XARGS_NUL) {
		token = xargs_reader_next(r, max, &item);
		if (token == XARGS_MORE) {
			FUZZ_CHECK(xargs_reader_left(r) == 0 && n == given);
			n = size - given < piece ? size - given : piece;
			xargs_reader_give(r, (const char *)data + given, n);
			given += n;
			n = given;
			continue;
		}
		note(t, &token, sizeof token);
		if (token != XARGS_ITEM)
			continue;
		FUZZ_CHECK(item.text[item.len] == '\0' && ((long)item.len <= max || item.len == 0));
		note(t, item.text, item.len + 1);
		note(t, &item.ends_line, sizeof item.ends_line);
	}
	FUZZ_CHECK(!xargs_reader_failed(r));
	/* how much was used is the same, too: it is where standard input is left */
	n = given - xargs_reader_left(r);
	note(t, &n, sizeof n);
	xargs_reader_free(r);
}

static void check_line(const struct xargs_pack_options *o, const char *const *line)
{
	size_t n = 0;
	long size = 0;

	for (; line[n] != NULL; n++)
		size += (long)strlen(line[n]) + 1;
	FUZZ_CHECK(n >= 1 && size <= o->max_chars);
	for (size_t i = 0; i < (o->replace == NULL ? o->ncommand : 1); i++)
		FUZZ_CHECK(strcmp(line[i], o->command[i]) == 0);
	FUZZ_CHECK(o->replace == NULL || n == o->ncommand);
	FUZZ_CHECK(o->max_args == 0 || n - o->ncommand <= o->max_args);
	FUZZ_CHECK(o->max_kernel == 0 || o->replace != NULL || n <= o->ncommand + 1
	    || size + (long)(n * sizeof *line) <= o->max_kernel);
}

/* Gives the item until it is in; returns false where that is the end. */
static bool add(struct xargs_pack *p, const struct xargs_pack_options *o,
    const struct xargs_item *item)
{
	for (;;) {
		enum xargs_packed packed = xargs_pack_add(p, item);

		FUZZ_CHECK(packed != PACK_NO_MEMORY);
		if (packed == PACK_PENDING)
			return true;
		if (packed != PACK_COMPLETE && packed != PACK_RUN_FIRST)
			return false;
		FUZZ_CHECK(xargs_pack_has_items(p));
		check_line(o, xargs_pack_line(p));
		xargs_pack_clear(p);
		if (packed == PACK_COMPLETE)
			return true;
	}
}

static void pack_all(const struct xargs_read_options *reading, const struct xargs_pack_options *o,
    const uint8_t *data, size_t size)
{
	struct xargs_reader *r = xargs_reader_new(reading);
	struct xargs_pack *p = xargs_pack_new(o);
	enum xargs_token token = XARGS_ITEM;
	struct xargs_item item;

	FUZZ_CHECK(r != NULL && p != NULL);
	xargs_reader_give(r, (const char *)data, size);
	while (token == XARGS_ITEM || token == XARGS_NUL || token == XARGS_MORE) {
		token = xargs_reader_next(r, xargs_pack_room(p), &item);
		if (token == XARGS_MORE)
			xargs_reader_give(r, NULL, 0);
		if (token == XARGS_ITEM && !add(p, o, &item))
			break;
	}
	if (xargs_pack_has_items(p) && token == XARGS_END)
		check_line(o, xargs_pack_line(p));
	xargs_pack_free(p);
	xargs_reader_free(r);
}

static void take_options(const char *text, struct xargs_read_options *reading,
    struct xargs_pack_options *packing)
{
	for (; *text != '\0'; text++) {
		unsigned long n = strtoul(text + 1, NULL, 10) % MANY;

		switch (*text) {
		case '0': reading->delimiter = '\0'; break;
		case 'd': reading->delimiter = (unsigned char)text[1]; break;
		case 'D': reading->delimiter = 256; break;
		case 'I': packing->replace = "{}"; reading->lines = true; break;
		case 'L': packing->max_lines = n; break;
		case 'n': packing->max_args = n; break;
		case 's': packing->max_chars = (long)n; break;
		case 'k': packing->max_kernel = (long)n; break;
		case 'x': packing->exit = true; break;
		case 'E': reading->eof = text + 1; return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "cmd", first[] = "-x{}y", second[] = "{}", *const command[] = {
		name, first, second,
	};
	static struct transcript whole, pieces;
	struct xargs_read_options reading = { .delimiter = XARGS_NO_DELIMITER };
	struct xargs_pack_options packing = {
		.command = command, .ncommand = 3, .max_chars = 128 << 10,
	};
	char *options = fuzz_line(&data, &size);

	take_options(options, &reading, &packing);
	if (size < MAX_TEXT / 16) {
		read_all(&reading, packing.max_chars, data, size, size == 0 ? 1 : size, &whole);
		read_all(&reading, packing.max_chars, data, size, 1, &pieces);
		FUZZ_CHECK(whole.len == pieces.len && memcmp(whole.text, pieces.text, whole.len) == 0);
		read_all(&reading, packing.max_chars, data, size, 3, &pieces);
		FUZZ_CHECK(whole.len == pieces.len && memcmp(whole.text, pieces.text, whole.len) == 0);
		if (packing.replace != NULL)
			packing.max_args = packing.max_lines = 0;
		pack_all(&reading, &packing, data, size);
	}
	free(options);
	return 0;
}
