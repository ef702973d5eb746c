/* Every sequence of up to three bytes, and those of four around what is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static size_t encode(uint32_t code, char text[4])
{
	if (code < 0x80) {
		text[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		text[0] = (char)(0xc0 | code >> 6);
		text[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		text[0] = (char)(0xe0 | code >> 12);
		text[1] = (char)(0x80 | (code >> 6 & 0x3f));
		text[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | code >> 18);
	text[1] = (char)(0x80 | (code >> 12 & 0x3f));
	text[2] = (char)(0x80 | (code >> 6 & 0x3f));
	text[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void every_character(void **state)
{
	uint32_t decoded = 0;
	char text[4];

	(void)state;
	for (uint32_t code = 0; code <= 0x1fffff; code++) {
		size_t len = encode(code, text);
		bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

		if (utf8_decode(text, len, &decoded) != (valid ? len : 0)
		    || (valid && decoded != code))
			fail_msg("U+%04X is wrong", (unsigned)code);
		if (utf8_is_valid(text, len) != valid || (len > 1 && utf8_is_valid(text, len - 1)))
			fail_msg("U+%04X is wrong as a text", (unsigned)code);
	}
}

/* How many sequences of n bytes are one character; of each code there is one at most. */
static unsigned count(size_t n)
{
	uint32_t code, sequences = 1u << 8 * n;
	unsigned found = 0;
	char text[3];

	for (uint32_t bytes = 0; bytes < sequences; bytes++) {
		for (size_t i = 0; i < n; i++)
			text[i] = (char)(bytes >> 8 * i);
		found += utf8_decode(text, n, &code) == n;
	}
	return found;
}

static void nothing_else(void **state)
{
	(void)state;
	assert_int_equal(count(1), 0x80);
	assert_int_equal(count(2), 0x800 - 0x80);
	assert_int_equal(count(3), 0x10000 - 0x800 - 0x800);
}

static void texts(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(NULL, 0));
	assert_true(utf8_is_valid("gr\xc3\xbc\xc3\x9f" "e", 7));
	assert_true(utf8_is_valid("a\0b", 3));
	assert_false(utf8_is_valid("gr\xfc" "e", 4));
	assert_false(utf8_is_valid("a\xc3", 2));
	assert_false(utf8_is_valid("\xc0\x80", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character),
		cmocka_unit_test(nothing_else),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
