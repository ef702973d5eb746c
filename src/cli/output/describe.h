/*
 * describe - the outcome of an attempt of this run, in words
 */
#ifndef CLI_OUTPUT_DESCRIBE_H
#define CLI_OUTPUT_DESCRIBE_H

#include <stddef.h>

#include "covey.h"
#include "base/outcome.h"
#include "cli/options/rlimits.h"

enum { DESCRIBE_SIZE = OUTCOME_SIZE };

/* What the words need to know besides the attempt. */
struct describe {
	covey_nsec timeout, deadline;
	const struct rlimits *limits;
	const char *stopped_by;    /* who stopped the run: "SIGINT", "--halt"; NULL: nobody */
};

/*
 * How a task ended, in the words of outcome_describe. attempt is its last one, or NULL for a task
 * that was never started.
 */
void describe_outcome(char text[DESCRIBE_SIZE], const struct describe *about,
    enum covey_outcome kind, const struct covey_attempt *attempt);

#endif
