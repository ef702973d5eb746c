#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/input/batch.h"

#include "fake_source.h"

static struct source *opened(const struct fake_step *steps, unsigned n, bool *closed)
{
	struct source *batch = batch_open(fake_open(steps, closed), n);

	assert_non_null(batch);
	return batch;
}

static const struct fake_step five[] = {
	{ INPUT_RECORD, "1" }, { INPUT_RECORD, "2" }, { INPUT_RECORD, "3" }, { INPUT_RECORD, "4" },
	{ INPUT_RECORD, "5" }, { INPUT_END, NULL },
};

static void sizes(void **state)
{
	static const struct {
		unsigned n;
		const char *records[6];
	} cases[] = {
		{ 1, { "1", "2", "3", "4", "5" } },
		{ 2, { "1|2", "3|4", "5" } },
		{ 3, { "1|2|3", "4|5" } },
		{ 4, { "1|2|3|4", "5" } },
		{ 5, { "1|2|3|4|5" } },
		{ 6, { "1|2|3|4|5" } },
		{ 1000000, { "1|2|3|4|5" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool closed = false;
		struct source *batch = opened(five, cases[i].n, &closed);

		for (size_t r = 0; cases[i].records[r] != NULL; r++)
			expect_record(batch, cases[i].records[r]);
		expect_result(batch, INPUT_END, NULL);
		source_close(batch);
		assert_true(closed);
	}
}

static void nothing(void **state)
{
	static const struct fake_step steps[] = { { INPUT_END, NULL } };
	struct source *batch = opened(steps, 3, NULL);

	(void)state;
	expect_result(batch, INPUT_END, NULL);
	source_close(batch);
}

static void of_several_items(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a|b" }, { INPUT_RECORD, "c" }, { INPUT_RECORD, "|" }, { INPUT_END, NULL },
	};
	struct source *batch = opened(steps, 2, NULL);

	(void)state;
	expect_record(batch, "a|b|c");
	expect_record(batch, "|");
	expect_result(batch, INPUT_END, NULL);
	source_close(batch);
}

/* What is gathered is not lost by waiting, nor by what is left out in between. */
static void interruptions(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "1" }, { INPUT_LATER, NULL }, { INPUT_LATER, NULL },
		{ INPUT_REFUSED, "3: no" }, { INPUT_RECORD, "2" }, { INPUT_LATER, NULL },
		{ INPUT_RECORD, "3" }, { INPUT_REFUSED, "5: no" }, { INPUT_LATER, NULL }, { INPUT_END, NULL },
	};
	struct source *batch = opened(steps, 2, NULL);

	(void)state;
	expect_result(batch, INPUT_LATER, NULL);
	expect_result(batch, INPUT_LATER, NULL);
	expect_result(batch, INPUT_LATER, NULL);
	expect_result(batch, INPUT_REFUSED, "3: no");
	expect_record(batch, "1|2");
	expect_result(batch, INPUT_LATER, NULL);
	expect_result(batch, INPUT_REFUSED, "5: no");
	expect_result(batch, INPUT_LATER, NULL);
	expect_record(batch, "3");
	expect_result(batch, INPUT_END, NULL);
	source_close(batch);
}

/* What was good is given before what is bad is told. */
static void a_bad_end(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "1" }, { INPUT_RECORD, "2" }, { INPUT_RECORD, "3" },
		{ INPUT_BAD, "the disk is gone" },
	};
	struct source *batch = opened(steps, 2, NULL);

	(void)state;
	expect_record(batch, "1|2");
	expect_record(batch, "3");
	expect_result(batch, INPUT_BAD, "the disk is gone");
	source_close(batch);
	batch = opened(steps, 3, NULL);
	expect_record(batch, "1|2|3");
	expect_result(batch, INPUT_BAD, "the disk is gone");
	source_close(batch);
}

static void the_line_is_that_of_the_first(void **state)
{
	struct source *batch = opened(five, 2, NULL);

	(void)state;
	for (uint64_t line = 1; line <= 5; line += 2) {
		struct record record;
		struct error err;

		assert_int_equal(source_next(batch, &record, &err), INPUT_RECORD);
		assert_int_equal(record.line, line);
	}
	source_close(batch);
}

static void more_is_known(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "1" }, { INPUT_LATER, NULL }, { INPUT_RECORD, "2" }, { INPUT_END, NULL },
	};
	struct source *batch = opened(steps, 2, NULL);

	(void)state;
	assert_false(source_has_more(batch));
	expect_result(batch, INPUT_LATER, NULL);
	/* an item was read, and nothing made of it */
	assert_true(source_has_more(batch));
	expect_record(batch, "1|2");
	assert_false(source_has_more(batch));
	expect_result(batch, INPUT_END, NULL);
	assert_false(source_has_more(batch));
	source_close(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(nothing),
		cmocka_unit_test(of_several_items),
		cmocka_unit_test(interruptions),
		cmocka_unit_test(a_bad_end),
		cmocka_unit_test(the_line_is_that_of_the_first),
		cmocka_unit_test(more_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
