/*
 * Cancelling tasks, or all of them, and freeing an executor while something runs.
 */
#include "executor_steps.h"

#include <signal.h>

/* ---- cancelling ---- */

static void test_cancel_waiting(struct rig *rig)
{
	uint64_t delayed, running, waiting;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = FOREVER;
	start_rig(rig);
	delayed = sh(rig, "exit 6");
	running = sh(rig, ": >running; " WAIT_FOR("gate") "exit 5");
	waiting = sh(rig, "exit 0");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	assert_refuses_tasks(rig);
	TURN_UNTIL(rig, rig->nfinished == 2);
	assert_outcome(rig, delayed, COVEY_EXIT);
	assert_int_equal(rig->tasks[delayed].last.status, 6);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_int_equal(rig->tasks[running].phase, PHASE_STARTED);
	open_gate(rig, "gate");
	run(rig);
	/* its own outcome; but it is not run again */
	assert_outcome(rig, running, COVEY_EXIT);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_refuses_tasks(rig);
	check_counts(rig, 0, 3);
}

static void test_cancel_stop(struct rig *rig)
{
	uint64_t polite, deaf;
	struct covey_command c;
	int hold[2];

	rig->o.kill_after = 50 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	polite = submit_holding(rig, &c, ": >polite; exec sleep 3600");
	deaf = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "polite") && exists(rig, "deaf"));
	covey_cancel(rig->ex, COVEY_CANCEL_STOP);
	run(rig);
	assert_outcome(rig, polite, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[polite].last.signal, SIGTERM);
	assert_outcome(rig, deaf, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[deaf].last.signal, SIGKILL);
	assert_nobody_holds(hold);
}

/* From stopping to killing, without waiting for the grace. */
static void test_cancel_kill(struct rig *rig)
{
	uint64_t deaf, waiting;
	struct covey_command c;
	int hold[2];

	rig->o.kill_after = FOREVER;
	rig->o.max_workers = 1;
	start_rig(rig);
	make_hold(&c, hold);
	deaf = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & exec sleep 3600");
	waiting = submit_holding(rig, &c, "exit 0");
	TURN_UNTIL(rig, exists(rig, "deaf"));
	covey_cancel(rig->ex, COVEY_CANCEL_STOP);
	TURN_UNTIL(rig, rig->tasks[waiting].phase == PHASE_FINISHED);
	assert_int_equal(rig->tasks[deaf].phase, PHASE_STARTED);
	covey_cancel(rig->ex, COVEY_CANCEL_KILL);
	run(rig);
	assert_outcome(rig, deaf, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[deaf].last.signal, SIGKILL);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_nobody_holds(hold);
}

static void test_cancel_idle(struct rig *rig)
{
	start_rig(rig);
	covey_cancel(rig->ex, COVEY_CANCEL_KILL);
	assert_refuses_tasks(rig);
	run(rig);
	assert_int_equal(rig->nfinished, 0);
}

static void assert_no_task(struct rig *rig, uint64_t id)
{
	assert_int_equal(covey_cancel_task(rig->ex, id, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
}

static void test_cancel_task(struct rig *rig)
{
	uint64_t running, waiting, other;
	struct covey_command c;
	int hold[2];

	rig->o.max_workers = 1;
	rig->o.max_tries = 5;
	rig->o.retry_interval = 0;
	start_rig(rig);
	make_hold(&c, hold);
	running = submit_holding(rig, &c, ": >running; sleep 3600 & exec sleep 3600");
	waiting = sh(rig, "exit 0");
	other = sh(rig, "exit 0");
	assert_no_task(rig, 0);
	assert_no_task(rig, other + 1);
	TURN_UNTIL(rig, exists(rig, "running"));
	assert_int_equal(covey_cancel_task(rig->ex, waiting, &rig->err), 0);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_int_equal(covey_cancel_task(rig->ex, running, &rig->err), 0);
	run(rig);
	assert_outcome(rig, running, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_outcome(rig, other, COVEY_SUCCESS);
	assert_no_task(rig, running);
	assert_no_task(rig, other);
	assert_nobody_holds(hold);
	/* it was only one: others are still welcome */
	sh(rig, "exit 0");
	run(rig);
	check_counts(rig, 2, 2);
}

/* Callbacks may submit and cancel. */
static void chain(struct rig *rig, const struct covey_event *event)
{
	if (event->type == COVEY_QUEUED && event->task->id == 2
	    && covey_cancel_task(rig->ex, 2, &rig->err) != 0)
		wrong(rig, event, "cannot be cancelled");
	if (event->type == COVEY_STARTED && event->task->id == 3
	    && covey_cancel_task(rig->ex, 3, &rig->err) != 0)
		wrong(rig, event, "cannot be cancelled");
	if (event->type == COVEY_FINISHED && event->task->id == 1) {
		sh(rig, "exit 0");
		sh(rig, "sleep 3600");
		sh(rig, "exit 0");
	}
	if (event->type == COVEY_FINISHED && event->task->id == 4)
		covey_cancel(rig->ex, COVEY_CANCEL_KILL);
}

static void test_calls_from_callbacks(struct rig *rig)
{
	rig->hook = chain;
	start_rig(rig);
	sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->nfinished, 4);
	assert_outcome(rig, 2, COVEY_CANCELLED);
	assert_outcome(rig, 3, COVEY_CANCELLED);
	assert_outcome(rig, 4, COVEY_SUCCESS);
	assert_refuses_tasks(rig);
}

/* ---- the end of an executor ---- */

static void test_free_while_running(struct rig *rig)
{
	struct covey_command c;
	unsigned before;
	int hold[2];

	rig->o.kill_after = FOREVER;
	rig->o.max_workers = 2;
	rig->o.max_tries = 2;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "trap '' TERM; sleep 3600 & : >one; exec sleep 3600");
	submit_holding(rig, &c, "(trap '' TERM; sleep 3600) & : >two; wait");
	submit_holding(rig, &c, "exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "one") && exists(rig, "two"));
	before = rig->nfinished;
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
	assert_int_equal(rig->nfinished, before);
}

static void test_free_unused(struct rig *rig)
{
	start_rig(rig);
	covey_free(rig->ex);
	start_rig(rig);
	sh(rig, "exit 0");
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_int_equal(rig->tasks[1].phase, PHASE_QUEUED);
}

static void test_free_while_suspended(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, ": >running; sleep 3600 & exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_suspend(rig->ex);
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
}

/* What left its process group is found only where orphans are adopted. */
static void test_free_detached(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_SOLE_PARENT;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "setsid -f sh -c ': >away; sleep 3600'; : >here; sleep 3600");
	TURN_UNTIL(rig, exists(rig, "here") && exists(rig, "away"));
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
}

static const struct entry entries[] = {
	TEST(test_cancel_waiting, ALL),
	TEST(test_cancel_stop, ALL),
	TEST(test_cancel_kill, ALL),
	TEST(test_cancel_idle, BOTH),
	TEST(test_cancel_task, ALL),
	TEST(test_calls_from_callbacks, ALL),
	TEST(test_free_while_running, ALL),
	TEST(test_free_unused, ALL),
	TEST(test_free_while_suspended, ALL),
	TEST(test_free_detached, ADOPT),
};

int main(void)
{
	return run_entries("executor_cancel", entries, COUNT(entries));
}
