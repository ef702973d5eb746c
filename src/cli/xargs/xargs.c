#include "cli/xargs/xargs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "covey.h"
#include "base/signals.h"
#include "cli/xargs/xargs_limits.h"
#include "cli/xargs/xargs_quote.h"
#include "cli/xargs/xargs_say.h"
#include "cli/xargs/xargs_source.h"

/*
 * The phase decides what a failure leads to, and the exit status. As in xargs, an earlier failure
 * hides a later, worse one, except in the last phase.
 */
enum phase {
	PHASE_RUNNING,     /* a fatal failure ends the reading, and what runs is waited for */
	PHASE_ENDING,      /* … which is done now: the exit status is that of what failed first */
	PHASE_LAST,        /* all has been started: a fatal failure ends the waiting, too */
	PHASE_OVER
};

struct xargs {
	const struct xargs_options *o;
	struct xargs_source *source;
	struct covey *ex;
	struct signals signals;
	FILE *tty;
	unsigned max_procs;
	unsigned running;
	enum phase phase;
	bool some_failed;
	int fatal;             /* the exit status of the failure that has ended the run, or 0 */
	bool starting;         /* what was submitted last has not been started yet */
	bool too_big;          /* … and cannot be: for the kernel its arguments are too many */
	bool submitting;
	bool early;            /* it was seen while a command was being started, and not said yet */
	int signal;            /* that has ended a command, and with it the run */
};

/* ---- failures ---- */

/* Nothing more is started. */
static void fail(struct xargs *x, int status)
{
	x->fatal = status;
	x->phase = x->phase == PHASE_RUNNING ? PHASE_ENDING : PHASE_OVER;
}

/* In xargs the child prints this message, so a failure to print does not matter to the parent. */
static void say_exec_failed(const struct xargs *x, const char *name, const char *why)
{
	bool failed = ferror(stderr) != 0;

	xargs_say(x->o, "%s: %s", name, why);
	if (!failed)
		clearerr(stderr);
}

static void spawn_failed(struct xargs *x, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	const char *why = strerror(attempt->sys_errno);

	if (attempt->sys_errno == E2BIG) {
		x->too_big = true;
	} else if (strcmp(attempt->spawn_step, "exec") == 0) {
		say_exec_failed(x, event->task->argv[0], why);
		fail(x, attempt->sys_errno == ENOENT ? XARGS_STATUS_NOT_FOUND : XARGS_STATUS_CANNOT_RUN);
	} else if (x->o->open_tty && strcmp(attempt->spawn_step, "open stdin") == 0) {
		fprintf(stderr, "%s: ", x->o->program);
		xargs_quote_name(stderr, "/dev/tty");
		fprintf(stderr, ": %s\n", why);
		fail(x, XARGS_STATUS_SIGNALED);
	} else {
		xargs_say(x->o, "cannot %s: %s", attempt->spawn_step, why);
		fail(x, XARGS_STATUS_ERROR);
	}
}

static void say_gave_up(const struct xargs *x)
{
	const char *name = x->o->command[0];

	if (x->fatal == XARGS_STATUS_SIGNALED)
		xargs_say(x->o, "%s: terminated by signal %d", name, x->signal);
	else
		xargs_say(x->o, "%s: exited with status 255; aborting", name);
}

/* xargs would not yet know the result of a command that is being started: see read_on. */
static void give_up(struct xargs *x, int status)
{
	if (x->early)
		return;
	fail(x, status);
	x->early = x->submitting && x->phase == PHASE_ENDING;
	if (!x->early)
		say_gave_up(x);
}

static void ended(struct xargs *x, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (x->phase == PHASE_OVER)
		return;
	if (attempt->outcome == COVEY_SPAWN) {
		spawn_failed(x, event);
	} else if (attempt->outcome == COVEY_SIGNAL) {
		x->signal = attempt->signal;
		give_up(x, XARGS_STATUS_SIGNALED);
	} else if (attempt->status == 255) {
		give_up(x, XARGS_STATUS_GAVE_UP);
	} else if (attempt->status != 0) {
		x->some_failed = true;
	}
}

static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct xargs *x = user;

	(void)ex;
	if (event->type == COVEY_STARTED) {
		x->starting = false;
		x->running++;
	} else if (event->type == COVEY_ENDED) {
		x->running--;
		ended(x, event);
	}
}

/* SIGUSR1: one more at once; SIGUSR2: one less. */
static void on_signal(struct covey *ex, int fd, unsigned events, void *user)
{
	struct xargs *x = user;
	int sig;

	(void)ex;
	(void)fd;
	(void)events;
	while ((sig = signals_next(&x->signals)) != 0) {
		if (sig == SIGUSR1 && x->max_procs < XARGS_MAX_PROCS)
			x->max_procs++;
		else if (sig == SIGUSR2 && x->max_procs > 1)
			x->max_procs--;
	}
}

/* ---- running commands ---- */

static void step(struct xargs *x, covey_nsec max_wait)
{
	struct covey_error why;

	if (covey_step(x->ex, max_wait, &why) >= 0)
		return;
	xargs_say(x->o, "%s", why.message);
	x->phase = PHASE_OVER;
	x->fatal = XARGS_STATUS_ERROR;
}

static bool is_full(const struct xargs *x)
{
	return x->max_procs != 0 && x->running >= x->max_procs;
}

/* Returns false if a failure has ended the run meanwhile. */
static bool wait_for_slot(struct xargs *x)
{
	if (x->running > 0 && !is_full(x))
		step(x, 0);
	while (x->phase == PHASE_RUNNING && is_full(x))
		step(x, -1);
	return x->phase == PHASE_RUNNING;
}

static void submit(struct xargs *x, const char *const *argv)
{
	struct covey_command command;
	struct covey_error why;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	if (x->o->open_tty) {
		command.stdin_source = COVEY_STDIN_FILE;
		command.stdin_path = "/dev/tty";
	} else if (x->o->arg_file != NULL) {
		command.stdin_source = COVEY_STDIN_INHERIT;
	}
	x->starting = true;
	x->too_big = false;
	if (covey_submit(x->ex, &command, NULL, &why) != 0) {
		xargs_say(x->o, "%s", why.message);
		fail(x, XARGS_STATUS_ERROR);
		return;
	}
	x->submitting = true;
	step(x, 0);
	x->submitting = false;
	/* if processes or memory are short it is started later, such as when a command has ended */
	while (x->starting && x->phase != PHASE_OVER)
		step(x, -1);
}

/* A line of n items after the command's own words, in halves until the kernel takes it. */
static void run_halves(struct xargs *x, const char *const *line, size_t n)
{
	size_t own = x->o->ncommand, parts[2] = { n - n / 2, n / 2 };
	const char *const *items = line + own;

	for (int i = 0; i < 2 && x->phase == PHASE_RUNNING; items += parts[i++]) {
		const char **part = calloc(own + parts[i] + 1, sizeof *part);

		if (part == NULL) {
			xargs_say(x->o, "memory exhausted");
			fail(x, XARGS_STATUS_ERROR);
			return;
		}
		memcpy(part, line, own * sizeof *part);
		memcpy(part + own, items, parts[i] * sizeof *part);
		x->too_big = false;
		if (wait_for_slot(x))
			submit(x, part);
		if (x->too_big && parts[i] > 1)
			run_halves(x, part, parts[i]);
		free(part);
		if (x->too_big)
			return;
	}
}

static void run_line(struct xargs *x, const char *const *argv)
{
	size_t n = 0;

	if (x->o->verbose && !x->o->interactive) {
		xargs_quote_line(stderr, argv);
		putc('\n', stderr);
	}
	xargs_source_ran(x->source);
	submit(x, argv);
	if (!x->too_big)
		return;
	while (argv[n] != NULL)
		n++;
	if (x->o->replace == NULL && n > x->o->ncommand + 1)
		run_halves(x, argv, n - x->o->ncommand);
	if (!x->too_big)
		return;
	xargs_say(x->o, "can't call exec() due to argument size restrictions");
	fail(x, XARGS_STATUS_ERROR);
}

static void offer_line(struct xargs *x, const char *const *argv)
{
	if (x->o->interactive) {
		switch (xargs_say_ask(x->o, argv, &x->tty)) {
		case XARGS_ANSWER_YES:
			break;
		case XARGS_ANSWER_NO:
			return;
		case XARGS_ANSWER_NONE:
			fail(x, XARGS_STATUS_ERROR);
			return;
		}
	}
	if (wait_for_slot(x))
		run_line(x, argv);
}

/* ---- all of them ---- */

/*
 * xargs looks at what has ended only when it needs room for the next, or when there is no next: so
 * to tell which of them it is, it reads on first, and may find something wrong there.
 */
static void read_on(struct xargs *x)
{
	const char *const *argv;
	enum xargs_next next;

	while ((next = xargs_source_next(x->source, &argv)) == XARGS_NEXT_NUL)
		xargs_say(x->o, "%s", xargs_nul_warning);
	if (next == XARGS_NEXT_BAD)
		xargs_say(x->o, "%s", xargs_source_error(x->source));
	if (next != XARGS_NEXT_LINE)
		x->phase = PHASE_OVER;
	say_gave_up(x);
}

static void read_and_run(struct xargs *x)
{
	const char *const *argv;

	while (x->phase == PHASE_RUNNING) {
		switch (xargs_source_next(x->source, &argv)) {
		case XARGS_NEXT_LINE:
			offer_line(x, argv);
			break;
		case XARGS_NEXT_NUL:
			xargs_say(x->o, "%s", xargs_nul_warning);
			break;
		case XARGS_NEXT_BAD:
			xargs_say(x->o, "%s", xargs_source_error(x->source));
			fail(x, XARGS_STATUS_ERROR);
			break;
		case XARGS_NEXT_LATER:
		case XARGS_NEXT_END:
			x->phase = PHASE_LAST;
			break;
		}
	}
	if (x->early)
		read_on(x);
}

static int wait_for_all(struct xargs *x)
{
	while (x->phase != PHASE_OVER && x->running > 0)
		step(x, -1);
	if (x->fatal != 0 && (x->phase == PHASE_OVER || !x->some_failed))
		return x->fatal;
	return x->some_failed ? XARGS_STATUS_SOME_FAILED : XARGS_STATUS_OK;
}

static int open_executor(struct xargs *x, struct error *err)
{
	struct covey_options options;
	struct covey_error why;

	covey_options_init(&options, sizeof options);
	options.flags = COVEY_SAME_GROUP | COVEY_KEEP_LEFTOVERS | COVEY_INHERIT_OUTPUT
	    | COVEY_INHERIT_FDS | COVEY_FIXED_HANDLERS;
	/* the number of jobs is decided here, and may change */
	options.max_workers = COVEY_MAX_WORKERS;
	options.slot_var = x->o->slot_var;
	options.on_event = on_event;
	options.events = 1U << COVEY_STARTED | 1U << COVEY_ENDED;
	options.user = x;
	x->ex = covey_new(&options, &why);
	if (x->ex == NULL)
		return error_set(err, "%s", why.message);
	if (signals_open_user(&x->signals, err) != 0)
		return -1;
	if (covey_watch(x->ex, x->signals.fd, EPOLLIN, on_signal, x, &why) != 0)
		return error_set(err, "%s", why.message);
	return 0;
}

/* Errors of standard input and standard error take precedence over all others. */
static int close_all(struct xargs *x, int status)
{
	int read_errno = x->o->arg_file == NULL ? xargs_source_read_errno(x->source) : 0;

	if (x->tty != NULL)
		fclose(x->tty);
	xargs_source_close(x->source);
	if (read_errno == EBADF)
		xargs_say(x->o, "error closing file: %s", strerror(EBADF));
	else if (read_errno != 0)
		xargs_say(x->o, "error closing file");
	return read_errno != 0 ? XARGS_STATUS_ERROR : status;
}

int xargs_run(const struct xargs_options *o)
{
	struct xargs x = { .o = o, .max_procs = o->max_procs };
	struct error err;
	int status = XARGS_STATUS_ERROR;

	x.source = xargs_say_open(o, true);
	if (x.source == NULL)
		return status;
	if (open_executor(&x, &err) != 0) {
		xargs_say(o, "%s", err.message);
	} else {
		read_and_run(&x);
		status = wait_for_all(&x);
	}
	status = close_all(&x, status);
	if (ferror(stderr))
		status = XARGS_STATUS_ERROR;
	/* commands that still run go on alone: releasing the executor would kill them */
	if (x.running > 0)
		_exit(status);
	covey_free(x.ex);
	return status;
}
