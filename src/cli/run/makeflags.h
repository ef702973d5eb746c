/*
 * makeflags - what GNU make tells its children in MAKEFLAGS of its jobserver
 */
#ifndef CLI_RUN_MAKEFLAGS_H
#define CLI_RUN_MAKEFLAGS_H

#include <stddef.h>

enum makeflags_style {
	MAKEFLAGS_NONE,       /* no jobserver is named */
	MAKEFLAGS_PIPE,       /* "R,W": two descriptors that are inherited */
	MAKEFLAGS_FIFO,       /* "fifo:PATH" */
	MAKEFLAGS_UNKNOWN     /* something else */
};

/* What --jobserver-auth=, or in make before 4.2 --jobserver-fds=, says; the last one counts. */
struct makeflags_auth {
	enum makeflags_style style;
	int read_fd, write_fd;    /* with MAKEFLAGS_PIPE; negative: not for this command */
	const char *text;         /* the value, in the flags; not NUL-terminated */
	size_t len;
	const char *path;         /* with MAKEFLAGS_FIFO: the part of text that is the path */
	size_t path_len;
};

/* flags may be NULL. */
void makeflags_find(const char *flags, struct makeflags_auth *auth);

/*
 * The flags with another jobserver of n jobs, instead of the one that they name; the caller frees
 * them. flags may be NULL; NULL when memory runs out.
 */
char *makeflags_with(const char *flags, unsigned n, const char *auth);

#endif
