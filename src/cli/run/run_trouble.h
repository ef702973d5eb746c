/*
 * run_trouble - what a run does when covey itself cannot go on as it should
 */
#ifndef CLI_RUN_RUN_TROUBLE_H
#define CLI_RUN_RUN_TROUBLE_H

#include "cli/run/run_state.h"

/* Reacts to all that was reported since the last call. */
void run_react(struct run *run);

#endif
