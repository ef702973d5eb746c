/*
 * What items come out is written down as a text: "a|b|" are two items, a "$" behind one says that
 * its line ends there, and how it all ended follows in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xargs/xargs_read.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A text with NUL bytes in it. */
#define BYTES(text) text, sizeof text - 1

static const struct xargs_read_options quoted = { .delimiter = XARGS_NO_DELIMITER };

struct writing {
	char text[4096];
	size_t len;
};

static void put(struct writing *w, const char *bytes, size_t len)
{
	assert_true(w->len + len < sizeof w->text);
	memcpy(w->text + w->len, bytes, len);
	w->len += len;
	w->text[w->len] = '\0';
}

static void put_word(struct writing *w, const char *word)
{
	put(w, word, strlen(word));
}

static void put_item(struct writing *w, const struct xargs_item *item)
{
	assert_int_equal(item->text[item->len], '\0');
	put_word(w, item->text);
	put_word(w, item->ends_line ? "$|" : "|");
}

/* Reads it all in pieces; the items may have max bytes. */
static void read_pieces(struct writing *w, const struct xargs_read_options *o, const char *bytes,
    size_t len, size_t piece, long max)
{
	struct xargs_reader *r = xargs_reader_new(o);
	struct xargs_item item;
	size_t given = 0, n;

	assert_non_null(r);
	*w = (struct writing){ .len = 0 };
	for (;;) {
		switch (xargs_reader_next(r, max, &item)) {
		case XARGS_ITEM:
			put_item(w, &item);
			continue;
		case XARGS_MORE:
			assert_int_equal(xargs_reader_left(r), 0);
			n = len - given < piece ? len - given : piece;
			xargs_reader_give(r, bytes + given, n);
			given += n;
			continue;
		case XARGS_NUL:
			put_word(w, "(NUL)");
			continue;
		case XARGS_END:
			put_word(w, "end");
			break;
		case XARGS_UNMATCHED:
			put_word(w, "unmatched ");
			n = 0;
			put(w, &(char){ xargs_reader_quote(r) }, 1);
			break;
		case XARGS_TOO_LONG:
			put_word(w, "too long");
			break;
		}
		break;
	}
	/* that was the end, and it stays so */
	assert_int_equal(xargs_reader_next(r, max, &item), XARGS_END);
	assert_false(xargs_reader_failed(r));
	xargs_reader_free(r);
}

/* However it is cut into pieces, the same comes out. */
static void check(const struct xargs_read_options *o, const char *bytes, size_t len, long max,
    const char *wanted)
{
	for (size_t piece = 1; piece <= len + 1; piece++) {
		struct writing w;

		read_pieces(&w, o, bytes, len, piece, max);
		if (strcmp(w.text, wanted) != 0)
			fail_msg("'%s' in pieces of %zu: '%s', not '%s'", bytes, piece, w.text, wanted);
	}
}

struct reading {
	const char *bytes;
	size_t len;
	const char *wanted;
};

static void check_all(const struct xargs_read_options *o, const struct reading *readings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(o, readings[i].bytes, readings[i].len, 100, readings[i].wanted);
}

static void blanks_and_newlines_separate(void **state)
{
	static const struct reading readings[] = {
		{ BYTES(""), "end" }, { BYTES(" \n\t\n"), "end" }, { BYTES("a"), "a$|end" },
		{ BYTES("a b\tc\n"), "a|b|c$|end" }, { BYTES("  a  \n\n b"), "a|b$|end" },
		{ BYTES("a\vb\fc\rd\n"), "a\vb\fc\rd$|end" },
		{ BYTES("a\r\n"), "a\r$|end" },
		/* no blanks, but no beginnings either */
		{ BYTES("\r\v\f"), "end" }, { BYTES("\ra \vb\n\fc\n"), "a|b$|c$|end" },
		{ BYTES("\xff\xa0 \xc3\xa9"), "\xff\xa0|\xc3\xa9$|end" },
	};

	(void)state;
	check_all(&quoted, readings, COUNT(readings));
}

static void quotes_and_backslashes_protect(void **state)
{
	static const struct reading readings[] = {
		{ BYTES("\"a b\" 'c d'\n"), "a b|c d$|end" }, { BYTES("a\"b c\"d'e f'g\n"), "ab cde fg$|end" },
		{ BYTES("\"a'b\" 'c\"d'\n"), "a'b|c\"d$|end" }, { BYTES("\"a\\b\" '\\'\n"), "a\\b|\\$|end" },
		{ BYTES("a\\ b \\\"c\\' \\\\\n"), "a b|\"c'|\\$|end" }, { BYTES("a\\\nb\n"), "a\nb$|end" },
		{ BYTES("\\\r\\\v\n"), "\r\v$|end" },
		{ BYTES("\"\" '' a\n"), "||a$|end" }, { BYTES("''\n"), "$|end" },
		/* the last one, if it is empty, is lost */
		{ BYTES("a ''"), "a|end" }, { BYTES("'"), "end" }, { BYTES("a \""), "a|end" },
		{ BYTES("a\\"), "a$|end" }, { BYTES("\\"), "end" },
	};

	(void)state;
	check_all(&quoted, readings, COUNT(readings));
}

static void a_line_ends_within_quotes(void **state)
{
	static const struct reading readings[] = {
		{ BYTES("a \"b\nc\n"), "a|unmatched \"" }, { BYTES("'b\n"), "unmatched '" },
		{ BYTES("'\n"), "unmatched '" }, { BYTES("a 'b"), "a|unmatched '" },
		{ BYTES("\"\\\"\n"), "\\$|end" }, { BYTES("\"\\\" \"\n"), "\\|unmatched \"" },
	};

	(void)state;
	check_all(&quoted, readings, COUNT(readings));
}

static void a_trailing_blank_continues_the_line(void **state)
{
	static const struct reading readings[] = {
		{ BYTES("a b \nc\n"), "a|b|c$|end" }, { BYTES("a \n\nb\nc"), "a|b$|c$|end" },
		{ BYTES("a\\ \nb\n"), "a |b$|end" }, { BYTES("\"a \"\nb\n"), "a $|b$|end" },
		{ BYTES("a\" \" \nb\n"), "a |b$|end" }, { BYTES("a\t\nb"), "a|b$|end" },
		{ BYTES("a \r\nb\n"), "a|b$|end" }, { BYTES("a \n"), "a|end" },
	};

	(void)state;
	check_all(&quoted, readings, COUNT(readings));
}

static void nul_bytes_cut_their_item(void **state)
{
	static const struct reading readings[] = {
		{ BYTES("a\0b c\n"), "(NUL)a|c$|end" }, { BYTES("\0"), "(NUL)$|end" },
		{ BYTES("x\0y z\0\n"), "(NUL)x|z$|end" }, { BYTES("'\0' \\\0"), "(NUL)|$|end" },
	};
	struct xargs_reader *r = xargs_reader_new(&quoted);
	struct xargs_item item;

	(void)state;
	check_all(&quoted, readings, COUNT(readings));
	/* what is cut off counts as long as sizes are concerned */
	assert_non_null(r);
	xargs_reader_give(r, "a\0b\n", 4);
	assert_int_equal(xargs_reader_next(r, 3, &item), XARGS_NUL);
	assert_int_equal(xargs_reader_next(r, 3, &item), XARGS_ITEM);
	assert_int_equal(item.len, 3);
	xargs_reader_free(r);
}

static void lines_are_items(void **state)
{
	static const struct xargs_read_options lines = {
		.delimiter = XARGS_NO_DELIMITER, .lines = true,
	};
	static const struct reading readings[] = {
		{ BYTES("  a  b \n\n c\n"), "a  b |c$|end" }, { BYTES("a \"b  c\" \\d\n"), "a b  c d$|end" },
		{ BYTES(" \t\n"), "end" }, { BYTES("\"\"\n"), "$|end" }, { BYTES("a\\\nb\n"), "a\nb$|end" },
		{ BYTES("\r\na\r\n"), "a\r$|end" }, { BYTES("a \"b\n"), "unmatched \"" },
	};

	(void)state;
	check_all(&lines, readings, COUNT(readings));
}

static void the_end_string_is_a_whole_item(void **state)
{
	static const struct xargs_read_options until = {
		.delimiter = XARGS_NO_DELIMITER, .eof = "END",
	}, lines = { .delimiter = XARGS_NO_DELIMITER, .lines = true, .eof = "END" };
	static const struct reading readings[] = {
		{ BYTES("a END b\n"), "a|end" }, { BYTES("a \"END\" b"), "a|end" },
		{ BYTES("a E\\ND b\n"), "a|end" }, { BYTES("END\n"), "end" }, { BYTES("XEND ENDX\n"), "XEND|ENDX$|end" },
		{ BYTES("a END"), "a|END$|end" }, { BYTES("a\nEND"), "a$|end" }, { BYTES("END"), "end" },
		{ BYTES("a \nEND"), "a|END$|end" }, { BYTES("\rEND\n"), "end" }, { BYTES("END\r\n"), "END\r$|end" },
		/* as far as the NUL byte */
		{ BYTES("END\0x y\n"), "(NUL)end" },
	}, whole[] = {
		{ BYTES("a END\nEND\nb\n"), "a END$|end" }, { BYTES(" END \nEND"), "END |end" },
		{ BYTES("END x\n"), "END x$|end" },
	};

	(void)state;
	check_all(&until, readings, COUNT(readings));
	check_all(&lines, whole, COUNT(whole));
}

static void what_follows_the_end_string_is_left(void **state)
{
	static const struct xargs_read_options until = {
		.delimiter = XARGS_NO_DELIMITER, .eof = "END",
	};
	struct xargs_reader *r = xargs_reader_new(&until);
	struct xargs_item item;

	(void)state;
	assert_non_null(r);
	xargs_reader_give(r, "a END rest\n", 11);
	assert_int_equal(xargs_reader_next(r, 9, &item), XARGS_ITEM);
	assert_int_equal(xargs_reader_next(r, 9, &item), XARGS_END);
	assert_int_equal(xargs_reader_left(r), 5);
	assert_int_equal(xargs_reader_next(r, 9, &item), XARGS_END);
	assert_int_equal(xargs_reader_left(r), 5);
	xargs_reader_free(r);
}

static void a_delimiter_ends_items(void **state)
{
	static const struct xargs_read_options nul = { .delimiter = '\0' }, comma = { .delimiter = ',' },
	    never = { .delimiter = 256 };
	static const struct reading nuls[] = {
		{ BYTES(""), "end" }, { BYTES("a b\0\"c\0"), "a b$|\"c$|end" }, { BYTES("\0\0a"), "$|$|a$|end" },
		{ BYTES("a\nb\\\0"), "a\nb\\$|end" },
	}, commas[] = {
		{ BYTES("a,,b,"), "a$|$|b$|end" }, { BYTES(","), "$|end" }, { BYTES(" a ,'\n"), " a $|'\n$|end" },
		{ BYTES("a\0b,c"), "a$|c$|end" },
	}, alls[] = {
		{ BYTES("a\0b"), "a$|end" }, { BYTES("a\xff,\n"), "a\xff,\n$|end" }, { BYTES(""), "end" },
	};

	(void)state;
	check_all(&nul, nuls, COUNT(nuls));
	check_all(&comma, commas, COUNT(commas));
	check_all(&never, alls, COUNT(alls));
}

static void items_have_a_greatest_length(void **state)
{
	static const struct xargs_read_options comma = { .delimiter = ',' };

	(void)state;
	check(&quoted, BYTES("abc d\n"), 3, "abc|d$|end");
	check(&quoted, BYTES("abcd d\n"), 3, "too long");
	check(&quoted, BYTES("a bcde f\n"), 3, "a|too long");
	check(&quoted, BYTES("'abc'\n"), 3, "abc$|end");
	check(&quoted, BYTES("\\a\\b\\c\\d\n"), 3, "too long");
	check(&quoted, BYTES("'' \n"), 0, "|end");
	check(&quoted, BYTES("a\n"), -1, "too long");
	check(&quoted, BYTES("''\n"), -1, "$|end");
	check(&comma, BYTES("abc,d"), 3, "abc$|d$|end");
	check(&comma, BYTES("abcd,d"), 3, "too long");
	check(&comma, BYTES(",,"), 0, "$|$|end");
	check(&comma, BYTES("a"), -1, "too long");
	/* the byte that is too long may be the one to warn of */
	check(&quoted, BYTES("\0a\n"), 0, "(NUL)too long");
	check(&quoted, BYTES("abc\0\n"), 3, "(NUL)too long");
	check(&quoted, BYTES("\0 abc\0\n"), 3, "(NUL)|too long");
}

static void long_items_grow(void **state)
{
	enum { LONG = 300000 };
	struct xargs_reader *r = xargs_reader_new(&quoted);
	char *bytes = malloc(LONG);
	struct xargs_item item;

	(void)state;
	assert_non_null(r);
	assert_non_null(bytes);
	memset(bytes, 'x', LONG);
	for (int i = 0; i < 3; i++) {
		xargs_reader_give(r, bytes, LONG);
		assert_int_equal(xargs_reader_next(r, 3 * LONG, &item), XARGS_MORE);
	}
	xargs_reader_give(r, NULL, 0);
	assert_int_equal(xargs_reader_next(r, 3 * LONG, &item), XARGS_ITEM);
	assert_int_equal(item.len, 3 * LONG);
	assert_int_equal(item.text[3 * LONG - 1], 'x');
	free(bytes);
	xargs_reader_free(r);
	xargs_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_and_newlines_separate),
		cmocka_unit_test(quotes_and_backslashes_protect),
		cmocka_unit_test(a_line_ends_within_quotes),
		cmocka_unit_test(a_trailing_blank_continues_the_line),
		cmocka_unit_test(nul_bytes_cut_their_item),
		cmocka_unit_test(lines_are_items),
		cmocka_unit_test(the_end_string_is_a_whole_item),
		cmocka_unit_test(what_follows_the_end_string_is_left),
		cmocka_unit_test(a_delimiter_ends_items),
		cmocka_unit_test(items_have_a_greatest_length),
		cmocka_unit_test(long_items_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
