/*
 * retry - whether a failed attempt is run again, and when
 *
 * Level 1, policy: no system call, no clock, no random numbers of its own.
 */
#ifndef CV_RETRY_H
#define CV_RETRY_H

#include "covey.h"

struct cv_retry {
	covey_nsec interval;
	double backoff;
	covey_nsec max_interval;        /* 0: none */
	double jitter;                  /* 0 to 1 */
	struct covey_outcomes on, not_on;
};

/* The facts of a failed attempt that the decision looks at. */
struct cv_failure {
	enum covey_outcome outcome;
	int status, signal, sys_errno;  /* as in struct covey_attempt */
	unsigned attempt;               /* its number, from 1 */
};

/* Fills a set with what is retried by default. */
void cv_retry_default(struct covey_outcomes *on);

/* Is this outcome one of the set? */
bool cv_retry_matches(const struct covey_outcomes *set, const struct cv_failure *failure);

/* May the failure be retried, whether or not there are tries left? */
bool cv_retry_wanted(const struct cv_retry *retry, const struct cv_failure *failure);

/*
 * How long to wait after the failure of the attempt-th attempt; chance, from 0 to 1, picks a
 * point of the jitter.
 */
covey_nsec cv_retry_delay(const struct cv_retry *retry, unsigned attempt, double chance);

#endif
