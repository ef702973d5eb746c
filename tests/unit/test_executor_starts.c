/*
 * When something is started, how many at once, and where the tasks come from.
 */
#include "executor_steps.h"

#include <bsd/string.h>

/* ---- may it start? ---- */

/* The test's own, at rig->arg. */
struct gate {
	covey_nsec pause;       /* between starts; negative: until woken */
	covey_nsec next;
	unsigned asked, opened;
	unsigned room;          /* with a negative pause: starts that are allowed */
};

static covey_nsec may_start(struct covey *ex, void *user)
{
	struct rig *rig = user;
	struct gate *gate = rig->arg;
	covey_nsec now = covey_now(ex);

	gate->asked++;
	if (gate->pause < 0)
		return gate->room > 0 ? COVEY_START_NOW : COVEY_START_WAIT;
	return now >= gate->next ? COVEY_START_NOW : gate->next - now;
}

static void count_start(struct rig *rig, const struct covey_event *event)
{
	struct gate *gate = rig->arg;

	if (event->type != COVEY_STARTED)
		return;
	if (event->now < gate->next || (gate->pause < 0 && gate->room == 0))
		strlcpy(rig->wrong, "an attempt started too early", sizeof rig->wrong);
	gate->next = event->now + (gate->pause < 0 ? 0 : gate->pause);
	gate->room -= gate->room > 0;
	gate->opened++;
}

/* Retries go through it as well, and waiting is not asking all the time. */
static void test_may_start_pause(struct rig *rig)
{
	struct gate gate = { .pause = 30 * COVEY_MSEC };
	uint64_t id;
	int i;

	rig->arg = &gate;
	rig->hook = count_start;
	rig->o.may_start = may_start;
	rig->o.max_workers = 4;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	start_rig(rig);
	for (i = 0; i < 4; i++)
		sh(rig, "exit 0");
	id = sh(rig, "exit 1");
	assert_int_equal(covey_run(rig->ex, &rig->err), 0);
	assert_int_equal(rig->tasks[id].started, 3);
	assert_int_equal(gate.opened, 7);
	/* once when it is early, once when it is time; sometimes twice, where a child has ended */
	assert_true(gate.asked <= 4 * 7);
}

static void test_may_start_woken(struct rig *rig)
{
	struct gate gate = { .pause = -1, .room = 1 };
	uint64_t first, second;

	rig->arg = &gate;
	rig->hook = count_start;
	rig->o.may_start = may_start;
	start_rig(rig);
	first = sh(rig, "exit 0");
	second = sh(rig, "exit 0");
	TURN_UNTIL(rig, rig->tasks[first].phase == PHASE_FINISHED);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(rig->tasks[second].phase, PHASE_QUEUED);
	assert_int_equal(gate.asked, 2);
	gate.room = 1;
	covey_wake(rig->ex);
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	run(rig);
	assert_outcome(rig, second, COVEY_SUCCESS);
	assert_int_equal(gate.asked, 3);
}

/* What waits for leave to start is waiting like everything else. */
static void test_may_start_ended(struct rig *rig)
{
	struct gate gate = { .pause = -1 };
	uint64_t id, expired;

	rig->arg = &gate;
	rig->o.may_start = may_start;
	rig->others[0] = open_rig(rig->o.flags);
	rig->others[0]->arg = &gate;
	rig->others[0]->o.may_start = may_start;
	rig->others[0]->o.deadline = 20 * COVEY_MSEC;
	start_rig(rig);
	id = sh(rig, "exit 0");
	turn(rig);
	assert_int_equal(rig->tasks[id].phase, PHASE_QUEUED);
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	run(rig);
	assert_outcome(rig, id, COVEY_CANCELLED);
	start_rig(rig->others[0]);
	expired = sh(rig->others[0], "exit 0");
	assert_int_equal(covey_run(rig->others[0]->ex, &rig->err), 0);
	assert_outcome(rig->others[0], expired, COVEY_DEADLINE);
	covey_free(rig->others[0]->ex);
	rig->others[0]->ex = NULL;
}

/* ---- how many, and where from ---- */

static uint64_t running(const struct rig *rig)
{
	struct covey_counts counts;

	covey_count(rig->ex, &counts, sizeof counts);
	return counts.running;
}

static void note_running(const struct covey_task *task, const struct covey_attempt *attempt,
    void *user)
{
	struct rig *rig = user;
	unsigned *next = rig->arg;

	if (attempt->slot != ++*next || task->id != rig->slots[attempt->slot])
		strlcpy(rig->wrong, "not the running ones, by slot", sizeof rig->wrong);
}

static void test_set_workers(struct rig *rig)
{
	unsigned shown = 0, i;

	rig->arg = &shown;
	rig->o.max_workers = 1;
	start_rig(rig);
	for (i = 0; i < 6; i++)
		sh(rig, i < 3 ? WAIT_FOR("gate") : "exit 0");
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(running(rig), 1);
	assert_int_equal(covey_set_workers(rig->ex, 3, &rig->err), 0);
	TURN_UNTIL(rig, running(rig) == 3);
	covey_each_running(rig->ex, note_running, rig);
	assert_int_equal(shown, 3);
	assert_int_equal(covey_set_workers(rig->ex, 0, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_set_workers(rig->ex, COVEY_MAX_WORKERS + 1, &rig->err), -1);
	/* what runs goes on */
	assert_int_equal(covey_set_workers(rig->ex, 1, &rig->err), 0);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(running(rig), 3);
	open_gate(rig, "gate");
	run(rig);
	check_counts(rig, 6, 0);
}

struct source {
	unsigned limit, end;            /* LATER after limit tasks, END after end */
	unsigned calls, given, later;
};

static enum covey_next give(struct covey *ex, void *user)
{
	struct rig *rig = user;
	struct source *source = rig->arg;

	rig->ex = ex;
	source->calls++;
	if (source->given == source->end)
		return COVEY_NEXT_END;
	if (source->given == source->limit) {
		source->later++;
		return COVEY_NEXT_LATER;
	}
	source->given++;
	sh(rig, ": >\"started$COVEY_TASK\"; " WAIT_FOR("gate"));
	return COVEY_NEXT_MORE;
}

static void test_next(struct rig *rig)
{
	struct source source = { .limit = 3, .end = 5 };
	unsigned calls;

	rig->arg = &source;
	rig->o.next = give;
	rig->o.flags |= COVEY_EXPORT;
	rig->o.max_workers = 2;
	start_rig(rig);
	assert_false(covey_input_ended(rig->ex));
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	TURN_UNTIL(rig, exists(rig, "started1") && exists(rig, "started2"));
	/* only when a slot is free */
	assert_int_equal(source.given, 2);
	open_gate(rig, "gate");
	TURN_UNTIL(rig, rig->nfinished == 3 && source.later == 1);
	calls = source.calls;
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	/* it said LATER, and is not asked before it says so */
	assert_int_equal(source.calls, calls);
	assert_false(covey_input_ended(rig->ex));
	if ((rig->o.flags & COVEY_SUBREAPER) == 0)
		assert_int_equal(covey_next_deadline(rig->ex), -1);

	source.limit = source.end;
	covey_pull(rig->ex);
	run(rig);
	assert_int_equal(rig->nfinished, 5);
	assert_true(covey_input_ended(rig->ex));
	calls = source.calls;
	covey_pull(rig->ex);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(source.calls, calls);
}

static enum covey_next give_slowly(struct covey *ex, void *user)
{
	struct rig *rig = user;
	unsigned *calls = rig->arg;

	if (++*calls == 5)
		return COVEY_NEXT_END;
	covey_pull(ex);
	return COVEY_NEXT_LATER;
}

/* A turn each, and none of them waits for anything. */
static void test_next_pulls_itself(struct rig *rig)
{
	unsigned calls = 0;

	rig->arg = &calls;
	rig->o.next = give_slowly;
	start_rig(rig);
	for (unsigned i = 1; i < 5; i++) {
		assert_int_equal(covey_step(rig->ex, -1, &rig->err), 1);
		assert_int_equal(calls, i);
		assert_int_equal(covey_next_deadline(rig->ex), 0);
	}
	assert_int_equal(covey_step(rig->ex, -1, &rig->err), 0);
	assert_int_equal(calls, 5);
}

/* After a cancel nothing more is asked for. */
static void test_next_cancelled(struct rig *rig)
{
	struct source source = { .limit = 1, .end = 5 };

	rig->arg = &source;
	rig->o.next = give;
	start_rig(rig);
	open_gate(rig, "gate");
	TURN_UNTIL(rig, rig->nfinished == 1 && source.later == 1);
	source.limit = 5;
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	covey_pull(rig->ex);
	run(rig);
	assert_int_equal(source.given, 1);
	assert_true(covey_input_ended(rig->ex));
}

static const struct entry entries[] = {
	TEST(test_may_start_pause, BOTH),
	TEST(test_may_start_woken, BOTH),
	TEST(test_may_start_ended, ANY),
	TEST(test_set_workers, BOTH),
	TEST(test_next, ALL),
	TEST(test_next_pulls_itself, BOTH),
	TEST(test_next_cancelled, BOTH),
};

int main(void)
{
	return run_entries("executor_starts", entries, COUNT(entries));
}
