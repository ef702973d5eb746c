/*
 * xargs_plan - a planner that makes a task of each command line of xargs
 *
 * For --xargs with options of covey's own: such a run is an ordinary one with another planner.
 */
#ifndef CLI_XARGS_XARGS_PLAN_H
#define CLI_XARGS_XARGS_PLAN_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/command/plan.h"
#include "cli/xargs/xargs_options.h"

/*
 * Opens the input; NULL with a message where that fails. With patient, reading waits for the input,
 * as for --dry-run: the planner then never says PLAN_LATER.
 */
struct planner *xargs_plan_open(const struct xargs_options *o, bool patient, struct error *err);

#endif
