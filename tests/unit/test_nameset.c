#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "cli/input/nameset.h"

static void a_name_twice(void **state)
{
	struct nameset set = { .n = 0 };
	uint64_t first = 0;

	(void)state;
	assert_int_equal(nameset_add(&set, "a", 3, &first), 0);
	assert_int_equal(nameset_add(&set, "b", 4, &first), 0);
	assert_int_equal(nameset_add(&set, "", 5, &first), 0);
	assert_int_equal(nameset_add(&set, "a", 6, &first), 1);
	assert_int_equal(first, 3);
	assert_int_equal(nameset_add(&set, "", 7, &first), 1);
	assert_int_equal(first, 5);
	nameset_release(&set);
	/* and it is empty again */
	assert_int_equal(nameset_add(&set, "a", 8, &first), 0);
	nameset_release(&set);
}

/* Through several times that it grows, every name is found, and in its line. */
static void many(void **state)
{
	struct nameset set = { .n = 0 };
	uint64_t first = 0, i;
	char name[24];

	(void)state;
	for (i = 1; i <= 20000; i++) {
		snprintf(name, sizeof name, "%llu", (unsigned long long)i);
		assert_int_equal(nameset_add(&set, name, i, &first), 0);
	}
	assert_true(set.n == 20000 && set.size <= 32768);
	for (i = 20000; i >= 1; i--) {
		snprintf(name, sizeof name, "%llu", (unsigned long long)i);
		assert_int_equal(nameset_add(&set, name, 1, &first), 1);
		assert_int_equal(first, i);
	}
	nameset_release(&set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_twice),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
