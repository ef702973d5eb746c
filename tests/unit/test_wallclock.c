/* The time of day, and durations as seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/wallclock.h"

static void is_the_time_of_day(void **state)
{
	time_t before, after;
	double now;

	(void)state;
	before = time(NULL);
	now = wallclock_seconds();
	after = time(NULL);
	/* time(2) may be a tick behind */
	assert_true(now >= (double)before - 1 && now < (double)after + 2);
}

static void converts_there_and_back(void **state)
{
	(void)state;
	assert_true(seconds_of(1500 * COVEY_MSEC) == 1.5);
	assert_true(nsec_of(1.5) == 1500 * COVEY_MSEC);
	assert_true(nsec_of(-1.5) == -1500 * COVEY_MSEC);
	assert_true(nsec_of(0) == 0);
	/* 0.29 s is a little less in binary */
	assert_true(nsec_of(seconds_of(290 * COVEY_MSEC)) == 290 * COVEY_MSEC);
	assert_true(nsec_of(0.1 + 0.2) == 300 * COVEY_MSEC);
}

static void stays_in_range(void **state)
{
	(void)state;
	assert_true(nsec_of(1e300) == INT64_MAX);
	assert_true(nsec_of(-1e300) == INT64_MIN);
	assert_true(nsec_of(INFINITY) == INT64_MAX);
	assert_true(nsec_of((double)NAN) == 0);
}

static void formats_local_time(void **state)
{
	char text[WALLCLOCK_TEXT_SIZE];

	(void)state;
	assert_int_equal(setenv("TZ", "UTC-2", 1), 0);
	tzset();
	wallclock_format(1.75, text);
	assert_string_equal(text, "1970-01-01 02:00:01");
	wallclock_format(951782400, text);
	assert_string_equal(text, "2000-02-29 02:00:00");
}

static void times_of_the_kernel(void **state)
{
	(void)state;
	assert_true(seconds_of_timeval(&(struct timeval){ 0, 0 }) == 0);
	assert_true(seconds_of_timeval(&(struct timeval){ 3, 250000 }) == 3.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_the_kernel),
		cmocka_unit_test(is_the_time_of_day),
		cmocka_unit_test(converts_there_and_back),
		cmocka_unit_test(stays_in_range),
		cmocka_unit_test(formats_local_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
