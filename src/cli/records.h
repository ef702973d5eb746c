/*
 * records - the journal and the job log of a run, and when they are written
 *
 * What happens is on record before anybody sees it: while there are records, the queue of outputs
 * holds back what is put into it, and records_settle writes them and then lets it go. An attempt is
 * on record before it is started; where more than 50 a second are, within five milliseconds.
 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include "clierror.h"
#include "covey.h"
#include "joblog.h"
#include "journal.h"
#include "options.h"
#include "outq.h"
#include "sink.h"

struct records {
	struct journal *journal;    /* or NULL */
	struct joblog *joblog;      /* or NULL */
	struct outq *q;
	covey_nsec settled;         /* when it was done last */
	covey_nsec starts_paid;     /* until when one start in START_EVERY has been written */
	bool put_off;               /* that it is done was put off for a turn */
	bool failed;                /* nothing is written any more */
};

/* Opens what the options name, and adds its sinks. Returns 0, or -1 with a message. */
int records_open(struct records *r, const struct options *options, const char *const *argv,
    struct outq *q, struct sinks *sinks, struct cli_error *err);
void records_close(struct records *r);

/* The run begins. Returns 0, or -1 with a message. */
int records_start(struct records *r, struct cli_error *err);

/* Writes what has happened. Returns 0, or -1 with a message, and from then on 0. */
int records_settle(struct records *r, const struct covey *ex, struct cli_error *err);

/* An attempt is about to be started. Returns as records_settle. */
int records_starting(struct records *r, const struct covey *ex, const struct covey_task *task,
    unsigned slot, struct cli_error *err);

/*
 * Before a turn that may wait so long: settles, if it is time to, or has it wait no longer than until
 * then. Returns as records_settle.
 */
int records_pace(struct records *r, struct covey *ex, covey_nsec *wait, struct cli_error *err);

/* The run has ended, as journal_end has it. Returns as records_settle. */
int records_end(struct records *r, int status, int sig, bool input_read, struct cli_error *err);

#endif
