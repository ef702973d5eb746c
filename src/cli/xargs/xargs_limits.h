/*
 * xargs_limits - how long a command line may be
 */
#ifndef CLI_XARGS_XARGS_LIMITS_H
#define CLI_XARGS_XARGS_LIMITS_H

#include <limits.h>

/* Room that POSIX has xargs leave for what a command adds to its environment. */
enum { XARGS_HEADROOM = 2048, XARGS_USUAL_CHARS = 128 * 1024, XARGS_MAX_PROCS = INT_MAX };

struct xargs_limits {
	long environment;    /* bytes of the environment */
	long most;           /* the upper limit for -s; 0 or less: there is no room at all */
	long usual;          /* the limit without -s */
	long kernel;         /* the kernel's limit, which counts a pointer for each word, too */
};

/* What the system allows with that environment. */
void xargs_limits_get(struct xargs_limits *limits, char *const *environment);

enum { XARGS_LIMITS_SIZE = 1024 };

/* Writes what --show-limits prints, for command lines of max_chars. */
void xargs_limits_describe(const struct xargs_limits *limits, long max_chars,
    char text[XARGS_LIMITS_SIZE]);

#endif
