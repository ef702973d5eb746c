#include "cli/output/describe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

static void describe_timeout(char text[DESCRIBE_SIZE], covey_nsec timeout)
{
	char after[UNITS_DURATION_SIZE];

	units_format_duration(timeout, after);
	snprintf(text, DESCRIBE_SIZE, "timed out after %s", after);
}

/* Crashes are the program's own; these signals come from somebody. */
static bool comes_from_somebody(int sig)
{
	return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

static void describe_signal(char text[DESCRIBE_SIZE], const struct describe *about,
    const struct covey_attempt *attempt)
{
	char limit[RLIMITS_WORDS_SIZE];

	if (rlimits_blame(about->limits, attempt, limit))
		snprintf(text, DESCRIBE_SIZE, "killed by %s (%s)%s", limit,
		    units_signal_name(attempt->signal),
		    attempt->core_dumped ? " (core dumped)" : "");
	else if (attempt->oom)
		snprintf(text, DESCRIBE_SIZE, "killed by the OOM killer (SIGKILL)");
	else if (attempt->pid > 0 && attempt->signal == 0)
		snprintf(text, DESCRIBE_SIZE, "cannot be killed");
	else
		snprintf(text, DESCRIBE_SIZE, "%s%s%s", units_signal_name(attempt->signal),
		    comes_from_somebody(attempt->signal) ? " (not sent by covey)" : "",
		    attempt->core_dumped ? " (core dumped)" : "");
}

static void describe_exit(char text[DESCRIBE_SIZE], const struct describe *about,
    const struct covey_attempt *attempt)
{
	char limit[RLIMITS_WORDS_SIZE];

	if (attempt != NULL && rlimits_blame(about->limits, attempt, limit))
		snprintf(text, DESCRIBE_SIZE, "exit %d: one of its commands was killed by %s",
		    attempt->status, limit);
	else
		snprintf(text, DESCRIBE_SIZE, "exit %d", attempt == NULL ? 0 : attempt->status);
}

static void describe_spawn(char text[DESCRIBE_SIZE], const struct covey_attempt *attempt)
{
	const char *step = attempt->spawn_step != NULL ? attempt->spawn_step : "exec";

	snprintf(text, DESCRIBE_SIZE, "cannot be started: %s: %s", step,
	    strerror(attempt->sys_errno));
}

static void describe_cancelled(char text[DESCRIBE_SIZE], const struct describe *about, bool started)
{
	snprintf(text, DESCRIBE_SIZE, "%s%s%s", started ? "stopped" : "not started",
	    about->stopped_by != NULL ? ": " : "",
	    about->stopped_by != NULL ? about->stopped_by : "");
}

static void describe_deadline(char text[DESCRIBE_SIZE], const struct describe *about, bool started)
{
	char after[UNITS_DURATION_SIZE];

	units_format_duration(about->deadline, after);
	snprintf(text, DESCRIBE_SIZE, "%s: the deadline of %s has passed",
	    started ? "stopped" : "not started", after);
}

void describe_outcome(char text[DESCRIBE_SIZE], const struct describe *about,
    enum covey_outcome outcome, const struct covey_attempt *attempt)
{
	switch (outcome) {
	case COVEY_SUCCESS:
		snprintf(text, DESCRIBE_SIZE, "succeeded");
		return;
	case COVEY_EXIT:
		describe_exit(text, about, attempt);
		return;
	case COVEY_SIGNAL:
		describe_signal(text, about, attempt);
		return;
	case COVEY_TIMEOUT:
		describe_timeout(text, about->timeout);
		return;
	case COVEY_SPAWN:
		describe_spawn(text, attempt);
		return;
	case COVEY_DEADLINE:
		describe_deadline(text, about, attempt != NULL);
		return;
	case COVEY_CANCELLED:
		describe_cancelled(text, about, attempt != NULL);
		return;
	case COVEY_NOUTCOMES:
		break;
	}
	snprintf(text, DESCRIBE_SIZE, "unknown");
}
