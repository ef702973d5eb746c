#include "cli/run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/run/run_open.h"
#include "cli/run/run_signals.h"
#include "cli/run/run_state.h"
#include "cli/run/run_trouble.h"

/* With lines that appear as they come, a slow reader slows the children down, as a pipe would. */
static void follow_reader(struct run *run)
{
	bool pause = run->line != NULL && outq_full(run->q);

	if (pause != run->reading_paused)
		covey_hold_output(run->ex, pause);
	run->reading_paused = pause;
}

/* how often something is looked at that a descriptor does not tell about */
#define LOOK_PAUSE (20 * COVEY_MSEC)

/* Carries on what waits to be written and cannot be watched. Lowers *wait, where it has to. */
static void look_after_output(struct run *run, covey_nsec *wait)
{
	if (!outq_unwatched(run->q))
		return;
	outq_flush(run->q);
	if (outq_unwatched(run->q) && (*wait < 0 || *wait > LOOK_PAUSE))
		*wait = LOOK_PAUSE;
}

static void loop(struct run *run)
{
	struct covey_error why;
	int more;

	do {
		covey_nsec wait = progress_tick(run->progress, run->ex);

		ledger_tick(&run->ledger, run->ex, &wait);
		run_say_stopping(run, &wait);
		run_react(run);
		look_after_output(run, &wait);
		more = covey_step(run->ex, wait, &why);
		follow_reader(run);
	} while (more > 0);
	run_react(run);
	if (more < 0) {
		run_complain(run, "%s", why.message);
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
		covey_nsec wait = covey_next_deadline(run->ex) < 0 ? -1 : LOOK_PAUSE;

		look_after_output(run, &wait);
		if (poll(&pfd, 1, wait < 0 ? -1 : (int)(wait / COVEY_MSEC)) < 0 && errno != EINTR)
			return;
		if (covey_step(run->ex, 0, NULL) < 0)
			return;
	}
}

static void count_skipped(struct run *run)
{
	struct journal_skipped skipped;

	if (run->ledger.journal == NULL)
		return;
	skipped = journal_skipped(run->ledger.journal);
	run->verdict.failed_before = skipped.failed;
	summary_skipped(run->summary, skipped.succeeded, skipped.failed);
}

static void end_records(struct run *run)
{
	ledger_end(&run->ledger, verdict_status(&run->verdict), run->sig, run->input_read);
	run_react(run);
}

/* After SIGUSR2: is there anything that was not started? */
static void check_unfinished(struct run *run)
{
	run->verdict.unfinished = run->ending && !run->input_read && !feed_is_used_up(run->feed);
}

static void check_empty(struct run *run)
{
	enum options_empty empty = run->options->empty;

	if (!feed_is_empty(run->feed))
		return;
	run->verdict.empty = empty == EMPTY_FAIL;
	if (empty != EMPTY_OK && !run->options->quiet)
		run_complain(run, "%s", RUN_NOTHING);
}

static void conclude(struct run *run)
{
	uint64_t nlost;
	int status;

	run->concluding = true;
	if (feed_error(run->feed) != NULL) {
		run->verdict.bad_input = true;
		run_complain(run, "%s", feed_error(run->feed));
	}
	progress_end(run->progress);
	keep_order_end(run->order);
	check_unfinished(run);
	check_empty(run);
	/* after the last look at the input, which may leave out more */
	count_skipped(run);
	status = verdict_status(&run->verdict);
	if (run->sig != SIGPIPE)
		summary_end(run->summary, run->verdict.unfinished || feed_has_more(run->feed));
	end_records(run);
	nlost = run->nlost;
	drain(run);
	run_react(run);
	if (verdict_status(&run->verdict) != status || run->nlost != nlost)
		end_records(run);
}

struct run_end run(const struct run_setup *setup)
{
	struct run run = {
		.options = setup->options, .setup = setup, .feed = setup->feed,
		.verdict.rules = setup->rules, .signals.guard_fd = -1,
	};
	struct run_end end = { .status = STATUS_BROKEN };
	struct error err;

	end.status = run_open(&run, &err);
	if (end.status != STATUS_OK) {
		fprintf(stderr, "covey: %s\n", err.message);
		end.status = verdict_error(setup->rules, end.status);
	} else {
		loop(&run);
		conclude(&run);
		end.status = verdict_status(&run.verdict);
		end.sig = run.sig;
	}
	run_close(&run);
	return end;
}
