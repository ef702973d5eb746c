/*
 * run_open - everything that a run needs: its sinks, its records, its executor
 */
#ifndef CLI_RUN_RUN_OPEN_H
#define CLI_RUN_RUN_OPEN_H

#include "cli/run/run_state.h"

/* Everything up to the first turn. Returns the status to exit with where it fails, with a message. */
int run_open(struct run *run, struct error *err);

/* Also after a run_open that has failed. */
void run_close(struct run *run);

#endif
