/*
 * An attempt is over: its outcome, whether and when its task is run again, and the events that say
 * so.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdutil.h"
#include "number.h"
#include "turn.h"

void cv_emit(struct covey *ex, struct covey_event *event)
{
	if (ex->options.on_event == NULL || (ex->options.events >> event->type & 1) == 0)
		return;
	event->now = ex->now;
	ex->emitting++;
	ex->options.on_event(ex, event, ex->options.user);
	ex->emitting--;
}

/* the failure code of a function whose result did not arrive whole, as covey.h promises */
enum { RESULT_LOST = 255 };

/* ---- the outcome ---- */

static enum covey_outcome own_outcome(const struct cv_slot *slot)
{
	if (!slot->exited)
		return COVEY_SIGNAL;
	if (slot->lost)
		return COVEY_SPAWN;
	if (slot->attempt.signal != 0)
		return COVEY_SIGNAL;
	return slot->attempt.status == 0 ? COVEY_SUCCESS : COVEY_EXIT;
}

static bool killed_for_memory(struct covey *ex)
{
	long count = cv_oom_count(ex->oom_fd), before = ex->oom_count;

	ex->oom_count = count;
	return count > before;
}

/* A function that was never called, or whose result did not arrive whole, has not succeeded. */
static void judge_call(struct cv_slot *slot)
{
	struct covey_attempt *attempt = &slot->attempt;

	if (attempt->outcome == COVEY_EXIT && slot->note->failed_errno != 0) {
		attempt->outcome = COVEY_SPAWN;
		attempt->status = 0;
		attempt->sys_errno = slot->note->failed_errno;
		attempt->spawn_step = cv_child_step(slot->note->failed_step);
	} else if (attempt->outcome == COVEY_SUCCESS
	    && slot->captures[CV_STREAM_RESULT].error != 0) {
		attempt->outcome = COVEY_EXIT;
		attempt->status = RESULT_LOST;
	}
}

static void judge(struct cv_slot *slot)
{
	struct covey_attempt *attempt = &slot->attempt;

	if (slot->exited && !slot->lost && attempt->pid > 0) {
		if (WIFEXITED(slot->wait_status))
			attempt->status = WEXITSTATUS(slot->wait_status);
		else
			attempt->signal = WTERMSIG(slot->wait_status);
		attempt->core_dumped = WIFSIGNALED(slot->wait_status)
		    && WCOREDUMP(slot->wait_status);
	}
	attempt->outcome = slot->cause != COVEY_SUCCESS ? slot->cause : own_outcome(slot);
	if (slot->task->view.run != NULL)
		judge_call(slot);
	if (slot->lost && attempt->outcome == COVEY_SPAWN) {
		attempt->sys_errno = ECHILD;
		attempt->spawn_step = "wait";
	}
	/* read after every failure, so that a kill is not taken for a later attempt's */
	if (attempt->outcome != COVEY_SUCCESS && killed_for_memory(slot->ex))
		attempt->oom = attempt->outcome == COVEY_SIGNAL && attempt->signal == SIGKILL;
}

/* Without its output it cannot be said that a command has done what it was run for. */
static void judge_output(struct cv_slot *slot, char *line, size_t size)
{
	struct covey_attempt *attempt = &slot->attempt;

	if (attempt->outcome != COVEY_SUCCESS || attempt->output_errno == 0)
		return;
	attempt->outcome = COVEY_LOST;
	snprintf(line, size, "cannot keep what it has printed: '%s': %s",
	    slot->ex->limits.tmpdir, strerror(attempt->output_errno));
	attempt->reason = line;
}

static struct covey_output *take(struct cv_slot *slot, enum cv_stream stream)
{
	if (slot->captures[stream].error != 0)
		slot->attempt.output_errno = slot->captures[stream].error;
	return cv_capture_take(&slot->captures[stream]);
}

/* Reads the first line of the attempt's COVEY_REASON file, and removes the file. */
static void take_reason(struct cv_slot *slot, char *line, size_t size)
{
	struct covey_attempt *attempt = &slot->attempt;
	int dir_fd = slot->ex->reason_dir_fd;
	char name[CV_NUMBER_SIZE];

	if (dir_fd < 0)
		return;
	cv_number_put(name, attempt->slot);
	if (attempt->outcome != COVEY_SUCCESS && cv_fd_slurp(dir_fd, name, line, size) > 0) {
		line[strcspn(line, "\n")] = '\0';
		attempt->reason = line;
	}
	unlinkat(dir_fd, name, 0);  /* most attempts make no such file */
}

/* Takes from a function's note why the function failed, and where it crashed. */
static void take_note(struct cv_slot *slot, char *line, size_t size)
{
	struct covey_attempt *attempt = &slot->attempt;

	/* without a child, the note is of another attempt, or there is none */
	if (slot->task->view.run == NULL || attempt->outcome == COVEY_SUCCESS || attempt->pid == 0)
		return;
	/* a copy, since a process that is left of the tree could still write to the note */
	if (cv_note_text(slot->note, line, size))
		attempt->reason = line;
	else if (slot->captures[CV_STREAM_RESULT].error != 0) {
		snprintf(line, size, "cannot keep the result: %s",
		    strerror(slot->captures[CV_STREAM_RESULT].error));
		attempt->reason = line;
	}
	attempt->backtrace = cv_note_backtrace(slot->note);
}

/* ---- what is next ---- */

static double chance(void)
{
	return (double)arc4random_uniform(1U << 30) / (1U << 30);
}

/* How long to wait before the next attempt, by options and callback; negative: there is none. */
static covey_nsec policy(const struct covey *ex, const struct cv_slot *slot)
{
	const struct covey_attempt *attempt = &slot->attempt;
	struct cv_failure failure = {
		.outcome = attempt->outcome, .status = attempt->status, .signal = attempt->signal,
		.sys_errno = attempt->sys_errno, .attempt = attempt->number,
	};
	struct cv_retry retry = ex->retry;
	covey_nsec delay = -1;

	if (slot->task->retry_interval > 0)
		retry.interval = slot->task->retry_interval;
	if (attempt->number < slot->task->view.tries && cv_retry_wanted(&retry, &failure))
		delay = cv_retry_delay(&retry, attempt->number, retry.jitter > 0 ? chance() : 0);
	if (ex->options.decide != NULL)
		ex->options.decide(&slot->task->view, attempt, &delay, ex->options.user);
	return delay;
}

static covey_nsec decide(const struct covey *ex, const struct cv_slot *slot)
{
	const struct covey_attempt *attempt = &slot->attempt;
	covey_nsec delay;

	if (attempt->outcome == COVEY_SUCCESS || attempt->outcome == COVEY_DEADLINE
	    || attempt->outcome == COVEY_CANCELLED || attempt->unkillable
	    || ex->ending != CV_ENDING_NO || ex->cancel_asked)
		return -1;
	delay = policy(ex, slot);
	/* a retry that would be due after the deadline is run at once, rather than never */
	if (delay > 0 && cv_deadline(ex) != INT64_MAX
	    && cv_clock_add(ex->now, delay) >= cv_deadline(ex))
		delay = 0;
	return delay;
}

static void finished(struct covey *ex, struct cv_task *task, struct covey_attempt *attempt,
    enum covey_outcome outcome)
{
	struct covey_event event = {
		.type = COVEY_FINISHED, .task = &task->view, .attempt = attempt, .outcome = outcome,
	};

	if (outcome == COVEY_SUCCESS)
		ex->counts.succeeded++;
	else
		ex->counts.failed++;
	cv_emit(ex, &event);
	if (ex->results != NULL)
		cv_collect_add(ex, task, attempt, outcome);
	else
		cv_task_free(task);
}

struct covey_attempt *cv_attempt_keep(struct covey_attempt *attempt)
{
	struct covey_attempt *kept = malloc(sizeof *kept);

	if (kept == NULL)
		return NULL;
	*kept = *attempt;
	kept->reason = attempt->reason == NULL ? NULL : strdup(attempt->reason);
	attempt->out = attempt->err = attempt->result = NULL;
	attempt->backtrace = NULL;
	return kept;
}

/*
 * Keeps the last attempt of a task that waits to be run again. Its outputs are kept only for
 * covey_wait, since they may be large, and many tasks may wait.
 */
static void remember(const struct covey *ex, struct cv_task *task, struct covey_attempt *attempt)
{
	struct covey_attempt bare = *attempt;

	bare.out = bare.err = bare.result = NULL;
	bare.reason = bare.backtrace = NULL;
	task->last = cv_attempt_keep(ex->results != NULL ? attempt : &bare);
	/* when out of memory, the task's last event comes without the attempt */
	if (task->last != NULL)
		task->last->retry = false;
}

static void run_again(struct covey *ex, struct cv_task *task, struct covey_attempt *attempt,
    covey_nsec delay)
{
	struct covey_event event = {
		.type = COVEY_DELAYED, .task = &task->view, .attempt = attempt,
		.due = cv_clock_add(ex->now, delay),
	};

	remember(ex, task, attempt);
	if (delay > 0)
		cv_sched_delay(&ex->sched, task, event.due);
	else
		cv_sched_add(&ex->sched, task);
	cv_emit(ex, &event);
}

/* ---- the end of an attempt ---- */

static void leave_slot(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;
	struct covey_attempt *attempt = &slot->attempt;

	covey_output_free(attempt->out);
	covey_output_free(attempt->err);
	covey_output_free(attempt->result);
	free((char *)(uintptr_t)attempt->backtrace);
	attempt->out = attempt->err = attempt->result = NULL;
	attempt->reason = attempt->backtrace = NULL;
	cv_timer_clear(&ex->timers, &slot->timer);
	ex->running--;
	if (slot->attempt.unkillable) {
		slot->withheld = true;
		ex->withheld++;
		return;
	}
	cv_slots_give(&ex->free_slots, slot->index);
}

/* ---- is somebody stopping us? ---- */

/* After so many attempts that were held in vain, commands of this host just end like that. */
enum { MOST_DOUBTED = 20 };

static bool is_stop_signal(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP;
}

/* Did the attempt end as one does that a stranger stops? A shell exits with 128 and the signal. */
static bool ended_by_stranger(const struct cv_slot *slot)
{
	int status = slot->wait_status;

	if (slot->cause != COVEY_SUCCESS || !slot->exited || slot->lost || slot->attempt.pid <= 0)
		return false;
	return WIFSIGNALED(status) ? is_stop_signal(WTERMSIG(status))
	    : is_stop_signal(WEXITSTATUS(status) - 128);
}

static void hold(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	slot->in_doubt = true;
	slot->over = ex->now;
	ex->in_doubt++;
	cv_slot_deadline(slot, CV_DEADLINE_DOUBT, cv_clock_add(ex->now, ex->options.stop_window));
}

static void end_hold(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	slot->in_doubt = false;
	ex->in_doubt--;
	ex->due = true;
	if (ex->ending == CV_ENDING_CANCELLED && ex->cancel_how != COVEY_CANCEL_WAITING)
		slot->cause = COVEY_CANCELLED;
	else
		ex->doubted++;
}

bool cv_finish_holds(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	if (slot->in_doubt && ex->ending == CV_ENDING_NO
	    && ex->now < cv_clock_add(slot->over, ex->options.stop_window))
		return true;
	if (slot->in_doubt) {
		end_hold(slot);
		return false;
	}
	if (ex->options.stop_window == 0 || ex->ending != CV_ENDING_NO || ex->doubted >= MOST_DOUBTED)
		return false;
	cv_slot_reap(slot);
	if (!ended_by_stranger(slot))
		return false;
	hold(slot);
	return true;
}

/* ---- the end ---- */

void cv_finish_attempt(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;
	struct covey_attempt *attempt = &slot->attempt;
	struct covey_event event = {
		.type = COVEY_ENDED, .task = &slot->task->view, .attempt = attempt,
	};
	struct cv_task *task;
	char reason[CV_NOTE_TEXT];
	covey_nsec delay;

	cv_slot_reap(slot);
	attempt->ended = slot->over != 0 ? slot->over : ex->now;
	slot->over = 0;
	judge(slot);
	attempt->out = take(slot, CV_STREAM_OUT);
	attempt->err = take(slot, CV_STREAM_ERR);
	attempt->result = take(slot, CV_STREAM_RESULT);
	take_reason(slot, reason, sizeof reason);
	take_note(slot, reason, sizeof reason);
	judge_output(slot, reason, sizeof reason);
	delay = decide(ex, slot);
	attempt->retry = delay >= 0;
	cv_emit(ex, &event);
	task = slot->task;
	slot->task = NULL;
	attempt->retry = attempt->retry && !task->cancelled;
	if (attempt->retry)
		run_again(ex, task, attempt, delay);
	else
		finished(ex, task, attempt, attempt->outcome);
	leave_slot(slot);
}

void cv_finish_waiting(struct cv_task *task, struct covey *ex, enum covey_outcome outcome)
{
	if (task->last != NULL)
		outcome = task->last->outcome;
	finished(ex, task, task->last, outcome);
}

void cv_finish_withheld(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	cv_slot_reap(slot);
	if (!slot->reaped || (ex->adopts && cv_tree_has(&ex->tree, cv_owner_slot(slot->index))))
		return;
	slot->withheld = false;
	ex->due = true;
	ex->withheld--;
	cv_slots_give(&ex->free_slots, slot->index);
}
