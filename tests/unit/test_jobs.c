#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>

#include "covey.h"
#include "cli/run/jobs.h"

static unsigned resolve(enum options_jobs_how how, unsigned n, unsigned long long nofile)
{
	struct options_jobs jobs = { .how = how, .n = n };

	return jobs_resolve(&jobs, nofile);
}

static void a_number_is_that_number(void **state)
{
	(void)state;
	assert_int_equal(resolve(JOBS_NUMBER, 1, 1024), 1);
	assert_int_equal(resolve(JOBS_NUMBER, 7, 0), 7);
	assert_int_equal(resolve(JOBS_NUMBER, 1000000, 64), COVEY_MAX_WORKERS < 1000000
	    ? COVEY_MAX_WORKERS : 1000000);
}

static void many_is_what_descriptors_allow(void **state)
{
	unsigned few = resolve(JOBS_MANY, 0, 100), more = resolve(JOBS_MANY, 0, 100 + 300);

	(void)state;
	/* two pipes and a pidfd a task */
	assert_int_equal(more - few, 100);
	assert_true(few > 10 && 3 * few < 100);
	assert_int_equal(resolve(JOBS_MANY, 0, 0), 1);
	assert_int_equal(resolve(JOBS_MANY, 0, 33), 1);
	assert_int_equal(resolve(JOBS_MANY, 0, ~0ULL), COVEY_MAX_WORKERS);
}

static void percentages_are_of_the_cpus(void **state)
{
	unsigned cpus = jobs_cpus();

	(void)state;
	assert_true(cpus >= 1);
	assert_int_equal(resolve(JOBS_PERCENT, 100, 1024), cpus);
	assert_int_equal(resolve(JOBS_PERCENT, 300, 1024), 3 * cpus);
	assert_int_equal(resolve(JOBS_PERCENT, 150, 1024), cpus * 3 / 2);
	/* one at least */
	assert_int_equal(resolve(JOBS_PERCENT, 0, 1024), 1);
	assert_int_equal(resolve(JOBS_PERCENT, 1, 1024), cpus < 200 ? 1 : cpus / 100);
	assert_int_equal(resolve(JOBS_PERCENT, UINT32_MAX, 1024), COVEY_MAX_WORKERS);
}

static void cpus_are_those_that_may_be_used(void **state)
{
	cpu_set_t before, one;
	int first = 0;

	(void)state;
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof before, &before) != 0)
		skip();
	while (!CPU_ISSET(first, &before))
		first++;
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(jobs_cpus(), 1);
	assert_int_equal(resolve(JOBS_PERCENT, 400, 1024), 4);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
	assert_true(jobs_cpus() <= (unsigned)CPU_COUNT(&before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_that_number),
		cmocka_unit_test(many_is_what_descriptors_allow),
		cmocka_unit_test(percentages_are_of_the_cpus),
		cmocka_unit_test(cpus_are_those_that_may_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
