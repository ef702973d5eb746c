/*
 * plan_source - a planner that makes a task of each record of a source
 */
#ifndef CLI_COMMAND_PLAN_SOURCE_H
#define CLI_COMMAND_PLAN_SOURCE_H

#include <stdbool.h>

#include "cli/command/compose.h"
#include "cli/command/plan.h"
#include "cli/input/source.h"
#include "cli/options/options.h"

/*
 * Makes commands by compose, which must outlive the planner; the source becomes the planner's.
 * NULL: out of memory, and nothing was taken.
 */
struct planner *plan_source_open(const struct options *options, struct compose *compose,
    struct source *source);

/*
 * From now on a task of another shard has its command, too, where that can be known: for planners
 * that count tasks.
 */
void plan_source_make_others(struct planner *planner);

#endif
