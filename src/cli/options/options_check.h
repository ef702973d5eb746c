/*
 * options_check - what options mean together
 */
#ifndef CLI_OPTIONS_OPTIONS_CHECK_H
#define CLI_OPTIONS_OPTIONS_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options/options.h"

/* An option as it was written: "-j", or "--jobs" also where only "--job" stood there. */
struct spelling {
	char text[40];
};

/* "how" as in given[] of struct options; '\0' for the one that there is. */
struct spelling options_check_spell(enum option_id id, char how);

/* Can what was given be used together? Returns 0, or -1 with a message. */
int options_check_all(const struct options *o, struct error *err);

/* The parts of it that are about how tasks are run, and not which. */
int options_check_excluding(const struct options *o, struct error *err);
int options_check_retries(const struct options *o, struct error *err);
int options_check_recovery(const struct options *o, struct error *err);

/* Is one of its own or of another option given, with which that one cannot be used? */
bool options_check_is_overruled(const struct options *o, enum option_id id);

#endif
