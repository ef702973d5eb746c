#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/run/makeflags.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void pipes(void **state)
{
	static const struct {
		const char *flags;
		int read_fd, write_fd;
	} cases[] = {
		{ " -j4 --jobserver-auth=3,4", 3, 4 },
		{ "k -j --jobserver-fds=10,11", 10, 11 },
		{ "--jobserver-auth=3,4", 3, 4 },
		{ " -j4 --jobserver-fds=3,4 --jobserver-auth=5,6", 5, 6 },
		{ " -j4 --jobserver-auth=3,4 --jobserver-auth=7,7 -k", 7, 7 },
		{ " -j4 --jobserver-auth=-2,-2", -2, -2 },
		{ " -j4 --jobserver-auth=3,4 -- X=--jobserver-auth=5,6 --jobserver-auth=7,8", 3,
		    4 },
	};
	struct makeflags_auth auth;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		makeflags_find(cases[i].flags, &auth);
		assert_int_equal(auth.style, MAKEFLAGS_PIPE);
		assert_int_equal(auth.read_fd, cases[i].read_fd);
		assert_int_equal(auth.write_fd, cases[i].write_fd);
	}
}

static void fifos(void **state)
{
	struct makeflags_auth auth;

	(void)state;
	makeflags_find("k -j4 --jobserver-auth=fifo:/tmp/a,b:c -k", &auth);
	assert_int_equal(auth.style, MAKEFLAGS_FIFO);
	assert_int_equal(auth.path_len, strlen("/tmp/a,b:c"));
	assert_memory_equal(auth.path, "/tmp/a,b:c", auth.path_len);
}

static void none(void **state)
{
	static const char *const cases[] = {
		NULL, "", " ", "k", " -j4", " -- --jobserver-auth=3,4", "--jobserver-auth=",
		" --jobserver-authx=3,4", "X--jobserver-auth=3,4", " --jobserver-style=fifo",
	};
	struct makeflags_auth auth;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		makeflags_find(cases[i], &auth);
		assert_int_equal(auth.style, MAKEFLAGS_NONE);
	}
}

static void unknown(void **state)
{
	static const char *const cases[] = {
		"--jobserver-auth=sem:x", "--jobserver-auth=3", "--jobserver-auth=3,", "--jobserver-auth=,4",
		"--jobserver-auth=3,4,5", "--jobserver-auth=a,b", "--jobserver-auth=99999999999,4",
		"--jobserver-auth=fifo:", "--jobserver-auth=3;4",
	};
	struct makeflags_auth auth;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		makeflags_find(cases[i], &auth);
		if (auth.style != MAKEFLAGS_UNKNOWN)
			fail_msg("'%s' passed for %d", cases[i], (int)auth.style);
	}
}

static void with(void **state)
{
	static const struct {
		const char *flags, *result;
	} cases[] = {
		{ NULL, " -j8 --jobserver-auth=5,6" },
		{ "", " -j8 --jobserver-auth=5,6" },
		{ "ks", "ks -j8 --jobserver-auth=5,6" },
		{ " -j4 --jobserver-auth=3,4", " -j8 --jobserver-auth=5,6" },
		{ "k -j --jobserver-fds=3,4 --no-print-directory",
		    "k --no-print-directory -j8 --jobserver-auth=5,6" },
		{ "k -- A=-j2 B=1", "k -j8 --jobserver-auth=5,6 -- A=-j2 B=1" },
		{ " -l2 -joke", " -l2 -joke -j8 --jobserver-auth=5,6" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *result = makeflags_with(cases[i].flags, 8, "5,6");

		assert_string_equal(result, cases[i].result);
		free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipes),
		cmocka_unit_test(fifos),
		cmocka_unit_test(none),
		cmocka_unit_test(unknown),
		cmocka_unit_test(with),
	};

	return cmocka_run_group_tests_name("makeflags", tests, NULL, NULL);
}
