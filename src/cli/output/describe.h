/*
 * describe - outcomes in words, for people
 */
#ifndef CLI_OUTPUT_DESCRIBE_H
#define CLI_OUTPUT_DESCRIBE_H

#include <stddef.h>

#include "covey.h"
#include "cli/options/rlimits.h"

enum { DESCRIBE_SIZE = 256 };

/* What the words need to know besides the attempt. */
struct describe {
	covey_nsec timeout, deadline;
	const struct rlimits *limits;
	const char *stopped_by;    /* who had the run stopped: "SIGINT", "--halt"; NULL: nobody */
};

/*
 * How a task ended: "exit 3", "SIGSEGV (core dumped)", "timed out after 30s", …. attempt is NULL
 * for one that was never started.
 */
void describe_outcome(char text[DESCRIBE_SIZE], const struct describe *about,
    enum covey_outcome outcome, const struct covey_attempt *attempt);

#endif
