/*
 * What finishing decides: which outcome an attempt has, whether and when its task is run again, and
 * what becomes of its slot. No child is started here.
 */
#include "mock_slots.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* wait statuses, as from wait(2) */
#define EXITED(status) ((status) << 8)
#define KILLED(sig) (sig)
#define DUMPED(sig) ((sig) | 0x80)

static int set_up(void **state)
{
	*state = mock_new();
	return 0;
}

static int tear_down(void **state)
{
	mock_free(*state);
	return 0;
}

/* An attempt that has exited, and was reaped. */
static struct cv_slot *over(struct mock *mock, int wait_status)
{
	struct cv_slot *slot = mock_attempt(mock, 0, MOCK_PID, 1);

	slot->exited = slot->reaped = true;
	slot->wait_status = wait_status;
	return slot;
}

/* ---- the outcome ---- */

struct ending {
	const char *name;
	bool exited, lost;
	int wait_status;
	enum covey_outcome cause;           /* COVEY_SUCCESS: nobody has stopped it */
	enum covey_outcome outcome;
	int status, signal, sys_errno;
	const char *step;
	bool dumped;
};

static const struct ending endings[] = {
	{ .name = "succeeds", .exited = true, .outcome = COVEY_SUCCESS },
	{ .name = "fails", .exited = true, .wait_status = EXITED(3),
	  .outcome = COVEY_EXIT, .status = 3 },
	{ .name = "is killed", .exited = true, .wait_status = KILLED(SIGTERM),
	  .outcome = COVEY_SIGNAL, .signal = SIGTERM },
	{ .name = "crashes", .exited = true, .wait_status = DUMPED(SIGSEGV),
	  .outcome = COVEY_SIGNAL, .signal = SIGSEGV, .dumped = true },
	/* why it was stopped goes before how it ended, whatever it made of the signal */
	{ .name = "is stopped and exits", .exited = true, .wait_status = EXITED(0),
	  .cause = COVEY_TIMEOUT, .outcome = COVEY_TIMEOUT },
	{ .name = "is stopped and killed", .exited = true, .wait_status = KILLED(SIGKILL),
	  .cause = COVEY_CANCELLED, .outcome = COVEY_CANCELLED, .signal = SIGKILL },
	{ .name = "is stopped by the deadline", .exited = true, .wait_status = EXITED(9),
	  .cause = COVEY_DEADLINE, .outcome = COVEY_DEADLINE, .status = 9 },
	{ .name = "could not be watched", .exited = true, .wait_status = KILLED(SIGKILL),
	  .cause = COVEY_SPAWN, .outcome = COVEY_SPAWN, .signal = SIGKILL },
	/* SIGKILL has not ended it */
	{ .name = "hangs", .outcome = COVEY_SIGNAL },
	{ .name = "hangs after its timeout", .cause = COVEY_TIMEOUT, .outcome = COVEY_TIMEOUT },
	/* somebody else has reaped it: whether it succeeded is not known */
	{ .name = "is reaped by the host", .exited = true, .lost = true,
	  .outcome = COVEY_SPAWN, .sys_errno = ECHILD, .step = "wait" },
	{ .name = "is stopped, and reaped by the host", .exited = true, .lost = true,
	  .cause = COVEY_TIMEOUT, .outcome = COVEY_TIMEOUT },
};

static void check_ending(const struct ending *e)
{
	struct mock *mock = mock_new();
	struct cv_slot *slot = over(mock, e->wait_status);
	const struct covey_attempt *attempt = &slot->attempt;

	slot->exited = e->exited;
	slot->lost = e->lost;
	slot->cause = e->cause;
	cv_finish_attempt(slot);
	if (attempt->outcome != e->outcome || attempt->status != e->status
	    || attempt->signal != e->signal || attempt->sys_errno != e->sys_errno
	    || attempt->core_dumped != e->dumped)
		fail_msg("one that %s: outcome %s, status %d, signal %d, errno %d", e->name,
		    covey_outcome_name(attempt->outcome), attempt->status, attempt->signal,
		    attempt->sys_errno);
	assert_int_equal(e->step == NULL, attempt->spawn_step == NULL);
	if (e->step != NULL)
		assert_string_equal(attempt->spawn_step, e->step);
	assert_int_equal(attempt->ended, MOCK_START);
	assert_int_equal(mock->nevents, 2);
	assert_int_equal(mock->events[0].type, COVEY_ENDED);
	assert_int_equal(mock->events[1].type, COVEY_FINISHED);
	assert_int_equal(mock->events[1].outcome, e->outcome);
	assert_int_equal(mock->ex.counts.succeeded, e->outcome == COVEY_SUCCESS);
	assert_int_equal(mock->ex.counts.failed, e->outcome != COVEY_SUCCESS);
	mock_free(mock);
}

static void test_outcome(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(endings); i++)
		check_ending(&endings[i]);
}

/* ---- functions ---- */

static int run_nothing(struct covey_call *call)
{
	(void)call;
	return 0;
}

/* Makes the attempt one of a function, with a note for what its child would say. */
static struct cv_note *make_function(struct cv_slot *slot)
{
	slot->task->view.run = run_nothing;
	slot->note = cv_note_new("mock", slot->index);
	assert_non_null(slot->note);
	cv_note_clear(slot->note);
	return slot->note;
}

/* It could not even be called: that is no failure of its own. */
static void test_function_not_called(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = over(mock, EXITED(255));

	make_function(slot)->failed_errno = EACCES;
	cv_finish_attempt(slot);
	assert_int_equal(slot->attempt.outcome, COVEY_SPAWN);
	assert_int_equal(slot->attempt.status, 0);
	assert_int_equal(slot->attempt.sys_errno, EACCES);
	assert_non_null(slot->attempt.spawn_step);
}

/* A result that is not whole is no success, and says why. */
static void test_function_result_lost(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = over(mock, EXITED(0));

	make_function(slot);
	slot->captures[CV_STREAM_RESULT].error = ENOSPC;
	cv_finish_attempt(slot);
	assert_int_equal(slot->attempt.outcome, COVEY_EXIT);
	assert_int_equal(slot->attempt.status, 255);
	assert_int_equal(slot->attempt.output_errno, ENOSPC);
	assert_string_equal(mock->events[0].reason, "cannot keep the result: "
	    "No space left on device");
}

static void test_function_reason(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = over(mock, EXITED(2));

	strlcpy(make_function(slot)->text, "division by zero\nand more", CV_NOTE_TEXT);
	cv_finish_attempt(slot);
	assert_int_equal(slot->attempt.outcome, COVEY_EXIT);
	assert_string_equal(mock->events[0].reason, "division by zero");
	/* it was the event's, and goes with it */
	assert_null(slot->attempt.reason);
}

/* What a slot's note has is of another attempt where no child was started. */
static void test_function_not_started(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = over(mock, 0);

	strlcpy(make_function(slot)->text, "an earlier attempt's", CV_NOTE_TEXT);
	slot->attempt.pid = 0;
	slot->attempt.sys_errno = EAGAIN;
	slot->attempt.spawn_step = "fork";
	slot->cause = COVEY_SPAWN;
	cv_finish_attempt(slot);
	assert_int_equal(slot->attempt.outcome, COVEY_SPAWN);
	assert_int_equal(slot->attempt.sys_errno, EAGAIN);
	assert_string_equal(slot->attempt.spawn_step, "fork");
	assert_string_equal(mock->events[0].reason, "");
}

/* ---- the line in COVEY_REASON ---- */

struct reason_dir {
	char path[40];
	int fd;
};

static void open_reasons(struct reason_dir *dir, struct mock *mock)
{
	strlcpy(dir->path, "/tmp/test_finish.XXXXXX", sizeof dir->path);
	assert_non_null(mkdtemp(dir->path));
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir->fd >= 0);
	mock->ex.reason_dir_fd = dir->fd;
}

static void close_reasons(struct reason_dir *dir, struct mock *mock)
{
	mock->ex.reason_dir_fd = -1;
	close(dir->fd);
	/* which it can be where finishing has removed what was in it */
	assert_int_equal(rmdir(dir->path), 0);
}

static void write_reason(const struct reason_dir *dir, const char *text)
{
	int fd = openat(dir->fd, "1", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void test_reason(void **state)
{
	struct mock *mock = *state;
	struct reason_dir dir;

	open_reasons(&dir, mock);
	write_reason(&dir, "no such host\nsecond line\n");
	cv_finish_attempt(over(mock, EXITED(1)));
	assert_string_equal(mock->events[0].reason, "no such host");
	close_reasons(&dir, mock);
}

/* One that succeeds has no reason to fail, and the next attempt in its slot must not have it. */
static void test_reason_of_success(void **state)
{
	struct mock *mock = *state;
	struct reason_dir dir;

	open_reasons(&dir, mock);
	write_reason(&dir, "a guess\n");
	cv_finish_attempt(over(mock, EXITED(0)));
	assert_string_equal(mock->events[0].reason, "");
	close_reasons(&dir, mock);
}

/* ---- again? ---- */

/* One of three attempts that has failed. */
static struct cv_slot *failed(struct mock *mock)
{
	struct cv_slot *slot = over(mock, EXITED(1));

	slot->task->view.tries = 3;
	mock->ex.retry.interval = 10 * COVEY_SEC;
	mock->ex.retry.backoff = 1;
	cv_retry_default(&mock->ex.retry.on);
	return slot;
}

/* When the only task is due; -1: it is not to be run again. */
static covey_nsec due(const struct mock *mock)
{
	if (mock->events[mock->nevents - 1].type == COVEY_FINISHED)
		return -1;
	assert_int_equal(mock->events[mock->nevents - 1].type, COVEY_DELAYED);
	assert_true(mock->events[0].retry);
	return mock->ex.sched.nready > 0 ? mock->ex.now : cv_sched_due(&mock->ex.sched);
}

static void test_retry(void **state)
{
	struct mock *mock = *state;

	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), MOCK_START + 10 * COVEY_SEC);
	assert_int_equal(mock->ex.counts.failed, 0);
}

/* The task's own interval goes before the executor's. */
static void test_retry_interval_of_task(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = failed(mock);

	slot->task->retry_interval = 2 * COVEY_SEC;
	cv_finish_attempt(slot);
	assert_int_equal(due(mock), MOCK_START + 2 * COVEY_SEC);
}

static void test_retry_last_try(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = failed(mock);

	slot->attempt.number = 3;
	cv_finish_attempt(slot);
	assert_int_equal(due(mock), -1);
	assert_false(mock->events[0].retry);
}

static void decide_for(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user)
{
	(void)task;
	(void)attempt;
	(void)user;
	*delay = 0;
}

/* These are the end of a task, however many tries it has: the callback is not even asked. */
static void test_retry_never(void **state)
{
	static const enum covey_outcome causes[] = { COVEY_DEADLINE, COVEY_CANCELLED };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(causes); i++) {
		struct mock *mock = mock_new();
		struct cv_slot *slot = failed(mock);

		slot->cause = causes[i];
		mock->ex.options.decide = decide_for;
		cv_finish_attempt(slot);
		assert_int_equal(due(mock), -1);
		mock_free(mock);
	}
}

static void test_retry_not_while_ending(void **state)
{
	static const enum cv_ending endings_of_all[] = {
		CV_ENDING_WAIT, CV_ENDING_DEADLINE, CV_ENDING_CANCELLED,
	};
	struct mock *mock;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(endings_of_all); i++) {
		mock = mock_new();
		mock->ex.ending = endings_of_all[i];
		cv_finish_attempt(failed(mock));
		assert_int_equal(due(mock), -1);
		mock_free(mock);
	}
	mock = mock_new();
	mock->ex.cancel_asked = true;
	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), -1);
	mock_free(mock);
}

/* A retry that would come after the deadline is better at once than never. */
static void test_retry_before_deadline(void **state)
{
	struct mock *mock = *state;

	mock->ex.deadline = MOCK_START + 10 * COVEY_SEC;
	cv_finish_attempt(failed(mock));
	assert_int_equal(mock->ex.sched.nready, 1);
	assert_int_equal(due(mock), MOCK_START);
}

static void test_retry_within_deadline(void **state)
{
	struct mock *mock = *state;

	mock->ex.deadline = MOCK_START + 10 * COVEY_SEC + 1;
	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), MOCK_START + 10 * COVEY_SEC);
}

/* The end of covey_wait's time is a deadline, too, and the earlier of two counts. */
static void test_retry_before_end_of_wait(void **state)
{
	struct mock *mock = *state;

	mock->ex.deadline = MOCK_START + 20 * COVEY_SEC;
	mock->ex.wait_until = MOCK_START + 5 * COVEY_SEC;
	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), MOCK_START);
}

static void decide(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user)
{
	const struct mock *mock = user;

	(void)task;
	(void)attempt;
	/* what it is shown is what the options say */
	assert_int_equal(*delay, mock->slots[0].attempt.number < 3 ? 10 * COVEY_SEC : -1);
	*delay = *delay < 0 ? COVEY_SEC : -1;
}

static void test_decide_against(void **state)
{
	struct mock *mock = *state;

	mock->ex.options.decide = decide;
	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), -1);
}

/* The number of tries is not the callback's limit. */
static void test_decide_for(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = failed(mock);

	mock->ex.options.decide = decide;
	slot->attempt.number = 3;
	cv_finish_attempt(slot);
	assert_int_equal(due(mock), MOCK_START + COVEY_SEC);
}

static void cancel_on_ended(struct covey *ex, const struct covey_event *event, void *user)
{
	struct mock *mock = user;

	mock_record(ex, event, user);
	if (event->type == COVEY_ENDED)
		mock->slots[0].task->cancelled = true;
}

/* A task that is cancelled when it hears of its failure is not run again. */
static void test_cancelled_meanwhile(void **state)
{
	struct mock *mock = *state;

	mock->ex.options.on_event = cancel_on_ended;
	cv_finish_attempt(failed(mock));
	assert_int_equal(due(mock), -1);
	assert_int_equal(mock->events[1].outcome, COVEY_EXIT);
}

/* ---- one that was not running ---- */

static void test_waiting(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = mock_attempt(mock, 0, 0, 1);
	struct cv_task *task = slot->task;

	slot->task = NULL;
	cv_finish_waiting(task, &mock->ex, COVEY_CANCELLED);
	assert_int_equal(mock->nevents, 1);
	assert_false(mock->events[0].has_attempt);
	assert_int_equal(mock->events[0].outcome, COVEY_CANCELLED);
	assert_int_equal(mock->ex.counts.failed, 1);
}

/* One that waited to be run again ends as its last attempt did. */
static void test_waiting_to_be_run_again(void **state)
{
	struct mock *mock = *state;

	cv_finish_attempt(failed(mock));
	cv_finish_waiting(cv_sched_take(&mock->ex.sched, 1), &mock->ex, COVEY_DEADLINE);
	assert_int_equal(mock->events[2].type, COVEY_FINISHED);
	assert_true(mock->events[2].has_attempt);
	assert_int_equal(mock->events[2].outcome, COVEY_EXIT);
	assert_false(mock->events[2].retry);
}

/* ---- the slot ---- */

static void test_slot_given_back(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = over(mock, EXITED(0));

	cv_finish_attempt(slot);
	assert_null(slot->task);
	assert_int_equal(mock->ex.running, 0);
	assert_int_equal(mock->ex.withheld, 0);
	assert_int_equal(cv_slots_take(&mock->ex.free_slots), 0);
}

/* A tree that cannot be killed keeps its slot, and its task is not run beside it. */
static void test_slot_withheld(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = failed(mock);

	slot->attempt.unkillable = true;
	slot->exited = slot->reaped = false;
	cv_finish_attempt(slot);
	assert_int_equal(due(mock), -1);
	assert_true(slot->withheld);
	assert_int_equal(mock->ex.running, 0);
	assert_int_equal(mock->ex.withheld, 1);
	assert_int_equal(cv_slots_take(&mock->ex.free_slots), MOCK_SLOTS);
	/* still there */
	cv_finish_withheld(slot);
	assert_true(slot->withheld);
	/* gone at last */
	slot->exited = slot->reaped = true;
	cv_finish_withheld(slot);
	assert_false(slot->withheld);
	assert_true(mock->ex.due);
	assert_int_equal(mock->ex.withheld, 0);
	assert_int_equal(cv_slots_take(&mock->ex.free_slots), 0);
}

/* The child is gone, but not what it has left behind. */
static void test_slot_withheld_for_orphan(void **state)
{
	struct cv_orphan orphan = { .pid = MOCK_PID, .owner = cv_owner_slot(0) };
	struct mock *mock = *state;
	struct cv_slot *slot = failed(mock);

	slot->attempt.unkillable = true;
	cv_finish_attempt(slot);
	mock->ex.adopts = true;
	mock->ex.tree.orphans = &orphan;
	mock->ex.tree.norphans = 1;
	cv_finish_withheld(slot);
	assert_true(slot->withheld);
	/* another slot's does not matter */
	orphan.owner = cv_owner_slot(1);
	cv_finish_withheld(slot);
	assert_false(slot->withheld);
	mock->ex.tree.orphans = NULL;
	mock->ex.tree.norphans = 0;
}

/* ---- events ---- */

static void test_events_not_asked_for(void **state)
{
	struct mock *mock = *state;

	mock->ex.options.events = UINT32_C(1) << COVEY_FINISHED;
	cv_finish_attempt(over(mock, EXITED(0)));
	assert_int_equal(mock->nevents, 1);
	assert_int_equal(mock->events[0].type, COVEY_FINISHED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcome),
		cmocka_unit_test_setup_teardown(test_function_not_called, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_function_result_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_function_reason, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_function_not_started, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reason, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reason_of_success, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_interval_of_task, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_last_try, set_up, tear_down),
		cmocka_unit_test(test_retry_never),
		cmocka_unit_test(test_retry_not_while_ending),
		cmocka_unit_test_setup_teardown(test_retry_before_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_within_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_before_end_of_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_decide_against, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_decide_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancelled_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting_to_be_run_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slot_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slot_withheld, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slot_withheld_for_orphan, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events_not_asked_for, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
