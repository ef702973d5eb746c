/*
 * quoted - a shell script whose placeholders have become variables
 */
#ifndef CLI_COMMAND_SH_QUOTED_H
#define CLI_COMMAND_SH_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command/placeholder.h"

/* How many different placeholders a script can have. */
enum { QUOTED_MAX = 64 };

struct quoted {
	char *text;                                   /* the script; the caller frees it */
	struct placeholder fields[QUOTED_MAX];        /* the value of covey_1, covey_2, … */
	size_t nfields;
	bool several;                                 /* a task may have more than one item */
};

#endif
