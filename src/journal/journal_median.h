/*
 * journal_median - how long a task will probably take
 *
 * That is the median duration of its successes in all earlier runs, found by its key.
 */
#ifndef JOURNAL_JOURNAL_MEDIAN_H
#define JOURNAL_JOURNAL_MEDIAN_H

#include "journal/journal_db.h"
#include "journal/journal_key.h"

struct journal_median;

/* Reads the journal as it is now. The database must outlive it. NULL with a message. */
struct journal_median *journal_median_open(const struct journal_db *db, struct error *err);
void journal_median_close(struct journal_median *median);

/* INFINITY if there was no success. Returns 0, or -1 with a message. */
int journal_median_of(struct journal_median *median, const struct journal_key *key,
    double *seconds, struct error *err);

#endif
