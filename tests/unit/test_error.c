#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

static void message_and_cause(void **state)
{
	struct covey_error err;
	char wanted[128];

	(void)state;
	assert_int_equal(cv_error(&err, COVEY_SYSTEM, ENOENT, "cannot open '%s' (%d)", "a b", 7),
	    -1);
	snprintf(wanted, sizeof wanted, "cannot open 'a b' (7): %s", strerror(ENOENT));
	assert_string_equal(err.message, wanted);
	assert_int_equal(err.code, COVEY_SYSTEM);
	assert_int_equal(err.sys_errno, ENOENT);
}

static void message_without_cause(void **state)
{
	struct covey_error err;

	(void)state;
	assert_int_equal(cv_error(&err, COVEY_BAD_ARGUMENT, 0, "the %s is NULL", "name"), -1);
	assert_string_equal(err.message, "the name is NULL");
	assert_int_equal(err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(err.sys_errno, 0);
}

static void unknown_cause_has_its_number(void **state)
{
	struct covey_error err;

	(void)state;
	assert_int_equal(cv_error(&err, COVEY_SYSTEM, 98765, "cannot"), -1);
	assert_non_null(strstr(err.message, "98765"));
	assert_int_equal(err.sys_errno, 98765);
}

/* Every length around the edge, so that the ": " and the cause are cut at every place. */
static void cut_to_size(void **state)
{
	struct {
		struct covey_error err;
		char after;
	} s = { .after = 'x' };
	char text[400], whole[600];
	size_t room = sizeof s.err.message - 1;

	(void)state;
	for (size_t len = 200; len < sizeof text; len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		assert_int_equal(cv_error(&s.err, COVEY_SYSTEM, EACCES, "%s", text), -1);
		snprintf(whole, sizeof whole, "%s: %s", text, strerror(EACCES));
		assert_int_equal(strlen(s.err.message),
		    strlen(whole) < room ? strlen(whole) : room);
		assert_memory_equal(s.err.message, whole, strlen(s.err.message));
		assert_int_equal(s.err.sys_errno, EACCES);
		assert_int_equal(s.after, 'x');
	}
}

static void nowhere_to_put_it(void **state)
{
	(void)state;
	errno = EDOM;
	assert_int_equal(cv_error(NULL, COVEY_SYSTEM, ENOENT, "cannot open '%s'", "f"), -1);
	assert_int_equal(errno, EDOM);
}

static void errno_is_left_alone(void **state)
{
	struct covey_error err;

	(void)state;
	errno = EDOM;
	/* what has no bytes in the C locale sets errno to EILSEQ */
	assert_int_equal(cv_error(&err, COVEY_SYSTEM, ENOENT, "cannot open '%ls'", L"\x100"), -1);
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_and_cause),
		cmocka_unit_test(message_without_cause),
		cmocka_unit_test(unknown_cause_has_its_number),
		cmocka_unit_test(cut_to_size),
		cmocka_unit_test(nowhere_to_put_it),
		cmocka_unit_test(errno_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
