/*
 * report - prints what a journal says about runs
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "journal/journal_db.h"

struct report_verdict {
	bool found;             /* the run exists */
	bool clean;             /* it has ended, and every task succeeded, in it or earlier */
};

/*
 * All print to standard output, and return 0, or -1 with a message. run is a run's number; 0 means
 * the last run.
 */
int report_run(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err);

/* Prints the inputs of tasks that have not succeeded, with a NUL after each. */
int report_failed0(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err);

/*
 * Prints the commands that were flaky in any run, with counts and the last such run. *verdict is
 * about the last run.
 */
int report_flaky(const struct journal_db *db, struct report_verdict *verdict,
    struct error *err);

/* Prints the head of each run. *verdict is about the last run. */
int report_list(const struct journal_db *db, struct report_verdict *verdict, struct error *err);

#endif
