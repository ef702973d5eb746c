#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/halt.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct halt parsed(const char *text)
{
	struct halt halt;
	struct error err = { "" };

	if (halt_parse(text, &halt, &err) != 0)
		fail_msg("'%s': %s", text, err.message);
	return halt;
}

static void grammar(void **state)
{
	static const struct {
		const char *text;
		struct halt halt;
	} cases[] = {
		{ "never", { HALT_NEVER, HALT_FAIL, false, 0 } },
		{ "now,fail=1", { HALT_NOW, HALT_FAIL, false, 1 } },
		{ "soon,fail=3", { HALT_SOON, HALT_FAIL, false, 3 } },
		{ "now,success=2", { HALT_NOW, HALT_SUCCESS, false, 2 } },
		{ "soon,success=1000000000", { HALT_SOON, HALT_SUCCESS, false, 1000000000 } },
		{ "now,done=5", { HALT_NOW, HALT_DONE, false, 5 } },
		{ "soon,done=1", { HALT_SOON, HALT_DONE, false, 1 } },
		{ "soon,fail=3%", { HALT_SOON, HALT_FAIL, true, 3 } },
		{ "now,success=100%", { HALT_NOW, HALT_SUCCESS, true, 100 } },
		{ "now,done=1%", { HALT_NOW, HALT_DONE, true, 1 } },
		{ "0", { HALT_NEVER, HALT_FAIL, false, 0 } },
		{ "1", { HALT_SOON, HALT_FAIL, false, 1 } },
		{ "2", { HALT_NOW, HALT_FAIL, false, 1 } },
		{ "-1", { HALT_SOON, HALT_SUCCESS, false, 1 } },
		{ "-2", { HALT_NOW, HALT_SUCCESS, false, 1 } },
		{ "10%", { HALT_SOON, HALT_FAIL, true, 10 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct halt halt = parsed(cases[i].text);

		assert_int_equal(halt.when, cases[i].halt.when);
		assert_int_equal(halt.why, cases[i].halt.why);
		assert_int_equal(halt.percent, cases[i].halt.percent);
		assert_int_equal(halt.limit, cases[i].halt.limit);
	}
}

static void errors(void **state)
{
	static const struct {
		const char *text, *advice;
	} cases[] = {
		{ "", "'now' or 'soon'" }, { "now", "',fail=N'" }, { "now,fail", "',fail=N'" },
		{ "later,fail=1", "'now' or 'soon'" }, { "now,failed=1", "',fail=N'" },
		{ "now,fail 1", "',fail=N'" }, { "fail=1", "'now' or 'soon'" }, { "3", "'never'" },
		{ "-3", "'never'" }, { "never,fail=1", "'now' or 'soon'" }, { "Now,fail=1",
		    "'now'" },
		{ " now,fail=1", "'now'" }, { "%", "'never'" },
		{ "now,fail=", "now,fail=N, with N from 1 to 1000000000, or from 1% to 100%" },
		{ "now,fail=0", "now,fail=N, with N from 1 to 1000000000" },
		{ "soon,done=-1", "soon,done=N, with N from 1" },
		{ "now,fail=1.5", "N from 1 to 1000000000" },
		{ "now,fail=1,done=2", "N from 1 to 1000000000" },
		{ "now,fail=1000000001", "N from 1 to 1000000000" },
		{ "now,fail=0%", "from 1% to 100%" },
		{ "now,fail=101%", "from 1% to 100%" },
		{ "now,fail=%", "from 1% to 100%" },
		{ "now,fail=1.5%", "from 1% to 100%" },
		{ "0%", "'0%' is not a percentage" },
		{ "101%", "'101%' is not a percentage" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		struct halt halt;

		if (halt_parse(cases[i].text, &halt, &err) != -1)
			fail_msg("'%s' was accepted", cases[i].text);
		if (strstr(err.message, cases[i].advice) == NULL)
			fail_msg("'%s': %s", cases[i].text, err.message);
	}
}

static void reached(void **state)
{
	static const struct {
		const char *text;
		uint64_t succeeded, failed, total;      /* total 0: not known */
		bool reached;
	} cases[] = {
		{ "never", 100, 100, 200, false },
		{ "now,fail=1", 100, 0, 0, false },
		{ "now,fail=1", 0, 1, 0, true },
		{ "soon,fail=3", 9, 2, 0, false },
		{ "soon,fail=3", 0, 3, 0, true },
		{ "soon,fail=3", 0, 4, 0, true },
		{ "now,success=2", 1, 9, 0, false },
		{ "now,success=2", 2, 9, 0, true },
		{ "now,done=3", 1, 1, 0, false },
		{ "now,done=3", 2, 1, 0, true },
		/* percentages: of all tasks, and so of nothing before the input has ended */
		{ "now,fail=50%", 0, 1000, 0, false },
		{ "now,fail=50%", 0, 2, 5, false },
		{ "now,fail=50%", 0, 3, 5, true },
		{ "now,fail=40%", 0, 1, 5, false },
		{ "now,fail=40%", 0, 2, 5, true },
		{ "now,fail=1%", 5, 0, 10, false },
		{ "now,fail=1%", 0, 1, 10, true },
		{ "now,success=100%", 4, 0, 5, false },
		{ "now,success=100%", 5, 0, 5, true },
		{ "soon,done=50%", 50, 49, 200, false },
		{ "soon,done=50%", 50, 50, 200, true },
		{ "now,fail=100%", 0, UINT64_MAX - 1, UINT64_MAX, false },
		{ "now,fail=100%", 0, UINT64_MAX, UINT64_MAX, true },
		{ "now,fail=99%", 0, UINT64_MAX / 100 * 98, UINT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct halt halt = parsed(cases[i].text);
		struct halt_counts counts = {
			.succeeded = cases[i].succeeded,
			.failed = cases[i].failed,
			.total = cases[i].total,
			.total_known = cases[i].total != 0,
		};

		if (halt_reached(&halt, &counts) != cases[i].reached)
			fail_msg("case %zu, %s", i, cases[i].text);
	}
}

/* Nothing is done yet, and nothing will be: no percentage of it has been reached. */
static void nothing_reaches_no_limit(void **state)
{
	struct halt halt = parsed("now,done=1%");
	struct halt_counts counts = { .total_known = true };

	(void)state;
	assert_false(halt_reached(&halt, &counts));
}

/* A total that is not known may be anything, as it may still grow. */
static void unknown_totals_are_not_looked_at(void **state)
{
	struct halt halt = parsed("now,fail=1%");
	struct halt_counts counts = { .failed = 10, .total = 10, .total_known = false };

	(void)state;
	assert_false(halt_reached(&halt, &counts));
	counts.total_known = true;
	assert_true(halt_reached(&halt, &counts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar),
		cmocka_unit_test(errors),
		cmocka_unit_test(reached),
		cmocka_unit_test(nothing_reaches_no_limit),
		cmocka_unit_test(unknown_totals_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
