/* How a run ends that stands for xargs: its exit statuses, and after what nothing more is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>

#include "cli/xargs/xargs.h"
#include "cli/xargs/xargs_rules.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void tell(struct verdict *verdict, const struct covey_event *event)
{
	struct sink sink = verdict_sink(verdict);

	sink.event(sink.self, event);
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
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_attempt attempt = cases[i].attempt;
		struct covey_event event = {
			.type = COVEY_FINISHED, .outcome = attempt.outcome, .attempt = &attempt,
		};
		struct verdict verdict = { .rules = &xargs_rules };

		tell(&verdict, &event);
		assert_int_equal(verdict.fatal != 0, cases[i].fatal);
		assert_int_equal(verdict.fatal_why != NULL, cases[i].fatal);
		assert_int_equal(verdict_status(&verdict), cases[i].status);
	}
}

static void of_several_failures_the_first_that_ended_it_counts(void **state)
{
	struct covey_attempt attempt = { .outcome = COVEY_EXIT, .status = 255 };
	struct covey_event event = { .type = COVEY_FINISHED, .outcome = COVEY_EXIT, .attempt = &attempt };
	struct verdict verdict = { .rules = &xargs_rules };

	(void)state;
	tell(&verdict, &event);
	attempt = (struct covey_attempt){ .outcome = COVEY_SIGNAL, .signal = 9 };
	event.outcome = COVEY_SIGNAL;
	tell(&verdict, &event);
	/* one that was never started */
	event = (struct covey_event){ .type = COVEY_FINISHED, .outcome = COVEY_CANCELLED };
	tell(&verdict, &event);
	assert_int_equal(verdict_status(&verdict), XARGS_STATUS_GAVE_UP);
	/* the deadline is worse, and what is wrong with covey itself is the worst */
	verdict.expired = true;
	assert_int_equal(verdict_status(&verdict), STATUS_DEADLINE);
	verdict.broken = true;
	assert_int_equal(verdict_status(&verdict), XARGS_STATUS_ERROR);
}

/* … but a failure sticks. */
static void bad_input_is_an_error_where_nothing_has_failed(void **state)
{
	struct verdict verdict = { .rules = &xargs_rules, .bad_input = true, .succeeded = 1 };

	(void)state;
	assert_int_equal(verdict_status(&verdict), XARGS_STATUS_ERROR);
	verdict.failed = 1;
	assert_int_equal(verdict_status(&verdict), XARGS_STATUS_SOME_FAILED);
	verdict.broken = true;
	assert_int_equal(verdict_status(&verdict), XARGS_STATUS_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_and_exit_statuses),
		cmocka_unit_test(of_several_failures_the_first_that_ended_it_counts),
		cmocka_unit_test(bad_input_is_an_error_where_nothing_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
