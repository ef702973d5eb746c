/*
 * outcome - how an attempt ended, in words, for people
 *
 * The command says it of an attempt that has just ended, and the report of one in a journal.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <stdbool.h>

#include "covey.h"

enum { OUTCOME_SIZE = 256 };

/* What the words depend on; of what is not known, 0 or NULL. */
struct outcome {
	enum covey_outcome kind;
	bool started;             /* there was an attempt */
	int status, signal;       /* a signal of 0 with COVEY_SIGNAL: not even SIGKILL ended it */
	bool core_dumped, oom;
	const char *start_error;  /* as outcome_start_error has it */
	covey_nsec timeout, deadline;
	const char *limit;        /* the limit that ended it: "its cpu limit of 10s" */
	const char *stopped_by;   /* who stopped the run: "SIGINT", "--halt" */
};

/* "exit 3", "SIGSEGV (core dumped)", "timed out after 30s", …; cut to its size. */
void outcome_describe(char text[OUTCOME_SIZE], const struct outcome *outcome);

/*
 * Why an attempt with COVEY_SPAWN could not be started: "STEP: ERROR". As the journal and meta.json
 * have it; cut to its size.
 */
enum { OUTCOME_START_ERROR_SIZE = OUTCOME_SIZE };
void outcome_start_error(char text[OUTCOME_START_ERROR_SIZE], const struct covey_attempt *attempt);

#endif
