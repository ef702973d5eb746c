#include "cli/run/run_signals.h"

#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/units.h"

static void stop_for_signal(struct run *run, int sig)
{
	bool again = run->sig != 0;

	run->nstops++;
	if (!again) {
		run->sig = sig;
		run->stopped_at = covey_now(run->ex);
		snprintf(run->stopped_by, sizeof run->stopped_by, "%s", units_signal_name(sig));
		run->about.stopped_by = run->stopped_by;
	}
	covey_cancel(run->ex, again ? COVEY_CANCEL_KILL : COVEY_CANCEL_STOP);
}

/* So long the tasks have to end before somebody is told how to end them sooner. */
#define STOPPING_PATIENCE COVEY_SEC

void run_say_stopping(struct run *run, covey_nsec *wait)
{
	covey_nsec left;

	if (run->sig == 0 || run->sig == SIGPIPE || run->nstops != 1 || run->told_stopping
	    || run->options->quiet)
		return;
	left = run->stopped_at + STOPPING_PATIENCE - covey_now(run->ex);
	if (left > 0) {
		*wait = *wait < 0 || *wait > left ? left : *wait;
		return;
	}
	run->told_stopping = true;
	run_complain(run, "stopping; a second %s kills at once",
	    run->sig == SIGINT ? "^C" : run->stopped_by);
}

/* Everything stops, then we do, and so does the guard; it all goes on together. */
static void stop_and_go_on(struct run *run)
{
	covey_suspend(run->ex);
	ledger_settle(&run->ledger, run->ex);
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
		run_complain(run, "SIGUSR2: no more is started; %llu still running",
		    (unsigned long long)counts.running);
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

/* What these signals mean to xargs. */
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
		if (run->setup->rules != NULL && run->setup->rules->signals_change_jobs)
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
	run_complain(run, "the guard process is gone: stopping");
	stop_for_signal(run, SIGTERM);
}

int run_watch_signals(struct run *run, struct error *err)
{
	int guard_fd = run->setup->guard->fd;
	struct covey_error why;

	if (signals_open(&run->signals, guard_fd, err) != 0)
		return -1;
	if (covey_watch(run->ex, run->signals.fd, EPOLLIN, on_signal, run, &why) != 0
	    || covey_watch(run->ex, guard_fd, EPOLLIN, on_guard, run, &why) != 0)
		return error_set(err, "%s", why.message);
	return 0;
}
