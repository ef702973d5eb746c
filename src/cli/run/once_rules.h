/*
 * once_rules - how a run ends that stands for its only command (--once)
 */
#ifndef CLI_RUN_ONCE_RULES_H
#define CLI_RUN_ONCE_RULES_H

#include "cli/output/verdict.h"

extern const struct verdict_rules once_rules;

#endif
