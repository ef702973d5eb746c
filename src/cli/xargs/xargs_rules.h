/*
 * xargs_rules - how a run ends that stands for xargs
 */
#ifndef CLI_XARGS_XARGS_RULES_H
#define CLI_XARGS_XARGS_RULES_H

#include "cli/output/verdict.h"

extern const struct verdict_rules xargs_rules;

#endif
