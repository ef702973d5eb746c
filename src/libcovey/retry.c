#include "retry.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool has_bit(const uint32_t *bits, size_t nwords, int bit)
{
	return bit >= 0 && (size_t)bit / 32 < nwords && (bits[bit / 32] >> bit % 32 & 1) != 0;
}

static void clear_bit(uint32_t *bits, int bit)
{
	bits[bit / 32] &= ~(UINT32_C(1) << bit % 32);
}

/* Exit statuses of a shell that could not run the command, which another try does not change. */
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

void cv_retry_default(struct covey_outcomes *on)
{
	memset(on, 0, sizeof *on);
	memset(on->statuses, 0xff, sizeof on->statuses);
	clear_bit(on->statuses, NOT_EXECUTABLE);
	clear_bit(on->statuses, NOT_FOUND);
	on->words = UINT32_C(1) << COVEY_SIGNAL | UINT32_C(1) << COVEY_TIMEOUT;
}

static bool may_pass(int sys_errno)
{
	return sys_errno == EAGAIN || sys_errno == ENOMEM || sys_errno == ETXTBSY;
}

bool cv_retry_matches(const struct covey_outcomes *set, const struct cv_failure *failure)
{
	if ((set->words >> failure->outcome & 1) != 0)
		return true;
	switch (failure->outcome) {
	case COVEY_EXIT:
		return has_bit(set->statuses, COUNT(set->statuses), failure->status);
	case COVEY_SIGNAL:
		return has_bit(set->signals, COUNT(set->signals), failure->signal);
	case COVEY_SPAWN:
		return set->words != 0 && may_pass(failure->sys_errno);
	case COVEY_SUCCESS:
	case COVEY_TIMEOUT:
	case COVEY_DEADLINE:
	case COVEY_CANCELLED:
	case COVEY_LOST:
	case COVEY_NOUTCOMES:
		break;
	}
	return false;
}

/* A failure to start that may pass is excluded only where COVEY_SPAWN itself is named. */
static bool excluded(const struct covey_outcomes *set, const struct cv_failure *failure)
{
	if (failure->outcome == COVEY_SPAWN)
		return (set->words >> COVEY_SPAWN & 1) != 0;
	return cv_retry_matches(set, failure);
}

bool cv_retry_wanted(const struct cv_retry *retry, const struct cv_failure *failure)
{
	if (failure->outcome == COVEY_SUCCESS || failure->outcome == COVEY_DEADLINE
	    || failure->outcome == COVEY_CANCELLED)
		return false;
	return cv_retry_matches(&retry->on, failure) && !excluded(&retry->not_on, failure);
}

/* x nanoseconds as covey_nsec, or INT64_MAX where that does not fit. */
static covey_nsec clamp(double x)
{
	return x >= (double)INT64_MAX ? INT64_MAX : (covey_nsec)x;
}

covey_nsec cv_retry_delay(const struct cv_retry *retry, unsigned attempt, double chance)
{
	double delay = (double)retry->interval;
	double limit = retry->max_interval > 0 ? (double)retry->max_interval : (double)INT64_MAX;
	double factor = retry->backoff;
	unsigned power = attempt > 0 ? attempt - 1 : 0;

	/* by squaring: a million tries take twenty steps */
	for (; power > 0 && delay > 0 && delay < limit; power >>= 1, factor *= factor) {
		if ((power & 1) != 0)
			delay *= factor;
	}
	if (delay > limit)
		delay = limit;
	return clamp(delay * (1 - retry->jitter * chance));
}
