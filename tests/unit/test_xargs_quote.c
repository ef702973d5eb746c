#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xargs/xargs_quote.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct pair {
	const char *word, *quoted;
};

static char *printed(const char *word, bool is_name)
{
	const char *const argv[] = { word, NULL };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (is_name)
		xargs_quote_name(out, word);
	else
		xargs_quote_line(out, argv);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const struct pair *pairs, size_t n, bool is_name)
{
	for (size_t i = 0; i < n; i++) {
		char *text = printed(pairs[i].word, is_name);

		assert_string_equal(text, pairs[i].quoted);
		free(text);
	}
}

static void words_for_the_shell(void **state)
{
	static const struct pair pairs[] = {
		{ "plain", "plain" }, { "", "''" }, { "a b", "'a b'" }, { "a\tb", "'a'$'\\t''b'" },
		{ "it's", "\"it's\"" }, { "'", "\"'\"" }, { "\"'", "'\"'\\'''" },
		{ "a'$", "'a'\\''$'" }, { "a'b c", "\"a'b c\"" },
		{ "#", "'#'" }, { "a#", "a#" }, { "~x", "'~x'" }, { "a~", "a~" },
		{ "{", "'{'" }, { "}", "'}'" }, { "{}", "{}" }, { "{a,b}", "{a,b}" },
		{ "=", "'='" }, { "a=b", "'a=b'" }, { "@%+:,.-/_", "@%+:,.-/_" }, { "-n", "-n" },
		{ "\n", "''$'\\n'" }, { "a\n\nb", "'a'$'\\n\\n''b'" }, { "\001", "''$'\\001'" },
		{ "\377", "''$'\\377'" }, { "\303\251", "''$'\\303\\251'" },
		{ "a'\nb", "'a'\\'''$'\\n''b'" }, { "\\", "'\\'" },
	};

	(void)state;
	check(pairs, COUNT(pairs), false);
}

static void a_line_is_words_with_blanks(void **state)
{
	const char *const argv[] = { "a", "", "b c", NULL };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	xargs_quote_line(out, argv);
	fclose(out);
	assert_string_equal(text, "a '' 'b c'");
	free(text);
}

static void names_in_messages(void **state)
{
	static const struct pair pairs[] = {
		{ "file", "'file'" }, { "", "''" }, { "it's", "'it\\'s'" }, { "a\\b", "'a\\\\b'" },
		{ "a\nb\t\377", "'a\\nb\\t\\377'" }, { "a b", "'a b'" },
	};

	(void)state;
	check(pairs, COUNT(pairs), true);
}

static void in_utf8_characters_stay(void **state)
{
	static const struct pair words[] = {
		{ "\303\251", "\303\251" }, { "\303\251 x", "'\303\251 x'" },
		{ "\303", "''$'\\303'" }, { "\303\251\377", "'\303\251'$'\\377'" },
		{ "\303\251'", "\"\303\251'\"" }, { "\355\240\200", "''$'\\355\\240\\200'" },
	}, names[] = {
		{ "f", "\342\200\230f\342\200\231" },
		{ "it's", "\342\200\230it's\342\200\231" },
		{ "x\342\200\231", "\342\200\230x\\\342\200\231\342\200\231" },
		{ "\303\251\377", "\342\200\230\303\251\\377\342\200\231" },
	};

	(void)state;
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		skip();
	check(words, COUNT(words), false);
	check(names, COUNT(names), true);
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_for_the_shell),
		cmocka_unit_test(a_line_is_words_with_blanks),
		cmocka_unit_test(names_in_messages),
		cmocka_unit_test(in_utf8_characters_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
