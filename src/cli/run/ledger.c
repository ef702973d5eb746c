#include "cli/run/ledger.h"

/*
 * To write is dear where there are thousands of tasks a second: what happens then is written in one
 * go, so long after the last time. Only starts are worth more, as long as there are not too many.
 */
#define SETTLE_AFTER (5 * COVEY_MSEC)
#define START_EVERY (20 * COVEY_MSEC)
#define STARTS_IN_A_ROW 64

int ledger_open(struct ledger *r, const struct options *options, const char *const *argv,
    struct outq *q, struct sinks *sinks, struct error *err)
{
	struct sink sink;

	*r = (struct ledger){ .q = q };
	if (options->journal != NULL) {
		r->journal = journal_open(options, argv, err);
		if (r->journal == NULL)
			return -1;
		sink = journal_sink(r->journal);
		sinks_add(sinks, &sink);
	}
	if (options->joblog != NULL) {
		r->joblog = joblog_open(options->joblog, options->recovery != RECOVERY_NONE, err);
		if (r->joblog == NULL)
			return -1;
		sink = joblog_sink(r->joblog);
		sinks_add(sinks, &sink);
	}
	return 0;
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
	outq_hold(r->q, is_kept(r));
	return 0;
}

static int journal_says(const struct ledger *r, int result, struct error *err)
{
	return result == 0 ? 0 : error_set(err, "%s", journal_error(r->journal));
}

static int flush_joblog(const struct ledger *r, struct error *err)
{
	if (r->joblog == NULL || joblog_flush(r->joblog) == 0)
		return 0;
	return error_set(err, "%s", joblog_error(r->joblog));
}

/* Nothing is held back any more for the sake of records that there will not be. */
static int conclude(struct ledger *r, int result)
{
	r->failed = result != 0;
	if (r->failed)
		outq_hold(r->q, false);
	return result;
}

/* The journal is up to date, or it cannot be. */
static int let_go(struct ledger *r, const struct covey *ex, int result, struct error *err)
{
	if (result == 0)
		result = flush_joblog(r, err);
	outq_release(r->q);
	r->settled = covey_now(ex);
	return conclude(r, result);
}

int ledger_settle(struct ledger *r, const struct covey *ex, struct error *err)
{
	int result = 0;

	if (!is_kept(r))
		return 0;
	if (r->journal != NULL)
		result = journal_says(r, journal_settle(r->journal), err);
	return let_go(r, ex, result, err);
}

static bool may_write_start(struct ledger *r, covey_nsec now)
{
	if (r->starts_paid - now > STARTS_IN_A_ROW * START_EVERY)
		return false;
	r->starts_paid = (r->starts_paid > now ? r->starts_paid : now) + START_EVERY;
	return true;
}

int ledger_starting(struct ledger *r, const struct covey *ex, const struct covey_task *task,
    unsigned slot, struct error *err)
{
	if (!is_kept(r) || r->journal == NULL || !may_write_start(r, covey_now(ex)))
		return 0;
	return let_go(r, ex, journal_says(r, journal_starting(r->journal, task, slot), err), err);
}

static bool is_behind(const struct ledger *r)
{
	return (r->journal != NULL && journal_is_behind(r->journal))
	    || (r->joblog != NULL && joblog_is_behind(r->joblog));
}

int ledger_pace(struct ledger *r, struct covey *ex, covey_nsec *wait, struct error *err)
{
	covey_nsec age;

	if (!is_kept(r))
		return 0;
	if (!is_behind(r)) {
		outq_release(r->q);
		return 0;
	}
	age = covey_now(ex) - r->settled;
	if (age >= SETTLE_AFTER) {
		/* once more there is an empty slot to be filled first */
		r->put_off = !r->put_off && covey_next_deadline(ex) == 0;
		if (!r->put_off)
			return ledger_settle(r, ex, err);
		*wait = 0;
		return 0;
	}
	if (*wait < 0 || *wait > SETTLE_AFTER - age)
		*wait = SETTLE_AFTER - age;
	return 0;
}

int ledger_end(struct ledger *r, int status, int sig, bool input_read, struct error *err)
{
	int result, flushed;

	if (!is_kept(r))
		return 0;
	result = flushed = flush_joblog(r, err);
	if (r->journal != NULL)
		result = journal_says(r, journal_end(r->journal, status, sig, input_read), err);
	outq_hold(r->q, false);
	return conclude(r, flushed != 0 ? flushed : result);
}
