/*
 * jsontask - the task that a record of --tasks is
 */
#ifndef CLI_COMMAND_JSONTASK_H
#define CLI_COMMAND_JSONTASK_H

#include "covey.h"
#include "base/error.h"
#include "cli/command/compose.h"
#include "cli/input/record.h"
#include "cli/input/taskline.h"

/* All zero: no task. */
struct jsontask {
	struct taskline line;           /* what the last record says */
	char *label;                    /* room for the command of one that has no name */
};

/*
 * Makes the command of a record, which lasts until the next call. Returns 0, or -1 with what is
 * wrong, without the place: lines have been checked, but the file may have been changed since.
 */
int jsontask_read(struct jsontask *t, const struct record *record, struct compose *compose,
    struct covey_command *command, struct error *err);

/* The same, of a record that comes from the journal with its command. */
void jsontask_recall(struct jsontask *t, const struct record *record);

/*
 * What its tag is made of: the name, or else the command as a line; it lasts until the next call.
 * NULL: out of memory.
 */
const char *jsontask_label(struct jsontask *t, const struct covey_command *command,
    const char *name);

void jsontask_release(struct jsontask *t);

#endif
