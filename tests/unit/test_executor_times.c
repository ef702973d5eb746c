/*
 * An attempt's timeout, the executor's deadline, and a clock that can be suspended.
 */
#include "executor_steps.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- time ---- */

static void test_timeout(struct rig *rig)
{
	struct covey_command c;
	uint64_t id, own, stubborn;
	int hold[2];

	rig->o.timeout = 200 * COVEY_MSEC;
	rig->o.kill_after = 20 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	id = submit_holding(rig, &c, "sleep 3600 & echo begun; sleep 3600");
	stubborn = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & sleep 3600");
	c.timeout = FOREVER;
	own = submit_holding(rig, &c, "sleep 0.5");
	run(rig);
	assert_outcome(rig, id, COVEY_TIMEOUT);
	assert_true(rig->tasks[id].last.ended - rig->tasks[id].last.started >= 200 * COVEY_MSEC);
	assert_int_equal(rig->tasks[id].last.status, 0);
	assert_false(rig->tasks[id].last.unkillable);
	assert_outcome(rig, stubborn, COVEY_TIMEOUT);
	if (exists(rig, "deaf"))
		assert_int_equal(rig->tasks[stubborn].last.signal, SIGKILL);
	assert_outcome(rig, own, COVEY_SUCCESS);
	assert_nobody_holds(hold);
}

/* A command that makes use of its grace has timed out all the same, but says how it went. */
static void test_stop_signal(struct rig *rig)
{
	uint64_t id;

	rig->o.stop_signal = SIGUSR1;
	rig->o.kill_after = FOREVER;
	start_rig(rig);
	id = sh(rig, "trap 'echo bye; exit 9' USR1; : >ready; while :; do sleep 0.01; done");
	TURN_UNTIL(rig, exists(rig, "ready"));
	assert_int_equal(covey_cancel_task(rig->ex, id, &rig->err), 0);
	run(rig);
	assert_outcome(rig, id, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[id].last.status, 9);
	assert_string_equal(rig->tasks[id].text[0], "bye\n");
}

static void open_gate_when_slow(struct rig *rig, const struct covey_event *event)
{
	if (event->type == COVEY_SLOW)
		open_gate(rig, "gate");
}

static void test_slow(struct rig *rig)
{
	uint64_t id;

	rig->o.slow = 1 * COVEY_MSEC;
	rig->hook = open_gate_when_slow;
	start_rig(rig);
	id = sh(rig, WAIT_FOR("gate"));
	run(rig);
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[id].slow, 1);
}

/* ---- the deadline ---- */

static void test_deadline(struct rig *rig)
{
	uint64_t retrying, running, waiting;
	struct covey_command c;
	int hold[2];

	rig->o.deadline = 1 * COVEY_SEC;
	rig->o.max_workers = 1;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	retrying = submit_holding(rig, &c, "exit 4");
	running = submit_holding(rig, &c, "sleep 3600 & sleep 3600");
	waiting = submit_holding(rig, &c, "exit 0");
	run(rig);
	assert_int_equal(rig->nexpired, 1);
	/* its second attempt was due, but had no slot, or none of the three was left */
	assert_outcome(rig, retrying, COVEY_EXIT);
	assert_int_equal(rig->tasks[retrying].last.status, 4);
	assert_outcome(rig, running, COVEY_DEADLINE);
	assert_true(rig->tasks[running].had_attempt);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_outcome(rig, waiting, COVEY_DEADLINE);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_refuses_tasks(rig);
	assert_nobody_holds(hold);
}

static void test_deadline_unneeded(struct rig *rig)
{
	rig->o.deadline = FOREVER;
	start_rig(rig);
	sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->nexpired, 0);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

/* Better at once than never. */
static void test_retry_before_deadline(struct rig *rig)
{
	rig->o.deadline = FOREVER;
	rig->o.retry_interval = 2 * FOREVER;
	rig->o.max_tries = 2;
	start_rig(rig);
	sh(rig, "test -e again || { : >again; exit 1; }");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[1].started, 2);
	assert_true(rig->tasks[1].due == rig->tasks[1].delayed_at);
}

/* ---- suspending ---- */

/* A shell that waits for a vforked child to exec is in state D, and stays so if that is stopped. */
static bool stands_still(pid_t pid)
{
	char path[64], line[512];
	const char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, line, sizeof line - 1);
	close(fd);
	assert_true(n > 0);
	line[n] = '\0';
	at = strrchr(line, ')');
	assert_non_null(at);
	return at[2] == 'T' || at[2] == 'D';
}

/* The first deadline, to the accuracy with which it can be asked for. */
static void assert_due(struct rig *rig, covey_nsec due)
{
	covey_nsec before = covey_now(rig->ex), left = covey_next_deadline(rig->ex);
	covey_nsec after = covey_now(rig->ex);

	assert_true(before + left <= due);
	assert_true(due <= after + left);
}

static void test_suspend(struct rig *rig)
{
	covey_nsec began, stopped, due;

	rig->o.timeout = FOREVER;
	rig->o.max_workers = 1;
	start_rig(rig);
	sh(rig, ": >running; " WAIT_FOR("gate"));
	TURN_UNTIL(rig, exists(rig, "running"));
	due = rig->tasks[1].last.started + FOREVER;
	assert_due(rig, due);

	covey_suspend(rig->ex);
	began = clock_now();
	stopped = covey_now(rig->ex);
	covey_set_workers(rig->ex, 2, NULL);
	sh(rig, "exit 0");
	while (!stands_still(rig->tasks[1].last.pid) || clock_now() - began < 20 * COVEY_MSEC) {
		assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
		nap();
	}
	assert_int_equal(rig->tasks[2].phase, PHASE_QUEUED);
	assert_true(covey_now(rig->ex) == stopped);
	assert_int_equal(covey_next_deadline(rig->ex), -1);

	covey_resume(rig->ex);
	covey_resume(rig->ex);
	TURN_UNTIL(rig, rig->tasks[2].phase == PHASE_FINISHED);
	assert_due(rig, due);
	assert_true(covey_now(rig->ex) <= clock_now() - 20 * COVEY_MSEC);
	open_gate(rig, "gate");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

/* No deadline passes, of a task or of all, however long it lasts. */
static void test_suspend_past_deadlines(struct rig *rig)
{
	covey_nsec began;

	rig->o.timeout = 1 * COVEY_SEC;
	rig->o.deadline = 1 * COVEY_SEC;
	start_rig(rig);
	sh(rig, ": >running; sleep 3600");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_suspend(rig->ex);
	for (began = clock_now(); clock_now() - began < 1200 * COVEY_MSEC; nap())
		assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(rig->tasks[1].phase, PHASE_STARTED);
	assert_int_equal(rig->nexpired, 0);
	covey_resume(rig->ex);
	run(rig);
	assert_int_equal(rig->tasks[1].phase, PHASE_FINISHED);
	assert_true(rig->tasks[1].last.ended - rig->tasks[1].last.started < clock_now() - began);
}

static const struct entry entries[] = {
	TEST(test_timeout, ALL),
	TEST(test_stop_signal, BOTH),
	TEST(test_slow, BOTH),
	TEST(test_deadline, ALL),
	TEST(test_deadline_unneeded, ANY),
	TEST(test_retry_before_deadline, ANY),
	TEST(test_suspend, BOTH),
	TEST(test_suspend_past_deadlines, PIDFD | SIGNALS_ADOPTING),
};

int main(void)
{
	return run_entries("executor_times", entries, COUNT(entries));
}
