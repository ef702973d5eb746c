/* What waits to be taken: order, places, and that every item comes back as it was. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/run/longest.h"

static void add(struct longest *longest, const char *text, uint64_t number, double seconds)
{
	struct record record = { .line = number * 10 };

	record_set_one(&record, text, strlen(text));
	assert_int_equal(longest_add(longest, &record, number, seconds), 0);
}

static void is_next(struct longest *longest, const char *text, uint64_t number, uint64_t place)
{
	struct record record;
	uint64_t n, p;

	assert_true(longest_has_more(longest));
	assert_true(longest_take(longest, &record, &n, &p));
	assert_int_equal(record.nitems, 1);
	assert_string_equal(record.items[0].text, text);
	assert_int_equal(record.items[0].len, strlen(text));
	assert_ptr_equal(record.own.text, record.items[0].text);
	assert_int_equal(record.bytes, strlen(text));
	assert_int_equal(record.line, number * 10);
	assert_int_equal(n, number);
	assert_int_equal(p, place);
}

static void orders(void **state)
{
	struct longest *longest = longest_new();
	struct record record;
	uint64_t n;

	(void)state;
	add(longest, "short", 1, 1);
	add(longest, "long", 2, 9);
	add(longest, "new", 5, INFINITY);
	add(longest, "", 6, 1);
	add(longest, "none", 7, 0);
	add(longest, "newer", 9, INFINITY);
	assert_false(longest_is_sorted(longest));
	longest_sort(longest);
	assert_true(longest_is_sorted(longest));
	is_next(longest, "new", 5, 3);
	is_next(longest, "newer", 9, 6);
	is_next(longest, "long", 2, 2);
	is_next(longest, "short", 1, 1);
	is_next(longest, "", 6, 4);
	is_next(longest, "none", 7, 5);
	assert_false(longest_has_more(longest));
	assert_false(longest_take(longest, &record, &n, &n));
	longest_free(longest);
}

static void several_items(void **state)
{
	static const struct span items[] = { { "a", 1 }, { "b\xff", 2 }, { "", 0 } };
	struct longest *longest = longest_new();
	struct record record = { .items = items, .nitems = 3, .bytes = 3, .line = 4 };
	uint64_t n;

	(void)state;
	add(longest, "first", 1, 2);
	assert_int_equal(longest_add(longest, &record, 2, 3), 0);
	add(longest, "last", 3, 2);
	longest_sort(longest);
	assert_true(longest_take(longest, &record, &n, &n));
	assert_int_equal(record.nitems, 3);
	assert_int_equal(record.bytes, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(record.items[i].text, items[i].text);
	is_next(longest, "first", 1, 1);
	is_next(longest, "last", 3, 3);
	longest_free(longest);
}

static void many(void **state)
{
	struct longest *longest = longest_new();
	char text[32];

	(void)state;
	for (uint64_t i = 1; i <= 5000; i++) {
		snprintf(text, sizeof text, "%llu", (unsigned long long)i);
		add(longest, text, i, (double)(i * 7919 % 5003));
	}
	longest_sort(longest);
	for (int seconds = 5002; seconds > 0; seconds--) {
		/* 7919 has an inverse modulo 5003, so there is at most one of each */
		for (uint64_t i = 1; i <= 5000; i++)
			if (i * 7919 % 5003 == (uint64_t)seconds) {
				snprintf(text, sizeof text, "%llu", (unsigned long long)i);
				is_next(longest, text, i, i);
				break;
			}
	}
	assert_false(longest_has_more(longest));
	longest_free(longest);
}

static void nothing(void **state)
{
	struct longest *longest = longest_new();
	struct record record;
	uint64_t n;

	(void)state;
	longest_sort(longest);
	assert_false(longest_take(longest, &record, &n, &n));
	longest_free(longest);
	longest_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(several_items),
		cmocka_unit_test(many),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
