/*
 * compose - the command for a record: from a template, from a script, or the record as a shell line
 */
#ifndef CLI_COMMAND_COMPOSE_H
#define CLI_COMMAND_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "base/error.h"
#include "cli/command/plan.h"
#include "cli/input/header.h"
#include "cli/input/record.h"
#include "cli/options/options.h"

struct compose;

/*
 * Compiles the command or the script, and the tag; header has the names of columns. NULL with a
 * message: one of them cannot be used.
 */
struct compose *compose_new(const struct options *options, const struct header *header,
    struct error *err);
void compose_free(struct compose *c);

/* Can the command be run at all? Returns 0, or -1 with a message that says what to do. */
int compose_check(struct compose *c, struct covey *ex, struct error *err);

/* The argv for a record, which lasts until the next call. NULL: out of memory. */
const char *const *compose_argv(struct compose *c, const struct record *record, uint64_t task,
    unsigned slot);

/* The same for a line for a shell. */
const char *const *compose_shell_line(struct compose *c, const char *line, size_t len);

/* Does the command depend on the slot, so that it can only be made when the slot is known? */
bool compose_uses_slot(const struct compose *c);

/* Do tasks have tags? */
bool compose_has_tag(const struct compose *c);

/*
 * The tag of a planned task, without the tab that follows it, which lasts until the next call; NULL
 * where tasks have none. Returns 0, or -1: out of memory.
 */
int compose_tag(struct compose *c, const struct plan *plan, const char **tag);

#endif
