#include "cli/run/run_open.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run/jobs.h"
#include "cli/run/jobserver.h"
#include "cli/run/run_callbacks.h"
#include "cli/run/run_signals.h"

/* From the end of a task that an engine has stopped to the signal that it sends to covey. */
#define STOP_WINDOW (200 * COVEY_MSEC)

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
	options->timeout = o->timeout;
	options->slow = o->slow;
	options->kill_after = o->kill_after;
	options->stop_window = STOP_WINDOW;
	options->deadline = o->deadline;
	options->stop_signal = o->stop_signal;
	options->max_output = o->max_output;
	options->reason_dir = run->setup->scratch;
	options->run_id = run->ledger.journal == NULL ? NULL
	    : journal_run_uid(run->ledger.journal);
	options->child_nofile = run->setup->child_nofile;
	options->ninherit_fds = jobserver_fds(run->setup->jobserver, &options->inherit_fds);
	options->env = jobserver_environ(run->setup->jobserver);
	options->nice = o->nice;
	options->limits = o->limits.list;
	options->nlimits = o->limits.n;
	options->slot_var = o->slot_var;
	run_set_callbacks(run, options);
}

static int out_of_memory(struct error *err)
{
	return error_set(err, "out of memory");
}

static int open_records(struct run *run, struct error *err)
{
	const struct ledger_setup setup = {
		.options = run->options, .argv = run->setup->argv, .q = run->q, .sinks = &run->sinks,
		.trouble = &run->trouble,
	};

	if (ledger_open(&run->ledger, &setup, err) != 0)
		return -1;
	return run->ledger.journal == NULL ? 0
	    : feed_use_journal(run->feed, run->ledger.journal, err);
}

static int add_summary(struct run *run, struct error *err)
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

static int add_output(struct run *run, struct error *err)
{
	struct sink sink;

	run->order = keep_order_new(run->q, run->options->keep_order, &run->trouble);
	if (run->order == NULL)
		return out_of_memory(err);
	if (run->options->ungroup)
		return 0;
	if (run->options->line_buffer) {
		run->line = out_line_new(run->order, &run->trouble);
		if (run->line == NULL)
			return out_of_memory(err);
		if (run->options->once)
			out_line_stream(run->line);
		sink = out_line_sink(run->line);
	} else {
		run->group = out_group_new(run->order, &run->trouble);
		if (run->group == NULL)
			return out_of_memory(err);
		sink = out_group_sink(run->group);
	}
	sinks_add(&run->sinks, &sink);
	return 0;
}

static int add_results(struct run *run, struct error *err)
{
	struct sink sink;

	if (run->options->results == NULL)
		return 0;
	run->results = results_new(run->options->results, &run->trouble);
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
	struct pacing options = run->options->pace;
	struct sink sink = pace_sink(&run->pace);

	if (!pacing_limits(&options))
		return;
	options.cpus = jobs_cpus();
	pace_init(&run->pace, &options, NULL);
	sinks_add(&run->sinks, &sink);
}

static int compile_retry_match(struct run *run, struct error *err)
{
	const char *text = run->options->retry_match;

	if (text == NULL)
		return 0;
	if (regcomp(&run->retry_match, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return error_set(err, "cannot use '%s' as a regular expression", text);
	run->has_retry_match = true;
	return 0;
}

static int open_executor(struct run *run, struct error *err)
{
	struct covey_options options;
	struct covey_error why;

	set_options(run, &options);
	run->ex = covey_new(&options, &why);
	if (run->ex == NULL)
		return error_set(err, "%s", why.message);
	run->pace.ex = run->ex;
	outq_attach(run->q, run->ex);
	return run_watch_signals(run, err);
}

static int make_outputs(struct run *run, struct error *err)
{
	run->q = outq_new(&run->trouble);
	run->progress = run->q == NULL ? NULL : progress_new(run->q, run->options->progress);
	return run->progress == NULL ? out_of_memory(err) : 0;
}

static int set_up(struct run *run, struct error *err)
{
	if (add_summary(run, err) != 0 || add_output(run, err) != 0
	    || add_results(run, err) != 0 || compile_retry_match(run, err) != 0)
		return -1;
	add_pace(run);
	add_jobserver(run);
	return open_executor(run, err);
}

static void introduce(struct run *run)
{
	const struct journal *journal = run->ledger.journal;

	if (journal != NULL && journal_introduction(journal) != NULL && !run->options->quiet)
		run_complain(run, "%s", journal_introduction(journal));
}

static int open_results(struct run *run, struct error *err)
{
	return run->results == NULL ? 0
	    : results_open(run->results, run->options->recovery != RECOVERY_NONE, err);
}

/* Large outputs need it; that it is not there must not be found out by losing them. */
static int check_tmpdir(const struct run *run, struct error *err)
{
	const char *tmpdir = secure_getenv("TMPDIR");
	int fd, result;

	if (run->options->ungroup || tmpdir == NULL || *tmpdir == '\0')
		return 0;
	fd = open(tmpdir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 ? -1 : faccessat(fd, ".", W_OK | X_OK, AT_EACCESS);
	if (result != 0)
		error_set(err, "cannot keep output in '%s', which TMPDIR names: %s", tmpdir,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return result;
}

int run_open(struct run *run, struct error *err)
{
	if (check_tmpdir(run, err) != 0 || make_outputs(run, err) != 0)
		return STATUS_BROKEN;
	if (open_records(run, err) != 0)
		return STATUS_USAGE;
	if (set_up(run, err) != 0)
		return STATUS_BROKEN;
	if (feed_check(run->feed, run->ex, err) != 0 || open_results(run, err) != 0
	    || ledger_start(&run->ledger, err) != 0)
		return STATUS_USAGE;
	introduce(run);
	return STATUS_OK;
}

void run_close(struct run *run)
{
	covey_free(run->ex);
	signals_close(&run->signals);
	if (run->has_retry_match)
		regfree(&run->retry_match);
	out_group_free(run->group);
	out_line_free(run->line);
	keep_order_free(run->order);
	summary_free(run->summary);
	progress_free(run->progress);
	results_free(run->results);
	feed_close(run->feed);
	ledger_close(&run->ledger);
	outq_free(run->q);
}
