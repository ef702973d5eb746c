/*
 * run - one run of the command: the executor, what feeds it, and what listens to it
 */
#ifndef CLI_RUN_RUN_H
#define CLI_RUN_RUN_H

#include "cli/run/run_setup.h"

/* Runs everything. What went wrong has been said on stderr. */
struct run_end run(const struct run_setup *setup);

/* Prints the commands that would be run. */
struct run_end run_dry(const struct run_setup *setup);

#endif
