#include "cli/run/once_rules.h"

#include <errno.h>

/* What a shell says of a command; the rest of the statuses are covey's own. */
enum {
	ONCE_STATUS_CANNOT_RUN = 126,
	ONCE_STATUS_NOT_FOUND = 127,
	ONCE_STATUS_SIGNAL = 128    /* and the signal's number */
};

static int alone(const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (attempt == NULL)
		return 0;
	switch (event->outcome) {
	case COVEY_EXIT:
		return attempt->status;
	case COVEY_SIGNAL:
		return ONCE_STATUS_SIGNAL + attempt->signal;
	case COVEY_SPAWN:
		return attempt->sys_errno == ENOENT ? ONCE_STATUS_NOT_FOUND : ONCE_STATUS_CANNOT_RUN;
	case COVEY_TIMEOUT:
	case COVEY_DEADLINE:
		return STATUS_DEADLINE;
	case COVEY_LOST:
		return STATUS_BROKEN;
	case COVEY_SUCCESS:
	case COVEY_CANCELLED:
	case COVEY_NOUTCOMES:
		break;
	}
	return 0;
}

const struct verdict_rules once_rules = { .name = "--once", .alone = alone };
