#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/xargs/xargs_limits.h"

static char one[] = "A=1", two[] = "LONGER=value", *some[] = { one, two, NULL }, *none[] = { NULL };

static void the_environment_counts_once_and_its_pointers_for_the_kernel(void **state)
{
	struct xargs_limits with, without;

	(void)state;
	xargs_limits_get(&without, none);
	xargs_limits_get(&with, some);
	assert_int_equal(without.environment, 0);
	assert_int_equal(with.environment, sizeof one + sizeof two);
	assert_int_equal(without.most, sysconf(_SC_ARG_MAX) - 2048);
	assert_int_equal(with.most, without.most - with.environment);
	assert_int_equal(with.kernel, without.kernel - with.environment - 2 * (long)sizeof(char *));
	assert_true(with.kernel < with.most);
}

static void usual_is_what_posix_suggests_where_there_is_room(void **state)
{
	struct xargs_limits limits;

	(void)state;
	xargs_limits_get(&limits, none);
	assert_int_equal(limits.usual, limits.most < 131072 ? limits.most : 131072);
}

static void set_stack(rlim_t bytes)
{
	struct rlimit stack;

	assert_int_equal(getrlimit(RLIMIT_STACK, &stack), 0);
	stack.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_STACK, &stack), 0);
}

static void little_stack_leaves_little_room(void **state)
{
	struct rlimit before;
	struct xargs_limits limits;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
	set_stack(200 << 10);
	xargs_limits_get(&limits, some);
	set_stack(before.rlim_cur);
	/* as much as Linux has always had, at least */
	assert_int_equal(limits.most, 131072 - 2048 - limits.environment);
	assert_int_equal(limits.usual, limits.most);
	assert_true(limits.kernel > 100000 && limits.kernel < limits.most);
}

static void a_great_environment_leaves_no_room(void **state)
{
	size_t size = (size_t)sysconf(_SC_ARG_MAX);
	char *huge = malloc(size), *all[] = { huge, NULL };
	struct xargs_limits limits;

	(void)state;
	assert_non_null(huge);
	memset(huge, 'x', size - 1);
	huge[size - 1] = '\0';
	xargs_limits_get(&limits, all);
	free(huge);
	assert_int_equal(limits.most, -2048);
	assert_int_equal(limits.usual, limits.most);
	assert_int_equal(limits.kernel, 1);
}

static void limits_are_described(void **state)
{
	struct xargs_limits limits = { .environment = 100, .most = 90, .usual = 90 };
	char text[XARGS_LIMITS_SIZE];

	(void)state;
	xargs_limits_describe(&limits, 12, text);
	assert_string_equal(text,
	    "Your environment variables take up 100 bytes\n"
	    "POSIX upper limit on argument length (this system): 90\n"
	    "POSIX smallest allowable upper limit on argument length (all systems): 4096\n"
	    "Maximum length of command we could actually use: 18446744073709551606\n"
	    "Size of command buffer we are actually using: 12\n"
	    "Maximum parallelism (--max-procs must be no greater): 2147483647\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_counts_once_and_its_pointers_for_the_kernel),
		cmocka_unit_test(usual_is_what_posix_suggests_where_there_is_room),
		cmocka_unit_test(little_stack_leaves_little_room),
		cmocka_unit_test(a_great_environment_leaves_no_room),
		cmocka_unit_test(limits_are_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
