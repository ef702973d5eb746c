#include "cli/output/describe.h"

void describe_outcome(char text[DESCRIBE_SIZE], const struct describe *about,
    enum covey_outcome kind, const struct covey_attempt *attempt)
{
	struct outcome outcome = {
		.kind = kind, .started = attempt != NULL, .timeout = about->timeout,
		.deadline = about->deadline, .stopped_by = about->stopped_by,
	};
	char start_error[OUTCOME_START_ERROR_SIZE], limit[RLIMITS_WORDS_SIZE];

	if (attempt != NULL) {
		outcome.status = attempt->status;
		outcome.signal = attempt->signal;
		outcome.core_dumped = attempt->core_dumped;
		outcome.oom = attempt->oom;
		outcome_start_error(start_error, attempt);
		outcome.start_error = start_error;
		if (rlimits_blame(about->limits, attempt, limit))
			outcome.limit = limit;
	}
	outcome_describe(text, &outcome);
}
