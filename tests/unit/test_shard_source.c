/* The records of one shard: complete together, numbered within the whole, and what gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/input/shard_source.h"
#include "fake_source.h"

enum { ITEMS = 40, MOST_SHARDS = 9 };

static const struct fake_step *numbers(void)
{
	static struct fake_step steps[ITEMS + 1];
	static char texts[ITEMS][16];

	for (int i = 0; i < ITEMS; i++) {
		snprintf(texts[i], sizeof texts[i], "%d|x", i + 1);
		steps[i] = (struct fake_step){ INPUT_RECORD, texts[i] };
	}
	steps[ITEMS] = (struct fake_step){ INPUT_END, NULL };
	return steps;
}

/* What comes next that is not INPUT_OTHERS or INPUT_AGAIN; those are checked. */
static enum input_result next(struct source *source, struct record *record)
{
	struct error err = { "" };
	enum input_result result;

	while ((result = source_next(source, record, &err)) == INPUT_OTHERS || result == INPUT_AGAIN)
		if (result == INPUT_OTHERS)
			assert_int_equal(record->number, strtoul(record->items[0].text, NULL, 10));
	return result;
}

static void share_out(enum shard_by by, unsigned count, unsigned got[ITEMS + 1])
{
	for (unsigned i = 1; i <= count; i++) {
		struct shard shard = { .index = i, .count = count };
		struct source *source = shard_source_open(fake_open(numbers(), NULL), &shard, by);
		struct record record;

		assert_non_null(source);
		while (next(source, &record) == INPUT_RECORD) {
			unsigned long item = strtoul(record.items[0].text, NULL, 10);

			assert_int_equal(record.nitems, 2);
			assert_int_equal(record.number, item);
			assert_int_equal(record.line, item);
			assert_int_equal(got[item], 0);
			got[item] = i;
		}
		source_close(source);
	}
}

static void are_disjoint_and_complete(void **state)
{
	(void)state;
	for (int by = SHARD_BY_HASH; by <= SHARD_BY_COUNT; by++)
		for (unsigned count = 1; count <= MOST_SHARDS; count++) {
			unsigned got[ITEMS + 1] = { 0 };

			share_out((enum shard_by)by, count, got);
			for (int item = 1; item <= ITEMS; item++) {
				assert_in_range(got[item], 1, count);
				/* neighbours stay together */
				assert_true(by == SHARD_BY_HASH || got[item] >= got[item - 1]);
			}
		}
}

static void pass_on_what_is_no_record(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "a" }, { INPUT_REFUSED, "bad" },
		{ INPUT_RECORD, "b" }, { INPUT_AGAIN, NULL }, { INPUT_BAD, "broken" },
	};
	struct shard shard = { .index = 1, .count = 1 };
	struct source *source = shard_source_open(fake_open(steps, NULL), &shard, SHARD_BY_HASH);

	(void)state;
	expect_result(source, INPUT_LATER, NULL);
	expect_record(source, "a");
	expect_result(source, INPUT_REFUSED, "bad");
	expect_record(source, "b");
	expect_result(source, INPUT_AGAIN, NULL);
	expect_result(source, INPUT_BAD, "broken");
	source_close(source);

	source = shard_source_open(fake_open(steps, NULL), &shard, SHARD_BY_COUNT);
	expect_result(source, INPUT_LATER, NULL);
	expect_result(source, INPUT_AGAIN, NULL);
	expect_result(source, INPUT_REFUSED, "bad");
	expect_result(source, INPUT_AGAIN, NULL);
	expect_result(source, INPUT_AGAIN, NULL);
	expect_result(source, INPUT_BAD, "broken");
	source_close(source);
}

static void may_be_empty(void **state)
{
	static const struct fake_step steps[] = { { INPUT_RECORD, "1" }, { INPUT_END, NULL } };
	unsigned found = 0;

	(void)state;
	for (int by = SHARD_BY_HASH; by <= SHARD_BY_COUNT; by++)
		for (unsigned i = 1; i <= 3; i++) {
			struct shard shard = { .index = i, .count = 3 };
			struct source *source = shard_source_open(fake_open(steps, NULL), &shard,
			    (enum shard_by)by);
			struct record record;

			found += next(source, &record) == INPUT_RECORD;
			assert_int_equal(next(source, &record), INPUT_END);
			assert_false(source_has_more(source));
			source_close(source);
		}
	assert_int_equal(found, 2);
}

/* So that signals and deadlines are looked after meanwhile. */
static void let_go_while_they_load(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b" }, { INPUT_END, NULL },
	};
	struct shard shard = { .index = 1, .count = 1 };
	struct source *source = shard_source_open(fake_open(steps, NULL), &shard, SHARD_BY_COUNT);

	(void)state;
	expect_result(source, INPUT_AGAIN, NULL);
	assert_true(source_has_more(source));
	expect_result(source, INPUT_AGAIN, NULL);
	expect_record(source, "a");
	source_close(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_disjoint_and_complete),
		cmocka_unit_test(pass_on_what_is_no_record),
		cmocka_unit_test(may_be_empty),
		cmocka_unit_test(let_go_while_they_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
