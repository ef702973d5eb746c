#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/xargs/xargs_delimiter.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void what_is_a_byte(void **state)
{
	static const struct {
		const char *text;
		int byte;
	} cases[] = {
		{ ",", ',' }, { " ", ' ' }, { "\n", '\n' }, { "\\", '\\' }, { "0", '0' },
		{ "\\a", '\a' }, { "\\b", '\b' }, { "\\f", '\f' }, { "\\n", '\n' }, { "\\r", '\r' },
		{ "\\t", '\t' }, { "\\v", '\v' }, { "\\\\", '\\' },
		/* what follows a letter is not looked at */
		{ "\\nn", '\n' }, { "\\\\x", '\\' },
		{ "\\0", 0 }, { "\\7", 7 }, { "\\101", 'A' }, { "\\00000101", 'A' }, { "\\177", 127 },
		{ "\\x41", 'A' }, { "\\x0041", 'A' }, { "\\x7f", 127 }, { "\\x7F", 127 }, { "\\x", 0 },
		{ "\\x+41", 'A' },
		/* what a byte of input is never equal to */
		{ "\\200", XARGS_NEVER }, { "\\377", XARGS_NEVER }, { "\\x80", XARGS_NEVER },
		{ "\\xff", XARGS_NEVER }, { "\xe9", XARGS_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xargs_delimiter d = xargs_delimiter_parse(cases[i].text);

		if (d.problem != DELIMITER_GOOD || d.byte != cases[i].byte)
			fail_msg("'%s': problem %d, byte %d", cases[i].text, d.problem, d.byte);
	}
}

static void what_is_none(void **state)
{
	static const struct {
		const char *text;
		enum xargs_delimiter_problem problem;
		int base;
		const char *rest;
	} cases[] = {
		{ "", DELIMITER_NOT_ONE, 0, NULL }, { "ab", DELIMITER_NOT_ONE, 0, NULL },
		{ "\xc3\xa9", DELIMITER_NOT_ONE, 0, NULL }, { "a\\", DELIMITER_NOT_ONE, 0, NULL },
		{ "\\q", DELIMITER_UNKNOWN, 0, NULL }, { "\\X41", DELIMITER_UNKNOWN, 0, NULL },
		{ "\\ 1", DELIMITER_UNKNOWN, 0, NULL }, { "\\-1", DELIMITER_UNKNOWN, 0, NULL },
		{ "\\400", DELIMITER_TOO_LARGE, 8, NULL }, { "\\x100", DELIMITER_TOO_LARGE, 16, NULL },
		{ "\\x-1", DELIMITER_TOO_LARGE, 16, NULL },
		{ "\\77777777777777777777777", DELIMITER_TOO_LARGE, 8, NULL },
		{ "\\8", DELIMITER_TRAILING, 0, "8" }, { "\\08", DELIMITER_TRAILING, 0, "8" },
		{ "\\12x", DELIMITER_TRAILING, 0, "x" }, { "\\xfg", DELIMITER_TRAILING, 0, "g" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xargs_delimiter d = xargs_delimiter_parse(cases[i].text);

		if (d.problem != cases[i].problem)
			fail_msg("'%s': problem %d", cases[i].text, d.problem);
		if (cases[i].base != 0)
			assert_int_equal(d.base, cases[i].base);
		if (cases[i].rest != NULL)
			assert_string_equal(d.rest, cases[i].rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_byte),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
