#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command/template.h"

static struct template *compile(const char *const *words, const char *replace, bool append)
{
	char why[200] = "";
	struct template *t;
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	t = template_compile((char *const *)words, n, &(struct placeholder_syntax){ .replace = replace },
	    append, why, sizeof why);
	if (t == NULL)
		fail_msg("%s: %s", words[0], why);
	return t;
}

static const char *const *expand_values(struct template *t, const char *item, size_t len,
    uint64_t task, unsigned slot)
{
	struct record record;
	struct template_values v = { &record, task, slot };

	record_set_one(&record, item, len);
	return template_expand(t, &v);
}

static const char *const *expand(struct template *t, const char *item)
{
	const char *const *argv = expand_values(t, item, strlen(item), 12, 3);

	assert_non_null(argv);
	return argv;
}

static void assert_argv(const char *const *argv, const char *const *expected)
{
	size_t n = 0;

	for (; expected[n] != NULL; n++) {
		assert_non_null(argv[n]);
		assert_string_equal(argv[n], expected[n]);
	}
	assert_null(argv[n]);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/*
 * item, {.}, {/}, {//}, {/.}: as GNU parallel 20221122 has them, but for dotfiles and names of dots,
 * which have no extension here.
 */
static const char *const parts[][5] = {
	{ "a", "a", "a", ".", "a" },
	{ "", "", "", ".", "" },
	{ "a/", "a/", "", ".", "" },
	{ "/", "/", "", "/", "" },
	{ "//", "//", "", "/", "" },
	{ "a/b", "a/b", "b", "a", "b" },
	{ "a/b/", "a/b/", "", "a", "" },
	{ "/a", "/a", "a", "/", "a" },
	{ "///a", "///a", "a", "/", "a" },
	{ "a//b", "a//b", "b", "a", "b" },
	{ "/a/b.c", "/a/b", "b.c", "/a", "b" },
	{ "a.tar.gz", "a.tar", "a.tar.gz", ".", "a.tar" },
	{ "dir.d/file", "dir.d/file", "file", "dir.d", "file" },
	{ "x.y/", "x.y/", "", ".", "" },
	{ "./a.b", "./a", "a.b", ".", "a" },
	{ "a.", "a", "a.", ".", "a" },
	{ "d/a.", "d/a", "a.", "d", "a" },
	{ ".a.b", ".a", ".a.b", ".", ".a" },
	{ "..a.b", "..a", "..a.b", ".", "..a" },
	{ "d/.a.b", "d/.a", ".a.b", "d", ".a" },
	{ ".bashrc", ".bashrc", ".bashrc", ".", ".bashrc" },
	{ "a/.b", "a/.b", ".b", "a", ".b" },
	{ "/.x", "/.x", ".x", "/", ".x" },
	{ "a.b/.c", "a.b/.c", ".c", "a.b", ".c" },
	{ "a/..b", "a/..b", "..b", "a", "..b" },
	{ ".", ".", ".", ".", "." },
	{ "..", "..", "..", ".", ".." },
	{ "...", "...", "...", ".", "..." },
	{ "a/..", "a/..", "..", "a", ".." },
	{ "a b.c d", "a b", "a b.c d", ".", "a b" },
	{ "\xff\x01/\xfe.\x7f", "\xff\x01/\xfe", "\xfe.\x7f", "\xff\x01", "\xfe" },
	{ "a\n.b", "a\n", "a\n.b", ".", "a\n" },
};

static void test_parts_of_the_item(void **state)
{
	struct template *t = compile(WORDS("x", "{}", "{.}", "{/}", "{//}", "{/.}"), NULL, true);

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const char *const *argv = expand(t, parts[i][0]);

		for (int j = 0; j < 5; j++)
			if (strcmp(argv[j + 1], parts[i][j]) != 0)
				fail_msg("'%s', part %d: '%s' instead of '%s'", parts[i][0], j, argv[j + 1],
				    parts[i][j]);
		assert_null(argv[6]);
	}
	template_free(t);
}

static void test_places(void **state)
{
	struct template *t = compile(WORDS("c", "{}{}", "a{}b{.}c", "{#}", "{%}", "-{#}-{%}-{}", "k"),
	    NULL, true);

	(void)state;
	assert_argv(expand(t, "x.y"), WORDS("c", "x.yx.y", "ax.ybxc", "12", "3", "-12-3-x.y", "k"));
	assert_argv(expand(t, ""), WORDS("c", "", "abc", "12", "3", "-12-3-", "k"));
	template_free(t);
}

static void test_plain_braces(void **state)
{
	struct template *t = compile(WORDS("c", "{ }", "{2}", "{01}", "{", "}", "}{", "{{}}", "{i}", "{///}",
	    "{.", "${}"), NULL, true);

	(void)state;
	assert_argv(expand(t, "i"),
	    WORDS("c", "{ }", "{2}", "{01}", "{", "}", "}{", "{i}", "{i}", "{///}", "{.", "$i"));
	template_free(t);
}

static void test_appending(void **state)
{
	static const struct {
		const char *word;
		bool append, appended, uses_item;
	} cases[] = {
		{ "x", true, true, true }, { "x", false, false, false }, { "{#}", true, false, false },
		{ "{%}", true, false, false }, { "{}", true, false, true }, { "{.}", true, false, true },
		{ "{/}", true, false, true }, { "{//}", true, false, true }, { "{/.}", true, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct template *t = compile(WORDS("c", cases[i].word), NULL, cases[i].append);
		const char *const *argv = expand(t, "item");

		assert_int_equal(argv[2] != NULL, cases[i].appended);
		if (cases[i].appended)
			assert_string_equal(argv[2], "item");
		assert_int_equal(template_uses_item(t), cases[i].uses_item);
		template_free(t);
	}
}

static void test_replacement_string(void **state)
{
	struct template *t = compile(WORDS("c", "{}", "%%", "x%y", "{.}"), "%", true);

	(void)state;
	assert_argv(expand(t, "a.b"), WORDS("c", "{}", "a.ba.b", "xa.by", "a"));
	template_free(t);
	t = compile(WORDS("c", "{}"), "R", true);
	assert_argv(expand(t, "a"), WORDS("c", "{}", "a"));
	template_free(t);
	t = compile(WORDS("c", "{.}"), "{.}", true);
	assert_argv(expand(t, "a.b"), WORDS("c", "a.b"));
	template_free(t);
}

static void test_refusals(void **state)
{
	char *const empty[] = { (char[]){ "" }, NULL }, *const words[] = { (char[]){ "c" }, NULL };
	char why[200];

	(void)state;
	assert_null(template_compile(words, 1, &(struct placeholder_syntax){ .replace = "" }, true, why, sizeof why));
	assert_string_equal(why, "the replacement string is empty");
	assert_null(template_compile(empty, 1, &(struct placeholder_syntax){ .columns = 0 }, true, why, sizeof why));
	assert_string_equal(why, "the command's name is empty");
	template_free(NULL);
}

static void test_questions(void **state)
{
	struct template *t = compile(WORDS("c", "{#}"), NULL, true);

	(void)state;
	assert_false(template_uses_slot(t));
	assert_true(template_has_fixed_command(t));
	template_free(t);
	t = compile(WORDS("{/}", "{%}"), NULL, true);
	assert_true(template_uses_slot(t));
	assert_false(template_has_fixed_command(t));
	template_free(t);
}

static void test_numbers(void **state)
{
	struct template *t = compile(WORDS("c", "{#}", "{%}"), NULL, false);

	(void)state;
	assert_argv(expand_values(t, "", 0, UINT64_MAX, UINT32_MAX),
	    WORDS("c", "18446744073709551615", "4294967295"));
	assert_argv(expand_values(t, "", 0, 0, 10), WORDS("c", "0", "10"));
	template_free(t);
}

/* The item ends where its length says; nothing after it is read. */
static void test_item_without_end(void **state)
{
	struct template *t = compile(WORDS("c", "{}", "{.}", "{//}"), NULL, false);
	char *item = malloc(5);

	(void)state;
	assert_non_null(item);
	memcpy(item, "a/b.c", 5);
	assert_argv(expand_values(t, item, 5, 1, 1), WORDS("c", "a/b.c", "a/b", "a"));
	free(item);
	template_free(t);
}

static void test_growing_items(void **state)
{
	struct template *t = compile(WORDS("c", "{}", "x{}{.}{/}{//}"), NULL, false);
	char *item = malloc(100001);

	(void)state;
	assert_non_null(item);
	for (size_t n = 1; n <= 100000; n *= 10) {
		const char *const *argv;

		memset(item, 'i', n);
		item[n] = '\0';
		argv = expand(t, item);
		assert_string_equal(argv[1], item);
		assert_int_equal(strlen(argv[2]), 1 + 3 * n + 1);
	}
	free(item);
	template_free(t);
}

static void test_impossible_length(void **state)
{
	struct template *t = compile(WORDS("c", "{}", "{}"), NULL, false);

	(void)state;
	assert_null(expand_values(t, "", SIZE_MAX / 2 + 1, 1, 1));
	assert_null(expand_values(t, "", SIZE_MAX, 1, 1));
	assert_argv(expand_values(t, "", 0, 1, 1), WORDS("c", "", ""));
	template_free(t);
}

static void test_empty_words(void **state)
{
	struct template *t = compile(WORDS("c", "", "x"), NULL, true);

	(void)state;
	assert_argv(expand(t, "i"), WORDS("c", "", "x", "i"));
	template_free(t);
}

static void test_building(void **state)
{
	struct template *t = template_new(&(struct placeholder_syntax){ .columns = 0 });

	(void)state;
	assert_non_null(t);
	assert_int_equal(template_add_text(t, "{}x", 2), 0);
	assert_int_equal(template_add_text(t, "y", 1), 0);
	assert_int_equal(template_end_word(t), 0);
	assert_int_equal(template_end_word(t), 0);
	assert_int_equal(template_add_text(t, "a", 1), 0);
	assert_int_equal(template_add_field(t, &(struct placeholder){ .part = PART_BASE }, TEMPLATE_WORDS), 0);
	assert_int_equal(template_add_text(t, "b", 1), 0);
	assert_int_equal(template_end_word(t), 0);
	assert_argv(expand(t, "d/f"), WORDS("{}y", "", "afb"));
	/* a word that was begun but not ended is released, too */
	assert_int_equal(template_add_text(t, "z", 1), 0);
	template_free(t);
}

/* ---- several items ---- */

/* items, with "|" in between, are those of one record. */
static void expect_several(const char *const *words, unsigned columns, const char *items,
    const char *const *wanted)
{
	char why[200] = "", *copy = strdup(items), *rest = copy, *item;
	struct span spans[8];
	struct record record = { .items = spans };
	struct template_values v = { &record, 12, 3 };
	struct template *t;
	size_t n = 0;

	assert_non_null(copy);
	while ((item = strsep(&rest, "|")) != NULL) {
		spans[record.nitems++] = (struct span){ item, strlen(item) };
		record.bytes += strlen(item);
	}
	while (words[n] != NULL)
		n++;
	t = template_compile((char *const *)words, n, &(struct placeholder_syntax){ .columns = columns },
	    true, why, sizeof why);
	if (t == NULL)
		fail_msg("%s", why);
	assert_argv(template_expand(t, &v), wanted);
	/* once more, with all memory there is */
	assert_argv(template_expand(t, &v), wanted);
	template_free(t);
	free(copy);
}

static void test_several_items(void **state)
{
	static const struct {
		const char *words[6], *items, *wanted[9];
	} cases[] = {
		{ { "c" }, "a|b c|", { "c", "a", "b c", "" } },
		{ { "c", "{}" }, "a|b|c", { "c", "a", "b", "c" } },
		{ { "c", "x{}y" }, "a|b|c", { "c", "xay", "xby", "xcy" } },
		{ { "c", "{1}-{}-{#}", "k" }, "a|bcdef", { "c", "a-a-12", "a-bcdef-12", "k" } },
		{ { "c", "{1}{1}{1}x{//}" }, "abc||d/e", { "c", "abcabcabcx.", "abcabcabcx.", "abcabcabcxd" } },
		{ { "c", "x{}y" }, "a", { "c", "xay" } },
		{ { "c", "{}{}" }, "a|b", { "c", "aa", "bb" } },
		{ { "c", "{/}", "{//}" }, "d/a|b", { "c", "a", "b", "d", "." } },
		{ { "c", "{.}", "{/.}" }, "d/a.x|b.y", { "c", "d/a", "b", "a", "b" } },
		{ { "c", "{1}", "{3}{2}" }, "a|b|c", { "c", "a", "cb" } },
		{ { "c", "{3/.}-{2//}" }, "a|b/c|d/e.f", { "c", "e-b" } },
		{ { "c", "{#}", "{%}", "{2}" }, "a|b", { "c", "12", "3", "b" } },
		{ { "{}" }, "a|b", { "a", "b" } },
		{ { "{2}", "{1}" }, "a|b", { "b", "a" } },
		/* an item that is not there takes its word along, unless there is more in it */
		{ { "c", "{3}", "{1}" }, "a|b", { "c", "a" } },
		{ { "c", "x{3}", "{3}{3}", "{3}y" }, "a|b", { "c", "x", "", "y" } },
		{ { "c", "{3/}", "{3.}", "{3//}" }, "a|b", { "c" } },
		/* but an empty one is there */
		{ { "c", "{3}", "{1}" }, "|b|", { "c", "", "" } },
		/* and the command's name is always there */
		{ { "{3}", "{1}" }, "a", { "", "a" } },
		{ { "c", "{4}" }, "a|b|c", { "c", "{4}", "a", "b", "c" } },
		{ { "c", "" }, "|", { "c", "", "", "" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_several(cases[i].words, 3, cases[i].items, cases[i].wanted);
}

/* From record to record the number of words goes up and down. */
static void test_changing_numbers(void **state)
{
	static const size_t numbers[] = { 1, 5, 2, 300, 1, 0x1000, 3 };
	const char *const words[] = { "c", "x{}y", "{/}", "{3}", "k" };
	char why[200];
	struct template *t = template_compile((char *const *)words, 5,
	    &(struct placeholder_syntax){ .columns = PLACEHOLDER_ANY_COLUMN }, true, why,
	    sizeof why);
	struct span *items = calloc(0x1000, sizeof *items);

	(void)state;
	assert_non_null(t);
	assert_non_null(items);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		size_t n = numbers[i], argc = 0;
		struct record record = { .items = items, .nitems = n, .bytes = 3 * n };
		const char *const *argv;

		for (size_t j = 0; j < n; j++)
			items[j] = (struct span){ "d/f", 3 };
		argv = template_expand(t, &(struct template_values){ &record, 1, 1 });
		assert_non_null(argv);
		while (argv[argc] != NULL)
			argc++;
		assert_int_equal(argc, 1 + n + n + (n >= 3) + 1);
		assert_string_equal(argv[1 + n], "f");
		assert_string_equal(argv[argc - 1], "k");
	}
	free(items);
	template_free(t);
}

static void test_one_text(void **state)
{
	static const struct {
		const char *text, *items, *wanted;
	} cases[] = {
		{ "{}", "a|b", "a b" }, { "{}", "a||b", "a  b" }, { "x{}y", "a|b", "xa by" },
		{ "{/}:", "d/a|b", "a b:" }, { "{2}{1}", "a|b", "ba" }, { "{3}", "a|b", "" },
		{ "{#} {%}", "a|b", "12 3" }, { "x", "a|b", "x" }, { "", "a|b", "" }, { "{}", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char why[200], *copy = strdup(cases[i].items);
		size_t len = strlen(cases[i].items);
		struct span spans[3] = { { copy, len } };
		struct record record = { .items = spans, .nitems = 1, .bytes = len };
		struct template *t = template_compile_text(cases[i].text,
		    &(struct placeholder_syntax){ .columns = 3 }, why, sizeof why);

		/* by hand, so that the texts lie side by side without NULs of their own */
		for (char *bar = copy; (bar = strchr(bar, '|')) != NULL; bar++) {
			spans[record.nitems - 1].len = (size_t)(bar
			    - spans[record.nitems - 1].text);
			spans[record.nitems++] = (struct span){ bar + 1, strlen(bar + 1) };
			record.bytes--;
		}
		assert_non_null(t);
		assert_argv(template_expand(t, &(struct template_values){ &record, 12, 3 }),
		    WORDS(cases[i].wanted));
		template_free(t);
		free(copy);
	}
}

static void test_impossible_lengths_of_several(void **state)
{
	static const char *const words[] = { "c", "{}", "{}" };
	const struct span one = { "", 0 };
	struct record record = { .items = &one, .nitems = 1, .bytes = SIZE_MAX };
	char why[200];
	struct template *t = template_compile((char *const *)words, 3,
	    &(struct placeholder_syntax){ .columns = 2 }, true, why, sizeof why);

	(void)state;
	assert_non_null(t);
	assert_null(template_expand(t, &(struct template_values){ &record, 1, 1 }));
	record.bytes = SIZE_MAX / 2 + 1;
	assert_null(template_expand(t, &(struct template_values){ &record, 1, 1 }));
	record.bytes = 0;
	assert_argv(template_expand(t, &(struct template_values){ &record, 1, 1 }), WORDS("c", "", ""));
	template_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_the_item),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_plain_braces),
		cmocka_unit_test(test_appending),
		cmocka_unit_test(test_replacement_string),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_item_without_end),
		cmocka_unit_test(test_growing_items),
		cmocka_unit_test(test_impossible_length),
		cmocka_unit_test(test_empty_words),
		cmocka_unit_test(test_building),
		cmocka_unit_test(test_several_items),
		cmocka_unit_test(test_changing_numbers),
		cmocka_unit_test(test_one_text),
		cmocka_unit_test(test_impossible_lengths_of_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
