/*
 * plan_history - a planner that knows what earlier runs have done
 *
 * Gives each task its key and its number among its equals, by which the journal knows it, and
 * leaves out those that the resumed run has done already.
 */
#ifndef CLI_RUN_PLAN_HISTORY_H
#define CLI_RUN_PLAN_HISTORY_H

#include "base/error.h"
#include "cli/command/plan.h"
#include "cli/options/options.h"
#include "cli/run/journal.h"

/* The journal must outlive it. NULL with a message: then below was not taken. */
struct planner *plan_history_open(struct planner *below, const struct options *options,
    struct journal *journal, struct error *err);

#endif
