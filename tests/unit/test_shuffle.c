/* A random order: all of it, each as likely as the others, and the same for the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/input/shuffle.h"
#include "fake_source.h"

static const struct fake_step letters[] = {
	{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b|1" }, { INPUT_RECORD, "c" }, { INPUT_RECORD, "d" },
	{ INPUT_RECORD, "e" }, { INPUT_END, NULL },
};

/* The first letters of what comes, in its order; the rest of each record is checked. */
static void shuffled(const struct fake_step *steps, uint64_t seed, char text[16])
{
	struct source *source = shuffle_open(fake_open(steps, NULL), seed);
	struct error err = { "" };
	struct record record;
	enum input_result result;
	size_t n = 0;

	assert_non_null(source);
	while ((result = source_next(source, &record, &err)) == INPUT_RECORD
	    || result == INPUT_AGAIN) {
		if (result == INPUT_AGAIN)
			continue;
		size_t at = (size_t)(record.items[0].text[0] - 'a');

		assert_true(at < 15 && n < 15);
		assert_string_equal(fake_show(&record), steps[at].items);
		assert_int_equal(record.number, at + 1);
		assert_int_equal(record.place, at + 1);
		assert_int_equal(record.line, at + 1);
		text[n++] = record.items[0].text[0];
	}
	assert_int_equal(result, INPUT_END);
	text[n] = '\0';
	source_close(source);
}

static void gives_everything_once(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		unsigned seen = 0;
		char text[16];

		shuffled(letters, seed, text);
		assert_int_equal(strlen(text), 5);
		for (int i = 0; i < 5; i++)
			seen |= 1U << (text[i] - 'a');
		assert_int_equal(seen, 31);
	}
}

/* What --seed promises; the same everywhere and in all versions. */
static void is_what_the_seed_says(void **state)
{
	static const struct {
		uint64_t seed;
		const char *order;
	} cases[] = {
		{ 0, "abdce" }, { 1, "aecbd" }, { 2, "adcbe" }, { 4294967295, "abdce" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[16];

		shuffled(letters, cases[i].seed, text);
		assert_string_equal(text, cases[i].order);
	}
}

static void favours_none(void **state)
{
	enum { SEEDS = 5000 };
	unsigned n[5][5] = { { 0 } };

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		char text[16];

		shuffled(letters, seed, text);
		for (int i = 0; i < 5; i++)
			n[i][text[i] - 'a']++;
	}
	/* 1000 each: five times the standard deviation is 141 */
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++)
			assert_in_range(n[i][k], 860, 1140);
}

static void may_be_empty(void **state)
{
	static const struct fake_step nothing[] = { { INPUT_END, NULL } };
	char text[16];

	(void)state;
	shuffled(nothing, 1, text);
	assert_string_equal(text, "");
}

static void passes_on_what_is_no_record(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "a" }, { INPUT_REFUSED, "bad" },
		{ INPUT_OTHERS, NULL }, { INPUT_RECORD, "b" }, { INPUT_BAD, "broken" },
	};
	bool closed = false;
	struct source *source = shuffle_open(fake_open(steps, &closed), 1);

	(void)state;
	expect_result(source, INPUT_LATER, NULL);
	expect_result(source, INPUT_AGAIN, NULL);
	expect_result(source, INPUT_REFUSED, "bad");
	expect_result(source, INPUT_OTHERS, NULL);
	expect_result(source, INPUT_AGAIN, NULL);
	assert_true(source_has_more(source));
	expect_result(source, INPUT_BAD, "broken");
	source_close(source);
	assert_true(closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_everything_once),
		cmocka_unit_test(is_what_the_seed_says),
		cmocka_unit_test(favours_none),
		cmocka_unit_test(may_be_empty),
		cmocka_unit_test(passes_on_what_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
