#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/grow.h"

struct element {
	uint64_t number;
	char rest[40];
};

/* Room doubles: of a million elements that are added one by one, few are ever moved. */
static void test_one_by_one(void **state)
{
	struct element *array = NULL;
	size_t room = 0, grown = 0;

	(void)state;
	for (size_t n = 0; n < 100000; n++) {
		size_t before = room;

		array = grow(array, &room, n + 1, sizeof *array);
		assert_non_null(array);
		assert_true(room > n);
		grown += room != before;
		array[n] = (struct element){ .number = n };
	}
	assert_true(grown < 20);
	for (size_t n = 0; n < 100000; n++)
		assert_int_equal(array[n].number, n);
	free(array);
}

static void test_many_at_once(void **state)
{
	size_t room = 0;
	char *array = grow(NULL, &room, 12345, 1), *same;

	(void)state;
	assert_non_null(array);
	assert_true(room >= 12345);
	same = grow(array, &room, room, 1);
	assert_ptr_equal(same, array);
	free(array);
}

/* There is an address to be had even for no elements. */
static void test_none(void **state)
{
	size_t room = 0;
	struct element *array = grow(NULL, &room, 0, sizeof *array);

	(void)state;
	assert_non_null(array);
	free(array);
}

static void test_sizes_that_overflow(void **state)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX / sizeof(struct element), SIZE_MAX / sizeof(struct element) + 1,
		(size_t)PTRDIFF_MAX / sizeof(struct element) + 1, SIZE_MAX / 2,
	};
	size_t room = 0, before;
	struct element *array = grow(NULL, &room, 1, sizeof *array);

	(void)state;
	assert_non_null(array);
	before = room;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_null(grow(array, &room, sizes[i], sizeof *array));
		assert_int_equal(room, before);
	}
	free(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_by_one),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_sizes_that_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
