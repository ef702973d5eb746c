#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cli/xargs/xargs.h"
#include "cli/xargs/xargs_feed.h"
#include "cli/xargs/xargs_read.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char cmd[] = "cmd", *const command[] = { cmd };

static struct xargs_options options(const char *path)
{
	return (struct xargs_options){
		.program = "xargs", .command = command, .ncommand = 1, .delimiter = XARGS_NO_DELIMITER,
		.max_chars = 131072, .max_args = 1, .supervised = true, .arg_file = path,
		.max_kernel = 131072,
	};
}

/* A pipe with these bytes in it, and its path. */
static void pipe_with(int ends[2], const char *bytes, char path[64])
{
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, strlen(bytes)), strlen(bytes));
	snprintf(path, 64, "/proc/self/fd/%d", ends[0]);
}

static struct covey *executor(void)
{
	struct covey_options o;
	struct covey *ex;

	covey_options_init(&o, sizeof o);
	ex = covey_new(&o, NULL);
	assert_non_null(ex);
	return ex;
}

static void lines_are_commands_and_their_items_records(void **state)
{
	struct covey_command c;
	struct xargs_options o;
	struct xargs_feed *f;
	struct record record;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "a 'b c'\n", path);
	close(ends[1]);
	o = options(path);
	f = xargs_feed_new(&o, true, &err);
	assert_non_null(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(xargs_feed_next(f, NULL, &c, &record, &err), COVEY_NEXT_MORE);
		assert_string_equal(c.argv[0], "cmd");
		assert_string_equal(c.argv[1], i == 0 ? "a" : "b c");
		assert_null(c.argv[2]);
		assert_int_equal(record.nitems, 1);
		assert_ptr_equal(record.items[0].text, c.argv[1]);
		/* unless this is run at a terminal, which commands must not read */
		assert_int_equal(c.stdin_source, isatty(0) ? COVEY_STDIN_NULL : COVEY_STDIN_INHERIT);
	}
	assert_int_equal(xargs_feed_next(f, NULL, &c, &record, &err), COVEY_NEXT_END);
	assert_false(xargs_feed_failed(f));
	assert_false(xargs_feed_has_more(f));
	xargs_feed_free(f);
	close(ends[0]);
}

static void it_waits_for_its_input_with_the_executor(void **state)
{
	struct covey *ex = executor();
	struct covey_command c;
	struct xargs_options o;
	struct xargs_feed *f;
	struct record record;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "", path);
	o = options(path);
	f = xargs_feed_new(&o, false, &err);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_LATER);
	/* asked again, it is watched already */
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_LATER);
	assert_int_equal(write(ends[1], "a b", 3), 3);
	for (int i = 0; i < 2; i++)
		covey_step(ex, 0, NULL);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_MORE);
	assert_string_equal(c.argv[1], "a");
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_LATER);
	close(ends[1]);
	for (int i = 0; i < 2; i++)
		covey_step(ex, 0, NULL);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_MORE);
	assert_string_equal(c.argv[1], "b");
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_END);
	xargs_feed_free(f);
	covey_free(ex);
	close(ends[0]);
}

static void a_device_needs_no_waiting(void **state)
{
	struct xargs_options o = options("/dev/null");
	struct covey *ex = executor();
	struct covey_command c;
	struct record record;
	struct error err;
	struct xargs_feed *f;

	(void)state;
	f = xargs_feed_new(&o, false, &err);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_MORE);
	assert_null(c.argv);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_MORE);
	assert_string_equal(c.argv[0], "cmd");
	assert_null(c.argv[1]);
	assert_int_equal(xargs_feed_next(f, ex, &c, &record, &err), COVEY_NEXT_END);
	xargs_feed_free(f);
	covey_free(ex);
}

static void bad_input_ends_it_behind_what_was_good(void **state)
{
	struct covey_command c;
	struct xargs_options o;
	struct xargs_feed *f;
	struct record record;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "a \"b\n", path);
	close(ends[1]);
	o = options(path);
	o.max_args = 0;
	f = xargs_feed_new(&o, true, &err);
	assert_int_equal(xargs_feed_next(f, NULL, &c, &record, &err), COVEY_NEXT_MORE);
	assert_string_equal(c.argv[1], "a");
	assert_false(xargs_feed_failed(f));
	assert_int_equal(xargs_feed_next(f, NULL, &c, &record, &err), COVEY_NEXT_END);
	assert_true(xargs_feed_failed(f));
	assert_memory_equal(err.message, "unmatched double quote", 22);
	xargs_feed_free(f);
	close(ends[0]);
	o.arg_file = "/";
	f = xargs_feed_new(&o, true, &err);
	o.no_run_if_empty = true;
	assert_int_equal(xargs_feed_next(f, NULL, &c, &record, &err), COVEY_NEXT_END);
	assert_true(xargs_feed_failed(f));
	assert_string_equal(err.message, strerror(EISDIR));
	xargs_feed_free(f);
	o.arg_file = "/nowhere/file";
	assert_null(xargs_feed_new(&o, true, &err));
	assert_string_equal(err.message, "cannot open '/nowhere/file': No such file or directory");
	xargs_feed_free(NULL);
}

/* What becomes of tasks decides on the exit status; and after some, nothing more is started. */
static void outcomes_and_exit_statuses(void **state)
{
	static const struct {
		struct covey_attempt attempt;
		int status;
		bool fatal;
	} cases[] = {
		{ { .outcome = COVEY_SUCCESS }, 0, false },
		{ { .outcome = COVEY_EXIT, .status = 1 }, 123, false },
		{ { .outcome = COVEY_EXIT, .status = 254 }, 123, false },
		{ { .outcome = COVEY_EXIT, .status = 126 }, 123, false },
		{ { .outcome = COVEY_EXIT, .status = 255 }, 124, true },
		{ { .outcome = COVEY_SIGNAL, .signal = 9 }, 125, true },
		{ { .outcome = COVEY_SPAWN, .sys_errno = ENOENT }, 127, true },
		{ { .outcome = COVEY_SPAWN, .sys_errno = EACCES }, 126, true },
		{ { .outcome = COVEY_SPAWN, .sys_errno = E2BIG }, 1, true },
		{ { .outcome = COVEY_TIMEOUT, .signal = 15 }, 123, false },
		{ { .outcome = COVEY_CANCELLED, .signal = 15 }, 123, false },
	};
	struct xargs_options o = options("/dev/null");
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xargs_feed *f = xargs_feed_new(&o, true, &err);
		struct covey_attempt attempt = cases[i].attempt;
		struct covey_event event = {
			.type = COVEY_FINISHED, .outcome = attempt.outcome, .attempt = &attempt,
		};
		struct verdict verdict = { .failed = attempt.outcome != COVEY_SUCCESS };

		assert_int_equal(xargs_feed_finished(f, &event) != NULL, cases[i].fatal);
		assert_int_equal(xargs_feed_status(f, &verdict), cases[i].status);
		xargs_feed_free(f);
	}
}

static void of_several_failures_the_first_that_ended_it_counts(void **state)
{
	struct xargs_options o = options("/dev/null");
	struct covey_attempt attempt = { .outcome = COVEY_EXIT, .status = 255 };
	struct covey_event event = { .type = COVEY_FINISHED, .outcome = COVEY_EXIT, .attempt = &attempt };
	struct verdict verdict = { .failed = 2 };
	struct error err;
	struct xargs_feed *f = xargs_feed_new(&o, true, &err);

	(void)state;
	assert_non_null(xargs_feed_finished(f, &event));
	attempt = (struct covey_attempt){ .outcome = COVEY_SIGNAL, .signal = 9 };
	event.outcome = COVEY_SIGNAL;
	assert_non_null(xargs_feed_finished(f, &event));
	/* one that was never started */
	event = (struct covey_event){ .type = COVEY_FINISHED, .outcome = COVEY_CANCELLED };
	assert_null(xargs_feed_finished(f, &event));
	assert_int_equal(xargs_feed_status(f, &verdict), XARGS_STATUS_GAVE_UP);
	/* the deadline is worse, and what is wrong with covey itself is the worst */
	verdict.expired = true;
	assert_int_equal(xargs_feed_status(f, &verdict), STATUS_DEADLINE);
	verdict.broken = true;
	assert_int_equal(xargs_feed_status(f, &verdict), XARGS_STATUS_ERROR);
	xargs_feed_free(f);
}

/* … but a failure sticks. */
static void bad_input_is_an_error_where_nothing_has_failed(void **state)
{
	struct xargs_options o = options("/dev/null");
	struct verdict verdict = { .bad_input = true, .succeeded = 1 };
	struct error err;
	struct xargs_feed *f = xargs_feed_new(&o, true, &err);

	(void)state;
	assert_int_equal(xargs_feed_status(f, &verdict), XARGS_STATUS_ERROR);
	verdict.failed = 1;
	assert_int_equal(xargs_feed_status(f, &verdict), XARGS_STATUS_SOME_FAILED);
	verdict.broken = true;
	assert_int_equal(xargs_feed_status(f, &verdict), XARGS_STATUS_ERROR);
	xargs_feed_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_commands_and_their_items_records),
		cmocka_unit_test(it_waits_for_its_input_with_the_executor),
		cmocka_unit_test(a_device_needs_no_waiting),
		cmocka_unit_test(bad_input_ends_it_behind_what_was_good),
		cmocka_unit_test(outcomes_and_exit_statuses),
		cmocka_unit_test(of_several_failures_the_first_that_ended_it_counts),
		cmocka_unit_test(bad_input_is_an_error_where_nothing_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
