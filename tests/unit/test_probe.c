/*
 * What a probe decides: whether something of a tree is left, when to look again, which orphans are
 * killed without an attempt that they belong to, and which are waited for at the end.
 */
#include "mock_slots.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* An attempt in a slot, whose child has exited and was reaped: its tree is to be probed. */
static struct cv_slot *exited(struct mock *mock, unsigned index, pid_t pid)
{
	struct cv_slot *slot = mock_attempt(mock, index, pid, index + 1);

	slot->exited = slot->reaped = true;
	slot->probe = true;
	cv_slot_touch(slot);
	return slot;
}

static unsigned fact(enum cv_fact which)
{
	return 1U << which;
}

static void probe(struct mock *mock)
{
	assert_int_equal(cv_probe(&mock->ex, NULL), 0);
}

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

/* ---- the tree, where orphans are not adopted: its process group ---- */

/* Waits for its end, which comes at the latest with that of the test program. */
static _Noreturn void stay(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A child that leads a process group and does nothing. */
static pid_t start_group(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		stay();
	assert_int_equal(setpgid(pid, pid), 0);
	return pid;
}

static void end_group(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_group_gone(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot;
	pid_t pid = start_group();

	end_group(pid);
	slot = exited(mock, 0, pid);
	probe(mock);
	assert_false(slot->probe);
	assert_int_equal(slot->facts, fact(CV_OVER));
	assert_int_equal(slot->deadlines[CV_DEADLINE_PROBE], INT64_MAX);
}

/* The tree is gone, but somebody else holds a stream of its. */
static void test_stream_open(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot;
	pid_t pid = start_group();

	end_group(pid);
	slot = exited(mock, 0, pid);
	slot->open_streams = 1;
	probe(mock);
	assert_int_equal(slot->facts, fact(CV_GONE));
}

/* While something is left, it is looked for in growing intervals, up to a bound. */
static void test_group_left(void **state)
{
	static const int pauses[] = { 1, 2, 4, 8, 16, 32, 50, 50 };
	struct mock *mock = *state;
	pid_t pid = start_group();
	struct cv_slot *slot = exited(mock, 0, pid);
	size_t i;

	for (i = 0; i < COUNT(pauses); i++) {
		slot->probe = true;
		slot->facts = 0;
		probe(mock);
		assert_int_equal(slot->facts, fact(CV_LEFT));
		assert_int_equal(slot->deadlines[CV_DEADLINE_PROBE],
		    mock->ex.now + pauses[i] * COVEY_MSEC);
		mock->ex.now = slot->deadlines[CV_DEADLINE_PROBE];
	}
	end_group(pid);
}

/* A slot that does not ask for a probe is left alone. */
static void test_not_asked(void **state)
{
	struct mock *mock = *state;
	struct cv_slot *slot = exited(mock, 0, MOCK_PID);

	slot->probe = false;
	probe(mock);
	assert_int_equal(slot->facts, 0);
}

/* What a child leaves is kept, unless it had to be stopped: then all of it is to go. */
static void test_keep_leftovers(void **state)
{
	static const enum cv_state states[] = { CV_RUNNING, CV_STOPPING, CV_KILLING };
	struct mock *mock = *state;
	pid_t pid = start_group();
	struct cv_slot *slot = exited(mock, 0, pid);
	size_t i;

	mock->ex.options.flags = COVEY_KEEP_LEFTOVERS;
	for (i = 0; i < COUNT(states); i++) {
		slot->state = states[i];
		slot->probe = true;
		slot->facts = 0;
		probe(mock);
		assert_int_equal(slot->facts, fact(states[i] == CV_RUNNING ? CV_OVER : CV_LEFT));
	}
	end_group(pid);
}

/* ---- the tree, where orphans are adopted ---- */

static int set_up_adopting(void **state)
{
	struct mock *mock = mock_new();

	*state = mock;
	mock->ex.adopts = true;
	/* the children of these tests are orphans of attempts that nothing else is known of */
	mock->ex.options.flags = COVEY_SUBREAPER | COVEY_SOLE_PARENT;
	return cv_tree_init(&mock->ex.tree);
}

static int tear_down_adopting(void **state)
{
	mock_free(*state);
	return prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static pid_t start_orphan(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		stay();
	return pid;
}

static void await_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static const struct cv_orphan *only_orphan(const struct mock *mock)
{
	assert_int_equal(mock->ex.tree.norphans, 1);
	return &mock->ex.tree.orphans[0];
}

/* The orphan of the only attempt is what is left of its tree. */
static void test_orphan_left(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();
	struct cv_slot *slot = exited(mock, 1, MOCK_PID);

	probe(mock);
	assert_true(cv_owner_same(only_orphan(mock)->owner, cv_owner_slot(1)));
	assert_int_equal(slot->facts, fact(CV_LEFT));
	/* its attempt sees to its end: nobody else has signalled it */
	assert_int_equal(only_orphan(mock)->killed_at, 0);
	assert_false(cv_probe_clean(&mock->ex));
	kill(pid, SIGKILL);
	await_zombie(pid);
	slot->probe = true;
	slot->facts = 0;
	probe(mock);
	assert_int_equal(slot->facts, fact(CV_OVER));
	assert_true(cv_probe_clean(&mock->ex));
	assert_int_equal(waitpid(pid, NULL, 0), -1);
}

/* What is kept belongs to nobody from then on, and is reaped when it ends. */
static void test_orphan_kept(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();
	struct cv_slot *slot = exited(mock, 0, MOCK_PID);

	mock->ex.options.flags |= COVEY_KEEP_LEFTOVERS;
	probe(mock);
	assert_int_equal(slot->facts, fact(CV_OVER));
	assert_int_equal(only_orphan(mock)->owner.kind, CV_OWNER_KEPT);
	assert_true(cv_probe_clean(&mock->ex));
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	await_zombie(pid);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_int_equal(mock->ex.tree.norphans, 0);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
}

/* Nothing is said about any tree while it is not known whose an orphan is. */
static void test_unsettled(void **state)
{
	struct mock *mock = *state;
	struct cv_orphan *orphan = calloc(1, sizeof *orphan);
	struct cv_slot *slot = exited(mock, 0, MOCK_PID);
	pid_t pid = start_orphan();

	assert_non_null(orphan);
	/* it has just turned up, and is passed by in a turn in which nobody looks at it again */
	*orphan = (struct cv_orphan){ .pid = pid, .owner = { CV_OWNER_UNSETTLED, 0 } };
	mock->ex.adopts = false;
	mock->ex.tree.orphans = orphan;
	mock->ex.tree.norphans = mock->ex.tree.cap = 1;
	probe(mock);
	assert_int_equal(slot->facts, 0);
	assert_false(slot->probe);
	assert_int_equal(slot->deadlines[CV_DEADLINE_PROBE], mock->ex.now + 2 * COVEY_MSEC);
	assert_false(cv_probe_clean(&mock->ex));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- orphans that no attempt claims ---- */

/* With nothing running, what has turned up is a leftover of what has ended. */
static void test_unclaimed_killed(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();

	mock->ex.next_scan = mock->ex.now;
	probe(mock);
	assert_int_equal(only_orphan(mock)->owner.kind, CV_OWNER_UNKNOWN);
	assert_int_equal(only_orphan(mock)->killed_at, mock->ex.now);
	assert_int_equal(mock->ex.next_scan, mock->ex.now + COVEY_MSEC);
	assert_false(cv_probe_clean(&mock->ex));
	await_zombie(pid);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_int_equal(mock->ex.tree.norphans, 0);
	assert_true(cv_probe_clean(&mock->ex));
}

/* One that could be of several attempts outlives all but the last of them. */
static void test_unclaimed_spared(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();

	mock_attempt(mock, 0, MOCK_PID, 1);
	mock_attempt(mock, 1, MOCK_PID + 1, 2);
	mock->slots[0].reaped = mock->slots[1].reaped = true;
	mock->ex.next_scan = mock->ex.now;
	probe(mock);
	assert_int_equal(only_orphan(mock)->owner.kind, CV_OWNER_UNKNOWN);
	assert_int_equal(only_orphan(mock)->killed_at, 0);
	mock_leave(mock, 0);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_int_equal(only_orphan(mock)->killed_at, 0);
	/* one that began after it had turned up is not its attempt */
	mock_attempt(mock, 0, MOCK_PID + 2, 3)->reaped = true;
	mock_leave(mock, 1);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_int_equal(only_orphan(mock)->killed_at, mock->ex.now);
	await_zombie(pid);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_int_equal(mock->ex.tree.norphans, 0);
}

/* What SIGKILL does not end within ten seconds is not waited for. */
static void test_unclaimed_given_up(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();

	mock->ex.next_scan = mock->ex.now;
	mock->ex.options.flags |= COVEY_KEEP_LEFTOVERS;
	probe(mock);
	/* as if it had not been spared, and were still there */
	mock->ex.tree.orphans[0].owner = cv_owner_other(CV_OWNER_ENDED);
	mock->ex.tree.orphans[0].killed_at = mock->ex.now;
	mock->ex.now += 10 * COVEY_SEC + 1;
	probe(mock);
	assert_int_equal(only_orphan(mock)->owner.kind, CV_OWNER_KEPT);
	assert_true(cv_probe_clean(&mock->ex));
	await_zombie(pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- what is waited for at the end ---- */

static void test_clean(void **state)
{
	static const bool awaited[] = {
		[CV_OWNER_UNSETTLED] = true, [CV_OWNER_SLOT] = true, [CV_OWNER_ENDED] = true,
		[CV_OWNER_UNKNOWN] = true, [CV_OWNER_KEPT] = false, [CV_OWNER_FOREIGN] = false,
	};
	struct cv_orphan orphan = { .pid = MOCK_PID };
	struct mock *mock = *state;
	int i;

	_Static_assert(COUNT(awaited) == CV_NOWNER_KINDS, "an expectation for each kind");
	assert_true(cv_probe_clean(&mock->ex));
	mock->ex.tree.orphans = &orphan;
	mock->ex.tree.norphans = 1;
	for (i = 0; i < CV_NOWNER_KINDS; i++) {
		orphan.owner = cv_owner_other((enum cv_owner_kind)i);
		assert_int_equal(cv_probe_clean(&mock->ex), !awaited[i]);
	}
	/* what cannot be killed is not waited for */
	orphan.owner = cv_owner_slot(0);
	mock->slots[0].withheld = true;
	assert_true(cv_probe_clean(&mock->ex));
	orphan.owner = cv_owner_slot(1);
	assert_false(cv_probe_clean(&mock->ex));
	mock->ex.tree.orphans = NULL;
	mock->ex.tree.norphans = 0;
}

/* A slot whose tree is gone at last is given back when that is seen. */
static void test_withheld(void **state)
{
	struct mock *mock = *state;
	pid_t pid = start_orphan();

	mock_attempt(mock, 0, MOCK_PID, 1)->reaped = true;
	mock->ex.next_scan = mock->ex.now;
	probe(mock);
	assert_true(cv_owner_same(only_orphan(mock)->owner, cv_owner_slot(0)));
	mock_leave(mock, 0);
	mock->slots[0].withheld = true;
	mock->ex.withheld = 1;
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_true(mock->slots[0].withheld);
	kill(pid, SIGKILL);
	await_zombie(pid);
	mock->ex.now = mock->ex.next_scan;
	probe(mock);
	assert_false(mock->slots[0].withheld);
	assert_int_equal(mock->ex.withheld, 0);
}

#define adopting(test) \
	cmocka_unit_test_setup_teardown(test, set_up_adopting, tear_down_adopting)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_group_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keep_leftovers, set_up, tear_down),
		adopting(test_orphan_left),
		adopting(test_orphan_kept),
		adopting(test_unsettled),
		adopting(test_unclaimed_killed),
		adopting(test_unclaimed_spared),
		adopting(test_unclaimed_given_up),
		cmocka_unit_test_setup_teardown(test_clean, set_up, tear_down),
		adopting(test_withheld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
