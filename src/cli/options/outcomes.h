/*
 * outcomes - the lists of --retry-on and --no-retry-on
 */
#ifndef CLI_OPTIONS_OUTCOMES_H
#define CLI_OPTIONS_OUTCOMES_H

#include "covey.h"
#include "base/error.h"

/*
 * Adds the elements of a list to *set: outcome words (exit, signal, timeout, spawn, any), exit
 * statuses and ranges (75, 1-99), and names of signals (SIGSEGV, SEGV), separated by commas. "any"
 * means the four other words. A parser as in units.h.
 */
int outcomes_add(const char *list, struct covey_outcomes *set, struct error *err);

#endif
