/*
 * outcomes - the lists of --retry-on and --no-retry-on
 */
#ifndef CLI_OPTIONS_OUTCOMES_H
#define CLI_OPTIONS_OUTCOMES_H

#include "covey.h"
#include "base/error.h"

/*
 * Adds to *set what a list names: outcome words (exit, signal, timeout, spawn, any), exit statuses
 * and ranges of them (75, 1-99), signals by name (SIGSEGV, SEGV), with commas between. "any" is
 * all four words. A parser as units.h has them.
 */
int outcomes_add(const char *list, struct covey_outcomes *set, struct error *err);

#endif
