#include "cli/run/ledger.h"

/*
 * To write is dear where there are thousands of tasks a second: what happens then is written in one
 * go, so long after the last time. Only starts are worth more, as long as there are not too many.
 */
#define SETTLE_AFTER (5 * COVEY_MSEC)
#define START_EVERY (20 * COVEY_MSEC)
#define STARTS_IN_A_ROW 64

static int open_journal(struct ledger *r, const struct ledger_setup *setup, struct error *err)
{
	struct sink sink;

	if (setup->options->journal == NULL)
		return 0;
	r->journal = journal_open(setup->options, setup->argv, err);
	if (r->journal == NULL)
		return -1;
	sink = journal_sink(r->journal);
	sinks_add(setup->sinks, &sink);
	return 0;
}

static int open_joblog(struct ledger *r, const struct ledger_setup *setup, struct error *err)
{
	const struct options *options = setup->options;
	struct sink sink;

	if (options->joblog == NULL)
		return 0;
	r->joblog = joblog_open(options->joblog, options->recovery != RECOVERY_NONE, err);
	if (r->joblog == NULL)
		return -1;
	sink = joblog_sink(r->joblog);
	sinks_add(setup->sinks, &sink);
	return 0;
}

int ledger_open(struct ledger *r, const struct ledger_setup *setup, struct error *err)
{
	*r = (struct ledger){ .q = setup->q, .trouble = setup->trouble };
	return open_journal(r, setup, err) != 0 ? -1 : open_joblog(r, setup, err);
}

void ledger_close(struct ledger *r)
{
	joblog_close(r->joblog);
	journal_close(r->journal);
}

static bool is_kept(const struct ledger *r)
{
	return (r->journal != NULL || r->joblog != NULL) && !r->failed;
}

int ledger_start(struct ledger *r, struct error *err)
{
	if (r->journal != NULL && journal_start(r->journal, err) != 0)
		return -1;
	if (r->joblog != NULL && joblog_start(r->joblog) != 0)
		return error_set(err, "%s", joblog_error(r->joblog));
	outq_set_gate(r->q, is_kept(r));
	return 0;
}

/* Nothing is held back any more for the sake of records that there will not be. */
static void fail(struct ledger *r, const char *why)
{
	trouble_report(r->trouble, TROUBLE_RECORDS, 0, "%s", why);
	r->failed = true;
	outq_set_gate(r->q, false);
}

static void check_journal(struct ledger *r, int result)
{
	if (result != 0)
		fail(r, journal_error(r->journal));
}

static void flush_joblog(struct ledger *r)
{
	if (r->joblog != NULL && joblog_flush(r->joblog) != 0)
		fail(r, joblog_error(r->joblog));
}

/* The journal is up to date, or it cannot be. */
static void let_go(struct ledger *r, const struct covey *ex)
{
	if (!r->failed)
		flush_joblog(r);
	outq_open_gate(r->q);
	r->settled = covey_now(ex);
}

void ledger_settle(struct ledger *r, const struct covey *ex)
{
	if (!is_kept(r))
		return;
	if (r->journal != NULL)
		check_journal(r, journal_settle(r->journal));
	let_go(r, ex);
}

static bool may_write_start(struct ledger *r, covey_nsec now)
{
	if (r->starts_paid - now > STARTS_IN_A_ROW * START_EVERY)
		return false;
	r->starts_paid = (r->starts_paid > now ? r->starts_paid : now) + START_EVERY;
	return true;
}

void ledger_starting(struct ledger *r, const struct covey *ex, const struct covey_task *task,
    unsigned slot)
{
	if (!is_kept(r) || r->journal == NULL || !may_write_start(r, covey_now(ex)))
		return;
	check_journal(r, journal_starting(r->journal, task, slot));
	let_go(r, ex);
}

static bool is_behind(const struct ledger *r)
{
	return (r->journal != NULL && journal_is_behind(r->journal))
	    || (r->joblog != NULL && joblog_is_behind(r->joblog));
}

void ledger_tick(struct ledger *r, struct covey *ex, covey_nsec *wait)
{
	covey_nsec age;

	if (!is_kept(r))
		return;
	if (!is_behind(r)) {
		outq_open_gate(r->q);
		return;
	}
	age = covey_now(ex) - r->settled;
	if (age >= SETTLE_AFTER) {
		/* once more there is an empty slot to be filled first */
		r->put_off = !r->put_off && covey_next_deadline(ex) == 0;
		if (r->put_off)
			*wait = 0;
		else
			ledger_settle(r, ex);
	} else if (*wait < 0 || *wait > SETTLE_AFTER - age) {
		*wait = SETTLE_AFTER - age;
	}
}

void ledger_end(struct ledger *r, int status, int sig, bool input_read)
{
	if (!is_kept(r))
		return;
	flush_joblog(r);
	if (r->journal != NULL)
		check_journal(r, journal_end(r->journal, status, sig, input_read));
	outq_set_gate(r->q, false);
}
