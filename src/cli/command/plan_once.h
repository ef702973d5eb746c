/*
 * plan_once - a planner that has one task: a command as it stands on the command line
 */
#ifndef CLI_COMMAND_PLAN_ONCE_H
#define CLI_COMMAND_PLAN_ONCE_H

#include "cli/command/plan.h"

/* The words must outlive the planner; nothing in them is replaced. NULL: out of memory. */
struct planner *plan_once_open(char *const *words, size_t n);

#endif
