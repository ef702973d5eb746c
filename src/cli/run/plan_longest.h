/*
 * plan_longest - a planner that gives the tasks that will take longest first (--order longest)
 *
 * Takes all plans from the planner below before it gives the first. They wait in memory: each takes
 * its command, its items, and some 400 bytes.
 */
#ifndef CLI_RUN_PLAN_LONGEST_H
#define CLI_RUN_PLAN_LONGEST_H

#include "base/error.h"
#include "cli/command/plan.h"

/*
 * How many seconds a task takes; INFINITY where that is not known. Returns 0, or -1 with a message.
 */
typedef int plan_seconds(void *arg, const struct plan *plan, double *seconds, struct error *err);

/* Sorts by what seconds says of each plan. NULL: out of memory; then below was not taken. */
struct planner *plan_longest_open(struct planner *below, plan_seconds *seconds, void *arg);

#endif
