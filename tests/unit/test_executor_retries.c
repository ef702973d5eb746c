/*
 * Failures are run again on their own clock, and hold up nobody.
 */
#include "executor_steps.h"

#include <bsd/string.h>

static void test_retries_mixed(struct rig *rig)
{
	struct seen *seen;
	uint64_t id;

	rig->o.flags |= COVEY_EXPORT;
	rig->o.max_tries = 4;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	rig->o.timeout = 1 * COVEY_SEC;
	start_rig(rig);
	id = sh(rig, "case $COVEY_ATTEMPT in 1) echo one; exit 1;; 2) sleep 3600;; "
	    "3) kill -s KILL $$;; esac; echo four");
	run(rig);
	seen = &rig->tasks[id];
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(seen->started, 4);
	assert_int_equal(seen->delayed, 3);
	assert_int_equal(seen->outcomes[1], COVEY_EXIT);
	assert_int_equal(seen->outcomes[2], COVEY_TIMEOUT);
	assert_int_equal(seen->outcomes[3], COVEY_SIGNAL);
	assert_string_equal(seen->text[0], "four\n");
	check_counts(rig, 1, 0);
}

static void test_retry_blocks_nobody(struct rig *rig)
{
	struct covey_counts counts;
	uint64_t failing, others[3];
	size_t i;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = FOREVER;
	start_rig(rig);
	failing = sh(rig, "exit 3");
	for (i = 0; i < COUNT(others); i++)
		others[i] = sh(rig, "exit 0");
	TURN_UNTIL(rig, rig->tasks[others[2]].phase == PHASE_FINISHED);
	assert_int_equal(rig->tasks[failing].phase, PHASE_DELAYED);
	assert_true(rig->tasks[failing].due - rig->tasks[failing].delayed_at == FOREVER);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.delayed, 1);
	/* with its last attempt's outcome, since it had one */
	assert_int_equal(covey_cancel_task(rig->ex, failing, &rig->err), 0);
	assert_outcome(rig, failing, COVEY_EXIT);
	assert_int_equal(rig->tasks[failing].last.status, 3);
	run(rig);
}

static void test_retry_goes_first(struct rig *rig)
{
	uint64_t failing, other;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = 0;
	start_rig(rig);
	failing = sh(rig, "exit 3");
	other = sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->tasks[failing].started, 2);
	assert_int_equal(rig->tasks[failing].place, 1);
	assert_int_equal(rig->tasks[other].place, 2);
}

/* A command's own number of tries, and what is not retried. */
static void test_retry_limits(struct rig *rig)
{
	uint64_t own, unwanted, not_found, other;
	struct covey_command c;

	rig->o.max_tries = 5;
	rig->o.retry_interval = 0;
	rig->o.no_retry_on.statuses[0] = 1U << 4;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.tries = 2;
	own = submit_script(rig, &c, "exit 1");
	unwanted = sh(rig, "exit 4");
	not_found = sh(rig, "exit 127");
	other = sh(rig, "exit 1");
	run(rig);
	assert_int_equal(rig->tasks[own].started, 2);
	assert_int_equal(rig->tasks[unwanted].started, 1);
	assert_int_equal(rig->tasks[not_found].started, 1);
	assert_int_equal(rig->tasks[other].started, 5);
}

struct delays {
	covey_nsec seen[MAX_ATTEMPTS];
	unsigned n;
};

static void note_delay(struct rig *rig, const struct covey_event *event)
{
	struct delays *delays = rig->arg;

	if (event->type == COVEY_DELAYED && delays->n < MAX_ATTEMPTS)
		delays->seen[delays->n++] = event->due - event->now;
}

/* A command's own interval and timeout, in place of the executor's. */
static void test_own_times(struct rig *rig)
{
	struct delays delays = { .n = 0 };
	struct covey_command c;
	uint64_t own, other;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	rig->o.timeout = 3600 * COVEY_SEC;
	rig->hook = note_delay;
	rig->arg = &delays;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.retry_interval = 7 * COVEY_MSEC;
	c.timeout = 20 * COVEY_MSEC;
	own = submit_script(rig, &c, "sleep 3600");
	run(rig);
	assert_int_equal(delays.n, 1);
	assert_int_equal(delays.seen[0], 7 * COVEY_MSEC);
	assert_int_equal(rig->tasks[own].outcomes[1], COVEY_TIMEOUT);
	other = sh(rig, "exit 1");
	run(rig);
	assert_int_equal(delays.n, 2);
	assert_int_equal(delays.seen[1], 1 * COVEY_MSEC);
	assert_int_equal(rig->tasks[other].outcomes[1], COVEY_EXIT);
}

static void test_backoff(struct rig *rig)
{
	struct delays delays = { .n = 0 };

	rig->hook = note_delay;
	rig->arg = &delays;
	rig->o.max_tries = 4;
	rig->o.retry_interval = 2 * COVEY_MSEC;
	rig->o.backoff = 2;
	rig->o.max_interval = 7 * COVEY_MSEC;
	start_rig(rig);
	sh(rig, "exit 1");
	run(rig);
	assert_int_equal(delays.n, 3);
	assert_int_equal(delays.seen[0], 2 * COVEY_MSEC);
	assert_int_equal(delays.seen[1], 4 * COVEY_MSEC);
	assert_int_equal(delays.seen[2], 7 * COVEY_MSEC);
}

/* Task 1 would be run again, and is not; task 2 would not, and is, beyond its tries. */
static void decide_otherwise(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user)
{
	struct rig *rig = user;

	if (attempt->outcome == COVEY_SUCCESS || attempt->outcome == COVEY_CANCELLED
	    || (task->id == 1 && *delay != 0) || (task->id == 2 && *delay >= 0)
	    || (task->id == 3 && *delay != 0))
		strlcpy(rig->wrong, "decide was asked what it should not be", sizeof rig->wrong);
	if (task->id == 1)
		*delay = -1;
	else if (task->id == 2 && attempt->number < 4)
		*delay = 1 * COVEY_MSEC;
}

static void test_decide(struct rig *rig)
{
	struct covey_command c;

	rig->o.decide = decide_otherwise;
	rig->o.retry_interval = 0;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.tries = 2;
	submit_script(rig, &c, "exit 1");
	c.tries = 1;
	submit_script(rig, &c, "exit 1");
	c.tries = 2;
	submit_script(rig, &c, "test -e again || { : >again; exit 1; }");
	submit_script(rig, &c, "sleep 3600");
	covey_cancel_task(rig->ex, 4, NULL);
	run(rig);
	assert_int_equal(rig->tasks[1].started, 1);
	assert_int_equal(rig->tasks[2].started, 4);
	assert_outcome(rig, 2, COVEY_EXIT);
	assert_outcome(rig, 3, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[3].started, 2);
	assert_outcome(rig, 4, COVEY_CANCELLED);
}

static const struct entry entries[] = {
	TEST(test_retries_mixed, ALL),
	TEST(test_retry_blocks_nobody, ALL),
	TEST(test_retry_goes_first, BOTH),
	TEST(test_retry_limits, ANY),
	TEST(test_own_times, ANY),
	TEST(test_backoff, ANY),
	TEST(test_decide, BOTH),
};

int main(void)
{
	return run_entries("executor_retries", entries, COUNT(entries));
}
