#include "records.h"

/* The longest that anything which has happened is not on record, while there is more to start. */
#define SETTLE_AFTER (5 * COVEY_MSEC)

int records_open(struct records *r, const struct options *options, const char *const *argv,
    struct outq *q, struct sinks *sinks, struct cli_error *err)
{
	struct sink sink;

	*r = (struct records){ .q = q };
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

void records_close(struct records *r)
{
	joblog_close(r->joblog);
	journal_close(r->journal);
}

static bool is_kept(const struct records *r)
{
	return (r->journal != NULL || r->joblog != NULL) && !r->failed;
}

int records_start(struct records *r, struct cli_error *err)
{
	if (r->journal != NULL && journal_start(r->journal, err) != 0)
		return -1;
	if (r->joblog != NULL && joblog_start(r->joblog) != 0)
		return cli_error_set(err, "%s", joblog_error(r->joblog));
	outq_hold(r->q, is_kept(r));
	return 0;
}

static int write_all(struct records *r, struct cli_error *err)
{
	if (r->journal != NULL && journal_commit(r->journal) != 0)
		return cli_error_set(err, "%s", journal_error(r->journal));
	if (r->joblog != NULL && joblog_flush(r->joblog) != 0)
		return cli_error_set(err, "%s", joblog_error(r->joblog));
	return 0;
}

/* Nothing is held back any more for the sake of records that there will not be. */
static int conclude(struct records *r, int result)
{
	r->failed = result != 0;
	if (r->failed)
		outq_hold(r->q, false);
	return result;
}

int records_settle(struct records *r, const struct covey *ex, struct cli_error *err)
{
	int result;

	if (!is_kept(r))
		return 0;
	result = write_all(r, err);
	outq_release(r->q);
	r->settled = covey_now(ex);
	return conclude(r, result);
}

int records_pace(struct records *r, struct covey *ex, covey_nsec *wait, struct cli_error *err)
{
	if (!is_kept(r))
		return 0;
	if (covey_next_deadline(ex) == 0) {
		*wait = 0;
		if (covey_now(ex) - r->settled < SETTLE_AFTER)
			return 0;
	}
	return records_settle(r, ex, err);
}

int records_end(struct records *r, int status, int sig, bool input_read, struct cli_error *err)
{
	int result = 0;

	if (!is_kept(r))
		return 0;
	if (r->joblog != NULL && joblog_flush(r->joblog) != 0)
		result = cli_error_set(err, "%s", joblog_error(r->joblog));
	if (r->journal != NULL && journal_end(r->journal, status, sig, input_read) != 0)
		result = cli_error_set(err, "%s", journal_error(r->journal));
	outq_hold(r->q, false);
	return conclude(r, result);
}
