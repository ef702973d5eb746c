/*
 * run_callbacks - what the executor asks and tells a run: the next task, may it start, what happened
 */
#ifndef CLI_RUN_RUN_CALLBACKS_H
#define CLI_RUN_RUN_CALLBACKS_H

#include "cli/run/run_state.h"

/* To be called when all sinks are there, and before the executor is. */
void run_set_callbacks(struct run *run, struct covey_options *options);

#endif
