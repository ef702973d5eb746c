/*
 * What a host changes while an executor runs: cancelling, suspending, holding output back, how many
 * run at once, and that more may be started.
 */
#include "error.h"
#include "turn.h"

/* ---- starting more ---- */

void covey_pull(struct covey *ex)
{
	if (ex == NULL || ex->options.next == NULL)
		return;
	ex->pull = true;
	ex->due |= !ex->starting;
}

void covey_wake(struct covey *ex)
{
	if (ex == NULL || ex->gate == 0)
		return;
	ex->gate = 0;
	ex->due |= !ex->starting;
}

int covey_set_workers(struct covey *ex, unsigned max_workers, struct covey_error *err)
{
	if (ex == NULL || max_workers == 0 || max_workers > COVEY_MAX_WORKERS)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the number of workers is %u: it must be from 1 to %u", max_workers,
		    COVEY_MAX_WORKERS);
	ex->options.max_workers = max_workers;
	ex->due = true;
	return 0;
}

/* ---- cancelling ---- */

void covey_cancel(struct covey *ex, enum covey_cancel_how how)
{
	if (ex == NULL)
		return;
	if (how > COVEY_CANCEL_KILL)
		how = COVEY_CANCEL_KILL;
	if (!ex->cancel_asked || how > ex->cancel_how)
		ex->cancel_how = how;
	ex->cancel_asked = true;
}

int covey_cancel_task(struct covey *ex, uint64_t id, struct covey_error *err)
{
	struct cv_task *task;
	unsigned i;

	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	for (i = 0; i < ex->nslots; i++) {
		struct cv_slot *slot = ex->slots[i];

		if (slot->task != NULL && slot->task->view.id == id) {
			slot->task->cancelled = true;
			cv_slot_stop(slot, COVEY_CANCELLED, CV_SOFT);
			return 0;
		}
	}
	task = cv_sched_take(&ex->sched, id);
	if (task == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "task %llu does not exist or has finished", (unsigned long long)id);
	cv_finish_waiting(task, ex, COVEY_CANCELLED);
	return 0;
}

/* ---- suspending ---- */

static void signal_all(const struct covey *ex, int sig)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		struct cv_slot *slot = ex->slots[i];

		/* the tree is gone, and another process may have its number by now */
		if (slot->task == NULL || slot->attempt.pid <= 0 || slot->state == CV_DRAINING)
			continue;
		cv_slot_signal_group(slot, sig);
		cv_slot_signal_detached(slot, sig);
	}
}

void covey_suspend(struct covey *ex)
{
	if (ex == NULL || ex->suspended_at >= 0)
		return;
	ex->suspended_at = cv_clock_now();
	ex->due = true;
	signal_all(ex, SIGSTOP);
}

void covey_resume(struct covey *ex)
{
	if (ex == NULL || ex->suspended_at < 0)
		return;
	ex->paused += cv_clock_now() - ex->suspended_at;
	ex->suspended_at = -1;
	ex->due = true;
	signal_all(ex, SIGCONT);
}

/* ---- holding output back ---- */

static void hold_slot(struct cv_slot *slot, bool hold)
{
	int i;

	for (i = 0; i < CV_NSTREAMS; i++) {
		struct cv_source *source = &slot->stream_sources[i];

		if (slot->captures[i].fd < 0)
			continue;
		if (hold) {
			cv_loop_remove(&slot->ex->loop, source);
			continue;
		}
		source->fd = slot->captures[i].fd;
		if (cv_loop_add(&slot->ex->loop, source, EPOLLIN) != 0)
			cv_slot_close_stream(slot, (enum cv_stream)i);
	}
}

void covey_hold_output(struct covey *ex, bool hold)
{
	unsigned i;

	if (ex == NULL || ex->held == hold)
		return;
	ex->held = hold;
	for (i = 0; i < ex->nslots; i++) {
		if (ex->slots[i]->task != NULL)
			hold_slot(ex->slots[i], hold);
	}
}
