#include "base/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

/* A crash is the program's own doing; these signals come from another process. */
static bool comes_from_another(int sig)
{
	return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

static void describe_exit(char text[OUTCOME_SIZE], const struct outcome *o)
{
	if (o->limit != NULL)
		snprintf(text, OUTCOME_SIZE, "exit %d: one of its commands was killed by %s",
		    o->status, o->limit);
	else
		snprintf(text, OUTCOME_SIZE, "exit %d", o->status);
}

static void describe_signal(char text[OUTCOME_SIZE], const struct outcome *o)
{
	const char *name = units_signal_name(o->signal), *core = o->core_dumped ? " (core dumped)" : "";

	if (o->limit != NULL)
		snprintf(text, OUTCOME_SIZE, "killed by %s (%s)%s", o->limit, name, core);
	else if (o->oom)
		snprintf(text, OUTCOME_SIZE, "killed by the OOM killer (SIGKILL)");
	else if (o->signal == 0)
		snprintf(text, OUTCOME_SIZE, "cannot be killed");
	else
		snprintf(text, OUTCOME_SIZE, "%s%s%s", name,
		    comes_from_another(o->signal) ? " (not sent by covey)" : "", core);
}

static void describe_timeout(char text[OUTCOME_SIZE], const struct outcome *o)
{
	char after[UNITS_DURATION_SIZE];

	units_format_duration(o->timeout, after);
	snprintf(text, OUTCOME_SIZE, "timed out%s%s", o->timeout > 0 ? " after " : "",
	    o->timeout > 0 ? after : "");
}

static void describe_deadline(char text[OUTCOME_SIZE], const struct outcome *o)
{
	char after[UNITS_DURATION_SIZE];

	units_format_duration(o->deadline, after);
	snprintf(text, OUTCOME_SIZE, "%s: the deadline%s%s has passed",
	    o->started ? "stopped" : "not started", o->deadline > 0 ? " of " : "",
	    o->deadline > 0 ? after : "");
}

static void describe_cancelled(char text[OUTCOME_SIZE], const struct outcome *o)
{
	snprintf(text, OUTCOME_SIZE, "%s%s%s", o->started ? "stopped" : "not started",
	    o->stopped_by != NULL ? ": " : "", o->stopped_by != NULL ? o->stopped_by : "");
}

void outcome_describe(char text[OUTCOME_SIZE], const struct outcome *o)
{
	switch (o->kind) {
	case COVEY_SUCCESS:
		snprintf(text, OUTCOME_SIZE, "succeeded");
		return;
	case COVEY_EXIT:
		describe_exit(text, o);
		return;
	case COVEY_SIGNAL:
		describe_signal(text, o);
		return;
	case COVEY_TIMEOUT:
		describe_timeout(text, o);
		return;
	case COVEY_SPAWN:
		snprintf(text, OUTCOME_SIZE, "cannot be started%s%s",
		    o->start_error != NULL ? ": " : "", o->start_error != NULL ? o->start_error : "");
		return;
	case COVEY_DEADLINE:
		describe_deadline(text, o);
		return;
	case COVEY_CANCELLED:
		describe_cancelled(text, o);
		return;
	case COVEY_LOST:
		snprintf(text, OUTCOME_SIZE, "its output was lost");
		return;
	case COVEY_NOUTCOMES:
		break;
	}
	snprintf(text, OUTCOME_SIZE, "unknown");
}

void outcome_start_error(char text[OUTCOME_START_ERROR_SIZE], const struct covey_attempt *attempt)
{
	snprintf(text, OUTCOME_START_ERROR_SIZE, "%s: %s",
	    attempt->spawn_step != NULL ? attempt->spawn_step : "exec",
	    strerror(attempt->sys_errno));
}
