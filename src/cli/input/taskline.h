/*
 * taskline - a task in a line of JSON
 *
 * Bytes in, a command out: nothing is read, opened or run here.
 */
#ifndef CLI_INPUT_TASKLINE_H
#define CLI_INPUT_TASKLINE_H

#include <stddef.h>

#include "covey.h"
#include "base/error.h"

struct taskline {
	struct covey_command command;   /* argv is NULL where there is a line */
	const char *line;               /* for a shell, or NULL */
	const char *name;               /* or NULL */
	/* what these point to */
	void *json;
	const char **argv, **env;
};

/*
 * Reads the object in the len bytes at text. Returns 0, and *task is to be released; or -1 with
 * what is wrong, and there is nothing to release.
 */
int taskline_parse(const char *text, size_t len, struct taskline *task, struct error *err);

/* May be called again, and where all is zero. */
void taskline_release(struct taskline *task);

#endif
