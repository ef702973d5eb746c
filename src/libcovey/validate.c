/*
 * What an executor cannot be made with: options that are missing, negative, or out of their range.
 */
#include <math.h>
#include <string.h>

#include "error.h"
#include "executor.h"
#include "fdutil.h"

enum {
	NICE_SPAN = 40,    /* niceness is from -20 to 19 */
	LAST_SIGNAL = 64
};

/* An option that is a length of time. */
struct length {
	const char *name;
	covey_nsec value;
};

static int check_times(const struct covey_options *o, struct covey_error *err)
{
	const struct length times[] = {
		{ "retry_interval", o->retry_interval }, { "max_interval", o->max_interval },
		{ "timeout", o->timeout }, { "slow", o->slow }, { "kill_after", o->kill_after },
		{ "stop_window", o->stop_window },
		{ "deadline", o->deadline },
	};
	size_t i;

	for (i = 0; i < sizeof times / sizeof *times; i++) {
		if (times[i].value < 0)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option '%s' is negative",
			    times[i].name);
	}
	return 0;
}

static int check_settings(const struct covey_options *o, struct covey_error *err)
{
	size_t i;

	if (o->nlimits > 0 && o->limits == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'limits' is NULL, but 'nlimits' is not 0");
	if (o->ninherit_fds > 0 && o->inherit_fds == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'inherit_fds' is NULL, but 'ninherit_fds' is not 0");
	for (i = 0; i < o->nlimits; i++) {
		const struct covey_limit *limit = &o->limits[i];

		if (limit->resource < 0 || limit->resource >= (int)RLIM_NLIMITS)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0,
			    "the option 'limits' has a resource %d, which does not exist",
			    limit->resource);
		if (limit->value.rlim_cur > limit->value.rlim_max)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0,
			    "the soft limit of resource %d is above its hard limit",
			    limit->resource);
	}
	for (i = 0; i < o->ninherit_fds; i++) {
		if (o->inherit_fds[i] < CV_NSTDIO)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0,
			    "the option 'inherit_fds' has descriptor %d: each must be %d or higher",
			    o->inherit_fds[i], CV_NSTDIO);
	}
	return 0;
}

int cv_validate_options(const struct covey_options *o, struct covey_error *err)
{
	if (o == NULL || o->size != sizeof *o)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the options were not set up with covey_options_init");
	if (o->max_workers == 0 || o->max_workers > COVEY_MAX_WORKERS)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'max_workers' is %u: it must be from 1 to %u", o->max_workers,
		    COVEY_MAX_WORKERS);
	if ((o->flags & COVEY_SAME_GROUP) != 0 && (o->flags & COVEY_SUBREAPER) != 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "COVEY_SAME_GROUP and COVEY_SUBREAPER cannot be used together");
	if (o->slot_var != NULL && (*o->slot_var == '\0' || strchr(o->slot_var, '=') != NULL))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'slot_var' is '%.100s', which cannot name a variable", o->slot_var);
	if (o->nice < -NICE_SPAN || o->nice > NICE_SPAN)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'nice' is %d: it must be from -%d to %d", o->nice, NICE_SPAN,
		    NICE_SPAN);
	if (o->max_tries == 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'max_tries' is 0: it must be 1 or more");
	if (!isfinite(o->backoff) || o->backoff < 1)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'backoff' is %g: it must be 1 or more, and finite", o->backoff);
	if (!(o->jitter >= 0 && o->jitter <= 1))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'jitter' is %g: it must be from 0 to 1", o->jitter);
	if (o->stop_signal <= 0 || o->stop_signal > LAST_SIGNAL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'stop_signal' is %d: it must be from 1 to %d", o->stop_signal,
		    LAST_SIGNAL);
	return check_settings(o, err) != 0 ? -1 : check_times(o, err);
}
