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
 * Adds "NAME=VALUE"; the same name again replaces it. A parser as units.h has them; it also refuses
 * what the system does not allow.
 */
int rlimits_add(const char *text, struct rlimits *limits, struct error *err);

/* May this be added to covey's own niceness? Returns 0, or -1 with a message that quotes it. */
int rlimits_check_nice(int nice, struct error *err);

enum { RLIMITS_WORDS_SIZE = 96 };

/*
 * "its cpu limit of 10s", if it was a limit that the attempt was ended by, as far as can be told
 * from its signal or its exit status; false if not. limits may be NULL.
 */
bool rlimits_blame(const struct rlimits *limits, const struct covey_attempt *attempt,
    char words[RLIMITS_WORDS_SIZE]);

#endif
