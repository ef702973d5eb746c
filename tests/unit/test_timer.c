#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "chance.h"
#include "timer.h"

static void none(void **state)
{
	struct cv_timers timers;

	(void)state;
	cv_timers_init(&timers);
	assert_int_equal(cv_timers_due(&timers), INT64_MAX);
	assert_null(cv_timers_pop(&timers, INT64_MAX - 1));
}

static void none_is_due_at_the_end_of_time(void **state)
{
	struct cv_timers timers;
	struct cv_timer t = { .set = false };

	(void)state;
	cv_timers_init(&timers);
	cv_timer_set(&timers, &t, 5);
	assert_ptr_equal(cv_timers_pop(&timers, INT64_MAX), &t);
	assert_null(cv_timers_pop(&timers, INT64_MAX));
}

static void in_order(void **state)
{
	struct cv_timers timers;
	struct cv_timer t[] = { { .set = false }, { .set = false }, { .set = false } };

	(void)state;
	cv_timers_init(&timers);
	cv_timer_set(&timers, &t[0], 30);
	cv_timer_set(&timers, &t[1], 10);
	cv_timer_set(&timers, &t[2], 20);
	assert_int_equal(cv_timers_due(&timers), 10);
	assert_null(cv_timers_pop(&timers, 9));
	assert_ptr_equal(cv_timers_pop(&timers, 10), &t[1]);
	assert_false(t[1].set);
	assert_null(cv_timers_pop(&timers, 10));
	assert_int_equal(cv_timers_due(&timers), 20);
	assert_ptr_equal(cv_timers_pop(&timers, 1000), &t[2]);
	assert_ptr_equal(cv_timers_pop(&timers, 1000), &t[0]);
	assert_null(cv_timers_pop(&timers, 1000));
	assert_int_equal(cv_timers_due(&timers), INT64_MAX);
}

static void clear(void **state)
{
	struct cv_timers timers;
	struct cv_timer a = { .set = false }, b = { .set = false };

	(void)state;
	cv_timers_init(&timers);
	cv_timer_clear(&timers, &a);
	cv_timer_set(&timers, &a, 10);
	cv_timer_set(&timers, &b, 20);
	assert_true(a.set);
	cv_timer_clear(&timers, &a);
	assert_false(a.set);
	assert_int_equal(cv_timers_due(&timers), 20);
	cv_timer_clear(&timers, &a);
	assert_ptr_equal(cv_timers_pop(&timers, 100), &b);
	assert_null(cv_timers_pop(&timers, 100));
}

static void set_again(void **state)
{
	struct cv_timers timers;
	struct cv_timer a = { .set = false }, b = { .set = false };

	(void)state;
	cv_timers_init(&timers);
	cv_timer_set(&timers, &a, 10);
	cv_timer_set(&timers, &b, 20);
	cv_timer_set(&timers, &a, 30);
	assert_int_equal(cv_timers_due(&timers), 20);
	cv_timer_set(&timers, &b, 20);
	cv_timer_set(&timers, &a, 5);
	assert_ptr_equal(cv_timers_pop(&timers, 100), &a);
	assert_ptr_equal(cv_timers_pop(&timers, 100), &b);
	assert_null(cv_timers_pop(&timers, 100));

	/* for the time at which it last went off */
	cv_timer_set(&timers, &b, 20);
	assert_ptr_equal(cv_timers_pop(&timers, 20), &b);
}

static void the_end_of_time_clears(void **state)
{
	struct cv_timers timers;
	struct cv_timer a = { .set = false };

	(void)state;
	cv_timers_init(&timers);
	cv_timer_set(&timers, &a, INT64_MAX);
	assert_false(a.set);
	cv_timer_set(&timers, &a, INT64_MAX - 1);
	assert_int_equal(cv_timers_due(&timers), INT64_MAX - 1);
	cv_timer_set(&timers, &a, INT64_MAX);
	assert_false(a.set);
	assert_int_equal(cv_timers_due(&timers), INT64_MAX);
}

static void equal_times(void **state)
{
	struct cv_timers timers;
	struct cv_timer t[5] = { { .set = false } };
	int seen[5] = { 0 };

	(void)state;
	cv_timers_init(&timers);
	for (int i = 0; i < 5; i++) {
		t[i].owner = &seen[i];
		cv_timer_set(&timers, &t[i], 10);
	}
	cv_timer_clear(&timers, &t[2]);
	for (int i = 0; i < 4; i++) {
		const struct cv_timer *timer = cv_timers_pop(&timers, 10);

		assert_non_null(timer);
		++*(int *)timer->owner;
	}
	assert_null(cv_timers_pop(&timers, 10));
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen[i], i != 2);
}

/* ---- against a naive model ---- */

#define NTIMERS 30

#define SAME(got, wanted) same((got), (wanted), #got, __LINE__)

static void same(int64_t got, int64_t wanted, const char *what, int line)
{
	if (got != wanted)
		fail_msg("line %d: %s is %" PRId64 ", not %" PRId64 "; COVEY_SEED=%" PRIu64, line,
		    what, got, wanted, seed);
}

/* When the first is due, by looking at them all; INT64_MAX stands for those not set. */
static covey_nsec first(const covey_nsec *when)
{
	covey_nsec min = INT64_MAX;

	for (int i = 0; i < NTIMERS; i++)
		min = when[i] < min ? when[i] : min;
	return min;
}

static void pop_due(struct cv_timers *timers, struct cv_timer *t, covey_nsec *when, covey_nsec now)
{
	const struct cv_timer *timer;

	while ((timer = cv_timers_pop(timers, now)) != NULL) {
		SAME(when[timer - t], first(when));
		SAME(when[timer - t] <= now, true);
		when[timer - t] = INT64_MAX;
	}
	SAME(first(when) > now, true);
}

static void like_the_model(void **state)
{
	struct cv_timers timers;
	struct cv_timer t[NTIMERS] = { { .set = false } };
	covey_nsec when[NTIMERS], now = 0;

	(void)state;
	choose_seed();
	cv_timers_init(&timers);
	for (int i = 0; i < NTIMERS; i++)
		when[i] = INT64_MAX;
	for (int i = 0; i < 50000; i++) {
		uint32_t n = below(NTIMERS), what = below(10);

		if (what == 0) {
			now += below(15);
			pop_due(&timers, t, when, now);
		} else if (what < 3) {
			cv_timer_clear(&timers, &t[n]);
			when[n] = INT64_MAX;
		} else {
			when[n] = what == 3 ? INT64_MAX : now + below(40);
			cv_timer_set(&timers, &t[n], when[n]);
		}
		SAME(t[n].set, when[n] != INT64_MAX);
		SAME(cv_timers_due(&timers), first(when));
	}
	pop_due(&timers, t, when, INT64_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test(none_is_due_at_the_end_of_time),
		cmocka_unit_test(in_order),
		cmocka_unit_test(clear),
		cmocka_unit_test(set_again),
		cmocka_unit_test(the_end_of_time_clears),
		cmocka_unit_test(equal_times),
		cmocka_unit_test(like_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
