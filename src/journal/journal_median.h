/*
 * journal_median - how long a task has taken, by what the journal knows of its like
 *
 * The median over the successes of the same content, in all runs until now.
 */
#ifndef JOURNAL_JOURNAL_MEDIAN_H
#define JOURNAL_JOURNAL_MEDIAN_H

#include "journal/journal_db.h"
#include "journal/journal_key.h"

struct journal_median;

/* Looks at what is there now. The database must outlive it. NULL with a message. */
struct journal_median *journal_median_open(const struct journal_db *db, struct error *err);
void journal_median_close(struct journal_median *median);

/* INFINITY where there has been no success. Returns 0, or -1 with a message. */
int journal_median_of(struct journal_median *median, const struct journal_key *key,
    double *seconds, struct error *err);

#endif
