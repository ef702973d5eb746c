/* Plans that wait until all are known: their order, their places, and that they come back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_planner.h"
#include "cli/run/plan_longest.h"

/* An item is how long its task takes; "?" is not known, "!" cannot be found out. */
static int seconds_of(void *arg, const struct plan *plan, double *seconds, struct error *err)
{
	const char *text = plan->record.items[0].text;

	++*(int *)arg;
	*seconds = text[0] == '?' ? (double)INFINITY : strtod(text, NULL);
	return text[0] == '!' ? error_set(err, "no such journal") : 0;
}

static struct planner *open_on(const struct fake_plan *steps, int *nasked, bool *closed)
{
	struct planner *p = plan_longest_open(fake_planner_open(steps, closed), seconds_of, nasked);

	assert_non_null(p);
	return p;
}

/* What comes next but PLAN_AGAIN. */
static enum plan_result next(struct planner *p, struct plan *plan, struct error *err)
{
	enum plan_result result;

	do
		result = planner_next(p, plan, err);
	while (result == PLAN_AGAIN);
	return result;
}

static void is_next(struct planner *p, const char *item, uint64_t number, uint64_t place)
{
	struct plan plan;
	struct error err;

	assert_int_equal(next(p, &plan, &err), PLAN_TASK);
	assert_int_equal(plan.record.nitems, 1);
	assert_string_equal(plan.record.items[0].text, item);
	assert_string_equal(plan.command.argv[0], "echo");
	assert_string_equal(plan.command.argv[1], item);
	assert_null(plan.command.argv[2]);
	assert_int_equal(plan.number, number);
	assert_int_equal(plan.place, place);
}

static void orders(void **state)
{
	static const struct fake_plan steps[] = {
		{ PLAN_TASK, "1.0", 1 }, { PLAN_TASK, "9", 2 }, { PLAN_OTHERS, "7", 3 },
		{ PLAN_TASK, "?", 5 }, { PLAN_LEFT_OUT, "8", 6 }, { PLAN_TASK, "1", 7 },
		{ PLAN_TASK, "0", 8 }, { PLAN_TASK, "?b", 9 }, { PLAN_END, NULL, 0 },
	};
	int nasked = 0;
	bool closed = false;
	struct planner *p = open_on(steps, &nasked, &closed);
	struct plan plan;
	struct error err;

	(void)state;
	assert_false(planner_has_more(p));
	assert_int_equal(next(p, &plan, &err), PLAN_OTHERS);
	/* those that are left out have no place */
	is_next(p, "?", 5, 3);
	is_next(p, "?b", 9, 6);
	is_next(p, "9", 2, 2);
	is_next(p, "1.0", 1, 1);
	is_next(p, "1", 7, 4);
	assert_true(planner_has_more(p));
	is_next(p, "0", 8, 5);
	assert_false(planner_has_more(p));
	assert_int_equal(next(p, &plan, &err), PLAN_END);
	assert_int_equal(next(p, &plan, &err), PLAN_END);
	assert_int_equal(nasked, 6);
	planner_close(p);
	assert_true(closed);
}

/* Before the first is given, what else there is passes. */
static void waits_and_refusals_pass(void **state)
{
	static const struct fake_plan steps[] = {
		{ PLAN_TASK, "1", 1 }, { PLAN_LATER, NULL, 0 }, { PLAN_REFUSED, "bad line", 0 },
		{ PLAN_TASK, "2", 2 }, { PLAN_END, NULL, 0 },
	};
	int nasked = 0;
	struct planner *p = open_on(steps, &nasked, NULL);
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(next(p, &plan, &err), PLAN_LATER);
	assert_int_equal(next(p, &plan, &err), PLAN_REFUSED);
	assert_string_equal(err.message, "bad line");
	is_next(p, "2", 2, 2);
	/* the others are freed, too */
	planner_close(p);
}

static void errors_pass(void **state)
{
	static const struct fake_plan bad[] = { { PLAN_TASK, "1", 1 }, { PLAN_BAD, "broken", 0 } };
	static const struct fake_plan unknown[] = { { PLAN_TASK, "!", 1 }, { PLAN_END, NULL, 0 } };
	int nasked = 0;
	struct planner *p = open_on(bad, &nasked, NULL);
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(next(p, &plan, &err), PLAN_BAD);
	assert_string_equal(err.message, "broken");
	planner_close(p);
	p = open_on(unknown, &nasked, NULL);
	assert_int_equal(next(p, &plan, &err), PLAN_BAD);
	assert_string_equal(err.message, "no such journal");
	planner_close(p);
}

static void many(void **state)
{
	enum { N = 5000, MODULUS = 5003, FACTOR = 7919 };
	static struct fake_plan steps[N + 1];
	static char texts[N][32];
	static uint64_t number_of[MODULUS];
	int nasked = 0;
	struct planner *p;

	(void)state;
	/* the factor has an inverse, so that there is at most one of each */
	for (uint64_t i = 1; i <= N; i++) {
		snprintf(texts[i - 1], sizeof texts[0], "%llu",
		    (unsigned long long)(i * FACTOR % MODULUS));
		steps[i - 1] = (struct fake_plan){ PLAN_TASK, texts[i - 1], i };
		number_of[i * FACTOR % MODULUS] = i;
	}
	steps[N] = (struct fake_plan){ PLAN_END, NULL, 0 };
	p = open_on(steps, &nasked, NULL);
	for (int seconds = MODULUS - 1; seconds > 0; seconds--)
		if (number_of[seconds] != 0)
			is_next(p, texts[number_of[seconds] - 1], number_of[seconds],
			    number_of[seconds]);
	assert_false(planner_has_more(p));
	planner_close(p);
}

static void nothing(void **state)
{
	static const struct fake_plan steps[] = { { PLAN_END, NULL, 0 } };
	int nasked = 0;
	struct planner *p = open_on(steps, &nasked, NULL);
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(next(p, &plan, &err), PLAN_END);
	planner_close(p);
	planner_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(waits_and_refusals_pass),
		cmocka_unit_test(errors_pass),
		cmocka_unit_test(many),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
