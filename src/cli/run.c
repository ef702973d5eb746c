#include "run.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "feed.h"
#include "jobs.h"
#include "order.h"
#include "out_group.h"
#include "out_line.h"
#include "outq.h"
#include "pace.h"
#include "progress.h"
#include "records.h"
#include "results.h"
#include "shquote.h"
#include "signals.h"
#include "sink.h"
#include "summary.h"
#include "units.h"
#include "verdict.h"
#include "xargs.h"
#include "xargs_feed.h"

enum { MOST_SKIPPED = 1000 };

struct run {
	const struct options *options;
	const struct run_setup *setup;
	struct covey *ex;
	struct feed *feed;
	struct outq *q;
	struct order *order;
	struct out_group *group;       /* one of these two, or neither (-u) */
	struct out_line *line;
	struct summary *summary;
	struct progress *progress;
	struct results *results;       /* or NULL */
	struct records records;
	unsigned nskipped;             /* tasks in a row */
	bool input_read;               /* to its end */
	struct sinks sinks;
	struct verdict verdict;
	struct describe about;
	struct signals signals;
	struct pace pace;
	bool told_results;             /* that they cannot be written */
	bool told_waiting;             /* that nothing runs because of the pace */
	regex_t retry_match;
	bool has_retry_match;
	bool halted;
	bool ending;                   /* asked to start no more (SIGUSR2) */
	unsigned workers;              /* how many tasks may run at once */
	bool held;                     /* children wait for stdout or stderr to take more */
	int sig;                       /* the signal that ended the run, or 0 */
	unsigned nstops;               /* how often it was asked for */
	char stopped_by[64];
};

/* ---- what covey itself has to say ---- */

static void complain(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct run *run, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	outq_printf(run->q, STDERR_FILENO, "covey: %s\n", text);
}

static void break_off(struct run *run, const char *what, int sys_errno)
{
	if (!run->verdict.broken)
		complain(run, "%s: %s", what, strerror(sys_errno));
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_STOP);
}

static void on_refused(void *arg, const char *why)
{
	struct run *run = arg;

	run->verdict.refused++;
	complain(run, "%s", why);
}

/* Others wait for the turn of a task that is not run. */
static void on_left_out(void *arg, uint64_t place)
{
	const struct run *run = arg;

	order_finished(run->order, place);
}

/* What runs may go on, and is shown; but nothing is known of it any more. */
static void stop_recording(struct run *run, const struct cli_error *why)
{
	complain(run, "%s; what runs may finish, and no more is started", why->message);
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

static void settle(struct run *run)
{
	struct cli_error why;

	if (records_settle(&run->records, run->ex, &why) != 0)
		stop_recording(run, &why);
}

static void pace(struct run *run, covey_nsec *wait)
{
	struct cli_error why;

	if (records_pace(&run->records, run->ex, wait, &why) != 0)
		stop_recording(run, &why);
}

/* ---- callbacks of the executor ---- */

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
	counts.total_known = covey_input_ended(run->ex);
	if (halt_reached(&run->options->halt, &counts))
		stop_for_halt(run);
}

/* After some failures xargs starts no other command, but waits for those that run. */
static void check_xargs(struct run *run, const struct covey_event *event)
{
	struct xargs_feed *xargs = feed_xargs(run->feed);
	const char *why = xargs == NULL ? NULL : xargs_feed_finished(xargs, event);

	if (why == NULL || run->halted || run->sig != 0)
		return;
	if (!run->options->quiet && feed_has_more(run->feed))
		complain(run, "after %s nothing more is started, as by xargs", why);
	run->halted = true;
	run->about.stopped_by = "--xargs";
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

static void check_captured(struct run *run, const struct covey_event *event)
{
	if (event->type == COVEY_ENDED && event->attempt->output_errno != 0)
		break_off(run, "cannot keep what a task has printed", event->attempt->output_errno);
}

static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct run *run = user;

	(void)ex;
	sinks_event(&run->sinks, event);
	check_captured(run, event);
	/* covey itself writes nothing that would tell it */
	if (event->type == COVEY_ENDED && run->options->ungroup)
		outq_check(run->q, STDOUT_FILENO);
	if (event->type != COVEY_FINISHED)
		return;
	check_xargs(run, event);
	feed_finished(event->task);
	check_halt(run);
}

static bool on_output(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user)
{
	struct run *run = user;

	(void)ex;
	return sinks_output(&run->sinks, task, attempt, stream, data, len);
}

/*
 * What came of asking for the next task. Those that are left out are many and quick: a turn looks at
 * no more of them than it has time for, and has itself asked again in the next one.
 */
static enum covey_next look_at(struct run *run, enum covey_next result)
{
	unsigned skipped = feed_skipped(run->feed);

	run->input_read |= result == COVEY_NEXT_END && feed_error(run->feed) == NULL;
	run->nskipped = skipped == 0 ? 0 : run->nskipped + skipped;
	if (result != COVEY_NEXT_MORE || run->nskipped < MOST_SKIPPED)
		return result;
	run->nskipped = 0;
	covey_pull(run->ex);
	return COVEY_NEXT_LATER;
}

static enum covey_next read_ahead(struct run *run)
{
	enum covey_next result;

	do
		result = look_at(run, feed_next(run->feed, run->ex));
	while (result == COVEY_NEXT_MORE);
	return result;
}

static enum covey_next next(struct covey *ex, void *user)
{
	struct run *run = user;

	/* nobody takes what is printed: more tasks would only pile it up; the queue pulls again */
	if (outq_full(run->q))
		return COVEY_NEXT_LATER;
	/* a part of all tasks cannot be told before all are known */
	if (run->options->halt.when != HALT_NEVER && run->options->halt.percent)
		return read_ahead(run);
	return look_at(run, feed_next(run->feed, ex));
}

static const char *const *prepare(const struct covey_task *task, unsigned slot, void *user)
{
	struct run *run = user;
	struct cli_error why;

	if (records_starting(&run->records, run->ex, task, slot, &why) != 0)
		stop_recording(run, &why);
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
	complain(run, "waiting to start: %s", why);
}

static covey_nsec may_start(struct covey *ex, void *user)
{
	struct run *run = user;
	covey_nsec wait = !pace_limits(&run->options->pace) ? 0
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

/* ---- signals ---- */

static void stop_for_signal(struct run *run, int sig)
{
	bool again = run->sig != 0;

	run->nstops++;
	if (!again) {
		run->sig = sig;
		snprintf(run->stopped_by, sizeof run->stopped_by, "%s", units_signal_name(sig));
		run->about.stopped_by = run->stopped_by;
	}
	covey_cancel(run->ex, again ? COVEY_CANCEL_KILL : COVEY_CANCEL_STOP);
}

/* Everything stops, then we do, and so does the guard; it all goes on together. */
static void stop_and_go_on(struct run *run)
{
	covey_suspend(run->ex);
	settle(run);
	raise(SIGSTOP);
	covey_resume(run->ex);
}

/* What runs may finish. Where nothing has been stopped by then, this is who did it. */
static void start_no_more(struct run *run)
{
	struct covey_counts counts;

	if (run->ending || run->sig != 0)
		return;
	run->ending = true;
	if (!run->halted)
		run->about.stopped_by = "SIGUSR2";
	covey_count(run->ex, &counts, sizeof counts);
	if (!run->options->quiet)
		complain(run, "SIGUSR2: no more is started; %llu still running",
		    (unsigned long long)counts.running);
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

/* To xargs these signals mean one more at once, and one less. */
static void change_workers(struct run *run, int sig)
{
	unsigned workers = sig == SIGUSR1 ? run->workers + 1 : run->workers - 1;

	if (workers >= 1 && covey_set_workers(run->ex, workers, NULL) == 0)
		run->workers = workers;
}

static void handle(struct run *run, int sig)
{
	switch (sig) {
	case SIGTSTP:
		stop_and_go_on(run);
		break;
	case SIGUSR1:
	case SIGUSR2:
		if (feed_xargs(run->feed) != NULL)
			change_workers(run, sig);
		else if (sig == SIGUSR1)
			progress_list(run->q, run->ex);
		else
			start_no_more(run);
		break;
	case SIGCONT:
		covey_guard_wake(run->setup->guard);
		break;
	case SIGWINCH:
		break;
	default:
		stop_for_signal(run, sig);
		break;
	}
}

static void on_signal(struct covey *ex, int fd, unsigned events, void *user)
{
	struct run *run = user;
	int sig;

	(void)ex;
	(void)fd;
	(void)events;
	while ((sig = signals_next(&run->signals)) != 0)
		handle(run, sig);
}

static void on_guard(struct covey *ex, int fd, unsigned events, void *user)
{
	struct run *run = user;
	int sig;

	(void)events;
	while ((sig = signals_next_relayed(&run->signals)) > 0)
		handle(run, sig);
	if (sig == 0)
		return;
	covey_watch(ex, fd, 0, NULL, NULL, NULL);
	complain(run, "the guard process is gone: stopping");
	stop_for_signal(run, SIGTERM);
}

/* ---- setting up ---- */

static unsigned flags(const struct options *o)
{
	unsigned set = COVEY_SUBREAPER | COVEY_SOLE_PARENT | COVEY_CGROUP | COVEY_EXPORT
	    | COVEY_FIXED_HANDLERS;

	if (o->keep_leftovers)
		set |= COVEY_KEEP_LEFTOVERS;
	else
		set |= COVEY_DIE_WITH_PARENT;
	if (o->ungroup)
		set |= COVEY_INHERIT_OUTPUT;
	return set;
}

static void set_retries(struct covey_options *options, const struct options *o)
{
	options->max_tries = o->tries;
	options->retry_interval = o->retry_interval;
	options->backoff = o->backoff;
	options->max_interval = o->max_interval;
	options->jitter = o->jitter;
	if (o->given[OPT_RETRY_ON])
		options->retry_on = o->retry_on;
	options->no_retry_on = o->no_retry_on;
}

static void set_options(struct run *run, struct covey_options *options)
{
	const struct options *o = run->options;

	covey_options_init(options, sizeof *options);
	options->flags = flags(o);
	options->max_workers = run->workers = jobs_resolve(&o->jobs, run->setup->nofile);
	set_retries(options, o);
	options->decide = run->has_retry_match ? decide : NULL;
	options->timeout = o->timeout;
	options->slow = o->slow;
	options->kill_after = o->kill_after;
	options->deadline = o->deadline;
	options->stop_signal = o->stop_signal;
	options->max_output = o->max_output;
	options->reason_dir = run->setup->scratch;
	options->run_id = run->records.journal == NULL ? NULL
	    : journal_run_uid(run->records.journal);
	options->child_nofile = run->setup->child_nofile;
	options->may_start = pace_limits(&o->pace) || run->setup->jobserver != NULL ? may_start : NULL;
	options->ninherit_fds = jobserver_fds(run->setup->jobserver, &options->inherit_fds);
	options->env = jobserver_environ(run->setup->jobserver);
	options->nice = o->nice;
	options->limits = o->limits.list;
	options->nlimits = o->limits.n;
	options->slot_var = o->slot_var;
	options->next = next;
	options->prepare = feed_prepares(run->feed) || run->records.journal != NULL ? prepare : NULL;
	options->on_event = on_event;
	options->events = run->sinks.wants | SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED);
	options->on_output = sinks_want_output(&run->sinks) ? on_output : NULL;
	options->user = run;
}

static int out_of_memory(struct cli_error *err)
{
	return cli_error_set(err, "out of memory");
}

static int open_records(struct run *run, struct cli_error *err)
{
	if (records_open(&run->records, run->options, run->setup->argv, run->q, &run->sinks, err) != 0)
		return -1;
	if (run->records.journal != NULL)
		feed_set_journal(run->feed, run->records.journal);
	return 0;
}

static int add_summary(struct run *run, struct cli_error *err)
{
	const struct options *o = run->options;
	struct summary_options options = {
		.quiet = o->quiet, .verbose = o->verbose, .watched = progress_shows(run->progress),
		.slow = o->slow, .about = &run->about,
	};
	struct sink sink;

	run->about.timeout = o->timeout;
	run->about.deadline = o->deadline;
	run->about.limits = &o->limits;
	run->summary = summary_new(run->q, &options);
	if (run->summary == NULL)
		return out_of_memory(err);
	sink = summary_sink(run->summary);
	sinks_add(&run->sinks, &sink);
	sink = verdict_sink(&run->verdict);
	sinks_add(&run->sinks, &sink);
	return 0;
}

static int add_output(struct run *run, struct cli_error *err)
{
	struct sink sink;

	run->order = order_new(run->q, run->options->keep_order);
	if (run->order == NULL)
		return out_of_memory(err);
	if (run->options->ungroup)
		return 0;
	if (run->options->line_buffer) {
		run->line = out_line_new(run->q, run->order);
		if (run->line == NULL)
			return out_of_memory(err);
		sink = out_line_sink(run->line);
	} else {
		run->group = out_group_new(run->order);
		if (run->group == NULL)
			return out_of_memory(err);
		sink = out_group_sink(run->group);
	}
	sinks_add(&run->sinks, &sink);
	return 0;
}

static int add_results(struct run *run, struct cli_error *err)
{
	struct sink sink;

	if (run->options->results == NULL)
		return 0;
	run->results = results_new(run->options->results);
	if (run->results == NULL)
		return out_of_memory(err);
	sink = results_sink(run->results);
	sinks_add(&run->sinks, &sink);
	return 0;
}

static void add_jobserver(struct run *run)
{
	struct sink sink;

	if (run->setup->jobserver == NULL)
		return;
	sink = jobserver_sink(run->setup->jobserver);
	sinks_add(&run->sinks, &sink);
}

static void add_pace(struct run *run)
{
	struct pace_options options = run->options->pace;
	struct sink sink = pace_sink(&run->pace);

	if (!pace_limits(&options))
		return;
	options.cpus = jobs_cpus();
	pace_init(&run->pace, &options, NULL);
	sinks_add(&run->sinks, &sink);
}

static int compile_retry_match(struct run *run, struct cli_error *err)
{
	const char *text = run->options->retry_match;

	if (text == NULL)
		return 0;
	if (regcomp(&run->retry_match, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return cli_error_set(err, "cannot use '%s' as a regular expression", text);
	run->has_retry_match = true;
	return 0;
}

static int open_executor(struct run *run, struct cli_error *err)
{
	struct covey_options options;
	struct covey_error why;

	set_options(run, &options);
	run->ex = covey_new(&options, &why);
	if (run->ex == NULL)
		return cli_error_set(err, "%s", why.message);
	run->pace.ex = run->ex;
	outq_attach(run->q, run->ex);
	feed_on_refused(run->feed, on_refused, run);
	if (run->options->keep_order
	    && (run->options->order == ORDER_LONGEST || run->options->shuf))
		feed_on_left_out(run->feed, on_left_out, run);
	if (signals_open(&run->signals, run->setup->guard->fd, err) != 0)
		return -1;
	if (covey_watch(run->ex, run->signals.fd, EPOLLIN, on_signal, run, &why) != 0)
		return cli_error_set(err, "%s", why.message);
	if (covey_watch(run->ex, run->setup->guard->fd, EPOLLIN, on_guard, run, &why) != 0)
		return cli_error_set(err, "%s", why.message);
	return 0;
}

static int make_outputs(struct run *run, struct cli_error *err)
{
	run->q = outq_new();
	run->progress = run->q == NULL ? NULL : progress_new(run->q, run->options->progress);
	return run->progress == NULL ? out_of_memory(err) : 0;
}

static int set_up(struct run *run, struct cli_error *err)
{
	if (add_summary(run, err) != 0 || add_output(run, err) != 0
	    || add_results(run, err) != 0 || compile_retry_match(run, err) != 0)
		return -1;
	add_pace(run);
	add_jobserver(run);
	return open_executor(run, err);
}

static void tear_down(struct run *run)
{
	covey_free(run->ex);
	signals_close(&run->signals);
	if (run->has_retry_match)
		regfree(&run->retry_match);
	out_group_free(run->group);
	out_line_free(run->line);
	order_free(run->order);
	summary_free(run->summary);
	progress_free(run->progress);
	results_free(run->results);
	records_close(&run->records);
	outq_free(run->q);
}

/* ---- the run ---- */

/* A reader that went away ends everything quietly, as it ends any filter. */
static void check_stdout(struct run *run)
{
	int error = outq_error(run->q, STDOUT_FILENO);

	if (error == 0 || run->verdict.broken)
		return;
	if (error == EPIPE) {
		run->verdict.broken = true;
		run->sig = SIGPIPE;
		covey_cancel(run->ex, COVEY_CANCEL_KILL);
		return;
	}
	break_off(run, "cannot write to standard output", error);
}

static void check_kept(struct run *run)
{
	int error = order_error(run->order);

	if (error == 0 && run->group != NULL)
		error = out_group_error(run->group);
	if (error == 0 && run->line != NULL)
		error = out_line_error(run->line);
	if (error != 0 && !run->verdict.broken)
		break_off(run, "cannot keep what a task has printed", error);
}

static void check_results(struct run *run)
{
	struct cli_error why;

	if (run->results == NULL || results_error(run->results) == NULL || run->told_results)
		return;
	run->told_results = true;
	cli_error_set(&why, "%s", results_error(run->results));
	stop_recording(run, &why);
}

/* With lines that appear as they come, a slow reader slows the children down, as a pipe would. */
static void check_full(struct run *run)
{
	bool full = run->line != NULL && outq_full(run->q);

	if (full != run->held)
		covey_hold_output(run->ex, full);
	run->held = full;
}

static void loop(struct run *run)
{
	struct covey_error why;
	int more;

	do {
		covey_nsec wait = progress_tick(run->progress, run->ex);

		pace(run, &wait);
		more = covey_step(run->ex, wait, &why);
		check_stdout(run);
		check_kept(run);
		check_results(run);
		check_full(run);
	} while (more > 0);
	if (more < 0) {
		complain(run, "%s", why.message);
		run->verdict.broken = true;
	}
}

/* Waits until everything is written, or for somebody who does not want to. */
static void drain(struct run *run)
{
	unsigned nstops = run->nstops;
	struct pollfd pfd = { .fd = covey_fd(run->ex), .events = POLLIN };

	/* everything has finished: the turns only look after signals and writing */
	while (!outq_empty(run->q) && run->nstops == nstops) {
		if (poll(&pfd, 1, -1) > 0 && covey_step(run->ex, 0, NULL) < 0)
			return;
	}
}

static void count_skipped(struct run *run)
{
	struct journal_skipped skipped;

	if (run->records.journal == NULL)
		return;
	skipped = journal_skipped(run->records.journal);
	run->verdict.failed_before = skipped.failed;
	summary_skipped(run->summary, skipped.succeeded, skipped.failed);
}

static void end_records(struct run *run)
{
	struct cli_error why;

	if (records_end(&run->records, verdict_status(&run->verdict), run->sig, run->input_read,
	    &why) == 0)
		return;
	complain(run, "%s", why.message);
	run->verdict.broken = true;
}

/* After SIGUSR2: is there anything that was not started? */
static void check_unfinished(struct run *run)
{
	run->verdict.unfinished = run->ending && !run->input_read && !feed_is_used_up(run->feed);
}

static void conclude(struct run *run)
{
	int status;

	if (feed_error(run->feed) != NULL) {
		run->verdict.bad_input = true;
		complain(run, "%s", feed_error(run->feed));
	}
	progress_end(run->progress);
	order_end(run->order);
	count_skipped(run);
	check_unfinished(run);
	status = verdict_status(&run->verdict);
	if (run->sig != SIGPIPE)
		summary_end(run->summary, run->verdict.unfinished || feed_has_more(run->feed));
	end_records(run);
	drain(run);
	check_stdout(run);
	if (verdict_status(&run->verdict) != status)
		end_records(run);
}

static void introduce(struct run *run)
{
	const struct journal *journal = run->records.journal;

	if (journal != NULL && journal_introduction(journal) != NULL && !run->options->quiet)
		complain(run, "%s", journal_introduction(journal));
}

static int open_results(struct run *run, struct cli_error *err)
{
	return run->results == NULL ? 0
	    : results_open(run->results, run->options->recovery != RECOVERY_NONE, err);
}

/* Everything up to the first turn. Returns the status to exit with where it fails, with a message. */
static int begin(struct run *run, struct cli_error *err)
{
	if (make_outputs(run, err) != 0)
		return STATUS_BROKEN;
	/* before the other sinks, which take the outputs */
	if (open_records(run, err) != 0)
		return STATUS_USAGE;
	if (set_up(run, err) != 0)
		return STATUS_BROKEN;
	if (feed_check(run->feed, run->ex, err) != 0 || open_results(run, err) != 0 || records_start(&run->records, err) != 0)
		return STATUS_USAGE;
	introduce(run);
	return STATUS_OK;
}

struct run_end run(const struct run_setup *setup)
{
	struct run run = { .options = setup->options, .setup = setup, .feed = setup->feed };
	struct run_end end = { .status = STATUS_BROKEN };
	struct xargs_feed *xargs = feed_xargs(run.feed);
	struct cli_error err;

	run.signals.guard_fd = -1;
	end.status = begin(&run, &err);
	if (end.status != STATUS_OK) {
		fprintf(stderr, "covey: %s\n", err.message);
		end.status = xargs != NULL ? XARGS_STATUS_ERROR : end.status;
	} else {
		loop(&run);
		conclude(&run);
		end.status = xargs != NULL ? xargs_feed_status(xargs, &run.verdict)
		    : verdict_status(&run.verdict);
		end.sig = run.sig;
	}
	tear_down(&run);
	return end;
}

/* ---- --dry-run ---- */

static int print_command(const char *const *argv)
{
	size_t len = shquote_argv(NULL, 0, argv);
	char *line = malloc(len + 1);
	int result;

	if (line == NULL)
		return -1;
	shquote_argv(line, len + 1, argv);
	result = puts(line) == EOF ? -1 : 0;
	free(line);
	return result;
}

struct run_end run_dry(const struct run_setup *setup)
{
	struct run_end end = { .status = STATUS_OK };
	const char *const *argv;
	struct cli_error err;
	int more;

	while ((more = feed_dry(setup->feed, &argv, &err)) > 0) {
		if (argv == NULL) {
			fprintf(stderr, "covey: %s\n", err.message);
			end.status = STATUS_FAILED;
		} else if (print_command(argv) != 0) {
			break;
		}
	}
	if (more < 0) {
		fprintf(stderr, "covey: %s\n", err.message);
		end.status = STATUS_USAGE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "covey: cannot write to standard output: %s\n", strerror(errno));
		end.status = STATUS_BROKEN;
	}
	if (end.status != STATUS_OK && feed_xargs(setup->feed) != NULL)
		end.status = XARGS_STATUS_ERROR;
	return end;
}
