/*
 * rlimits - what --limit asks for: resource limits of the tasks, by name
 */
#ifndef CLI_OPTIONS_RLIMITS_H
#define CLI_OPTIONS_RLIMITS_H

#include <sys/resource.h>

#include "covey.h"
#include "base/error.h"

/* All zero: none. The texts are the caller's, such as argv's. */
struct rlimits {
	struct covey_limit list[RLIM_NLIMITS];
	size_t n;
	const char *given[RLIM_NLIMITS];   /* by resource: its value as written, or NULL */
};

/*
 * Adds "NAME=VALUE"; the same name again replaces it. Returns 0, or -1 with a message: it cannot be
 * understood, or the system will not allow it.
 */
int rlimits_add(const char *text, struct rlimits *limits, struct error *err);

/* May tasks be given this niceness on top of ours? Returns 0, or -1 with a message. */
int rlimits_check_nice(int nice, struct error *err);

enum { RLIMITS_WORDS_SIZE = 96 };

/*
 * "its cpu limit of 10s", if it was a limit that the attempt was ended by, as far as can be told
 * from its signal or its exit status; false if not. limits may be NULL.
 */
bool rlimits_blame(const struct rlimits *limits, const struct covey_attempt *attempt,
    char words[RLIMITS_WORDS_SIZE]);

#endif
