/*
 * progress - how far the run is, for who watches
 *
 * A bar on a terminal, redrawn in place; or a plain line now and then, so that whoever waits for
 * silence to mean a hang (CI, a person) knows better.
 */
#ifndef CLI_OUTPUT_PROGRESS_H
#define CLI_OUTPUT_PROGRESS_H

#include "covey.h"
#include "cli/options/options.h"
#include "cli/output/outq.h"

struct progress;

/* NULL when memory runs out. */
struct progress *progress_new(struct outq *q, enum options_progress how);
void progress_free(struct progress *progress);

/* Does it show anything? */
bool progress_shows(const struct progress *progress);

/* Shows what is due; returns how long until the next time, negative: never. */
covey_nsec progress_tick(struct progress *progress, struct covey *ex);

/* Removes the bar. */
void progress_end(struct progress *progress);

/* Lists what is running, on stderr. */
void progress_list(struct outq *q, struct covey *ex);

#endif
