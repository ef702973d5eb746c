/*
 * covey - run many commands at once, and say exactly what failed
 *
 * Wiring: options, the guard, the run, and how it all ends. Nothing here or beside it forks, waits
 * or kills: the library does.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "covey.h"
#include "base/signals.h"
#include "cli/options/options_parse.h"
#include "cli/options/usage.h"
#include "cli/output/verdict.h"
#include "cli/run/feed.h"
#include "cli/run/jobs.h"
#include "cli/run/jobserver.h"
#include "cli/run/once_rules.h"
#include "cli/run/recall.h"
#include "cli/run/run.h"
#include "cli/run/scratch.h"
#include "cli/xargs/xargs.h"
#include "cli/xargs/xargs_begin.h"
#include "cli/xargs/xargs_rules.h"
#include "cli/xargs/xargs_say.h"

/* From this many jobs on, a thread pays off. */
enum { MANY_JOBS = 64 };

static int finish_stdout(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	fprintf(stderr, "covey: cannot write to standard output: %s\n", strerror(errno));
	return STATUS_BROKEN;
}

static int complain(const struct error *err, int status)
{
	fprintf(stderr, "covey: %s\n", err->message);
	return status;
}

/* Many tasks at once need many descriptors; the children get the limit that we were given. */
static void raise_nofile(struct run_setup *setup)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	setup->nofile = limit.rlim_cur;
	if (limit.rlim_cur >= limit.rlim_max)
		return;
	setup->child_nofile = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		setup->nofile = limit.rlim_cur;
	else
		setup->child_nofile = 0;
}

static int die_as(const struct run_end *end)
{
	if (end->sig != 0)
		signals_die_of(end->sig);
	return end->status;
}

/* The guard's end: as the supervisor ended, so do we. */
static struct run_end ended_as(int wait_status, int otherwise)
{
	struct run_end end = { .status = otherwise };

	if (WIFEXITED(wait_status))
		end.status = WEXITSTATUS(wait_status);
	else if (WIFSIGNALED(wait_status))
		end.sig = WTERMSIG(wait_status);
	return end;
}

/* Before the guard forks, which is to know what tokens the supervisor holds. */
static int serve_jobs(struct run_setup *setup, struct error *err)
{
	const struct options *o = setup->options;
	unsigned n = o->jobserver.n != 0 ? o->jobserver.n : o->jobs.how == JOBS_MANY ? jobs_cpus()
	    : jobs_resolve(&o->jobs, 0);

	if (o->jobserver.fifo && setup->scratch == NULL)
		return error_set(err, "cannot make a directory for a FIFO in $TMPDIR or '/tmp'");
	setup->jobserver = jobserver_serve(getenv("MAKEFLAGS"),
	    n < JOBSERVER_MOST ? n : JOBSERVER_MOST, o->jobserver.fifo ? setup->scratch : NULL,
	    err);
	if (setup->jobserver == NULL)
		return -1;
	if (o->keep_leftovers)
		jobserver_keep_lost(setup->jobserver);
	return 0;
}

struct supervision {
	struct run_setup *setup;
	struct run_end end;
};

static void *supervise(void *arg)
{
	struct supervision *s = arg;

	s->end = run(s->setup);
	return NULL;
}

/*
 * A run of many tasks at once has a thread of its own. The kernel lists children by the thread that
 * has started them, and puts the orphans that a process adopts with the main thread's. Where that
 * starts none, its list is empty unless a task has left something behind: one short look tells,
 * and need not count thousands. With few, that costs less than what a thread costs the C library.
 */
static struct run_end run_apart(struct run_setup *setup)
{
	struct supervision s = { .setup = setup };
	sigset_t all, mask;
	pthread_t thread;

	if (jobs_resolve(&setup->options->jobs, setup->nofile) < MANY_JOBS
	    || pthread_create(&thread, NULL, supervise, &s) != 0)
		return run(setup);
	/* signals are that thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return s.end;
}

/* The supervisor comes back from it as well as the guard does. */
static struct run_end guarded(struct run_setup *setup)
{
	struct covey_guard guard = { .keep_leftovers = setup->options->keep_leftovers };
	struct run_end end = { .status = verdict_error(setup->rules, STATUS_BROKEN) };
	struct covey_error why;

	switch (covey_guard(&guard, &why)) {
	case COVEY_GUARD_WATCHES:
		setup->guard = &guard;
		raise_nofile(setup);
		end = run_apart(setup);
		setup->guard = NULL;
		break;
	case COVEY_GUARD_ENDED:
		end = ended_as(guard.wait_status, end.status);
		break;
	case COVEY_GUARD_FAILED:
		fprintf(stderr, "covey: %s\n", why.message);
		break;
	}
	return end;
}

static int run_guarded(struct run_setup *setup)
{
	struct run_end end = { .status = verdict_error(setup->rules, STATUS_BROKEN) };
	char *scratch = scratch_make();
	struct error err;

	setup->scratch = scratch;
	if (!setup->options->jobserver.serve || serve_jobs(setup, &err) == 0)
		end = guarded(setup);
	else
		complain(&err, end.status);
	/* what the supervisor has done already, the guard does only where it was killed */
	jobserver_release(setup->jobserver);
	jobserver_free(setup->jobserver);
	feed_free(setup->feed);
	scratch_remove(scratch);
	free(scratch);
	return die_as(&end);
}

/* make's jobserver, where there is one. Without it everything runs, only without regard to others. */
static void join_jobs(struct run_setup *setup)
{
	struct error err;

	if (setup->options->dry_run || setup->options->jobserver.serve
	    || jobserver_join(getenv("MAKEFLAGS"), &setup->jobserver, &err) == 0)
		return;
	if (!setup->options->quiet)
		fprintf(stderr, "covey: the jobserver of make is not used: %s\n", err.message);
}

static bool draws_seed(const struct options *options)
{
	return options->shuf && !options->given[OPT_SEED]
	    && options->recovery != RECOVERY_RETRY_FAILED;
}

/* What was drawn is said, so that it can be had again. */
static void say_seed(const struct options *options)
{
	if (draws_seed(options) && !options->quiet)
		fprintf(stderr, "covey: shuffled; use --seed %u to repeat this order\n", options->seed);
}

/* Does covey read its standard input? */
static bool reads_stdin(const struct options *options)
{
	const struct options_sources *sources = &options->sources;

	if (options->xargs_line != NULL || options->once || options->recovery == RECOVERY_RETRY_FAILED)
		return false;
	if (options->tasks != NULL)
		return strcmp(options->tasks, "-") == 0;
	for (size_t i = 0; i < sources->n; i++)
		if (sources->list[i].path != NULL && strcmp(sources->list[i].path, "-") == 0)
			return true;
	return sources->n == 0;
}

/* Who forgot ':::' waits for covey, and covey waits for items. */
static void say_terminal(const struct options *options)
{
	if (options->quiet || !reads_stdin(options) || !isatty(STDIN_FILENO))
		return;
	fputs("covey: reading items from the terminal, one a line; words go after ':::'\n", stderr);
}

static int start(struct options *options, const struct verdict_rules *rules, char *argv[])
{
	struct run_setup setup = {
		.options = options, .rules = rules, .argv = (const char *const *)(uintptr_t)argv,
	};
	struct error err;
	struct run_end end;

	join_jobs(&setup);
	if (draws_seed(options))
		options->seed = arc4random();
	/* opening the input may wait for its header */
	say_terminal(options);
	setup.feed = feed_new(options, &err);
	if (setup.feed == NULL) {
		jobserver_free(setup.jobserver);
		return complain(&err, verdict_error(rules, STATUS_USAGE));
	}
	say_seed(options);
	if (!options->dry_run)
		return run_guarded(&setup);
	end = run_dry(&setup);
	feed_free(setup.feed);
	return end.status;
}

/* The words from argv[first] on are those of xargs; covey's options may be before and among them. */
static int start_xargs(int argc, char *argv[], int first, struct options *options)
{
	struct xargs_options x = { .supervised = false };
	int status;

	for (int i = 0; i < OPT_COUNT; i++)
		x.supervised |= options->given[i] && i != OPT_XARGS;
	if (!xargs_begin(&x, argc, argv, first, options, &status)) {
		options->xargs_line = &x;
		return start(options, &xargs_rules, argv);
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	xargs_say(&x, "write error: %s", strerror(errno));
	return XARGS_STATUS_ERROR;
}

/* As start, with what the last run was given. */
static int start_again(struct options *options, char *argv[])
{
	struct error err;
	const char **recalled;
	int status = STATUS_USAGE;

	if (recall_options(options, &recalled, &err) == 0)
		status = start(options, NULL, argv);
	else
		complain(&err, status);
	free(recalled);
	return status;
}

int main(int argc, char *argv[])
{
	struct options options;
	struct error err;

	if (signals_prepare(&err) != 0)
		return complain(&err, STATUS_BROKEN);
	if (xargs_is_name(argv[0])) {
		if (options_begin_for_xargs(&options, &err) != 0)
			return complain(&err, XARGS_STATUS_ERROR);
		return start_xargs(argc, argv, 1, &options);
	}
	switch (options_parse(argc, argv, &options, &err)) {
	case OPTIONS_RUN:
		return options.recovery == RECOVERY_RETRY_FAILED ? start_again(&options, argv)
		    : start(&options, options.once ? &once_rules : NULL, argv);
	case OPTIONS_HELP:
		usage_print(stdout);
		return finish_stdout();
	case OPTIONS_HELP_SHORT:
		usage_print_short(stdout);
		return finish_stdout();
	case OPTIONS_HELP_TABLE:
		usage_table(stdout);
		return finish_stdout();
	case OPTIONS_VERSION:
		printf("covey %s\n", covey_version());
		return finish_stdout();
	case OPTIONS_XARGS:
		return start_xargs(argc, argv, options.rest, &options);
	case OPTIONS_BAD:
		break;
	}
	return complain(&err, STATUS_USAGE);
}
