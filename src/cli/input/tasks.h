/*
 * tasks - a source whose records are tasks, each a line of JSON (--tasks)
 *
 * A record's one item is the line as it is, so that what is put on top need not know of it; what it
 * says is read again when the task is made (taskline.h).
 */
#ifndef CLI_INPUT_TASKS_H
#define CLI_INPUT_TASKS_H

#include <stdbool.h>

#include "cli/input/source.h"

/*
 * Puts a source on top of below, the stream. A line that is not a task, or has the name of another
 * one, ends it with INPUT_BAD; "checked" says that all have been looked at, and there is none. NULL
 * if out of is out; then nothing is taken.
 */
struct source *tasks_open(struct source *below, bool checked);

/* Can a file be looked at before it is used: is it a regular one? */
bool tasks_can_check(const char *path);

/*
 * Reads all of a source that tasks_open has made. Returns 0, or -1 with what is wrong, and where.
 */
int tasks_check(struct source *source, struct error *err);

#endif
