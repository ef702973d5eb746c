/*
 * run_signals - what signals do to a run, those that the guard relays among them
 */
#ifndef CLI_RUN_RUN_SIGNALS_H
#define CLI_RUN_RUN_SIGNALS_H

#include "cli/run/run_state.h"

/* Catches them from here on. Returns 0, or -1 with *err filled in. */
int run_watch_signals(struct run *run, struct error *err);

/*
 * To be called before a turn that may wait for *wait. When tasks still run a second after a signal
 * stopped the run, says once what a second signal does; before that, shortens *wait.
 */
void run_say_stopping(struct run *run, covey_nsec *wait);

#endif
