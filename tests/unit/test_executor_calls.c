/*
 * Calls that are refused, what NULL does, and which events are asked for.
 */
#include "executor_steps.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>

static void step_again(struct rig *rig, const struct covey_event *event)
{
	struct covey_error err = { .code = COVEY_OK };

	if (event->type == COVEY_QUEUED)
		return;
	if (covey_step(rig->ex, 0, &err) != -1 || err.code != COVEY_BAD_STATE)
		wrong(rig, event, "covey_step from within a callback");
	if (covey_run(rig->ex, NULL) != -1)
		wrong(rig, event, "covey_run from within a callback");
	covey_free(rig->ex);
}

static void test_step_in_callback(struct rig *rig)
{
	rig->hook = step_again;
	rig->o.max_tries = 2;
	rig->o.retry_interval = 0;
	start_rig(rig);
	sh(rig, "exit 1");
	run(rig);
	assert_int_equal(rig->tasks[1].started, 2);
}

static void assert_refused(struct rig *rig, const char *name)
{
	rig->err.code = COVEY_OK;
	rig->err.message[0] = '\0';
	assert_null(covey_new(&rig->o, &rig->err));
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	if (strstr(rig->err.message, name) == NULL)
		fail_msg("'%s' is not about '%s'", rig->err.message, name);
	assert_null(covey_new(&rig->o, NULL));
}

#define REFUSED(rig, option, value) \
	do { \
		struct covey_options kept = (rig)->o; \
		(rig)->o.option = (value); \
		assert_refused(rig, #option); \
		(rig)->o = kept; \
	} while (0)

static void test_new_refuses(struct rig *rig)
{
	REFUSED(rig, max_workers, 0);
	REFUSED(rig, max_workers, COVEY_MAX_WORKERS + 1);
	REFUSED(rig, max_tries, 0);
	REFUSED(rig, backoff, 0.99);
	REFUSED(rig, backoff, NAN);
	REFUSED(rig, backoff, INFINITY);
	REFUSED(rig, jitter, -0.01);
	REFUSED(rig, jitter, 1.01);
	REFUSED(rig, jitter, NAN);
	REFUSED(rig, stop_signal, 0);
	REFUSED(rig, stop_signal, -1);
	REFUSED(rig, stop_signal, 65);
	REFUSED(rig, retry_interval, -1);
	REFUSED(rig, max_interval, -1);
	REFUSED(rig, timeout, -1);
	REFUSED(rig, slow, -1);
	REFUSED(rig, kill_after, -1);
	REFUSED(rig, deadline, -1);
	REFUSED(rig, slot_var, "");
	REFUSED(rig, slot_var, "A=B");
	rig->o.flags |= COVEY_SAME_GROUP | COVEY_SUBREAPER;
	assert_refused(rig, "COVEY_SAME_GROUP");
	rig->o.flags &= ~(unsigned)(COVEY_SAME_GROUP | COVEY_SUBREAPER);
	rig->o.size--;
	assert_refused(rig, "covey_options_init");
	rig->o.size++;
	assert_null(covey_new(NULL, &rig->err));
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	rig->o.reason_dir = in_dir(rig, "nowhere");
	assert_null(covey_new(&rig->o, &rig->err));
	assert_int_equal(rig->err.code, COVEY_SYSTEM);
	assert_int_equal(rig->err.sys_errno, ENOENT);
}

static void assert_command_refused(struct rig *rig, const struct covey_command *command)
{
	rig->err.code = COVEY_OK;
	assert_int_equal(covey_submit(rig->ex, command, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_submit(rig->ex, command, NULL, NULL), -1);
}

static void test_submit_refuses(struct rig *rig)
{
	static const char *const argv[] = { "true", NULL };
	struct covey_command good, c;

	start_rig(rig);
	assert_command_refused(rig, NULL);
	covey_command_init(&good, sizeof good);
	assert_command_refused(rig, &good);
	good.argv = argv + 1;
	assert_command_refused(rig, &good);
	good.argv = argv;
	c = good;
	c.size = 0;
	assert_command_refused(rig, &c);
	c = good;
	c.timeout = -1;
	assert_command_refused(rig, &c);
	c = good;
	c.stdin_source = COVEY_STDIN_FILE;
	assert_command_refused(rig, &c);
	c = good;
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_len = 1;
	assert_command_refused(rig, &c);
	c.stdin_bytes = "";
	c.stdin_len = SIZE_MAX;
	assert_command_refused(rig, &c);
	assert_int_equal(covey_submit(rig->ex, &good, NULL, NULL), 0);
	run(rig);
	/* those that were refused have no number */
	check_counts(rig, 1, 0);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

static void on_fd(struct covey *ex, int fd, unsigned events, void *user)
{
	(void)ex;
	(void)fd;
	(void)events;
	(void)user;
}

static void test_null(struct rig *rig)
{
	struct covey_error *err = &rig->err;

	covey_options_init(NULL, sizeof rig->o);
	covey_command_init(NULL, sizeof(struct covey_command));
	covey_free(NULL);
	assert_int_equal(covey_submit(NULL, NULL, NULL, err), -1);
	assert_int_equal(err->code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_find(NULL, "sh", err), -1);
	assert_int_equal(covey_step(NULL, 0, err), -1);
	assert_int_equal(covey_run(NULL, NULL), -1);
	assert_int_equal(covey_cancel_task(NULL, 1, err), -1);
	assert_int_equal(covey_set_workers(NULL, 1, err), -1);
	assert_int_equal(covey_watch(NULL, 0, EPOLLIN, on_fd, NULL, err), -1);
	assert_int_equal(err->code, COVEY_BAD_ARGUMENT);
	covey_pull(NULL);
	covey_cancel(NULL, COVEY_CANCEL_KILL);
	covey_suspend(NULL);
	covey_resume(NULL);
	covey_hold_output(NULL, true);
	assert_int_equal(covey_fd(NULL), -1);
	assert_int_equal(covey_next_deadline(NULL), -1);
	assert_int_equal(covey_now(NULL), 0);
	assert_int_equal(covey_output_size(NULL), 0);
	assert_int_equal(covey_output_cut(NULL, NULL), 0);
	covey_output_free(NULL);
}

static void test_names(struct rig *rig)
{
	(void)rig;
	assert_string_equal(covey_outcome_name(COVEY_SUCCESS), "success");
	assert_string_equal(covey_outcome_name(COVEY_EXIT), "exit");
	assert_string_equal(covey_outcome_name(COVEY_SIGNAL), "signal");
	assert_string_equal(covey_outcome_name(COVEY_TIMEOUT), "timeout");
	assert_string_equal(covey_outcome_name(COVEY_SPAWN), "spawn");
	assert_string_equal(covey_outcome_name(COVEY_DEADLINE), "deadline");
	assert_string_equal(covey_outcome_name(COVEY_CANCELLED), "cancelled");
	assert_true(covey_version()[0] >= '0' && covey_version()[0] <= '9');
}

/* Without any callback at all. */
static void test_silent(struct rig *rig)
{
	struct covey_counts counts;

	rig->o.on_event = NULL;
	start_rig(rig);
	sh(rig, "echo lost");
	sh(rig, "exit 1");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.succeeded, 1);
	assert_int_equal(counts.failed, 1);
	/* over is not the end: more may come */
	sh(rig, "exit 0");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.succeeded, 2);
}

static void count_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct rig *rig = user;
	unsigned *counts = rig->arg;

	(void)ex;
	counts[event->type]++;
}

/* Only the events that were asked for come. */
static void test_events_asked_for(struct rig *rig)
{
	unsigned counts[COVEY_EXPIRED + 1] = { 0 }, type;

	rig->o.on_event = count_event;
	rig->o.events = 1U << COVEY_STARTED | 1U << COVEY_FINISHED;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	rig->arg = counts;
	start_rig(rig);
	sh(rig, "exit 1");
	sh(rig, "exit 0");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	for (type = 0; type <= COVEY_EXPIRED; type++)
		assert_int_equal(counts[type],
		    type == COVEY_STARTED ? 4 : type == COVEY_FINISHED ? 2 : 0);
}

static const struct entry entries[] = {
	TEST(test_step_in_callback, BOTH),
	TEST(test_new_refuses, ANY),
	TEST(test_submit_refuses, ANY),
	TEST(test_null, ANY),
	TEST(test_names, ANY),
	TEST(test_silent, BOTH),
	TEST(test_events_asked_for, ANY),
};

int main(void)
{
	return run_entries("executor_calls", entries, COUNT(entries));
}
