#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/placeholder.h"

/* A header with these names, of one source. */
static struct header named(const char *const *names)
{
	struct header header = { .n = 0 };

	for (; *names != NULL; names++)
		assert_int_equal(header_add(&header, &(struct span){ *names, strlen(*names) }, 1), 0);
	return header;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* len 0: it is plain text. */
struct expected {
	const char *text;
	size_t len;
	enum placeholder_part part;
	unsigned column;
};

static void check(const struct expected *e, const struct placeholder_syntax *syntax)
{
	struct placeholder found = { PART_COUNT, 999 };
	size_t len = placeholder_scan(e->text, syntax, &found);

	if (len != e->len || (len > 0 && (found.part != e->part || found.column != e->column)))
		fail_msg("'%s': length %zu, part %d, column %u", e->text, len, (int)found.part,
		    found.column);
}

#define CHECK_ALL(list, syntax) \
	for (size_t check_i = 0; check_i < sizeof(list) / sizeof(list)[0]; check_i++) \
		check(&(list)[check_i], syntax)

/* ---- scanning ---- */

static void of_a_single_item(void **state)
{
	static const struct expected list[] = {
		{ "{}", 2, PART_ITEM, 0 }, { "{.}", 3, PART_NO_EXT, 0 }, { "{/}", 3, PART_BASE, 0 },
		{ "{//}", 4, PART_DIR, 0 }, { "{/.}", 4, PART_BASE_NO_EXT, 0 },
		{ "{#}", 3, PART_TASK, 0 }, { "{%}", 3, PART_SLOT, 0 },
		{ "{}}", 2, PART_ITEM, 0 }, { "{}{}", 2, PART_ITEM, 0 }, { "{}x", 2, PART_ITEM, 0 },
		/* the only item there is, by its number */
		{ "{1}", 3, PART_ITEM, 0 }, { "{1.}", 4, PART_NO_EXT, 0 }, { "{1/}", 4, PART_BASE, 0 },
		{ "{1//}", 5, PART_DIR, 0 }, { "{1/.}", 5, PART_BASE_NO_EXT, 0 },
		/* text */
		{ "", 0, 0, 0 }, { "x", 0, 0, 0 }, { "}", 0, 0, 0 }, { "{", 0, 0, 0 }, { "{ }", 0, 0, 0 },
		{ "{{}}", 0, 0, 0 }, { "{x}", 0, 0, 0 }, { "{..}", 0, 0, 0 }, { "{///}", 0, 0, 0 },
		{ "{./}", 0, 0, 0 }, { "{##}", 0, 0, 0 }, { "{1#}", 0, 0, 0 }, { "{1%}", 0, 0, 0 },
		{ "{2}", 0, 0, 0 }, { "{2.}", 0, 0, 0 }, { "{0}", 0, 0, 0 }, { "{01}", 0, 0, 0 },
		{ "{-1}", 0, 0, 0 }, { "{+1}", 0, 0, 0 }, { "{1,2}", 0, 0, 0 }, { "{1x}", 0, 0, 0 },
		{ "{1", 0, 0, 0 }, { "{1 }", 0, 0, 0 }, { "{ 1}", 0, 0, 0 }, { "{1.1}", 0, 0, 0 },
	};
	static const struct placeholder_syntax none, one = { .columns = 1 };

	(void)state;
	CHECK_ALL(list, &none);
	CHECK_ALL(list, &one);
}

static void of_several_items(void **state)
{
	static const struct expected list[] = {
		{ "{}", 2, PART_ITEM, 0 }, { "{/.}", 4, PART_BASE_NO_EXT, 0 }, { "{#}", 3, PART_TASK, 0 },
		{ "{1}", 3, PART_ITEM, 1 }, { "{3}", 3, PART_ITEM, 3 }, { "{3.}", 4, PART_NO_EXT, 3 },
		{ "{12}", 4, PART_ITEM, 12 }, { "{2//}", 5, PART_DIR, 2 }, { "{12/.}", 6, PART_BASE_NO_EXT, 12 },
		{ "{13}", 0, 0, 0 }, { "{0}", 0, 0, 0 }, { "{02}", 0, 0, 0 }, { "{2#}", 0, 0, 0 },
	};
	static const struct placeholder_syntax twelve = { .columns = 12 };

	(void)state;
	CHECK_ALL(list, &twelve);
}

/* No number wraps around to one that is there. */
static void large_numbers(void **state)
{
	static const struct expected list[] = {
		{ "{1000000}", 9, PART_ITEM, 1000000 },
		{ "{999999999}", 11, PART_ITEM, 999999999 },
		{ "{1000000000}", 0, 0, 0 }, { "{2147483648}", 0, 0, 0 }, { "{4294967297}", 0, 0, 0 },
		{ "{18446744073709551617}", 0, 0, 0 }, { "{000000000000000000001}", 0, 0, 0 },
	};
	static const struct placeholder_syntax any = { .columns = PLACEHOLDER_ANY_COLUMN };

	(void)state;
	CHECK_ALL(list, &any);
}

static void replaced(void **state)
{
	static const struct {
		const char *replace;
		struct expected e;
	} list[] = {
		{ "@", { "@", 1, PART_ITEM, 0 } }, { "@", { "@@", 1, PART_ITEM, 0 } },
		{ "@", { "{}", 0, 0, 0 } }, { "@", { "{.}", 3, PART_NO_EXT, 0 } },
		{ "@", { "{1}", 3, PART_ITEM, 0 } }, { "@", { "x@", 0, 0, 0 } },
		{ "{}", { "{}", 2, PART_ITEM, 0 } }, { "{.}", { "{.}", 3, PART_ITEM, 0 } },
		{ "{1}", { "{1}", 3, PART_ITEM, 0 } }, { "{}{}", { "{}{}", 4, PART_ITEM, 0 } },
		{ "{}{}", { "{}", 0, 0, 0 } }, { "{", { "{1}", 1, PART_ITEM, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		check(&list[i].e, &(struct placeholder_syntax){ .replace = list[i].replace });
}

static void by_name(void **state)
{
	static const struct expected list[] = {
		{ "{a}", 3, PART_ITEM, 1 }, { "{a.}", 4, PART_NO_EXT, 1 }, { "{a/}", 4, PART_BASE, 1 },
		{ "{a//}", 5, PART_DIR, 1 }, { "{a/.}", 5, PART_BASE_NO_EXT, 1 },
		{ "{b c}", 5, PART_ITEM, 2 }, { "{b c/.}", 7, PART_BASE_NO_EXT, 2 },
		/* a name as it is goes before one with a mark */
		{ "{d.}", 4, PART_ITEM, 4 }, { "{d}", 3, PART_ITEM, 3 }, { "{d..}", 5, PART_NO_EXT, 4 },
		{ "{e/}", 4, PART_ITEM, 5 }, { "{e//}", 5, PART_BASE, 5 },
		{ "{\"}", 3, PART_ITEM, 6 }, { "{$(x)}", 6, PART_ITEM, 7 }, { "{{}", 3, PART_ITEM, 8 },
		{ "{\xc3\xa9}", 4, PART_ITEM, 9 },
		/* what means something without a header means it with one */
		{ "{2}", 3, PART_ITEM, 2 }, { "{#}", 3, PART_TASK, 0 }, { "{.}", 3, PART_NO_EXT, 0 },
		{ "{}", 2, PART_ITEM, 0 },
		{ "{2x}", 4, PART_ITEM, 14 },
		/* text */
		{ "{A}", 0, 0, 0 }, { "{ a}", 0, 0, 0 }, { "{a }", 0, 0, 0 }, { "{aa}", 0, 0, 0 },
		{ "{a.b}", 0, 0, 0 }, { "{a#}", 0, 0, 0 }, { "{a", 0, 0, 0 }, { "{e}", 0, 0, 0 },
	};
	struct header header = named(NAMES("a", "b c", "d", "d.", "e/", "\"", "$(x)", "{", "\xc3\xa9",
	    "2", "#", ".", "", "2x"));
	const struct placeholder_syntax syntax = {
		.columns = PLACEHOLDER_ANY_COLUMN, .header = &header,
	};

	(void)state;
	CHECK_ALL(list, &syntax);
	header_release(&header);
}

/* A column without a name does not make a placeholder of what -I has freed. */
static void no_name_is_empty(void **state)
{
	static const struct expected list[] = { { "{}", 0, 0, 0 }, { "{a}", 3, PART_ITEM, 1 } };
	struct header header = named(NAMES("a", "", ""));
	const struct placeholder_syntax syntax = {
		.columns = PLACEHOLDER_ANY_COLUMN, .header = &header, .replace = "@",
	};
	char why[200] = "";

	(void)state;
	CHECK_ALL(list, &syntax);
	assert_int_equal(placeholder_check(NAMES("{} @"), 1, &syntax, why, sizeof why), 0);
	header_release(&header);
}

static void lists(void **state)
{
	static const struct placeholder all = { PART_ITEM, 0 }, bases = { PART_BASE, 0 },
	    second = { PART_ITEM, 2 }, task = { PART_TASK, 0 };
	static const struct placeholder_syntax one, two = { .columns = 2 };

	(void)state;
	assert_false(placeholder_several(&one));
	assert_true(placeholder_several(&two));
	assert_false(placeholder_is_list(&all, &one));
	assert_true(placeholder_is_list(&all, &two));
	assert_true(placeholder_is_list(&bases, &two));
	assert_false(placeholder_is_list(&second, &two));
	assert_false(placeholder_is_list(&task, &two));
	assert_false(placeholder_is_item(&task));
	assert_true(placeholder_is_item(&second));
}

/* ---- checking ---- */

static void expect_good(const char *text, const struct placeholder_syntax *syntax)
{
	char why[200] = "";

	if (placeholder_check(NAMES(text), 1, syntax, why, sizeof why) != 0)
		fail_msg("'%s': %s", text, why);
}

static void expect_bad(const char *text, const struct placeholder_syntax *syntax,
    const char *wanted)
{
	char why[200] = "";

	if (placeholder_check(NAMES(text), 1, syntax, why, sizeof why) != -1)
		fail_msg("'%s' is not refused", text);
	assert_string_equal(why, wanted);
}

static void too_high(void **state)
{
	static const struct placeholder_syntax one = { .columns = 1 }, two = { .columns = 2 },
	    any = { .columns = PLACEHOLDER_ANY_COLUMN };

	(void)state;
	/* a number alone may be anything, such as a part of a regular expression */
	expect_good("[0-9]{4}", &one);
	expect_good("{} {4}", &one);
	expect_good("{1} {2}", &two);
	expect_good("{3}", &two);
	expect_good("{1} {3x} {0} {03}", &two);
	expect_good("{1} {1000000000}", &two);
	expect_good("{1} {3} {999999999}", &any);
	expect_bad("{1} {2}", &one, "'{2}' stands for nothing: a task has one item; for more, add "
	    "another ':::', -n or --colsep");
	expect_bad("{2} {1}", &one, "'{2}' stands for nothing: a task has one item; for more, add "
	    "another ':::', -n or --colsep");
	expect_bad("x{1}y{3/.}z{4}", &two,
	    "'{3/.}' stands for nothing: a task has no more than 2 items");
	expect_bad("{1} {999999999}", &two,
	    "'{999999999}' stands for nothing: a task has no more than 2 items");
}

/* The same over all words. */
static void in_several_words(void **state)
{
	static const struct placeholder_syntax two = { .columns = 2 };
	char why[200] = "";

	(void)state;
	assert_int_equal(placeholder_check(NAMES("a", "{1}", "{7}"), 3, &two, why, sizeof why), -1);
	assert_string_equal(why, "'{7}' stands for nothing: a task has no more than 2 items");
	assert_int_equal(placeholder_check(NAMES("a", "{1}", "{7}"), 2, &two, why, sizeof why), 0);
	assert_int_equal(placeholder_check(NAMES("a"), 0, &two, why, sizeof why), 0);
}

static void ambiguous(void **state)
{
	struct header header = named(NAMES("a", "b", "a", "c", "\x1b[31m", "\x1b[31m"));
	const struct placeholder_syntax syntax = {
		.columns = PLACEHOLDER_ANY_COLUMN, .header = &header,
	};

	(void)state;
	expect_good("{b} {1} {3}", &syntax);
	expect_bad("{b} {a}", &syntax,
	    "'{a}' could be one of two columns: the header has that name twice");
	expect_bad("x{a/}", &syntax,
	    "'{a/}' could be one of two columns: the header has that name twice");
	expect_bad("{\x1b[31m}", &syntax,
	    "'{\\x1b[31m}' could be one of two columns: the header has that name twice");
	header_release(&header);
}

static void with_another_replacement(void **state)
{
	static const struct placeholder_syntax empty = { .replace = "" },
	    number = { .replace = "{5}", .columns = 2 };

	(void)state;
	expect_bad("x", &empty, "the replacement string is empty");
	/* it is the item, whatever else it looks like */
	expect_good("{1} {5}", &number);
	expect_bad("{5} {1} {6}", &number,
	    "'{6}' stands for nothing: a task has no more than 2 items");
}

static bool refused(const char *text, const struct placeholder_syntax *syntax)
{
	char why[400] = "";
	int result = placeholder_check(NAMES(text), 1, syntax, why, sizeof why);

	if (result != 0) {
		assert_non_null(strstr(why, "is no placeholder of covey's: "));
		assert_non_null(strstr(why, "; if it is meant as text, add -I {}"));
	}
	return result != 0;
}

/* What means something to other programs, and what is text to them, too. */
static void of_other_programs(void **state)
{
	static const char *const foreign[] = {
		"{= s/a/b/ =}", "{=s:{}:x:=}.c", "x{=1 $_=}", "{-1}", "{-2.}", "{-12/.}", "{##}", "{..}",
		"{...}", "{/..}", "{/...}", "{2..}", "{+/}", "{+.}", "{+..}", "{+1}", "{%.c}", "{%%.*}",
		"{} {-1}", "a{..}b",
	};
	static const char *const text[] = {
		"{\"a\":1}", "{print $1}", "{print}", "{", "}", "{ }", "{{}}", "{=", "{=}", "{= }", "{}=}", "{-}",
		"{-x}", "{-1,2}", "{#x}", "{###}", "{....}", "{///}", "{./}", "{+}", "{+ x}", "{%Y %m}",
		"{% if x %}", "{%", "{4}", "{1,3}", "{,3}", "{a,b}", "${##}", "${-1}", "${+x}", "${..}", "{nosuch}",
		"%{http_code}", "{1..3}", "@{-1", "{:}",
	};
	static const struct placeholder_syntax one = { .columns = 1 }, two = { .columns = 2 },
	    free = { .columns = 2, .replace = "{}", .named = true };

	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		if (!refused(foreign[i], &one) || !refused(foreign[i], &two) || refused(foreign[i], &free))
			fail_msg("'%s' is taken otherwise", foreign[i]);
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
		if (refused(text[i], &one) || refused(text[i], &two) || refused(text[i], &free))
			fail_msg("'%s' is refused", text[i]);
}

static void unknown_names(void **state)
{
	static const char *const bad[] = { "{b}", "{b.}", "{b/.}", "x{A}y", "{a_1}", "{a} {nosuch}" };
	static const char *const good[] = {
		"{a}", "{a.}", "{a/.}", "{ b}", "{b }", "{b c}", "{b:1}", "{1b}", "${b}", "{\"b\"}", "{b,a}", "{}",
	};
	struct header header = named(NAMES("a"));
	const struct placeholder_syntax syntax = {
		.columns = PLACEHOLDER_ANY_COLUMN, .header = &header, .named = true,
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!refused(bad[i], &syntax))
			fail_msg("'%s' is not refused", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (refused(good[i], &syntax))
			fail_msg("'%s' is refused", good[i]);
	header_release(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_single_item),
		cmocka_unit_test(of_several_items),
		cmocka_unit_test(large_numbers),
		cmocka_unit_test(replaced),
		cmocka_unit_test(by_name),
		cmocka_unit_test(no_name_is_empty),
		cmocka_unit_test(lists),
		cmocka_unit_test(too_high),
		cmocka_unit_test(in_several_words),
		cmocka_unit_test(ambiguous),
		cmocka_unit_test(with_another_replacement),
		cmocka_unit_test(of_other_programs),
		cmocka_unit_test(unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
