#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input/header.h"

#define SPAN(text) { text, sizeof(text) - 1 }

static unsigned find(const struct header *header, const char *name, size_t *count)
{
	return header_find(header, name, strlen(name), count);
}

static void names_are_numbered_through(void **state)
{
	static const struct span first[] = { SPAN("a"), SPAN("b c") }, second[] = { SPAN("d") };
	struct header header = { .n = 0 };
	size_t count;

	(void)state;
	assert_int_equal(header_add(&header, first, 2), 0);
	assert_int_equal(header_add(&header, second, 1), 0);
	assert_int_equal(header.n, 3);
	assert_int_equal(header.nsources, 2);
	assert_int_equal(header.widths[0], 2);
	assert_int_equal(header.widths[1], 1);
	assert_int_equal(find(&header, "a", &count), 1);
	assert_int_equal(count, 1);
	assert_int_equal(find(&header, "b c", &count), 2);
	assert_int_equal(find(&header, "d", &count), 3);
	/* nearly */
	assert_int_equal(find(&header, "b", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(find(&header, "A", &count), 0);
	assert_int_equal(find(&header, "aa", &count), 0);
	assert_int_equal(header_find(&header, "dx", 1, &count), 3);
	header_release(&header);
	assert_int_equal(header.n, 0);
	header_release(&header);
}

static void names_are_copied(void **state)
{
	char text[] = "name";
	const struct span span = { text, 4 };
	struct header header = { .n = 0 };
	size_t count;

	(void)state;
	assert_int_equal(header_add(&header, &span, 1), 0);
	memset(text, 'x', 4);
	assert_int_equal(find(&header, "name", &count), 1);
	header_release(&header);
}

static void the_same_name_twice(void **state)
{
	static const struct span first[] = { SPAN("a"), SPAN("b"), SPAN("a") }, second[] = { SPAN("a") };
	struct header header = { .n = 0 };
	size_t count;

	(void)state;
	assert_int_equal(header_add(&header, first, 3), 0);
	assert_int_equal(header_add(&header, second, 1), 0);
	assert_int_equal(find(&header, "a", &count), 1);
	assert_int_equal(count, 3);
	header_release(&header);
}

/* A column without a name, as behind a separator at the end of the line: {} is none. */
static void empty_names(void **state)
{
	static const struct span names[] = { SPAN(""), SPAN("a"), SPAN("") };
	struct header header = { .n = 0 };
	size_t count;

	(void)state;
	assert_int_equal(header_add(&header, names, 3), 0);
	assert_int_equal(header.widths[0], 3);
	assert_int_equal(find(&header, "", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(find(&header, "a", &count), 2);
	header_release(&header);
}

static void many_names(void **state)
{
	enum { N = 3000 };
	struct header header = { .n = 0 };
	char name[16];
	size_t count;

	(void)state;
	for (int i = 1; i <= N; i++) {
		struct span span = { name, (size_t)snprintf(name, sizeof name, "%d", i) };

		assert_int_equal(header_add(&header, &span, 1), 0);
	}
	assert_int_equal(find(&header, "3000", &count), N);
	assert_int_equal(count, 1);
	header_release(&header);
}

static void none(void **state)
{
	struct header header = { .n = 0 };
	size_t count;

	(void)state;
	assert_int_equal(find(&header, "a", &count), 0);
	assert_int_equal(count, 0);
	header_release(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_numbered_through),
		cmocka_unit_test(names_are_copied),
		cmocka_unit_test(the_same_name_twice),
		cmocka_unit_test(empty_names),
		cmocka_unit_test(many_names),
		cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
