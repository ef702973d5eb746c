#include "turn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "fdutil.h"

/* how long a stream may stay open that a process outside the tree holds open */
#define DRAIN_GRACE (100 * COVEY_MSEC)
/* how long leftovers of a child that has exited get from the stop signal to SIGKILL, at most */
#define LEFTOVER_GRACE (1 * COVEY_SEC)
/* a process that SIGKILL does not end within this time hangs in the kernel */
#define KILL_PATIENCE (10 * COVEY_SEC)
/* how often something is looked at that the epoll set does not tell about */
#define ASK_PAUSE (20 * COVEY_MSEC)

/* ---- one slot: deadlines, facts, signals ---- */

void cv_slot_deadline(struct cv_slot *slot, enum cv_deadline which, covey_nsec when)
{
	covey_nsec first = when;
	int i;

	slot->deadlines[which] = when;
	for (i = 0; i < CV_NDEADLINES; i++) {
		if (slot->deadlines[i] < first)
			first = slot->deadlines[i];
	}
	cv_timer_set(&slot->ex->timers, &slot->timer, first);
}

void cv_slot_touch(struct cv_slot *slot)
{
	if (slot->touched)
		return;
	slot->touched = true;
	TAILQ_INSERT_TAIL(&slot->ex->touched, slot, entry);
}

void cv_slot_fact(struct cv_slot *slot, enum cv_fact fact)
{
	struct cv_transition transition = cv_attempt_step(slot->state, fact);

	/* nothing follows from most facts, such as the end of the streams of a running child */
	if (transition.next == slot->state && transition.actions == 0)
		return;
	slot->facts |= 1U << fact;
	cv_slot_touch(slot);
}

void cv_slot_stop(struct cv_slot *slot, enum covey_outcome cause, enum cv_fact fact)
{
	/* after the child's exit, an end concerns leftovers, and does not change the outcome */
	if (!slot->exited && slot->cause == COVEY_SUCCESS)
		slot->cause = cause;
	cv_slot_fact(slot, fact);
}

/* Without SIGCONT, a stopped process would not act on the signal before it is woken. */
static void signal_and_wake(pid_t pid, int sig)
{
	if (kill(pid, sig) == 0 && sig != SIGKILL && sig != SIGSTOP)
		kill(pid, SIGCONT);
}

void cv_slot_signal_group(struct cv_slot *slot, int sig)
{
	pid_t pid = slot->attempt.pid;

	signal_and_wake(-pid, sig);
	/* the child itself may have changed its group */
	if (!slot->reaped && getpgid(pid) != pid)
		signal_and_wake(pid, sig);
	if (sig != SIGKILL || !slot->ex->has_cgroup)
		return;
	slot->cgroup_killed = true;
	cv_cgroup_kill(&slot->ex->cgroup, slot->index);
}

void cv_slot_signal_detached(const struct cv_slot *slot, int sig)
{
	cv_tree_signal_detached(&slot->ex->tree, slot->attempt.pid, cv_owner_slot(slot->index),
	    sig);
}

void cv_slot_reap(struct cv_slot *slot)
{
	/* a child that could not be killed may not have exited: wait4 would block */
	if (slot->reaped || !slot->exited)
		return;
	if (cv_wait_reap(slot->attempt.pid, &slot->wait_status, &slot->attempt.usage) != 0)
		slot->lost = true;
	slot->reaped = true;
	slot->ex->children--;
}

void cv_slot_close_stream(struct cv_slot *slot, enum cv_stream stream)
{
	if (slot->captures[stream].fd < 0)
		return;
	cv_loop_remove(&slot->ex->loop, &slot->stream_sources[stream]);
	cv_capture_close(&slot->captures[stream]);
	slot->open_streams--;
}

/* ---- gather facts ---- */

static enum cv_stream stream_of(const struct cv_source *source)
{
	const struct cv_slot *slot = source->owner;

	return (enum cv_stream)(source - slot->stream_sources);
}

static bool take_output(void *arg, const void *data, size_t len)
{
	const struct cv_source *source = arg;
	struct cv_slot *slot = source->owner;
	struct covey *ex = slot->ex;
	int fd = stream_of(source) == CV_STREAM_OUT ? STDOUT_FILENO : STDERR_FILENO;

	return ex->options.on_output(ex, &slot->task->view, &slot->attempt, fd, data, len,
	    ex->options.user);
}

/* Returns true if the stream has ended. */
static bool read_stream(struct cv_source *source)
{
	struct cv_slot *slot = source->owner;
	enum cv_stream stream = stream_of(source);
	struct covey *ex = slot->ex;
	bool offered = ex->options.on_output != NULL && stream != CV_STREAM_RESULT;

	if (cv_capture_read(&slot->captures[stream], ex->scratch, offered ? take_output : NULL,
	    source) == CV_CAPTURE_OPEN)
		return false;
	cv_slot_close_stream(slot, stream);
	if (slot->open_streams == 0)
		cv_slot_fact(slot, CV_STREAMS_END);
	return true;
}

/* Looks whether the child in the slot has exited. */
static void look(struct cv_slot *slot)
{
	enum cv_wait_answer answer = slot->exited ? CV_WAIT_RUNS
	    : cv_wait_ask(slot->attempt.pid);

	if (answer == CV_WAIT_RUNS)
		return;
	slot->exited = true;
	slot->lost = answer == CV_WAIT_LOST;
	if (slot->exit_source.fd >= 0) {
		int fd = slot->exit_source.fd;

		cv_loop_remove(&slot->ex->loop, &slot->exit_source);
		cv_fd_close(&fd);
	}
	if (slot->lost) {
		slot->reaped = true;
		slot->ex->children--;
	}
	if (slot->withheld)
		cv_finish_withheld(slot);
	else
		cv_slot_fact(slot, CV_EXIT);
}

static void look_at_all(struct covey *ex)
{
	unsigned i;

	cv_wait_woken(&ex->wait);
	for (i = 0; i < ex->nslots; i++) {
		if ((ex->slots[i]->task != NULL || ex->slots[i]->withheld))
			look(ex->slots[i]);
	}
}

/*
 * A child that exits ends its streams one after the other and then becomes a zombie, all within
 * microseconds: reading the other streams at once saves a turn for each.
 */
static void read_and_look(struct cv_source *source)
{
	struct cv_slot *slot = source->owner;
	int i;

	if (!read_stream(source))
		return;
	for (i = 0; i < CV_NSTREAMS; i++) {
		if (slot->stream_sources[i].fd >= 0 && !read_stream(&slot->stream_sources[i]))
			return;
	}
	look(slot);
}

static void gather_ready(struct covey *ex, struct cv_source *source, unsigned events)
{
	/* an earlier source of this batch may have removed this one */
	if (source->fd < 0)
		return;
	switch ((enum cv_source_kind)source->kind) {
	case CV_SOURCE_STREAM:
		read_and_look(source);
		break;
	case CV_SOURCE_EXIT:
		look(source->owner);
		break;
	case CV_SOURCE_SIGCHLD:
		look_at_all(ex);
		break;
	case CV_SOURCE_HOST: {
		struct cv_watch *watch = source->owner;

		ex->due = true;
		watch->on_fd(ex, source->fd, events, watch->user);
		break;
	}
	}
}

static void slow(struct cv_slot *slot)
{
	struct covey_event event = {
		.type = COVEY_SLOW, .task = &slot->task->view, .attempt = &slot->attempt,
	};

	cv_emit(slot->ex, &event);
}

static void expire(struct cv_slot *slot, enum cv_deadline which)
{
	switch (which) {
	case CV_DEADLINE_SLOW:
		slow(slot);
		break;
	case CV_DEADLINE_SOFT:
		cv_slot_stop(slot, COVEY_TIMEOUT, CV_SOFT);
		break;
	case CV_DEADLINE_HARD:
		cv_slot_fact(slot, CV_HARD);
		break;
	case CV_DEADLINE_GIVE_UP:
		cv_slot_fact(slot, CV_GIVE_UP);
		break;
	case CV_DEADLINE_CUT:
		/* while output is held, the stream is not read, and its end is not seen */
		if (slot->ex->held)
			cv_slot_deadline(slot, CV_DEADLINE_CUT, slot->ex->now + DRAIN_GRACE);
		else
			cv_slot_fact(slot, CV_CUT);
		break;
	case CV_DEADLINE_DOUBT:
		cv_slot_touch(slot);
		break;
	case CV_DEADLINE_PROBE:
		if (slot->exited) {
			slot->probe = true;
			cv_slot_touch(slot);
		} else {
			/* a child for which there was no descriptor to watch it by */
			cv_slot_deadline(slot, CV_DEADLINE_PROBE, slot->ex->now + ASK_PAUSE);
			look(slot);
		}
		break;
	case CV_NDEADLINES:
		break;
	}
}

static void gather_deadlines(struct covey *ex)
{
	struct cv_timer *timer;
	int i;

	if (cv_timers_none(&ex->timers))
		return;
	while ((timer = cv_timers_pop(&ex->timers, ex->now)) != NULL) {
		struct cv_slot *slot = timer->owner;

		for (i = 0; i < CV_NDEADLINES; i++) {
			if (slot->deadlines[i] > ex->now)
				continue;
			cv_slot_deadline(slot, (enum cv_deadline)i, INT64_MAX);
			expire(slot, (enum cv_deadline)i);
		}
	}
}

static covey_nsec earlier(covey_nsec a, covey_nsec b)
{
	return a < b ? a : b;
}

static int gather_once(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	int n = cv_loop_wait(&ex->loop, max_wait), i;

	ex->now = cv_now(ex);
	if (n < 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot wait for children");
	for (i = 0; i < n; i++)
		gather_ready(ex, ex->loop.ready[i].data.ptr, ex->loop.ready[i].events);
	if (ex->suspended_at < 0)
		gather_deadlines(ex);
	return 0;
}

/*
 * Waits until something follows from what has happened, or a time is reached: "until" on the
 * executor's clock, or "end" on CLOCK_MONOTONIC, which goes on while the executor's clock is
 * suspended. Output that was read, and streams that ended before their child, are no reason to
 * return.
 */
static int gather(struct covey *ex, covey_nsec until, covey_nsec end, struct covey_error *err)
{
	covey_nsec left;

	do {
		left = end == INT64_MAX ? INT64_MAX : end == 0 ? 0 : end - cv_clock_now();
		if (until != INT64_MAX)
			left = earlier(left, until - ex->now);
		if (gather_once(ex, left == INT64_MAX ? -1 : left < 0 ? 0 : left, err) != 0)
			return -1;
	} while (TAILQ_EMPTY(&ex->touched) && !ex->due && left > 0 && ex->now < until);
	return 0;
}

/* ---- apply actions ---- */

static void stop(struct cv_slot *slot)
{
	covey_nsec grace = slot->ex->options.kill_after;

	if (slot->exited && grace > LEFTOVER_GRACE)
		grace = LEFTOVER_GRACE;
	cv_slot_signal_group(slot, slot->ex->options.stop_signal);
	cv_slot_deadline(slot, CV_DEADLINE_SOFT, INT64_MAX);
	cv_slot_deadline(slot, CV_DEADLINE_SLOW, INT64_MAX);
	cv_slot_deadline(slot, CV_DEADLINE_HARD, cv_clock_add(slot->ex->now, grace));
}

static void kill_tree(struct cv_slot *slot)
{
	cv_slot_signal_group(slot, SIGKILL);
	cv_slot_deadline(slot, CV_DEADLINE_SOFT, INT64_MAX);
	cv_slot_deadline(slot, CV_DEADLINE_SLOW, INT64_MAX);
	cv_slot_deadline(slot, CV_DEADLINE_HARD, INT64_MAX);
	if (slot->deadlines[CV_DEADLINE_GIVE_UP] == INT64_MAX)
		cv_slot_deadline(slot, CV_DEADLINE_GIVE_UP, slot->ex->now + KILL_PATIENCE);
}

/* Takes what is in the pipes now, and closes them. */
static void cut(struct cv_slot *slot)
{
	int i;

	for (i = 0; i < CV_NSTREAMS; i++) {
		if (slot->captures[i].fd < 0)
			continue;
		read_stream(&slot->stream_sources[i]);
		if (slot->captures[i].fd >= 0)
			slot->attempt.cut_off = true;
		cv_slot_close_stream(slot, (enum cv_stream)i);
	}
}

static void perform(struct cv_slot *slot, unsigned actions)
{
	/* CV_DO_END alone is the most frequent case; finish deals with it */
	if (actions == CV_DO_END)
		return;
	if ((actions & CV_DO_PROBE) != 0) {
		slot->probe = true;
		cv_slot_touch(slot);
	}
	if ((actions & CV_DO_LEAKY) != 0)
		slot->attempt.leaky = true;
	if ((actions & CV_DO_STOP) != 0)
		stop(slot);
	if ((actions & CV_DO_KILL) != 0)
		kill_tree(slot);
	if ((actions & CV_DO_DRAIN) != 0)
		cv_slot_deadline(slot, CV_DEADLINE_CUT, slot->ex->now + DRAIN_GRACE);
	if ((actions & CV_DO_CUT) != 0)
		cut(slot);
	if ((actions & CV_DO_ABANDON) != 0)
		slot->attempt.unkillable = true;
}

/* Applies a slot's facts; returns the actions that were taken. */
static unsigned apply_facts(struct cv_slot *slot)
{
	unsigned facts = slot->facts, taken = 0;

	slot->facts = 0;
	for (; facts != 0; facts &= facts - 1) {
		enum cv_fact fact = (enum cv_fact)__builtin_ctz(facts);
		struct cv_transition transition = cv_attempt_step(slot->state, fact);

		slot->state = transition.next;
		perform(slot, transition.actions);
		taken |= transition.actions;
	}
	return taken;
}

/*
 * All process groups are signalled before any tree is walked: a walk reads many files in /proc,
 * and a thousand deadlines may pass at once.
 */
static void signal_detached(struct covey *ex)
{
	struct cv_slot *slot;

	TAILQ_FOREACH(slot, &ex->touched, entry) {
		if ((slot->actions & CV_DO_KILL) != 0)
			cv_slot_signal_detached(slot, SIGKILL);
		else if ((slot->actions & CV_DO_STOP) != 0)
			cv_slot_signal_detached(slot, ex->options.stop_signal);
		else if ((slot->actions & CV_DO_STOP_NEW) != 0)
			cv_tree_signal_new(&ex->tree, slot->attempt.pid,
			    cv_owner_slot(slot->index), ex->options.stop_signal);
	}
}

static void apply(struct covey *ex)
{
	bool walk = false;
	struct cv_slot *slot;

	TAILQ_FOREACH(slot, &ex->touched, entry) {
		slot->actions = apply_facts(slot);
		walk |= (slot->actions & (CV_DO_STOP | CV_DO_STOP_NEW | CV_DO_KILL)) != 0;
	}
	if (walk)
		signal_detached(ex);
}

static void finish(struct covey *ex)
{
	struct cv_slot_list touched = TAILQ_HEAD_INITIALIZER(touched);
	struct cv_slot *slot;

	/* a slot that a callback touches meanwhile is dealt with in the next turn */
	TAILQ_CONCAT(&touched, &ex->touched, entry);
	while ((slot = TAILQ_FIRST(&touched)) != NULL) {
		TAILQ_REMOVE(&touched, slot, entry);
		slot->touched = false;
		if (slot->state == CV_DONE && slot->task != NULL) {
			if (!cv_finish_holds(slot))
				cv_finish_attempt(slot);
		}
		else if (slot->facts != 0 || slot->probe)
			cv_slot_touch(slot);
	}
}

/* ---- cancels and deadlines ---- */

static void finish_all_waiting(struct covey *ex, enum covey_outcome outcome)
{
	struct cv_task *task;

	cv_sched_promote_all(&ex->sched);
	while ((task = cv_sched_next(&ex->sched)) != NULL)
		cv_finish_waiting(task, ex, outcome);
}

static void stop_all(struct covey *ex, enum covey_outcome cause, enum cv_fact fact)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		if (ex->slots[i]->task == NULL)
			continue;
		cv_slot_stop(ex->slots[i], cause, fact);
		if (ex->slots[i]->in_doubt)
			cv_slot_touch(ex->slots[i]);
	}
}

static void obey_cancel(struct covey *ex)
{
	if (!ex->cancel_asked)
		return;
	ex->cancel_asked = false;
	if (ex->cancel_how != COVEY_CANCEL_WAITING)
		covey_resume(ex);
	ex->now = cv_now(ex);
	ex->ending = CV_ENDING_CANCELLED;
	ex->input_ended = true;
	finish_all_waiting(ex, COVEY_CANCELLED);
	if (ex->cancel_how != COVEY_CANCEL_WAITING)
		stop_all(ex, COVEY_CANCELLED,
		    ex->cancel_how == COVEY_CANCEL_KILL ? CV_HARD : CV_SOFT);
}

static void obey_deadline(struct covey *ex)
{
	struct covey_event event = { .type = COVEY_EXPIRED };

	bool of_wait = ex->now < ex->deadline, idle;

	if (ex->now < cv_deadline(ex) || ex->suspended_at >= 0)
		return;
	*(of_wait ? &ex->wait_until : &ex->deadline) = INT64_MAX;
	idle = cv_turn_idle(ex);
	if (of_wait && idle)
		return;
	if (ex->ending < CV_ENDING_DEADLINE)
		ex->ending = of_wait ? CV_ENDING_WAIT : CV_ENDING_DEADLINE;
	ex->input_ended = true;
	if (idle)
		return;
	cv_emit(ex, &event);
	finish_all_waiting(ex, COVEY_DEADLINE);
	stop_all(ex, COVEY_DEADLINE, CV_SOFT);
}

static void free_dropped_watches(struct covey *ex)
{
	struct cv_watch *watch;

	while ((watch = LIST_FIRST(&ex->dropped_watches)) != NULL) {
		LIST_REMOVE(watch, entry);
		free(watch);
	}
}

/* ---- a turn that fails ---- */

/* how long a child may take to end by SIGKILL when nothing can be watched any more */
#define LAST_PATIENCE (1 * COVEY_SEC)

static void kill_all(struct covey *ex)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		struct cv_slot *slot = ex->slots[i];

		if (slot->task == NULL || slot->attempt.pid <= 0)
			continue;
		if (!slot->exited && slot->cause == COVEY_SUCCESS)
			slot->cause = COVEY_CANCELLED;
		cv_slot_signal_group(slot, SIGKILL);
		cv_slot_signal_detached(slot, SIGKILL);
	}
}

static void wait_for_exit(struct cv_slot *slot, covey_nsec until)
{
	const struct timespec pause = { .tv_nsec = COVEY_MSEC };

	look(slot);
	while (!slot->exited && cv_clock_now() < until) {
		nanosleep(&pause, NULL);
		look(slot);
	}
}

/* The attempt is over, whatever has been seen of it; what it has printed is taken. */
static void end_now(struct cv_slot *slot, covey_nsec until)
{
	wait_for_exit(slot, until);
	cut(slot);
	slot->attempt.unkillable = !slot->exited;
	slot->ex->in_doubt -= slot->in_doubt;
	slot->in_doubt = false;
	slot->facts = 0;
	slot->probe = false;
	slot->state = CV_DONE;
	cv_finish_attempt(slot);
}

/* When attempts can be watched no more, all end in order, so that each task has its last event. */
static int give_up(struct covey *ex)
{
	covey_nsec until = cv_clock_now() + LAST_PATIENCE;
	unsigned i;

	ex->ending = CV_ENDING_CANCELLED;
	ex->cancel_how = COVEY_CANCEL_KILL;
	ex->input_ended = true;
	kill_all(ex);
	for (i = 0; i < ex->nslots; i++) {
		if (ex->slots[i]->task != NULL)
			end_now(ex->slots[i], until);
	}
	ex->now = cv_now(ex);
	finish_all_waiting(ex, COVEY_CANCELLED);
	return -1;
}

/* ---- the turn ---- */

/* When there is something to do even if no descriptor becomes ready; starts are not counted. */
static covey_nsec next_due(const struct covey *ex)
{
	covey_nsec until;

	if (ex->due || ex->cancel_asked || !TAILQ_EMPTY(&ex->touched))
		return ex->now;
	if (ex->suspended_at >= 0)
		return INT64_MAX;
	until = earlier(cv_timers_due(&ex->timers), cv_sched_due(&ex->sched));
	until = earlier(until, cv_deadline(ex));
	if (ex->starving_since > 0)
		until = earlier(until, ex->start_after);
	if (ex->limit < ex->options.max_workers && ex->sched.nready > 0)
		until = earlier(until, ex->limit_raise);
	if (ex->sched.nready > 0 && ex->gate > ex->now)
		until = earlier(until, ex->gate);
	if (ex->adopts && (ex->running > 0 || ex->tree.nowned > 0))
		until = earlier(until, ex->next_scan);
	return until < ex->now ? ex->now : until;
}

covey_nsec cv_turn_patience(const struct covey *ex)
{
	bool could_start = ex->sched.nready > 0 || (ex->pull && !ex->input_ended);
	covey_nsec until = next_due(ex);

	/* the host waits for the epoll set, in which a polled source is not */
	if (cv_loop_polls(&ex->loop))
		until = earlier(until, ex->now + ASK_PAUSE);
	if (could_start && cv_start_allowed(ex))
		return 0;
	return until == INT64_MAX ? INT64_MAX : until - ex->now;
}

bool cv_turn_idle(const struct covey *ex)
{
	return ex->running == 0 && ex->sched.nready == 0 && ex->sched.ndelayed == 0
	    && ex->input_ended && cv_probe_clean(ex);
}

int cv_turn(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	covey_nsec end;

	ex->due = false;
	ex->now = cv_now(ex);
	obey_cancel(ex);
	obey_deadline(ex);
	cv_sched_promote(&ex->sched, ex->now);
	if (cv_start_ready(ex) || cv_turn_idle(ex))
		max_wait = 0;
	end = max_wait < 0 ? INT64_MAX : max_wait == 0 ? 0 : cv_clock_add(cv_clock_now(), max_wait);
	if (gather(ex, next_due(ex), end, err) != 0)
		return give_up(ex);
	apply(ex);
	if (cv_probe(ex, err) != 0)
		return give_up(ex);
	apply(ex);
	finish(ex);
	free_dropped_watches(ex);
	return cv_turn_idle(ex) && !ex->cancel_asked ? 0 : 1;
}
