#include "cli/xargs/xargs_limits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Linux gives the arguments no more of the stack than this, whatever its limit. */
enum { KERNEL_MOST = 6 << 20 };

/* Variables that covey adds to a command's environment, and more. */
enum { ADDED_VARIABLES = 32 };

void xargs_limits_get(struct xargs_limits *limits, char *const *environment)
{
	long all = sysconf(_SC_ARG_MAX), variables = 0;

	limits->environment = 0;
	for (; environment[variables] != NULL; variables++)
		limits->environment += (long)strlen(environment[variables]) + 1;
	if (all < 0)
		all = XARGS_USUAL_CHARS;
	limits->kernel = (all < KERNEL_MOST ? all : KERNEL_MOST) - XARGS_HEADROOM - PATH_MAX
	    - limits->environment - (variables + ADDED_VARIABLES) * (long)sizeof(char *);
	if (limits->kernel < 1)
		limits->kernel = 1;
	limits->most = all - XARGS_HEADROOM - limits->environment;
	limits->usual = limits->most < XARGS_USUAL_CHARS ? limits->most : XARGS_USUAL_CHARS;
}

void xargs_limits_describe(const struct xargs_limits *limits, long max_chars,
    char text[XARGS_LIMITS_SIZE])
{
	/*
	 * the length that "could actually be used" counts the environment twice, as xargs does, and
	 * is as huge if that is too much
	 */
	snprintf(text, XARGS_LIMITS_SIZE,
	    "Your environment variables take up %ld bytes\n"
	    "POSIX upper limit on argument length (this system): %ld\n"
	    "POSIX smallest allowable upper limit on argument length (all systems): %d\n"
	    "Maximum length of command we could actually use: %lu\n"
	    "Size of command buffer we are actually using: %ld\n"
	    "Maximum parallelism (--max-procs must be no greater): %d\n",
	    limits->environment, limits->most, _POSIX_ARG_MAX,
	    (unsigned long)(limits->most - limits->environment),
	    max_chars, XARGS_MAX_PROCS);
}
