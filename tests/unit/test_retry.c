#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "retry.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define WORD(outcome) (1u << (outcome))

static struct cv_failure exited(int status)
{
	return (struct cv_failure){ .outcome = COVEY_EXIT, .status = status, .attempt = 1 };
}

static struct cv_failure killed(int sig)
{
	return (struct cv_failure){ .outcome = COVEY_SIGNAL, .signal = sig, .attempt = 1 };
}

static struct cv_failure unstarted(int sys_errno)
{
	return (struct cv_failure){ .outcome = COVEY_SPAWN, .sys_errno = sys_errno, .attempt = 1 };
}

static struct cv_failure ended(enum covey_outcome outcome)
{
	return (struct cv_failure){ .outcome = outcome, .attempt = 1 };
}

static void put_status(struct covey_outcomes *set, int status)
{
	set->statuses[status / 32] |= UINT32_C(1) << status % 32;
}

static void put_signal(struct covey_outcomes *set, int sig)
{
	set->signals[sig / 32] |= UINT32_C(1) << sig % 32;
}

static bool wanted(const struct cv_retry *retry, struct cv_failure failure)
{
	return cv_retry_wanted(retry, &failure);
}

static bool matches(const struct covey_outcomes *set, struct cv_failure failure)
{
	return cv_retry_matches(set, &failure);
}

static struct cv_retry by_default(void)
{
	struct cv_retry retry = { .interval = COVEY_SEC, .backoff = 1 };

	memset(&retry.on, 0x5a, sizeof retry.on);
	cv_retry_default(&retry.on);
	return retry;
}

/* ---- which failures ---- */

static void default_statuses(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	for (int status = 1; status <= 255; status++)
		assert_int_equal(wanted(&retry, exited(status)), status != 126 && status != 127);
}

static void default_signals_and_timeout(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		assert_true(wanted(&retry, killed(sig)));
	assert_true(wanted(&retry, ended(COVEY_TIMEOUT)));
}

static void default_spawn_failures(void **state)
{
	static const int permanent[] = { ENOENT, EACCES, E2BIG, ENOEXEC, EPERM, EMFILE, 0 };
	struct cv_retry retry = by_default();

	(void)state;
	assert_true(wanted(&retry, unstarted(EAGAIN)));
	assert_true(wanted(&retry, unstarted(ENOMEM)));
	assert_true(wanted(&retry, unstarted(ETXTBSY)));
	for (size_t i = 0; i < COUNT(permanent); i++)
		assert_false(wanted(&retry, unstarted(permanent[i])));
}

/* Whatever the set says, even one that has every bit. */
static void never_retried(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	for (int full = 0; full < 2; full++) {
		assert_false(wanted(&retry, ended(COVEY_SUCCESS)));
		assert_false(wanted(&retry, ended(COVEY_DEADLINE)));
		assert_false(wanted(&retry, ended(COVEY_CANCELLED)));
		memset(&retry.on, 0xff, sizeof retry.on);
	}
	assert_true(wanted(&retry, exited(127)));
}

static void nothing_is_in_the_empty_set(void **state)
{
	static const struct covey_outcomes none = { .words = 0 };

	(void)state;
	for (int outcome = 0; outcome < COVEY_NOUTCOMES; outcome++)
		assert_false(matches(&none, ended((enum covey_outcome)outcome)));
	assert_false(matches(&none, exited(1)));
	assert_false(matches(&none, killed(SIGSEGV)));
	assert_false(matches(&none, unstarted(EAGAIN)));
}

static void a_word_stands_for_all_of_its_kind(void **state)
{
	struct covey_outcomes exits = { .words = WORD(COVEY_EXIT) };
	struct covey_outcomes signals = { .words = WORD(COVEY_SIGNAL) };
	struct covey_outcomes spawns = { .words = WORD(COVEY_SPAWN) };

	(void)state;
	for (int status = 1; status <= 255; status++) {
		assert_true(matches(&exits, exited(status)));
		assert_false(matches(&signals, exited(status)));
	}
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		assert_true(matches(&signals, killed(sig)));
		assert_false(matches(&exits, killed(sig)));
	}
	assert_true(matches(&spawns, unstarted(ENOENT)));
	assert_false(matches(&exits, unstarted(ENOENT)));
	assert_false(matches(&exits, ended(COVEY_TIMEOUT)));
}

static void statuses_one_by_one(void **state)
{
	struct covey_outcomes set = { .words = 0 };

	(void)state;
	put_status(&set, 1);
	put_status(&set, 75);
	put_status(&set, 255);
	for (int status = 1; status <= 255; status++)
		assert_int_equal(matches(&set, exited(status)),
		    status == 1 || status == 75 || status == 255);
	assert_false(matches(&set, killed(1)));
	assert_false(matches(&set, unstarted(EAGAIN)));
}

static void signals_one_by_one(void **state)
{
	struct covey_outcomes set = { .words = 0 };

	(void)state;
	put_signal(&set, SIGSEGV);
	put_signal(&set, 32);
	put_signal(&set, SIGRTMAX);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		assert_int_equal(matches(&set, killed(sig)),
		    sig == SIGSEGV || sig == 32 || sig == SIGRTMAX);
	assert_false(matches(&set, exited(SIGSEGV)));
	assert_false(matches(&set, unstarted(EAGAIN)));
}

static void numbers_out_of_range_are_in_no_list(void **state)
{
	struct covey_outcomes set = { .words = 0 };

	(void)state;
	memset(set.statuses, 0xff, sizeof set.statuses);
	memset(set.signals, 0xff, sizeof set.signals);
	assert_false(matches(&set, exited(-1)));
	assert_false(matches(&set, exited(256)));
	assert_false(matches(&set, killed(-1)));
	assert_false(matches(&set, killed(96)));
	assert_true(matches(&set, exited(255)));
	assert_true(matches(&set, killed(95)));
}

static void a_word_admits_spawn_failures_that_may_pass(void **state)
{
	(void)state;
	for (int outcome = COVEY_EXIT; outcome < COVEY_NOUTCOMES; outcome++) {
		struct covey_outcomes set = { .words = WORD(outcome) };

		assert_true(matches(&set, unstarted(EAGAIN)));
		assert_int_equal(matches(&set, unstarted(ENOENT)), outcome == COVEY_SPAWN);
	}
}

static void no_retry_wins(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	put_status(&retry.not_on, 75);
	put_signal(&retry.not_on, SIGKILL);
	assert_false(wanted(&retry, exited(75)));
	assert_true(wanted(&retry, exited(74)));
	assert_false(wanted(&retry, killed(SIGKILL)));
	assert_true(wanted(&retry, killed(SIGSEGV)));
	assert_true(wanted(&retry, ended(COVEY_TIMEOUT)));
	retry.not_on.words = WORD(COVEY_TIMEOUT) | WORD(COVEY_EXIT);
	assert_false(wanted(&retry, ended(COVEY_TIMEOUT)));
	assert_false(wanted(&retry, exited(74)));
	assert_true(wanted(&retry, killed(SIGSEGV)));
}

static void no_retry_of_others_keeps_spawn_failures_that_may_pass(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	retry.not_on.words = WORD(COVEY_TIMEOUT);
	assert_true(wanted(&retry, unstarted(EAGAIN)));
	retry.not_on.words = WORD(COVEY_SPAWN);
	assert_false(wanted(&retry, unstarted(EAGAIN)));
}

/* ---- how long to wait ---- */

static void constant_interval(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 2, 1), COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, UINT_MAX, 0.5), COVEY_SEC);
	retry.interval = 0;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), 0);
	assert_int_equal(cv_retry_delay(&retry, 3, 1), 0);
}

static void backoff(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	retry.backoff = 2;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 2, 0), 2 * COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 3, 0), 4 * COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 11, 0), 1024 * COVEY_SEC);
	retry.backoff = 1.5;
	assert_int_equal(cv_retry_delay(&retry, 4, 0), 3375 * COVEY_MSEC);
}

static void limit_of_the_interval(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	retry.backoff = 3;
	retry.max_interval = 10 * COVEY_SEC;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 3, 0), 9 * COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 4, 0), 10 * COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 100, 0), 10 * COVEY_SEC);
	retry.max_interval = COVEY_SEC / 2;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), COVEY_SEC / 2);
}

static void jitter(void **state)
{
	struct cv_retry retry = by_default();
	covey_nsec last = INT64_MAX;

	(void)state;
	retry.jitter = 0.25;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), COVEY_SEC);
	assert_int_equal(cv_retry_delay(&retry, 1, 1), 750 * COVEY_MSEC);
	for (int i = 0; i <= 100; i++) {
		covey_nsec delay = cv_retry_delay(&retry, 1, i / 100.0);

		assert_true(delay >= 750 * COVEY_MSEC && delay <= COVEY_SEC);
		assert_true(delay < last);
		last = delay;
	}
	retry.jitter = 1;
	assert_int_equal(cv_retry_delay(&retry, 1, 1), 0);
	/* drawn from what the limit leaves, so that retries at the limit are spread, too */
	retry.backoff = 10;
	retry.max_interval = 4 * COVEY_SEC;
	assert_int_equal(cv_retry_delay(&retry, 9, 0.5), 2 * COVEY_SEC);
}

static void no_overflow(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	retry.backoff = 10;
	assert_int_equal(cv_retry_delay(&retry, 100, 0), INT64_MAX);
	assert_int_equal(cv_retry_delay(&retry, UINT_MAX, 0), INT64_MAX);
	retry.backoff = 1e300;
	assert_int_equal(cv_retry_delay(&retry, 3, 0), INT64_MAX);
	retry.backoff = 1;
	retry.interval = INT64_MAX;
	assert_int_equal(cv_retry_delay(&retry, 1, 0), INT64_MAX);
	retry.max_interval = INT64_MAX;
	assert_int_equal(cv_retry_delay(&retry, 5, 0), INT64_MAX);
}

/*
 * The delay before the last try there can be, computed in a child that may use two seconds of
 * processor time: four thousand million steps take longer.
 */
static void assert_quick(const struct cv_retry *retry, covey_nsec delay)
{
	const struct rlimit limit = { .rlim_cur = 2, .rlim_max = 2 };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGXCPU, SIG_DFL);
		if (setrlimit(RLIMIT_CPU, &limit) != 0)
			_exit(2);
		_exit(cv_retry_delay(retry, UINT_MAX, 0) == delay ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void many_tries_are_not_many_steps(void **state)
{
	struct cv_retry retry = by_default();

	(void)state;
	retry.backoff = 1.01;
	assert_quick(&retry, INT64_MAX);
	retry.max_interval = COVEY_SEC;
	assert_quick(&retry, COVEY_SEC);
	retry.interval = 0;
	assert_quick(&retry, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_statuses),
		cmocka_unit_test(default_signals_and_timeout),
		cmocka_unit_test(default_spawn_failures),
		cmocka_unit_test(never_retried),
		cmocka_unit_test(nothing_is_in_the_empty_set),
		cmocka_unit_test(a_word_stands_for_all_of_its_kind),
		cmocka_unit_test(statuses_one_by_one),
		cmocka_unit_test(signals_one_by_one),
		cmocka_unit_test(numbers_out_of_range_are_in_no_list),
		cmocka_unit_test(a_word_admits_spawn_failures_that_may_pass),
		cmocka_unit_test(no_retry_wins),
		cmocka_unit_test(no_retry_of_others_keeps_spawn_failures_that_may_pass),
		cmocka_unit_test(constant_interval),
		cmocka_unit_test(backoff),
		cmocka_unit_test(limit_of_the_interval),
		cmocka_unit_test(jitter),
		cmocka_unit_test(no_overflow),
		cmocka_unit_test(many_tries_are_not_many_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
