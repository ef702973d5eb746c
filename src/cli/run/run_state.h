/*
 * run_state - what a run is made of; for run.c and the run_*.c beside it only
 */
#ifndef CLI_RUN_RUN_STATE_H
#define CLI_RUN_RUN_STATE_H

#include <regex.h>

#include "base/signals.h"
#include "cli/output/describe.h"
#include "cli/output/keep_order.h"
#include "cli/output/out_group.h"
#include "cli/output/out_line.h"
#include "cli/output/outq.h"
#include "cli/output/progress.h"
#include "cli/output/results.h"
#include "cli/output/sink.h"
#include "cli/output/summary.h"
#include "cli/output/trouble.h"
#include "cli/output/verdict.h"
#include "cli/run/feed.h"
#include "cli/run/ledger.h"
#include "cli/run/pace.h"
#include "cli/run/run_setup.h"

struct run {
	const struct options *options;
	const struct run_setup *setup;
	struct covey *ex;
	struct feed *feed;
	bool input_read;               /* to its end */

	/* what becomes of events: see run_open.c */
	struct sinks sinks;
	struct ledger ledger;
	struct results *results;       /* or NULL */
	struct summary *summary;
	struct describe about;         /* what the summary's words need to know */
	struct verdict verdict;
	struct pace pace;
	bool told_waiting;             /* it was said that nothing runs because of the pace */
	regex_t retry_match;
	bool has_retry_match;

	/* the way to standard output and standard error */
	struct outq *q;
	struct progress *progress;
	struct keep_order *order;
	struct out_group *group;       /* one of these two, or neither (-u) */
	struct out_line *line;
	bool reading_paused;           /* children wait until their output is read again */

	/* how it ends */
	struct trouble trouble;
	uint64_t nlost;                /* how often something of a task's output was lost */
	uint64_t told_of;              /* the task of the current event; 0: there is no event */
	bool lost_now;                 /* output of that task was lost during the event */
	bool concluding;               /* nothing runs any more */
	bool halted;
	struct signals signals;
	unsigned workers;              /* how many tasks may run at once; signals change it */
	bool ending;                   /* SIGUSR2 asked the run to start no more */
	int sig;                       /* the signal that ended the run, or 0 */
	unsigned nstops;               /* how often a signal asked the run to stop */
	covey_nsec stopped_at;         /* when the first signal did */
	bool told_stopping;            /* it was said that a second signal kills at once */
	char stopped_by[64];
};

/* Prints a line of covey's own, after "covey: ". */
void run_complain(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
