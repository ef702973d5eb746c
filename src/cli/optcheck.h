/*
 * optcheck - what options mean together
 */
#ifndef CLI_OPTCHECK_H
#define CLI_OPTCHECK_H

#include <stdbool.h>

#include "clierror.h"
#include "options.h"

/* An option as it was written: "-j", or "--jobs" also where only "--job" stood there. */
struct spelling {
	char text[40];
};

/* "how" as in given[] of struct options; '\0' for the one that there is. */
struct spelling optcheck_spell(enum option_id id, char how);

/* Can what was given be used together? Returns 0, or -1 with a message. */
int optcheck_all(const struct options *o, struct cli_error *err);

/* The parts of it that are about how tasks are run, and not which. */
int optcheck_excluding(const struct options *o, struct cli_error *err);
int optcheck_retries(const struct options *o, struct cli_error *err);
int optcheck_recovery(const struct options *o, struct cli_error *err);

/* Is one of its own or of another option given, with which that one cannot be used? */
bool optcheck_is_overruled(const struct options *o, enum option_id id);

#endif
