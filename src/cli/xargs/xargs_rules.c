#include "cli/xargs/xargs_rules.h"

#include <errno.h>

#include "cli/xargs/xargs.h"

/* After some failures xargs starts no other command, but waits for those that run. */
static int fatal(const struct covey_event *event, const char **why)
{
	const struct covey_attempt *attempt = event->attempt;

	if (attempt == NULL)
		return 0;
	if (event->outcome == COVEY_EXIT && attempt->status == 255) {
		*why = "an exit status of 255";
		return XARGS_STATUS_GAVE_UP;
	}
	if (event->outcome == COVEY_SIGNAL) {
		*why = "a signal";
		return XARGS_STATUS_SIGNALED;
	}
	if (event->outcome != COVEY_SPAWN)
		return 0;
	*why = "a command that cannot be run";
	if (attempt->sys_errno == E2BIG)
		return XARGS_STATUS_ERROR;
	return attempt->sys_errno == ENOENT ? XARGS_STATUS_NOT_FOUND : XARGS_STATUS_CANNOT_RUN;
}

const struct verdict_rules xargs_rules = {
	.name = "xargs", .error = XARGS_STATUS_ERROR, .failures_hide_bad_input = true,
	.fatal = fatal, .signals_change_jobs = true,
};
