#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/output/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- counting ---- */

static void tell(struct verdict *verdict, enum covey_event_type type, enum covey_outcome outcome)
{
	const struct covey_event event = { .type = type, .outcome = outcome };
	struct sinks sinks = { .n = 0 };
	struct sink sink = verdict_sink(verdict);

	sinks_add(&sinks, &sink);
	sinks_event(&sinks, &event);
}

static void outcomes_are_counted(void **state)
{
	(void)state;
	for (int outcome = 0; outcome < COVEY_NOUTCOMES; outcome++) {
		struct verdict verdict = { .broken = false };

		tell(&verdict, COVEY_FINISHED, (enum covey_outcome)outcome);
		assert_int_equal(verdict.succeeded, outcome == COVEY_SUCCESS);
		assert_int_equal(verdict.failed, outcome != COVEY_SUCCESS);
		assert_int_equal(verdict_status(&verdict),
		    outcome == COVEY_SUCCESS ? STATUS_OK : STATUS_FAILED);
	}
}

/* Attempts that are followed by others are nobody's failure. */
static void only_finished_tasks_count(void **state)
{
	static const enum covey_event_type others[] = {
		COVEY_QUEUED, COVEY_STARTED, COVEY_SLOW, COVEY_ENDED, COVEY_DELAYED, COVEY_LIMITED,
	};
	struct verdict verdict = { .broken = false };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		tell(&verdict, others[i], COVEY_EXIT);
	assert_int_equal(verdict.succeeded + verdict.failed, 0);
	assert_false(verdict.expired);
	assert_int_equal(verdict_status(&verdict), STATUS_OK);
}

static void sums(void **state)
{
	struct verdict verdict = { .broken = false };

	(void)state;
	for (int i = 0; i < 5; i++)
		tell(&verdict, COVEY_FINISHED, COVEY_SUCCESS);
	assert_int_equal(verdict_status(&verdict), STATUS_OK);
	tell(&verdict, COVEY_FINISHED, COVEY_EXIT);
	tell(&verdict, COVEY_FINISHED, COVEY_TIMEOUT);
	assert_int_equal(verdict.succeeded, 5);
	assert_int_equal(verdict.failed, 2);
	assert_int_equal(verdict_status(&verdict), STATUS_FAILED);
}

static void deadline(void **state)
{
	struct verdict verdict = { .broken = false };

	(void)state;
	tell(&verdict, COVEY_EXPIRED, COVEY_SUCCESS);
	assert_true(verdict.expired);
	assert_int_equal(verdict_status(&verdict), STATUS_DEADLINE);
}

/* What --halt success or --halt done cancels was not needed any more; the rest has failed. */
static void calm_halts(void **state)
{
	struct verdict verdict = { .halted_calmly = true };

	(void)state;
	tell(&verdict, COVEY_FINISHED, COVEY_SUCCESS);
	tell(&verdict, COVEY_FINISHED, COVEY_CANCELLED);
	assert_int_equal(verdict.succeeded, 1);
	assert_int_equal(verdict.failed, 0);
	assert_int_equal(verdict_status(&verdict), STATUS_OK);
	tell(&verdict, COVEY_FINISHED, COVEY_EXIT);
	assert_int_equal(verdict.failed, 1);
	assert_int_equal(verdict_status(&verdict), STATUS_FAILED);
}

/* ---- precedence ---- */

static void precedence(void **state)
{
	static const struct {
		struct verdict verdict;
		int status;
	} cases[] = {
		{ { .broken = false }, STATUS_OK },
		{ { .succeeded = 7 }, STATUS_OK },
		{ { .failed = 1 }, STATUS_FAILED },
		{ { .failed = 1, .succeeded = 7 }, STATUS_FAILED },
		{ { .refused = 1 }, STATUS_FAILED },
		{ { .refused = 1, .succeeded = 7 }, STATUS_FAILED },
		{ { .unfinished = true, .succeeded = 7 }, STATUS_FAILED },
		{ { .unfinished = true, .expired = true }, STATUS_DEADLINE },
		{ { .unfinished = true, .halted_well = true }, STATUS_OK },
		{ { .expired = true }, STATUS_DEADLINE },
		{ { .expired = true, .failed = 3 }, STATUS_DEADLINE },
		{ { .expired = true, .refused = 3 }, STATUS_DEADLINE },
		{ { .bad_input = true }, STATUS_BROKEN },
		{ { .bad_input = true, .failed = 3 }, STATUS_BROKEN },
		{ { .bad_input = true, .expired = true }, STATUS_BROKEN },
		{ { .broken = true }, STATUS_BROKEN },
		{ { .broken = true, .expired = true, .failed = 1, .refused = 1 }, STATUS_BROKEN },
		/* enough successes: failures are forgiven, but nothing else */
		{ { .halted_well = true, .failed = 3, .succeeded = 1 }, STATUS_OK },
		{ { .halted_well = true, .refused = 3, .succeeded = 1 }, STATUS_OK },
		{ { .halted_well = true, .expired = true }, STATUS_DEADLINE },
		{ { .halted_well = true, .bad_input = true }, STATUS_BROKEN },
		{ { .halted_well = true, .broken = true }, STATUS_BROKEN },
		{ { .halted_calmly = true, .failed = 1 }, STATUS_FAILED },
		{ { .halted_calmly = true }, STATUS_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = verdict_status(&cases[i].verdict);

		if (status != cases[i].status)
			fail_msg("case %zu: %d and not %d", i, status, cases[i].status);
	}
}

/* Scripts test for these numbers. */
static void numbers(void **state)
{
	(void)state;
	assert_int_equal(STATUS_OK, 0);
	assert_int_equal(STATUS_USAGE, 2);
	assert_int_equal(STATUS_FAILED, 123);
	assert_int_equal(STATUS_DEADLINE, 124);
	assert_int_equal(STATUS_BROKEN, 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_are_counted),
		cmocka_unit_test(only_finished_tasks_count),
		cmocka_unit_test(sums),
		cmocka_unit_test(deadline),
		cmocka_unit_test(calm_halts),
		cmocka_unit_test(precedence),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
