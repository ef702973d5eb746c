/*
 * What the witnesses say about an orphan, by its process group, its environment, a function's note
 * in its memory, and what else runs; and whose the orphan is then.
 */
#include "mock_slots.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* pids of orphans, and of children and sessions that slots have nothing to do with */
enum { ORPHAN = MOCK_PID + 100, STRANGER = MOCK_PID + 200 };

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

/* The environment of a process in an attempt, in the form in which /proc shows it. */
struct cookie {
	const char *run;
	unsigned slot, attempt;
	uint64_t task;
};

static void put_cookie(char *text, size_t size, const struct cookie *cookie)
{
	int n;

	memset(text, 0, size);
	n = snprintf(text, size,
	    "HOME=/%cCOVEY_RUN=%s%cCOVEY_TASK=%llu%cCOVEY_ATTEMPT=%u%cCOVEY_SLOT=%u", 0,
	    cookie->run, 0, (unsigned long long)cookie->task, 0, cookie->attempt, 0, cookie->slot);
	assert_true(n > 0 && (size_t)n + 2 < size);
}

static struct cv_trace trace_of(const char *environment)
{
	return (struct cv_trace){
		.st = { .state = 'S', .parent = getpid(), .group = STRANGER, .session = STRANGER },
		.environment = environment,
	};
}

static struct cv_owner ask(struct mock *mock, const struct cv_trace *trace)
{
	struct cv_orphan orphan = { .pid = ORPHAN };

	cv_witness_claim(&mock->ex, trace, &orphan);
	return orphan.owner;
}

#define assert_owner(owner, expected) assert_true(cv_owner_same(owner, expected))

/* ---- the process group ---- */

static void test_group(void **state)
{
	struct mock *mock = *state;
	struct cv_trace trace = trace_of("HOME=/\0");

	mock_attempt(mock, 0, MOCK_PID, 1);
	mock_attempt(mock, 1, MOCK_PID + 1, 2);
	trace.st.group = MOCK_PID + 1;
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
	/* what left the group but not the session */
	trace.st.group = ORPHAN;
	trace.st.session = MOCK_PID;
	assert_owner(ask(mock, &trace), cv_owner_slot(0));
	trace.st.session = ORPHAN;
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_FOREIGN));
}

/* A slot that is empty has the number of a child that is gone: it may be another's by now. */
static void test_group_of_the_past(void **state)
{
	struct mock *mock = *state;
	struct cv_trace trace = trace_of("HOME=/\0");

	mock_attempt(mock, 0, MOCK_PID, 1);
	mock_leave(mock, 0);
	trace.st.group = MOCK_PID;
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_FOREIGN));
	mock_attempt(mock, 1, MOCK_PID, 2);
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
}

/* The group goes before what an environment says. */
static void test_group_before_cookie(void **state)
{
	struct mock *mock = *state;
	struct cv_trace trace;
	char environment[200];

	mock_attempt(mock, 0, MOCK_PID, 1);
	mock_attempt(mock, 1, MOCK_PID + 1, 2);
	put_cookie(environment, sizeof environment,
	    &(struct cookie){ .run = "mock", .slot = 2, .task = 2, .attempt = 1 });
	trace = trace_of(environment);
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
	trace.st.group = MOCK_PID;
	assert_owner(ask(mock, &trace), cv_owner_slot(0));
}

/* ---- the environment ---- */

struct claim {
	struct cookie cookie;
	struct cv_owner owner;
};

/* With an attempt of task 7 in the second slot only. */
static const struct claim claims[] = {
	{ { "mock", .slot = 2, .task = 7, .attempt = 1 }, { CV_OWNER_SLOT, 1 } },
	/* another run's is no business of this one */
	{ { "rook", .slot = 2, .task = 7, .attempt = 1 }, { CV_OWNER_FOREIGN, 0 } },
	{ { "moc", .slot = 2, .task = 7, .attempt = 1 }, { CV_OWNER_FOREIGN, 0 } },
	/* everything must be right, or it is of an attempt that has ended */
	{ { "mock", .slot = 2, .task = 8, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
	{ { "mock", .slot = 2, .task = 7, .attempt = 2 }, { CV_OWNER_ENDED, 0 } },
	{ { "mock", .slot = 1, .task = 7, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
	{ { "mock", .slot = 3, .task = 7, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
	/* slots that there never were */
	{ { "mock", .slot = 0, .task = 7, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
	{ { "mock", .slot = 4, .task = 7, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
	{ { "mock", .slot = 4000000000U, .task = 7, .attempt = 1 }, { CV_OWNER_ENDED, 0 } },
};

static void test_cookie(void **state)
{
	struct mock *mock = *state;
	char environment[200];
	size_t i;

	mock_attempt(mock, 1, MOCK_PID, 7);
	for (i = 0; i < COUNT(claims); i++) {
		struct cv_trace trace = trace_of(environment);
		struct cv_owner owner;

		put_cookie(environment, sizeof environment, &claims[i].cookie);
		owner = ask(mock, &trace);
		if (!cv_owner_same(owner, claims[i].owner))
			fail_msg("claim %zu: %s of slot %u", i, cv_owner_kind_name(owner.kind),
			    owner.slot);
	}
}

/* Where leftovers are kept, those of attempts that have ended are nobody's. */
static void test_cookie_kept(void **state)
{
	struct mock *mock = *state;
	struct cv_trace trace;
	char environment[200];

	mock->ex.options.flags = COVEY_KEEP_LEFTOVERS;
	mock_attempt(mock, 1, MOCK_PID, 7);
	put_cookie(environment, sizeof environment, &claims[0].cookie);
	trace = trace_of(environment);
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
	mock_leave(mock, 1);
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_KEPT));
}

/* ---- in the middle of an exec ---- */

static void test_exec(void **state)
{
	struct cv_orphan orphan = { .pid = ORPHAN };
	struct cv_trace trace = trace_of(NULL);
	struct mock *mock = *state;

	cv_witness_claim(&mock->ex, &trace, &orphan);
	assert_owner(orphan.owner, cv_owner_other(CV_OWNER_UNSETTLED));
	/* the time counts from the first question on */
	mock->ex.now += 29 * COVEY_MSEC;
	cv_witness_claim(&mock->ex, &trace, &orphan);
	assert_owner(orphan.owner, cv_owner_other(CV_OWNER_UNSETTLED));
	mock->ex.now += COVEY_MSEC;
	cv_witness_claim(&mock->ex, &trace, &orphan);
	assert_owner(orphan.owner, cv_owner_other(CV_OWNER_FOREIGN));
}

/* A zombie has no environment either, and none will come. */
static void test_exec_zombie(void **state)
{
	struct cv_trace trace = trace_of(NULL);

	trace.st.state = 'Z';
	assert_owner(ask(*state, &trace), cv_owner_other(CV_OWNER_FOREIGN));
}

/* ---- the note ---- */

/* A child that has the slot's note, or has not, until its pipe is closed; asks about it. */
static struct cv_owner ask_about_child(struct mock *mock, unsigned slot, bool share)
{
	struct cv_note *note = cv_note_new("mock", slot);
	struct cv_orphan orphan = { .pid = -1 };
	struct cv_trace trace = trace_of("HOME=/\0");
	int hold[2];
	char c;

	assert_non_null(note);
	assert_int_equal(cv_note_share(note, share), 0);
	assert_int_equal(pipe(hold), 0);
	orphan.pid = fork();
	assert_true(orphan.pid >= 0);
	if (orphan.pid == 0) {
		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	cv_witness_claim(&mock->ex, &trace, &orphan);
	close(hold[0]);
	close(hold[1]);
	assert_int_equal(waitpid(orphan.pid, NULL, 0), orphan.pid);
	cv_note_free(note);
	return orphan.owner;
}

static void test_note(void **state)
{
	struct mock *mock = *state;

	mock_attempt(mock, 2, MOCK_PID, 1);
	/* where no function was submitted, nobody has a note */
	assert_owner(ask_about_child(mock, 2, true), cv_owner_other(CV_OWNER_FOREIGN));
	mock->ex.uses_notes = true;
	assert_owner(ask_about_child(mock, 2, true), cv_owner_slot(2));
	assert_owner(ask_about_child(mock, 2, false), cv_owner_other(CV_OWNER_FOREIGN));
	/* nothing runs in its slot any more, or never did */
	assert_owner(ask_about_child(mock, 1, true), cv_owner_other(CV_OWNER_ENDED));
	assert_owner(ask_about_child(mock, MOCK_SLOTS, true), cv_owner_other(CV_OWNER_ENDED));
}

/* What has execed since its environment was read has lost the note, and the cookie instead. */
static void test_cookie_again(void **state)
{
	static const char *const envp[] = {
		"COVEY_RUN=mock", "COVEY_SLOT=1", "COVEY_TASK=5", "COVEY_ATTEMPT=1", NULL,
	};
	struct mock *mock = *state;
	struct cv_orphan orphan = { .pid = -1 };
	struct cv_trace trace = trace_of("HOME=/\0");
	int done[2];
	char c;

	mock->ex.uses_notes = true;
	mock_attempt(mock, 0, MOCK_PID, 5);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	orphan.pid = fork();
	assert_true(orphan.pid >= 0);
	if (orphan.pid == 0) {
		execle("/bin/sleep", "sleep", "3600", (char *)NULL, envp);
		_exit(127);
	}
	close(done[1]);
	/* end of file when it has exec'd */
	assert_int_equal(read(done[0], &c, 1), 0);
	close(done[0]);
	cv_witness_claim(&mock->ex, &trace, &orphan);
	kill(orphan.pid, SIGKILL);
	assert_int_equal(waitpid(orphan.pid, NULL, 0), orphan.pid);
	assert_owner(orphan.owner, cv_owner_slot(0));
}

/* ---- what nothing else is known of ---- */

/* Where the host starts no children itself, it is of the only attempt, or of one of several. */
static void test_sole_parent(void **state)
{
	struct cv_trace trace = trace_of("HOME=/\0");
	struct mock *mock = *state;

	mock_attempt(mock, 1, MOCK_PID, 1);
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_FOREIGN));
	mock->ex.options.flags = COVEY_SOLE_PARENT;
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
	/* an attempt without a child, such as one whose start has failed, has no orphans */
	mock_attempt(mock, 2, 0, 2);
	assert_owner(ask(mock, &trace), cv_owner_slot(1));
	mock_attempt(mock, 0, MOCK_PID + 1, 3);
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_UNKNOWN));
	mock_leave(mock, 0);
	mock_leave(mock, 1);
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_UNKNOWN));
	mock->ex.options.flags |= COVEY_KEEP_LEFTOVERS;
	assert_owner(ask(mock, &trace), cv_owner_other(CV_OWNER_KEPT));
}

/* By the newest attempt at that time it is known which attempts it can be of. */
static void test_seen_at(void **state)
{
	struct cv_orphan orphan = { .pid = ORPHAN };
	struct cv_trace trace = trace_of("HOME=/\0");
	struct mock *mock = *state;

	mock->ex.options.flags = COVEY_SOLE_PARENT;
	mock->ex.next_serial = 40;
	mock_attempt(mock, 0, MOCK_PID, 1);
	mock_attempt(mock, 1, MOCK_PID + 1, 2);
	cv_witness_claim(&mock->ex, &trace, &orphan);
	assert_int_equal(orphan.seen_at, 42);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_group, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_of_the_past, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_before_cookie, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cookie, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cookie_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exec, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exec_zombie, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_note, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cookie_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sole_parent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_seen_at, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
