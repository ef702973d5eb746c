/* What is written is JSON, whatever the bytes are, and says where it is not the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jsontext.h"

struct text {
	char *at;
	size_t len;
};

static char *written(void (*put)(FILE *, const char *, size_t), const char *text, size_t len)
{
	struct text result = { NULL, 0 };
	FILE *out = open_memstream(&result.at, &result.len);

	assert_non_null(out);
	put(out, text, len);
	assert_int_equal(fclose(out), 0);
	return result.at;
}

static void strings(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *json;
		bool exact;
	} cases[] = {
		{ "", 0, "\"\"", true },
		{ "plain /text", 11, "\"plain /text\"", true },
		{ "\"\\\n\t\r", 5, "\"\\\"\\\\\\n\\t\\u000d\"", true },
		{ "a\0b", 3, "\"a\\u0000b\"", true },
		{ "\x1b[0m\x7f", 5, "\"\\u001b[0m\\u007f\"", true },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", true },
		{ "\xc2\x85\xe2\x80\xa8", 5, "\"\\u0085\\u2028\"", true },
		{ "a\xff" "b", 3, "\"a\\ufffdb\"", false },
		/* cut short, too long, a surrogate, beyond the last one */
		{ "\xe2\x82", 2, "\"\\ufffd\\ufffd\"", false },
		{ "\xc0\xaf", 2, "\"\\ufffd\\ufffd\"", false },
		{ "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"", false },
		{ "\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		/* of that size exactly, so that a sanitizer sees who reads on */
		char *text = malloc(cases[i].len + (cases[i].len == 0)), *json;

		assert_non_null(text);
		memcpy(text, cases[i].text, cases[i].len);
		json = written(jsontext_put, text, cases[i].len);
		assert_string_equal(json, cases[i].json);
		assert_int_equal(jsontext_is_exact(text, cases[i].len), cases[i].exact);
		free(json);
		free(text);
	}
}

static void others(void **state)
{
	char *json = written(jsontext_put, NULL, 0);

	(void)state;
	assert_string_equal(json, "null");
	free(json);
	json = written(jsontext_put_hex, "\x00\xff" "A", 3);
	assert_string_equal(json, "\"00ff41\"");
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
