#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cli/output/trouble.h"

static void assert_next(struct trouble *trouble, enum trouble_kind kind, const char *message)
{
	enum trouble_kind got;
	const char *what;

	assert_true(trouble_take(trouble, &got, &what));
	assert_int_equal(got, kind);
	assert_string_equal(what, message);
}

static void assert_none(struct trouble *trouble)
{
	enum trouble_kind kind;
	const char *what;

	assert_false(trouble_take(trouble, &kind, &what));
}

static void none(void **state)
{
	struct trouble trouble = { 0 };

	(void)state;
	assert_none(&trouble);
	for (int kind = 0; kind < TROUBLE_NKINDS; kind++)
		assert_int_equal(trouble_errno(&trouble, (enum trouble_kind)kind), 0);
}

static void each_report_is_taken_once(void **state)
{
	struct trouble trouble = { 0 };

	(void)state;
	trouble_report(&trouble, TROUBLE_RESULTS, EACCES, "cannot write '%s/%d'", "dir", 7);
	trouble_report(&trouble, TROUBLE_RECORDS, 0, "the journal is %s", "gone");
	assert_next(&trouble, TROUBLE_RECORDS, "the journal is gone");
	assert_next(&trouble, TROUBLE_RESULTS, "cannot write 'dir/7': Permission denied");
	assert_none(&trouble);
	trouble_report_lost(&trouble, ENOSPC);
	assert_next(&trouble, TROUBLE_OUTPUT,
	    "cannot keep what a task has printed: No space left on device");
	assert_none(&trouble);
}

/* Whether it has been taken or not. */
static void only_the_first_of_a_kind_counts(void **state)
{
	struct trouble trouble = { 0 };

	(void)state;
	trouble_report(&trouble, TROUBLE_OUTPUT, EIO, "first");
	trouble_report(&trouble, TROUBLE_OUTPUT, ENOSPC, "second");
	assert_int_equal(trouble_errno(&trouble, TROUBLE_OUTPUT), EIO);
	assert_next(&trouble, TROUBLE_OUTPUT, "first: Input/output error");
	trouble_report(&trouble, TROUBLE_OUTPUT, ENOSPC, "third");
	assert_none(&trouble);
	assert_int_equal(trouble_errno(&trouble, TROUBLE_OUTPUT), EIO);
	assert_int_equal(trouble_errno(&trouble, TROUBLE_READER), 0);
}

static void long_messages_are_cut(void **state)
{
	struct trouble trouble = { 0 };
	char name[2000];
	enum trouble_kind kind;
	const char *what;

	(void)state;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	trouble_report(&trouble, TROUBLE_RESULTS, EIO, "%s", name);
	assert_true(trouble_take(&trouble, &kind, &what));
	assert_in_range(strlen(what), 400, sizeof ((struct error *)0)->message - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test(each_report_is_taken_once),
		cmocka_unit_test(only_the_first_of_a_kind_counts),
		cmocka_unit_test(long_messages_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
