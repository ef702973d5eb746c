/*
 * quoting - puts variables where a shell script has placeholders, so that items stay data
 *
 * Follows the script's quoting as dash and bash both read it and writes, for each placeholder,
 * a reference to a variable that is one word of data at that point. Where no reference can be,
 * or where the two shells may disagree about the quoting, it refuses. No input or output.
 */
#ifndef CLI_QUOTING_H
#define CLI_QUOTING_H

#include <stdbool.h>
#include <stddef.h>

#include "placeholder.h"

/* How many different placeholders a script can have. */
enum { QUOTED_MAX = 64 };

struct quoted {
	char *text;                                   /* the script; the caller frees it */
	struct placeholder fields[QUOTED_MAX];        /* the value of covey_1, covey_2, … */
	size_t nfields;
	bool several;                                 /* a task may have more than one item */
};

/*
 * Rewrites the script. A script without placeholders comes back
 * as it is, but for an unfinished quote. Returns 0, or -1 with a message in why: what is wrong,
 * in which line, and what to write instead.
 */
int quoting_rewrite(const char *script, const struct placeholder_syntax *syntax,
    struct quoted *out, char *why, size_t why_size);

#endif
