/*
 * plan_recorded - a planner that takes tasks from the journal (--retry-failed)
 */
#ifndef CLI_RUN_PLAN_RECORDED_H
#define CLI_RUN_PLAN_RECORDED_H

#include "base/error.h"
#include "cli/command/compose.h"
#include "cli/command/plan.h"
#include "cli/options/options.h"
#include "cli/run/journal.h"

/*
 * The tasks of the run that is continued that have not succeeded. The journal and compose, which knows
 * whether tasks have tags, must outlive it. NULL: out of memory.
 */
struct planner *plan_recorded_open(const struct options *options, const struct compose *compose,
    struct journal *journal);

#endif
