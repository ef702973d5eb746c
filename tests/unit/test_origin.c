/* What a task remembers: in one block of its own, with its items as one text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/command/origin.h"

static struct origin *origin_of(struct span *items, size_t n, const char *name, const char *tag)
{
	struct plan plan = {
		.record = { .items = items, .nitems = n, .line = 3 }, .number = 4, .place = 5,
		.name = name, .key = { "key" }, .occurrence = 6,
	};
	struct origin *origin;

	for (size_t i = 0; i < n; i++)
		plan.record.bytes += items[i].len;
	origin = origin_new(&plan, tag);
	assert_non_null(origin);
	return origin;
}

static void it_keeps_copies(void **state)
{
	char one[] = "one", two[] = "two", name[] = "name", tag[] = "tag";
	struct span items[] = { { one, 3 }, { two, 3 } };
	struct origin *origin = origin_of(items, 2, name, tag);

	(void)state;
	one[0] = two[0] = name[0] = tag[0] = '?';
	memset(items, 0, sizeof items);
	assert_int_equal(origin->record.nitems, 2);
	assert_int_equal(origin->record.bytes, 6);
	assert_int_equal(origin->record.line, 3);
	assert_string_equal(origin->record.items[0].text, "one");
	assert_int_equal(origin->record.items[0].len, 3);
	assert_string_equal(origin->record.items[1].text, "two");
	assert_string_equal(origin->name, "name");
	assert_int_equal(origin->number, 4);
	assert_int_equal(origin->place, 5);
	assert_string_equal((const char *)origin->key.bytes, "key");
	assert_int_equal(origin->occurrence, 6);
	assert_null(origin->command);
	free(origin);
}

static void a_tag_ends_with_a_tab(void **state)
{
	struct span items[] = { { "x", 1 } };
	struct origin *origin = origin_of(items, 1, "name", "a tag");

	(void)state;
	assert_int_equal(origin->tag_len, 6);
	assert_memory_equal(origin->tag, "a tag\t", 6);
	free(origin);
	/* one that is empty is still there */
	origin = origin_of(items, 1, NULL, "");
	assert_int_equal(origin->tag_len, 1);
	assert_memory_equal(origin->tag, "\t", 1);
	assert_null(origin->name);
	free(origin);
	origin = origin_of(items, 1, "", NULL);
	assert_null(origin->tag);
	assert_int_equal(origin->tag_len, 0);
	assert_string_equal(origin->name, "");
	free(origin);
}

static void the_input_is_one_text(void **state)
{
	static const struct {
		struct span items[3];
		size_t nitems;
		struct span input;
	} cases[] = {
		{ { { "a", 1 } }, 1, { "a", 1 } },
		{ { { "", 0 } }, 1, { "", 0 } },
		{ { { "a", 1 }, { "b c", 3 } }, 2, { "a\0b c", 5 } },
		{ { { "", 0 }, { "", 0 }, { "", 0 } }, 3, { "\0\0", 2 } },
		/* xargs runs its command once, even without any item */
		{ { { NULL, 0 } }, 0, { "", 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span items[3];
		struct origin *origin;
		struct span input;

		memcpy(items, cases[i].items, sizeof items);
		origin = origin_of(items, cases[i].nitems, NULL, NULL);
		input = origin_input(origin);
		assert_int_equal(input.len, cases[i].input.len);
		assert_memory_equal(input.text, cases[i].input.text, input.len + 1);
		free(origin);
	}
}

static void numbers_of_tasks(void **state)
{
	struct origin origin = { .number = 7, .place = 3 };
	struct covey_task task = { .id = 2, .user = &origin };

	(void)state;
	assert_int_equal(origin_number(&task), 7);
	assert_int_equal(origin_place(&task), 3);
	/* tasks come in the order of their places */
	origin.place = 0;
	assert_int_equal(origin_place(&task), 2);
	task.user = NULL;
	assert_int_equal(origin_number(&task), 2);
	assert_int_equal(origin_place(&task), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_keeps_copies),
		cmocka_unit_test(a_tag_ends_with_a_tab),
		cmocka_unit_test(the_input_is_one_text),
		cmocka_unit_test(numbers_of_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
