/*
 * clock - the time, monotonic
 *
 * Level 0. A clock step or a suspended machine's wall clock never changes a deadline.
 */
#ifndef CV_CLOCK_H
#define CV_CLOCK_H

#include <time.h>

#include "covey.h"

/* CLOCK_MONOTONIC now; it cannot fail with a valid clock and pointer. */
static inline covey_nsec cv_clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (covey_nsec)ts.tv_sec * COVEY_SEC + ts.tv_nsec;
}

/* a + b for lengths of time, INT64_MAX where that would overflow. */
static inline covey_nsec cv_clock_add(covey_nsec a, covey_nsec b)
{
	covey_nsec sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

#endif
