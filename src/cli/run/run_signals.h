/*
 * run_signals - what signals do to a run, those that the guard relays among them
 */
#ifndef CLI_RUN_RUN_SIGNALS_H
#define CLI_RUN_RUN_SIGNALS_H

#include "cli/run/run_state.h"

/* Catches them from here on. Returns 0, or -1 with *err filled in. */
int run_watch_signals(struct run *run, struct error *err);

/*
 * Before a turn that may wait so long: says, once, that a stop takes its time and what a second signal
 * does, or has the turn wait no longer than until that is to be said.
 */
void run_say_stopping(struct run *run, covey_nsec *wait);

#endif
