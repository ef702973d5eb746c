/*
 * ledger - the journal and the job log of a run, and when they are written
 *
 * Events are on record before anybody sees them: while a run has records, the queue of outputs has a
 * gate, and ledger_settle writes the records and then opens the gate. An attempt is on record before
 * it is started; if more than 50 attempts start in a second, within five milliseconds.
 */
#ifndef CLI_RUN_LEDGER_H
#define CLI_RUN_LEDGER_H

#include "covey.h"
#include "base/error.h"
#include "cli/options/options.h"
#include "cli/output/joblog.h"
#include "cli/output/outq.h"
#include "cli/output/sink.h"
#include "cli/output/trouble.h"
#include "cli/run/journal.h"

struct ledger {
	struct journal *journal;    /* or NULL */
	struct joblog *joblog;      /* or NULL */
	struct outq *q;
	struct trouble *trouble;
	covey_nsec settled;         /* when the records were last written */
	covey_nsec starts_paid;     /* until when one start in START_EVERY has been written */
	bool put_off;               /* writing was put off for one turn */
	bool failed;                /* nothing is written any more */
};

/* All of it but argv and the options lasts as long as the run. */
struct ledger_setup {
	const struct options *options;
	const char *const *argv;
	struct outq *q;
	struct sinks *sinks;
	struct trouble *trouble;    /* what cannot be written once the run has begun: TROUBLE_RECORDS */
};

/* Opens what the options name, and adds its sinks. Returns 0, or -1 with a message. */
int ledger_open(struct ledger *r, const struct ledger_setup *setup, struct error *err);
void ledger_close(struct ledger *r);

/* The run begins. Returns 0, or -1 with a message. */
int ledger_start(struct ledger *r, struct error *err);

/* Writes what has happened. */
void ledger_settle(struct ledger *r, const struct covey *ex);

/* An attempt is about to be started. */
void ledger_starting(struct ledger *r, const struct covey *ex, const struct covey_task *task,
    unsigned slot);

/*
 * To be called before a turn that may wait for *wait: writes the records if their time has come, or
 * shortens *wait so that the turn ends by then.
 */
void ledger_tick(struct ledger *r, struct covey *ex, covey_nsec *wait);

/* The run has ended, as journal_end has it. May be called again to put that right. */
void ledger_end(struct ledger *r, int status, int sig, bool input_read);

#endif
