#include "cli/run/run_callbacks.h"

#include <signal.h>
#include <unistd.h>

#include "cli/run/jobserver.h"

static void on_refused(void *arg, const char *why)
{
	struct run *run = arg;

	run->verdict.refused++;
	run_complain(run, "%s", why);
}

/* Others wait for the turn of a task that is not run. */
static void on_left_out(void *arg, uint64_t place)
{
	const struct run *run = arg;

	keep_order_finished(run->order, place);
}

static void stop_for_halt(struct run *run)
{
	const struct halt *halt = &run->options->halt;

	run->halted = true;
	run->verdict.halted_calmly = halt->why != HALT_FAIL;
	run->verdict.halted_well = halt->why == HALT_SUCCESS;
	run->about.stopped_by = "--halt";
	covey_cancel(run->ex, halt->when == HALT_NOW ? COVEY_CANCEL_STOP : COVEY_CANCEL_WAITING);
}

static void check_halt(struct run *run)
{
	struct halt_counts counts = {
		.succeeded = run->verdict.succeeded, .failed = run->verdict.failed,
	};
	struct covey_counts all;

	if (run->options->halt.when == HALT_NEVER || run->halted || run->sig != 0)
		return;
	covey_count(run->ex, &all, sizeof all);
	counts.total = all.submitted;
	counts.total_known = run->input_read;
	if (halt_reached(&run->options->halt, &counts))
		stop_for_halt(run);
}

/* Some failures end the run: what runs may finish. */
static void check_fatal(struct run *run)
{
	const struct verdict *verdict = &run->verdict;

	if (verdict->fatal == 0 || run->halted || run->sig != 0)
		return;
	if (!run->options->quiet && feed_has_more(run->feed))
		run_complain(run, "after %s nothing more is started, as by %s", verdict->fatal_why,
		    verdict->rules->name);
	run->halted = true;
	run->about.stopped_by = "--xargs";
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

static void check_captured(struct run *run, const struct covey_event *event)
{
	if (event->type == COVEY_ENDED && event->attempt->output_errno != 0)
		trouble_report_lost(&run->trouble, event->attempt->output_errno);
}

/* It has finished, and is on record as a success: that is put right. */
static void lost_late(struct run *run, uint64_t task)
{
	const char *why = trouble_with_output(&run->trouble);

	if (run->ledger.journal != NULL && journal_lost(run->ledger.journal, task,
	    why == NULL ? "out of memory" : why, true))
		summary_lost(run->summary);
}

/* Of what that task has printed, something cannot be written. */
static void on_lost(void *arg, uint64_t task)
{
	struct run *run = arg;

	run->nlost++;
	if (task == run->told_of)
		run->lost_now = true;
	else
		lost_late(run, task);
}

/* After the sinks have had an attempt: is its output where it belongs? */
static void check_output(struct run *run, const struct covey_event *event, bool printed)
{
	struct covey_attempt *attempt = event->attempt;
	bool lost = run->lost_now || run->trouble.reports[TROUBLE_RESULTS].reported
	    || (printed && run->trouble.reports[TROUBLE_OUTPUT].reported);

	if (!lost || attempt->outcome != COVEY_SUCCESS)
		return;
	attempt->outcome = COVEY_LOST;
	attempt->reason = trouble_with_output(&run->trouble);
	if (run->ledger.journal != NULL)
		journal_lost(run->ledger.journal, event->task->id, attempt->reason, false);
}

/* Hands the event to the sinks; what they add to the queue is the task's. */
static void tell_sinks(struct run *run, const struct covey_event *event)
{
	bool ended = event->type == COVEY_ENDED, printed = ended
	    && (covey_output_size(event->attempt->out) > 0 || covey_output_size(event->attempt->err) > 0);
	bool saved = !run->trouble.reports[TROUBLE_RESULTS].reported;

	run->lost_now = false;
	run->told_of = event->task == NULL ? 0 : event->task->id;
	outq_set_owner(run->q, run->told_of);
	sinks_event(&run->sinks, event);
	outq_set_owner(run->q, 0);
	run->told_of = 0;
	if (ended)
		check_output(run, event, printed);
	else if (event->type == COVEY_FINISHED && event->outcome == COVEY_SUCCESS
	    && (run->lost_now || (saved && run->trouble.reports[TROUBLE_RESULTS].reported)))
		lost_late(run, event->task->id);
}

static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct run *run = user;

	(void)ex;
	tell_sinks(run, event);
	check_captured(run, event);
	/* covey itself writes nothing that would tell it */
	if (event->type == COVEY_ENDED && run->options->ungroup)
		outq_check(run->q, STDOUT_FILENO);
	if (event->type != COVEY_FINISHED)
		return;
	check_fatal(run);
	feed_finished(event->task);
	check_halt(run);
}

static bool on_output(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user)
{
	struct run *run = user;

	bool dealt_with;

	(void)ex;
	outq_set_owner(run->q, task->id);
	dealt_with = sinks_output(&run->sinks, task, attempt, stream, data, len);
	outq_set_owner(run->q, 0);
	return dealt_with;
}

static enum covey_next pull(struct run *run)
{
	enum covey_next result = feed_next(run->feed, run->ex);

	run->input_read |= result == COVEY_NEXT_END && feed_error(run->feed) == NULL;
	return result;
}

/* A percentage of all tasks cannot be told before all are known. */
static bool reads_ahead(const struct run *run)
{
	return run->options->halt.when != HALT_NEVER && run->options->halt.percent;
}

/*
 * Makes tasks of all the input there is. While tasks wait to be started, the executor does not ask
 * for more: that is called by the feed, too, when there is more input.
 */
static enum covey_next read_ahead(struct run *run)
{
	enum covey_next result;

	do
		result = pull(run);
	while (result == COVEY_NEXT_MORE || (result == COVEY_NEXT_LATER && !feed_waits(run->feed)));
	check_halt(run);
	return result;
}

static void on_readable(void *arg)
{
	struct run *run = arg;

	if (read_ahead(run) == COVEY_NEXT_END)
		covey_pull(run->ex);
}

static enum covey_next next(struct covey *ex, void *user)
{
	struct run *run = user;

	(void)ex;
	/* nobody takes what is printed: more tasks would only pile it up; the queue pulls again */
	if (outq_full(run->q))
		return COVEY_NEXT_LATER;
	return reads_ahead(run) ? read_ahead(run) : pull(run);
}

static const char *const *prepare(const struct covey_task *task, unsigned slot, void *user)
{
	struct run *run = user;

	ledger_starting(&run->ledger, run->ex, task, slot);
	return feed_prepares(run->feed) ? feed_prepare(run->feed, task, slot) : NULL;
}

/* With nothing running there is nothing to see but that; once is enough. */
static void say_waiting(struct run *run)
{
	char why[PACE_WORDS_SIZE];

	if (run->told_waiting || run->pace.running > 0 || run->options->quiet
	    || (run->pace.reason != PACE_LOAD && run->pace.reason != PACE_MEMORY))
		return;
	run->told_waiting = true;
	pace_why(&run->pace, why);
	run_complain(run, "waiting to start: %s", why);
}

static covey_nsec may_start(struct covey *ex, void *user)
{
	struct run *run = user;
	covey_nsec wait = !pacing_limits(&run->options->pace) ? 0
	    : pace_wait(&run->pace, covey_now(ex));

	if (wait == 0)
		return run->setup->jobserver == NULL ? COVEY_START_NOW
		    : jobserver_may_start(run->setup->jobserver, ex);
	say_waiting(run);
	return wait;
}

/* --retry-match: does the attempt's stderr say so? */
static void decide(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user)
{
	const struct run *run = user;
	char text[65536];
	ssize_t n;

	(void)task;
	if (*delay < 0)
		return;
	n = covey_output_tail(attempt->err, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	if (regexec(&run->retry_match, text, 0, NULL, 0) != 0)
		*delay = -1;
}

void run_set_callbacks(struct run *run, struct covey_options *options)
{
	const struct options *o = run->options;

	options->decide = run->has_retry_match ? decide : NULL;
	options->may_start = pacing_limits(&o->pace) || run->setup->jobserver != NULL ? may_start : NULL;
	options->next = next;
	options->prepare = feed_prepares(run->feed) || run->ledger.journal != NULL ? prepare : NULL;
	options->on_event = on_event;
	options->events = run->sinks.wants | SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED);
	options->on_output = sinks_want_output(&run->sinks) ? on_output : NULL;
	options->user = run;
	outq_on_lost(run->q, on_lost, run);
	feed_on_refused(run->feed, on_refused, run);
	if (reads_ahead(run))
		feed_on_readable(run->feed, on_readable, run);
	if (o->keep_order && o->shuf)
		feed_on_left_out(run->feed, on_left_out, run);
}
