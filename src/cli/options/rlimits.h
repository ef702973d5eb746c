/*
 * rlimits - the arguments of --limit: resource limits of the tasks, by name
 */
#ifndef CLI_OPTIONS_RLIMITS_H
#define CLI_OPTIONS_RLIMITS_H

#include <sys/resource.h>

#include "covey.h"
#include "base/error.h"

/* All zero: no limits. The texts belong to the caller, for example to argv. */
struct rlimits {
	struct covey_limit list[RLIM_NLIMITS];
	size_t n;
	const char *given[RLIM_NLIMITS];   /* by resource: the value as written, or NULL */
};

/*
 * Adds "NAME=VALUE"; the same name again replaces it. A parser as in units.h; it also refuses
 * what the system does not allow.
 */
int rlimits_add(const char *text, struct rlimits *limits, struct error *err);

/* May this be added to covey's own niceness? Returns 0, or -1 with a message. */
int rlimits_check_nice(int nice, struct error *err);

enum { RLIMITS_WORDS_SIZE = 96 };

/*
 * Did a limit end the attempt, as far as its signal or its exit status tells? If so, words says
 * which: "its cpu limit of 10s". limits may be NULL.
 */
bool rlimits_blame(const struct rlimits *limits, const struct covey_attempt *attempt,
    char words[RLIMITS_WORDS_SIZE]);

#endif
