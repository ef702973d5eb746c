#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/input/product.h"

#include "fake_source.h"

enum { MAX_PARTS = 5, MAX_ITEMS = 20 };

/* words, separated by blanks, for a part; "+" before them: it is linked */
static void load(struct product_part *part, const char *words)
{
	char *copy, *rest, *word;

	part->linked = words[0] == '+';
	rest = copy = strdup(words + part->linked);
	assert_non_null(copy);
	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			assert_int_equal(item_list_add(&part->list, word, strlen(word)), 0);
	item_list_settle(&part->list);
	free(copy);
}

static struct source *opened(struct source *below, const char *const *parts, bool link)
{
	struct product_part *list = calloc(MAX_PARTS, sizeof *list);
	struct source *product;
	size_t n = 0;

	assert_non_null(list);
	for (; parts[n] != NULL; n++)
		load(&list[n], parts[n]);
	product = product_open(below, list, n, link);
	assert_non_null(product);
	return product;
}

/* The first source's words as steps. */
static void make_steps(struct fake_step *steps, char *words)
{
	size_t n = 0;
	char *word;

	while ((word = strsep(&words, " ")) != NULL)
		if (word[0] != '\0')
			steps[n++] = (struct fake_step){ INPUT_RECORD, word };
	steps[n] = (struct fake_step){ INPUT_END, NULL };
}

static const struct {
	const char *first, *parts[MAX_PARTS];
	bool link;
	const char *records;
} cases[] = {
	/* each with each, the last one fastest */
	{ "a b", { "1 2" }, false, "a|1 a|2 b|1 b|2" },
	{ "a", { "1 2 3" }, false, "a|1 a|2 a|3" },
	{ "a b c", { "1" }, false, "a|1 b|1 c|1" },
	{ "a b", { "1 2", "x y" }, false,
	    "a|1|x a|1|y a|2|x a|2|y b|1|x b|1|y b|2|x b|2|y" },
	{ "a", { "1", "2", "3" }, false, "a|1|2|3" },
	/* the same item twice is two items */
	{ "a a", { "a a" }, false, "a|a a|a a|a a|a" },
	/* linked: as long as the shortest */
	{ "a b", { "+1 2" }, false, "a|1 b|2" },
	{ "a b c", { "+1 2" }, false, "a|1 b|2" },
	{ "a b", { "+1 2 3" }, false, "a|1 b|2" },
	{ "a b c", { "+1 2 3", "+x y" }, false, "a|1|x b|2|y" },
	{ "a", { "+1 2", "+x y z" }, false, "a|1|x" },
	/* a group of the first source, and another one */
	{ "a b c", { "+1 2", "x y" }, false, "a|1|x a|1|y b|2|x b|2|y" },
	{ "a", { "+1 2", "x y" }, false, "a|1|x a|1|y" },
	/* a group that is not the first one */
	{ "a b", { "1 2", "+x y z" }, false, "a|1|x a|2|y b|1|x b|2|y" },
	{ "a b", { "1 2 3", "+x y" }, false, "a|1|x a|2|y b|1|x b|2|y" },
	{ "a b", { "1 2", "+x y", "u v" }, false,
	    "a|1|x|u a|1|x|v a|2|y|u a|2|y|v b|1|x|u b|1|x|v b|2|y|u b|2|y|v" },
	{ "a b", { "+m n", "1 2", "+x y" }, false, "a|m|1|x a|m|2|y b|n|1|x b|n|2|y" },
	{ "a", { "1 2", "x y", "+u v w" }, false, "a|1|x|u a|1|y|v a|2|x|u a|2|y|v" },
	/* all linked: as long as the longest */
	{ "a b", { "1 2" }, true, "a|1 b|2" },
	{ "a b c", { "1 2" }, true, "a|1 b|2 c|1" },
	{ "a b", { "1 2 3 4 5" }, true, "a|1 b|2 a|3 b|4 a|5" },
	{ "a b c d e", { "1 2", "x y z" }, true, "a|1|x b|2|y c|1|z d|2|x e|1|y" },
	{ "a", { "1 2", "x y z" }, true, "a|1|x a|2|y a|1|z" },
	/* which says more than "+" does */
	{ "a b c", { "+1 2", "x" }, true, "a|1|x b|2|x c|1|x" },
	/* an empty one leaves nothing */
	{ "", { "1 2" }, false, "" },
	{ "a b", { "" }, false, "" },
	{ "a b", { "1 2", "" }, false, "" },
	{ "a b", { "", "1 2" }, false, "" },
	{ "a b", { "+" }, false, "" },
	{ "a b", { "1", "+" }, false, "" },
	{ "", { "1 2" }, true, "" },
	{ "a b", { "" }, true, "" },
	{ "a b", { "1 2", "" }, true, "" },
};

static void check_case(size_t i)
{
	struct fake_step steps[MAX_ITEMS];
	char first[64], wanted[256], *rest = wanted, *record;
	bool closed = false;
	struct source *product;

	snprintf(first, sizeof first, "%s", cases[i].first);
	snprintf(wanted, sizeof wanted, "%s", cases[i].records);
	make_steps(steps, first);
	product = opened(fake_open(steps, &closed), cases[i].parts, cases[i].link);
	while ((record = strsep(&rest, " ")) != NULL)
		if (record[0] != '\0')
			expect_record(product, record);
	expect_result(product, INPUT_END, NULL);
	source_close(product);
	assert_true(closed);
}

static void combinations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("# case %zu: %s\n", i, cases[i].records);
		check_case(i);
	}
}

/* ---- a first source that is not just there ---- */

static void waiting(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "a" }, { INPUT_LATER, NULL }, { INPUT_LATER, NULL },
		{ INPUT_RECORD, "b" }, { INPUT_LATER, NULL }, { INPUT_END, NULL },
	};
	struct source *product = opened(fake_open(steps, NULL), (const char *const[]){ "1 2", NULL },
	    false);

	(void)state;
	expect_result(product, INPUT_LATER, NULL);
	expect_record(product, "a|1");
	expect_record(product, "a|2");
	expect_result(product, INPUT_LATER, NULL);
	expect_result(product, INPUT_LATER, NULL);
	expect_record(product, "b|1");
	expect_record(product, "b|2");
	expect_result(product, INPUT_LATER, NULL);
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

static void waiting_linked(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "a" }, { INPUT_LATER, NULL }, { INPUT_RECORD, "b" },
		{ INPUT_LATER, NULL }, { INPUT_END, NULL },
	};
	struct source *product = opened(fake_open(steps, NULL),
	    (const char *const[]){ "1 2 3 4", NULL }, true);

	(void)state;
	expect_result(product, INPUT_LATER, NULL);
	expect_record(product, "a|1");
	expect_result(product, INPUT_LATER, NULL);
	expect_record(product, "b|2");
	expect_result(product, INPUT_LATER, NULL);
	expect_record(product, "a|3");
	expect_record(product, "b|4");
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

static void no_more_than_is_needed_is_read(void **state)
{
	/* would be bad, were it read */
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b" }, { INPUT_BAD, "read too far" },
	};
	struct source *product = opened(fake_open(steps, NULL), (const char *const[]){ "+1 2", NULL },
	    false);

	(void)state;
	expect_record(product, "a|1");
	expect_record(product, "b|2");
	expect_result(product, INPUT_END, NULL);
	source_close(product);
	product = opened(fake_open(steps, NULL), (const char *const[]){ "", NULL }, false);
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

static void the_end_is_passed_on(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_BAD, "the disk is gone" },
	};

	(void)state;
	for (int link = 0; link < 2; link++) {
		struct source *product = opened(fake_open(steps, NULL),
		    (const char *const[]){ "1", NULL }, link);

		expect_record(product, "a|1");
		expect_result(product, INPUT_BAD, "the disk is gone");
		source_close(product);
	}
}

static const struct fake_step with_refused[] = {
	{ INPUT_RECORD, "a" }, { INPUT_REFUSED, "2: no" }, { INPUT_RECORD, "c" }, { INPUT_END, NULL },
};

static void a_refused_item_is_left_out(void **state)
{
	struct source *product = opened(fake_open(with_refused, NULL),
	    (const char *const[]){ "1 2", NULL }, false);

	(void)state;
	expect_record(product, "a|1");
	expect_record(product, "a|2");
	expect_result(product, INPUT_REFUSED, "2: no");
	expect_record(product, "c|1");
	expect_record(product, "c|2");
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

/* What goes along with it is left out, too, or all that follows would have the wrong partner. */
static void a_refused_item_takes_its_partners_along(void **state)
{
	struct source *product = opened(fake_open(with_refused, NULL),
	    (const char *const[]){ "+1 2 3", "x y", NULL }, false);

	(void)state;
	expect_record(product, "a|1|x");
	expect_record(product, "a|1|y");
	expect_result(product, INPUT_REFUSED, "2: no");
	expect_record(product, "c|3|x");
	expect_record(product, "c|3|y");
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

static void and_so_each_time_it_comes_again(void **state)
{
	struct source *product = opened(fake_open(with_refused, NULL),
	    (const char *const[]){ "1 2 3 4 5 6", "x", NULL }, true);

	(void)state;
	expect_record(product, "a|1|x");
	expect_result(product, INPUT_REFUSED, "2: no");
	expect_record(product, "c|3|x");
	expect_record(product, "a|4|x");
	expect_record(product, "c|6|x");
	expect_result(product, INPUT_END, NULL);
	source_close(product);
}

static void nothing_but_refused_items(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_REFUSED, "1: no" }, { INPUT_REFUSED, "2: no" }, { INPUT_END, NULL },
	};
	static const struct {
		const char *part;
		bool link;
	} how[] = { { "1 2 3", false }, { "+1 2 3", false }, { "1 2 3", true } };

	(void)state;
	for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
		struct source *product = opened(fake_open(steps, NULL),
		    (const char *const[]){ how[i].part, NULL }, how[i].link);

		expect_result(product, INPUT_REFUSED, "1: no");
		expect_result(product, INPUT_REFUSED, "2: no");
		expect_result(product, INPUT_END, NULL);
		source_close(product);
	}
}

static void lines_are_those_of_the_first_source(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b" }, { INPUT_END, NULL },
	};
	static const uint64_t lines[] = { 1, 1, 2, 2 };
	struct source *product = opened(fake_open(steps, NULL), (const char *const[]){ "1 2", NULL },
	    false);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct record record;
		struct error err;

		assert_int_equal(source_next(product, &record, &err), INPUT_RECORD);
		assert_int_equal(record.line, lines[i]);
	}
	source_close(product);
}

/* ---- what is left ---- */

static void more_is_known(void **state)
{
	static const struct {
		const char *part;
		bool link;
		unsigned before;     /* so many records, there is more */
		unsigned records;
		bool left;           /* at the end, something has not been used */
	} how[] = {
		{ "1 2", false, 3, 4, false },
		{ "+1 2", false, 1, 2, false },
		{ "+1 2 3", false, 2, 2, true },
		{ "1 2 3 4", true, 3, 4, false },
	};
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b" }, { INPUT_END, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
		struct source *product = opened(fake_open(steps, NULL),
		    (const char *const[]){ how[i].part, NULL }, how[i].link);
		struct record record;
		struct error err;

		for (unsigned n = 1; n <= how[i].records; n++) {
			assert_int_equal(source_next(product, &record, &err), INPUT_RECORD);
			if (n <= how[i].before && n > 1)
				assert_true(source_has_more(product));
		}
		expect_result(product, INPUT_END, NULL);
		assert_int_equal(source_has_more(product), how[i].left);
		source_close(product);
	}
}

static void parts_that_nobody_took(void **state)
{
	struct product_part *parts = calloc(2, sizeof *parts);

	(void)state;
	assert_non_null(parts);
	load(&parts[0], "a b");
	load(&parts[1], "");
	product_release_parts(parts, 2);
	product_release_parts(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(combinations),
		cmocka_unit_test(waiting),
		cmocka_unit_test(waiting_linked),
		cmocka_unit_test(no_more_than_is_needed_is_read),
		cmocka_unit_test(the_end_is_passed_on),
		cmocka_unit_test(a_refused_item_is_left_out),
		cmocka_unit_test(a_refused_item_takes_its_partners_along),
		cmocka_unit_test(and_so_each_time_it_comes_again),
		cmocka_unit_test(nothing_but_refused_items),
		cmocka_unit_test(lines_are_those_of_the_first_source),
		cmocka_unit_test(more_is_known),
		cmocka_unit_test(parts_that_nobody_took),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
