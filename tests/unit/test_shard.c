/* Which shard has what: every item is in one, few move, and the parts never change with a version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/shard.h"

/* ---- I/N ---- */

static void reads_what_is_right(void **state)
{
	static const struct {
		const char *text;
		struct shard shard;
	} cases[] = {
		{ "1/1", { false, 1, 1 } },
		{ "2/3", { false, 2, 3 } },
		{ "1000000/1000000", { false, 1000000, 1000000 } },
		{ "auto", { true, 0, 0 } },
		{ "auto/8", { true, 0, 8 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct shard shard = { .index = 99, .count = 99 };
		struct error err = { "" };

		if (shard_parse(cases[i].text, &shard, &err) != 0)
			fail_msg("'%s': %s", cases[i].text, err.message);
		assert_int_equal(shard.automatic, cases[i].shard.automatic);
		assert_int_equal(shard.index, cases[i].shard.index);
		assert_int_equal(shard.count, cases[i].shard.count);
	}
}

static void refuses_what_is_wrong(void **state)
{
	static const char *const texts[] = {
		"", "/", "1", "1/", "/3", "0/3", "4/3", "-1/3", "1/-3", "1/0", "1/3/5", "1/1000001", "a/3",
		"1/b", "1 /3", "1.5/3", "aut/3", "auto/", "auto/0", "auto/x", "autos", "AUTO",
		"00000000000000000000000000000000000000001/3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct shard shard;
		struct error err = { "" };
		char begin[64];

		if (shard_parse(texts[i], &shard, &err) == 0)
			fail_msg("'%s' was taken", texts[i]);
		snprintf(begin, sizeof begin, "'%s' is not I/N, ", texts[i]);
		assert_memory_equal(err.message, begin, strlen(begin));
	}
}

/* ---- by hash ---- */

static unsigned shard_of_number(unsigned item, unsigned count)
{
	char text[16];
	struct span span = { text, (size_t)snprintf(text, sizeof text, "%u", item) };

	return shard_of(&span, 1, count);
}

static void has_each_item_in_one(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 70; count++)
		for (unsigned item = 0; item < 300; item++) {
			unsigned shard = shard_of_number(item, count);

			/* "one" is what a function gives; that it is one of them is to be seen */
			assert_in_range(shard, 1, count);
			assert_int_equal(shard, shard_of_number(item, count));
		}
}

static void spreads_items(void **state)
{
	enum { COUNT = 16, ITEMS = 16000 };
	unsigned n[COUNT + 1] = { 0 };

	(void)state;
	for (unsigned item = 0; item < ITEMS; item++)
		n[shard_of_number(item, COUNT)]++;
	/* 1000 each: five times the standard deviation is 153 */
	for (unsigned shard = 1; shard <= COUNT; shard++)
		assert_in_range(n[shard], 850, 1150);
}

static void moves_items_to_the_new_shard_only(void **state)
{
	enum { ITEMS = 4000 };

	(void)state;
	for (unsigned count = 1; count < 40; count++) {
		unsigned moved = 0;

		for (unsigned item = 0; item < ITEMS; item++) {
			unsigned before = shard_of_number(item, count);
			unsigned after = shard_of_number(item, count + 1);

			if (after == before)
				continue;
			assert_int_equal(after, count + 1);
			moved++;
		}
		assert_in_range(moved, ITEMS / (count + 1) / 2, ITEMS / (count + 1) * 2);
	}
}

/* Whoever mixes versions of covey in one array of jobs relies on it. */
static void never_changes(void **state)
{
	static const struct span items[] = {
		{ "", 0 }, { "a", 1 }, { "b", 1 }, { "README.md", 9 }, { "\xff\n", 2 },
	};
	static const unsigned of_10[] = { 5, 1, 8, 5, 3 }, of_1000[] = { 635, 908, 834, 291, 609 };
	const struct span pair[] = { { "a", 1 }, { "b", 1 } }, one[] = { { "ab", 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		assert_int_equal(shard_of(&items[i], 1, 10), of_10[i]);
		assert_int_equal(shard_of(&items[i], 1, 1000), of_1000[i]);
	}
	assert_int_equal(shard_of(pair, 2, 1000000), 789230);
	assert_int_equal(shard_of(one, 1, 1000000), 565779);
}

/* ---- by count ---- */

static void cuts_into_blocks(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 40; count++)
		for (uint64_t total = 0; total < 100; total++) {
			uint64_t at = 0;

			for (unsigned i = 1; i <= count; i++) {
				struct shard shard = { .index = i, .count = count };
				struct shard_block block = shard_block(total, &shard);

				assert_int_equal(block.first, at);
				assert_in_range(block.end - block.first, total / count,
				    total / count + (total % count != 0));
				at = block.end;
			}
			assert_int_equal(at, total);
		}
}

static void cuts_what_is_huge(void **state)
{
	struct shard last = { .index = SHARD_MOST, .count = SHARD_MOST };
	struct shard_block block = shard_block(UINT64_MAX, &last);

	(void)state;
	assert_true(block.end == UINT64_MAX);
	assert_int_equal(block.end - block.first, UINT64_MAX / SHARD_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_right),
		cmocka_unit_test(refuses_what_is_wrong),
		cmocka_unit_test(has_each_item_in_one),
		cmocka_unit_test(spreads_items),
		cmocka_unit_test(moves_items_to_the_new_shard_only),
		cmocka_unit_test(never_changes),
		cmocka_unit_test(cuts_into_blocks),
		cmocka_unit_test(cuts_what_is_huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
