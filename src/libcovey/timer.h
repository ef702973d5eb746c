/*
 * timer - ordered deadlines
 *
 * Level 1, policy: no clock; the time is passed in.
 */
#ifndef CV_TIMER_H
#define CV_TIMER_H

#include <bsd/sys/tree.h>

#include "covey.h"

/* One deadline; embedded in what it belongs to. All zeros: not set. */
struct cv_timer {
	RB_ENTRY(cv_timer) entry;
	covey_nsec when;
	bool set;
	void *owner;
};

RB_HEAD(cv_timer_tree, cv_timer);

struct cv_timers {
	struct cv_timer_tree tree;
};

void cv_timers_init(struct cv_timers *timers);

/* Sets a timer, whether or not it was set before. when INT64_MAX clears it. */
void cv_timer_set(struct cv_timers *timers, struct cv_timer *timer, covey_nsec when);

void cv_timer_clear(struct cv_timers *timers, struct cv_timer *timer);

/* When the first timer is due; INT64_MAX if none is set. */
covey_nsec cv_timers_due(const struct cv_timers *timers);

static inline bool cv_timers_none(const struct cv_timers *timers)
{
	return RB_EMPTY(&timers->tree);
}

/* Clears and returns the first timer that is due at now, or NULL. */
struct cv_timer *cv_timers_pop(struct cv_timers *timers, covey_nsec now);

#endif
