#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli/output/describe.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct describe usual = { .timeout = 30 * COVEY_SEC, .deadline = 7200 * COVEY_SEC };

static void assert_words(const struct describe *about, enum covey_outcome outcome,
    const struct covey_attempt *attempt, const char *expected)
{
	char text[DESCRIBE_SIZE];

	memset(text, 'x', sizeof text);
	describe_outcome(text, about, outcome, attempt);
	assert_non_null(memchr(text, '\0', sizeof text));
	assert_string_equal(text, expected);
}

static void exits(void **state)
{
	static const struct covey_attempt one = { .pid = 9, .status = 1 };
	static const struct covey_attempt most = { .pid = 9, .status = 255 };

	(void)state;
	assert_words(&usual, COVEY_SUCCESS, &(struct covey_attempt){ .pid = 9 }, "succeeded");
	assert_words(&usual, COVEY_EXIT, &one, "exit 1");
	assert_words(&usual, COVEY_EXIT, &most, "exit 255");
}

/* A crash is the program's own; who reads of SIGTERM wants to know that it was not covey. */
static void signals(void **state)
{
	static const struct {
		int sig;
		bool core, oom;
		const char *words;
	} cases[] = {
		{ SIGSEGV, false, false, "SIGSEGV" },
		{ SIGSEGV, true, false, "SIGSEGV (core dumped)" },
		{ SIGABRT, true, false, "SIGABRT (core dumped)" },
		{ SIGPIPE, false, false, "SIGPIPE" },
		{ SIGUSR1, false, false, "SIGUSR1" },
		{ SIGKILL, false, false, "SIGKILL (not sent by covey)" },
		{ SIGTERM, false, false, "SIGTERM (not sent by covey)" },
		{ SIGINT, false, false, "SIGINT (not sent by covey)" },
		{ SIGHUP, false, false, "SIGHUP (not sent by covey)" },
		{ SIGQUIT, true, false, "SIGQUIT (not sent by covey) (core dumped)" },
		{ SIGKILL, false, true, "killed by the OOM killer (SIGKILL)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct covey_attempt attempt = {
			.pid = 9, .signal = cases[i].sig, .core_dumped = cases[i].core,
			.oom = cases[i].oom,
		};

		assert_words(&usual, COVEY_SIGNAL, &attempt, cases[i].words);
	}
}

static void realtime_signals(void **state)
{
	const struct covey_attempt attempt = { .pid = 9, .signal = SIGRTMIN + 3 };

	(void)state;
	assert_words(&usual, COVEY_SIGNAL, &attempt, "SIGRTMIN+3");
}

/* There is no status of what is still there. */
static void cannot_be_killed(void **state)
{
	static const struct covey_attempt attempt = { .pid = 9, .unkillable = true };

	(void)state;
	assert_words(&usual, COVEY_SIGNAL, &attempt, "cannot be killed");
}

static void timeouts(void **state)
{
	static const struct {
		covey_nsec timeout;
		const char *words;
	} cases[] = {
		{ 250 * COVEY_MSEC, "timed out after 250ms" },
		{ 1500 * COVEY_MSEC, "timed out after 1.5s" },
		{ 30 * COVEY_SEC, "timed out after 30s" },
		{ 125 * COVEY_SEC, "timed out after 2m05s" },
		{ 3600 * COVEY_SEC, "timed out after 1h" },
	};
	static const struct covey_attempt attempt = { .pid = 9, .signal = SIGKILL };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct describe about = { .timeout = cases[i].timeout };

		assert_words(&about, COVEY_TIMEOUT, &attempt, cases[i].words);
	}
}

static void not_started(void **state)
{
	static const struct covey_attempt no_file = { .sys_errno = ENOENT, .spawn_step = "exec" };
	static const struct covey_attempt no_dir = { .sys_errno = ENOTDIR, .spawn_step = "chdir" };
	static const struct covey_attempt no_step = { .sys_errno = EACCES };

	(void)state;
	assert_words(&usual, COVEY_SPAWN, &no_file,
	    "cannot be started: exec: No such file or directory");
	assert_words(&usual, COVEY_SPAWN, &no_dir, "cannot be started: chdir: Not a directory");
	assert_words(&usual, COVEY_SPAWN, &no_step, "cannot be started: exec: Permission denied");
}

static void deadlines(void **state)
{
	static const struct covey_attempt attempt = { .pid = 9, .signal = SIGTERM };

	(void)state;
	assert_words(&usual, COVEY_DEADLINE, &attempt, "stopped: the deadline of 2h has passed");
	assert_words(&usual, COVEY_DEADLINE, NULL, "not started: the deadline of 2h has passed");
}

static void cancelled(void **state)
{
	static const struct covey_attempt attempt = { .pid = 9, .signal = SIGTERM };
	static const struct describe by_signal = { .stopped_by = "SIGINT" };
	static const struct describe by_halt = { .stopped_by = "--halt" };

	(void)state;
	assert_words(&by_signal, COVEY_CANCELLED, &attempt, "stopped: SIGINT");
	assert_words(&by_signal, COVEY_CANCELLED, NULL, "not started: SIGINT");
	assert_words(&by_halt, COVEY_CANCELLED, &attempt, "stopped: --halt");
	assert_words(&by_halt, COVEY_CANCELLED, NULL, "not started: --halt");
	assert_words(&usual, COVEY_CANCELLED, &attempt, "stopped");
	assert_words(&usual, COVEY_CANCELLED, NULL, "not started");
}

/* However long the parts are, the whole stays within its size. */
static void long_parts_are_cut(void **state)
{
	char step[2 * DESCRIBE_SIZE], text[DESCRIBE_SIZE + 1];
	const struct covey_attempt attempt = { .sys_errno = ENOENT, .spawn_step = step };

	(void)state;
	memset(step, 's', sizeof step - 1);
	step[sizeof step - 1] = '\0';
	text[DESCRIBE_SIZE] = '#';
	describe_outcome(text, &usual, COVEY_SPAWN, &attempt);
	assert_int_equal(strlen(text), DESCRIBE_SIZE - 1);
	assert_int_equal(text[DESCRIBE_SIZE], '#');
	assert_memory_equal(text, "cannot be started: sss", 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits),
		cmocka_unit_test(signals),
		cmocka_unit_test(realtime_signals),
		cmocka_unit_test(cannot_be_killed),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(not_started),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(long_parts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
