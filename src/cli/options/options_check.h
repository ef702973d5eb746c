/*
 * options_check - which options can be used together
 */
#ifndef CLI_OPTIONS_OPTIONS_CHECK_H
#define CLI_OPTIONS_OPTIONS_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options/options.h"

/* An option as it was written: "-j"; or "--jobs", even if only "--job" was written. */
struct spelling {
	char text[40];
};

/* "how" is as in given[] of struct options; '\0': the long name, or the only letter. */
struct spelling options_check_spell(enum option_id id, char how);

/* Can the options, COMMAND and items be used together? Returns 0, or -1 with a message. */
int options_check_all(const struct options *o, struct error *err);

/*
 * Two checks of options_check_all that need no COMMAND and no items: which options exclude or need
 * each other, and whether the options on retries agree. Both return 0, or -1 with a message.
 */
int options_check_pairs(const struct options *o, struct error *err);
int options_check_retries(const struct options *o, struct error *err);

/* Is this option given, or another one that cannot be used together with it? */
bool options_check_is_overruled(const struct options *o, enum option_id id);

#endif
