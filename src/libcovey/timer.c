#include "timer.h"

static int by_when(const struct cv_timer *a, const struct cv_timer *b)
{
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

/* RB_GENERATE_STATIC needs an __unused that libbsd defines for itself only */
RB_GENERATE_INTERNAL(cv_timer_tree, cv_timer, entry, by_when, static __attribute__((unused)))

void cv_timers_init(struct cv_timers *timers)
{
	RB_INIT(&timers->tree);
}

void cv_timer_clear(struct cv_timers *timers, struct cv_timer *timer)
{
	if (timer->set)
		RB_REMOVE(cv_timer_tree, &timers->tree, timer);
	timer->set = false;
}

void cv_timer_set(struct cv_timers *timers, struct cv_timer *timer, covey_nsec when)
{
	if (timer->set && timer->when == when)
		return;
	cv_timer_clear(timers, timer);
	if (when == INT64_MAX)
		return;
	timer->when = when;
	timer->set = true;
	RB_INSERT(cv_timer_tree, &timers->tree, timer);
}

covey_nsec cv_timers_due(const struct cv_timers *timers)
{
	const struct cv_timer *timer = RB_ROOT(&timers->tree);

	if (timer == NULL)
		return INT64_MAX;
	while (RB_LEFT(timer, entry) != NULL)
		timer = RB_LEFT(timer, entry);
	return timer->when;
}

struct cv_timer *cv_timers_pop(struct cv_timers *timers, covey_nsec now)
{
	struct cv_timer *timer = RB_MIN(cv_timer_tree, &timers->tree);

	if (timer == NULL || timer->when > now)
		return NULL;
	cv_timer_clear(timers, timer);
	return timer;
}
