/*
 * Calls that make no sense: each public function says so, by a value and a text, and does nothing
 * else. What covey_wait refuses is in test_function.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "covey.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct covey_error err;

static int open_one(void **state)
{
	struct covey_options o;

	covey_options_init(&o, sizeof o);
	*state = covey_new(&o, &err);
	return *state == NULL ? -1 : 0;
}

static int close_one(void **state)
{
	covey_free(*state);
	return 0;
}

/* A refusal names what is wrong, in one line without a full stop. */
static void assert_said(enum covey_code code, const char *about)
{
	assert_int_equal(err.code, code);
	if (strstr(err.message, about) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, about);
	assert_null(strchr(err.message, '\n'));
	assert_int_not_equal(err.message[strlen(err.message) - 1], '.');
	memset(&err, 0, sizeof err);
}

static void options(void **state)
{
	struct covey_options o;
	size_t i;

	(void)state;
	covey_options_init(NULL, sizeof o);
	assert_null(covey_new(NULL, &err));
	assert_said(COVEY_BAD_ARGUMENT, "covey_options_init");
	memset(&o, 0, sizeof o);
	assert_null(covey_new(&o, &err));
	assert_said(COVEY_BAD_ARGUMENT, "covey_options_init");
	/* from a newer header: nothing is written that might not be there */
	memset(&o, 0xa5, sizeof o);
	covey_options_init(&o, sizeof o + 1);
	for (i = 0; i < sizeof o; i++)
		assert_int_equal(((unsigned char *)&o)[i], 0xa5);
	/* from an older one: no more than it has */
	covey_options_init(&o, sizeof o.size);
	for (i = sizeof o.size; i < sizeof o; i++)
		assert_int_equal(((unsigned char *)&o)[i], 0xa5);
	assert_null(covey_new(&o, &err));
	assert_said(COVEY_BAD_ARGUMENT, "covey_options_init");
}

static void set_workers_0(struct covey_options *o) { o->max_workers = 0; }
static void set_workers_many(struct covey_options *o) { o->max_workers = UINT_MAX; }
static void set_tries_0(struct covey_options *o) { o->max_tries = 0; }
static void set_backoff(struct covey_options *o) { o->backoff = 0.5; }
static void set_backoff_nan(struct covey_options *o) { o->backoff = (double)NAN; }
static void set_jitter(struct covey_options *o) { o->jitter = 1.5; }
static void set_interval(struct covey_options *o) { o->retry_interval = -1; }
static void set_timeout(struct covey_options *o) { o->timeout = INT64_MIN; }
static void set_deadline(struct covey_options *o) { o->deadline = -1; }
static void set_signal(struct covey_options *o) { o->stop_signal = 999; }
static void set_nice(struct covey_options *o) { o->nice = 1000; }
static void set_slot_var(struct covey_options *o) { o->slot_var = "A=B"; }
static void set_groups(struct covey_options *o) { o->flags = COVEY_SAME_GROUP | COVEY_SUBREAPER; }

static void absurd_options(void **state)
{
	static const struct {
		void (*set)(struct covey_options *o);
		const char *about;
	} cases[] = {
		{ set_workers_0, "max_workers" }, { set_workers_many, "max_workers" },
		{ set_tries_0, "max_tries" }, { set_backoff, "backoff" }, { set_backoff_nan, "backoff" },
		{ set_jitter, "jitter" }, { set_interval, "retry_interval" }, { set_timeout, "timeout" },
		{ set_deadline, "deadline" }, { set_signal, "stop_signal" }, { set_nice, "nice" },
		{ set_slot_var, "slot_var" }, { set_groups, "COVEY_SAME_GROUP" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct covey_options o;

		covey_options_init(&o, sizeof o);
		cases[i].set(&o);
		assert_null(covey_new(&o, &err));
		assert_said(COVEY_BAD_ARGUMENT, cases[i].about);
		assert_null(covey_new(&o, NULL));
	}
}

static void commands(void **state)
{
	static const char *const none[] = { NULL }, *const argv[] = { "true", NULL };
	struct covey_command c;
	uint64_t id = 7;

	covey_command_init(NULL, sizeof c);
	covey_command_init(&c, sizeof c);
	c.argv = argv;
	assert_int_equal(covey_submit(NULL, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "executor");
	assert_int_equal(covey_submit(*state, NULL, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_command_init");
	c.argv = NULL;
	assert_int_equal(covey_submit(*state, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "argv");
	c.argv = none;
	assert_int_equal(covey_submit(*state, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "argv");
	c.argv = argv;
	c.timeout = -1;
	assert_int_equal(covey_submit(*state, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "timeout");
	c.timeout = 0;
	c.retry_interval = -1;
	assert_int_equal(covey_submit(*state, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "retry_interval");
	c.retry_interval = 0;
	c.size--;
	assert_int_equal(covey_submit(*state, &c, &id, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_command_init");
	assert_int_equal(id, 7);
}

static int succeed(struct covey_call *call)
{
	(void)call;
	return 0;
}

static void functions(void **state)
{
	struct covey_function f;

	covey_function_init(NULL, sizeof f);
	covey_function_init(&f, sizeof f);
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "function to run");
	f.run = succeed;
	assert_int_equal(covey_submit_function(NULL, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "executor");
	assert_int_equal(covey_submit_function(*state, NULL, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_function_init");
	f.arg_len = 1;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "arg");
	f.arg = "x";
	f.arg_len = SIZE_MAX;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "arg_len");
	f.arg_len = SIZE_MAX / 2;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "arg_len");
	f.arg_len = 0;
	f.timeout = -5;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "timeout");
	f.timeout = 0;
	f.retry_interval = -5;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "retry_interval");
	f.retry_interval = 0;
	/* nothing at all to be called with is nothing wrong */
	f.arg = NULL;
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), 0);
	assert_int_equal(covey_run(*state, &err), 0);
	/* these are the child's, and have nothing to work with here */
	assert_int_equal(covey_return(NULL, "x", 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(covey_fail(NULL, 3, "unused"), 3);
}

static void after_a_cancel(void **state)
{
	struct covey_function f;

	covey_function_init(&f, sizeof f);
	f.run = succeed;
	covey_cancel(NULL, COVEY_CANCEL_STOP);
	covey_cancel(*state, (enum covey_cancel_how)1000);
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_STATE, "cancelled");
	assert_int_equal(covey_run(*state, &err), 0);
	assert_int_equal(covey_submit_function(*state, &f, NULL, &err), -1);
	assert_said(COVEY_BAD_STATE, "cancelled");
}

static void running(void **state)
{
	assert_int_equal(covey_step(NULL, 0, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "executor");
	assert_int_equal(covey_run(NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "executor");
	/* nothing to do is no error */
	assert_int_equal(covey_step(*state, INT64_MAX, &err), 0);
	assert_int_equal(covey_step(*state, INT64_MIN, &err), 0);
	assert_int_equal(covey_cancel_task(NULL, 1, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "executor");
	assert_int_equal(covey_cancel_task(*state, UINT64_MAX, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "18446744073709551615");
	assert_int_equal(covey_set_workers(NULL, 1, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "workers");
	assert_int_equal(covey_set_workers(*state, 0, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "number of workers is 0");
	assert_int_equal(covey_set_workers(*state, UINT_MAX, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "workers");
	assert_int_equal(covey_find(NULL, "true", &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_find");
	assert_int_equal(covey_find(*state, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_find");
	assert_int_equal(covey_find(*state, "", &err), -1);
	assert_said(COVEY_SYSTEM, "cannot run");
}

static void unused(struct covey *ex, int fd, unsigned events, void *user)
{
	(void)ex;
	(void)fd;
	(void)events;
	(void)user;
	fail_msg("nothing was watched");
}

static void watching(void **state)
{
	assert_int_equal(covey_watch(NULL, 0, EPOLLIN, unused, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_watch");
	assert_int_equal(covey_watch(*state, -1, EPOLLIN, unused, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_watch");
	assert_int_equal(covey_watch(*state, 0, EPOLLIN, NULL, NULL, &err), -1);
	assert_said(COVEY_BAD_ARGUMENT, "covey_watch");
	assert_int_equal(covey_watch(*state, INT_MAX, EPOLLIN, unused, NULL, &err), -1);
	assert_said(COVEY_SYSTEM, "cannot watch descriptor");
	/* to stop what was never begun */
	assert_int_equal(covey_watch(*state, INT_MAX, 0, NULL, NULL, &err), 0);
}

static void outputs(void **state)
{
	struct covey_attempt attempt = { .out = NULL };
	struct covey_output *output = covey_output_new(16, "/nowhere/at/all");
	char buf[8];

	(void)state;
	assert_non_null(output);
	assert_int_equal(covey_output_append(NULL, "x", 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(covey_output_append(output, NULL, 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(covey_output_append(output, "abc", 3), 0);
	/* no directory for the file that this would need; what was there stays */
	assert_int_equal(covey_output_append(output, "0123456789abcdef", 16), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(covey_output_size(output), 3);
	assert_int_equal(covey_output_read(NULL, 0, buf, sizeof buf), 0);
	assert_int_equal(covey_output_read(output, 0, NULL, 1), -1);
	assert_int_equal(covey_output_read(output, UINT64_MAX, buf, sizeof buf), 0);
	assert_int_equal(covey_output_write(NULL, 0, 1, 1), 0);
	assert_int_equal(covey_output_write(output, 0, UINT64_MAX, -1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(covey_output_move(NULL, 0, 1, 1), 0);
	assert_int_equal(covey_output_tail(NULL, buf, sizeof buf), 0);
	assert_int_equal(covey_output_tail(output, buf, 0), 0);
	covey_output_free(output);
	assert_null(covey_take_output(NULL, 1));
	attempt.err = covey_output_new(16, NULL);
	assert_null(covey_take_output(&attempt, 0));
	assert_null(covey_take_output(&attempt, 4));
	assert_null(covey_take_output(&attempt, INT_MIN));
	covey_output_free(covey_take_output(&attempt, 2));
}

/* Without an executor there is nothing to say, and nothing to crash on. */
static void nothing(void **state)
{
	struct covey_counts counts = { .running = 5 };

	covey_free(NULL);
	covey_pull(NULL);
	covey_wake(NULL);
	covey_suspend(NULL);
	covey_resume(NULL);
	covey_hold_output(NULL, true);
	covey_each_running(NULL, NULL, NULL);
	covey_each_running(*state, NULL, NULL);
	covey_count(NULL, &counts, sizeof counts);
	assert_int_equal(counts.running, 0);
	covey_count(*state, NULL, sizeof counts);
	covey_count(*state, &counts, 0);
	assert_int_equal(covey_fd(NULL), -1);
	assert_int_equal(covey_next_deadline(NULL), -1);
	assert_int_equal(covey_now(NULL), 0);
	assert_true(covey_input_ended(NULL));
	covey_guard_wake(NULL);
	assert_int_equal(covey_guard(NULL, &err), COVEY_GUARD_FAILED);
	assert_said(COVEY_BAD_ARGUMENT, "guard");
	assert_string_equal(covey_outcome_name((enum covey_outcome)99), "unknown");
}

static void free_in_callback(struct covey *ex, const struct covey_event *event, void *user)
{
	(void)event;
	(void)user;
	covey_free(ex);
}

static void free_from_a_callback(void **state)
{
	struct covey_options o;
	struct covey_function f;
	struct covey *ex;

	(void)state;
	covey_options_init(&o, sizeof o);
	o.on_event = free_in_callback;
	ex = covey_new(&o, &err);
	assert_non_null(ex);
	covey_function_init(&f, sizeof f);
	f.run = succeed;
	assert_int_equal(covey_submit_function(ex, &f, NULL, &err), 0);
	assert_int_equal(covey_run(ex, &err), 0);
	covey_free(ex);
}

#define WITH_ONE(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(absurd_options),
		WITH_ONE(commands),
		WITH_ONE(functions),
		WITH_ONE(after_a_cancel),
		WITH_ONE(running),
		WITH_ONE(watching),
		cmocka_unit_test(outputs),
		WITH_ONE(nothing),
		cmocka_unit_test(free_from_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
