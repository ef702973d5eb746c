#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input/colsep.h"

/* The columns, each in brackets; only the texts' own bytes may be read. */
struct shown {
	char text[512];
	unsigned stop;        /* after so many columns; 0: never */
	unsigned n;
};

static int show(void *arg, const char *text, size_t len)
{
	struct shown *shown = arg;
	size_t used = strlen(shown->text);

	assert_true(used + len + 3 < sizeof shown->text);
	snprintf(shown->text + used, sizeof shown->text - used, "[%.*s]", (int)len, text);
	return ++shown->n == shown->stop ? 7 : 0;
}

static int split(const char *regex, const char *text, struct shown *shown)
{
	struct error err = { "" };
	struct colsep *sep = colsep_new(regex, &err);
	char *copy = strdup(text);
	struct span span = { copy, strlen(text) };
	int result;

	assert_non_null(copy);
	if (sep == NULL)
		fail_msg("%s", err.message);
	result = colsep_split(sep, &span, show, shown);
	colsep_free(sep);
	free(copy);
	return result;
}

static void columns(void **state)
{
	static const struct {
		const char *regex, *text, *columns;
	} cases[] = {
		/* one byte */
		{ ",", "a,b", "[a][b]" },
		{ ",", "a", "[a]" },
		{ ",", "", "[]" },
		{ ",", ",", "[][]" },
		{ ",", ",,", "[][][]" },
		{ ",", "a,", "[a][]" },
		{ ",", ",a", "[][a]" },
		{ "\t", "a\tb c", "[a][b c]" },
		{ "\\t", "a\tb c", "[a][b c]" },
		{ "\\.", "a.b", "[a][b]" },
		{ "\\|", "a|b", "[a][b]" },
		{ "\\x2c", "a,b", "[a][b]" },
		{ "\\x2E", "a.bxc", "[a][bxc]" },
		{ "\\x1f", "a\x1f" "b", "[a][b]" },
		{ "\\\\", "a\\b", "[a][b]" },
		{ "\\/", "a/b", "[a][b]" },
		{ "\xff", "a\xff" "b", "[a][b]" },
		/* blanks at the ends belong to nobody */
		{ ",", " a , b\t,\r\n", "[a][b][]" },
		{ ",", "  ,  ", "[][]" },
		{ ",", "a b,c  d", "[a b][c  d]" },
		{ "\t", "a\t\t b", "[a][][b]" },
		/* expressions */
		{ " ", "a  b", "[a][][b]" },
		{ " +", "a  b c", "[a][b][c]" },
		{ "[,;]", "a,b;c", "[a][b][c]" },
		{ ",|;", "a,b;c", "[a][b][c]" },
		{ "(,|;)+", "a,;b", "[a][b]" },
		{ "::", "a:b::c:::d", "[a:b][c][:d]" },
		{ "ab", "xabyab", "[x][y][]" },
		{ "a{2}", "xaay", "[x][y]" },
		{ "^,", ",a,b", "[][a,b]" },
		{ ",$", "a,b,", "[a,b][]" },
		{ ".", "ab", "[][][]" },
		{ "\\d+", "a12b3", "[a][b][]" },
		{ "\\D", "1a2", "[1][2]" },
		{ "\\s", "a b\tc", "[a][b][c]" },
		{ "\\S", "a", "[][]" },
		{ "\\w", "-a-", "[-][-]" },
		{ "\\W+", "a-+b_c", "[a][b_c]" },
		{ "[\\t;]", "a\tb;c", "[a][b][c]" },
		{ "[\\d;]", "a1b;c", "[a][b][c]" },
		{ "[\\s]", "a b", "[a][b]" },
		{ "[\\w]", "-a-", "[-][-]" },
		{ "[^\\d]", "1a2", "[1][2]" },
		{ "[]]", "a]b", "[a][b]" },
		{ "[^]]", "]a]", "[]][]]" },
		{ "[[:punct:]]", "a!b", "[a][b]" },
		{ "[[:space:],]", "a b,c", "[a][b][c]" },
		{ "[a-]", "xay-z", "[x][y][z]" },
		{ "\\x5b", "a[b", "[a][b]" },
		{ "\\[", "a[b", "[a][b]" },
		{ "a\\.b", "xa.by", "[x][y]" },
		{ "x\\.", "axxbx.c", "[axxb][c]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct shown shown = { .text = "" };

		assert_int_equal(split(cases[i].regex, cases[i].text, &shown), 0);
		if (strcmp(shown.text, cases[i].columns) != 0)
			fail_msg("'%s' by '%s': %s instead of %s", cases[i].text, cases[i].regex, shown.text,
			    cases[i].columns);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *regex, *why;
	} cases[] = {
		{ "(", "'(' is not an extended regular expression: " },
		{ "[a", "'[a' is not an extended regular expression: " },
		{ "[", "'[' is not an extended regular expression: " },
		{ "*", "'*' is not an extended regular expression: " },
		{ "a{1", "'a{1' is not an extended regular expression: " },
		{ "\\", "'\\' is not an extended regular expression: it has a backslash at its end" },
		{ "a\\", "'a\\' is not an extended regular expression: it has a backslash at its end" },
		{ "[\\", "'[\\' is not an extended regular expression: it has a backslash at its end" },
		{ "\\b", "it has a backslash before a letter or digit that has no meaning here" },
		{ "(a)\\1", "it has a backslash before a letter or digit that has no meaning here" },
		{ "\\x", "it has a backslash before a letter or digit that has no meaning here" },
		{ "\\x0", "it has a backslash before a letter or digit that has no meaning here" },
		{ "\\x00", "it has a backslash before a letter or digit that has no meaning here" },
		{ "\\xg1", "it has a backslash before a letter or digit that has no meaning here" },
		{ "[\\D]", "it has a backslash before a letter or digit that has no meaning here" },
		{ "[a\\]]", "it has a backslash before ], ^, - or [ within [...]: put ] first and - last" },
		{ "[\\x5d]", "it has a backslash before ], ^, - or [ within [...]" },
		{ "", "'' matches the empty string" },
		{ "a*", "'a*' matches the empty string" },
		{ "a|", "'a|' matches the empty string" },
		{ "^", "'^' matches the empty string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error err = { "" };
		struct colsep *sep = colsep_new(cases[i].regex, &err);

		if (sep != NULL || strstr(err.message, cases[i].why) == NULL)
			fail_msg("'%s': '%s'", cases[i].regex, err.message);
	}
}

/* Each character may become many for regcomp. */
static void long_expressions(void **state)
{
	enum { TIMES = 2000 };
	static const char *const pieces[] = { "\\W", "\\s", "[\\s]", "\\.", "[\\w]", "\\x2e" };
	char regex[TIMES * 5 + 2];

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct error err = { "" };
		struct colsep *sep;
		char *to = regex;

		for (int n = 0; n < TIMES; n++)
			to = stpcpy(to, pieces[i]);
		sep = colsep_new(regex, &err);
		if (sep == NULL)
			fail_msg("%s: %s", pieces[i], err.message);
		colsep_free(sep);
	}
}

/* What stands in the message is cut, whatever stands there. */
static void long_mistakes(void **state)
{
	char regex[5000];
	struct error err = { "" };

	(void)state;
	memset(regex, '(', sizeof regex - 1);
	regex[sizeof regex - 1] = '\0';
	assert_null(colsep_new(regex, &err));
	assert_true(strlen(err.message) < 400);
}

static void stopping(void **state)
{
	(void)state;
	for (unsigned stop = 1; stop <= 3; stop++) {
		struct shown shown = { .stop = stop };

		assert_int_equal(split(",", "a,b,c", &shown), 7);
		assert_int_equal(shown.n, stop);
		shown = (struct shown){ .stop = stop };
		assert_int_equal(split("[,]", "a,b,c", &shown), 7);
		assert_int_equal(shown.n, stop);
	}
}

static int count(void *arg, const char *text, size_t len)
{
	(void)text;
	assert_int_equal(len, 1);
	++*(size_t *)arg;
	return 0;
}

static void many_columns(void **state)
{
	enum { COLUMNS = 5000 };
	static const char *const separators[] = { ",", "[,]" };
	char *text = malloc(2 * COLUMNS);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COLUMNS; i++) {
		text[2 * i] = 'a';
		text[2 * i + 1] = i + 1 < COLUMNS ? ',' : '\0';
	}
	for (size_t i = 0; i < 2; i++) {
		struct error err;
		struct colsep *sep = colsep_new(separators[i], &err);
		size_t n = 0;

		assert_non_null(sep);
		assert_int_equal(colsep_split(sep, &(struct span){ text, 2 * COLUMNS - 1 }, count, &n), 0);
		assert_int_equal(n, COLUMNS);
		colsep_free(sep);
	}
	free(text);
	colsep_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns),
		cmocka_unit_test(refused),
		cmocka_unit_test(long_expressions),
		cmocka_unit_test(long_mistakes),
		cmocka_unit_test(stopping),
		cmocka_unit_test(many_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
