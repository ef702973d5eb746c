/*
 * report - what a journal has to say about a run
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "journal/journal_db.h"

/* How a run stands. */
struct report_verdict {
	bool found;             /* there is such a run */
	bool clean;             /* it has ended, and every task succeeded, in it or before */
};

/*
 * These print to standard output, of the run of that number, or of the last one where it is 0, and
 * return 0, or -1 with a message.
 */
int report_run(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err);

/* The inputs of tasks that have not succeeded, each with a NUL behind it. */
int report_failed0(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err);

/*
 * The commands that have been flaky in any run: how often, of how many times, and when last;
 * *verdict is the last run's.
 */
int report_flaky(const struct journal_db *db, struct report_verdict *verdict,
    struct error *err);

/* A line for each run; *verdict is the last one's. */
int report_list(const struct journal_db *db, struct report_verdict *verdict, struct error *err);

#endif
