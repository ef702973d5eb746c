/*
 * Orphans are found, asked about once, signalled with what hangs below them, and reaped if they
 * are ours; the host's own children are not touched. The process groups of those that are not
 * adopted are gone when only zombies are left in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- a little family: what its members say about themselves comes through one pipe ---- */

enum role { LEADER, MEMBER, DETACHED, BELOW_DETACHED, NROLES };

struct report {
	enum role role;
	pid_t pid;
};

struct rig {
	struct cv_tree tree;
	int reports[2];
	int hold[2];                /* held by all: end of file when the last is gone */
	pid_t pids[NROLES];
	pid_t host_child;

	/* what claim is to answer, by pid, and how often it was asked */
	pid_t ours[NROLES];
	struct cv_owner owners[NROLES];
	unsigned asked;
	bool had_cookie, had_group;
};

static void report(const struct rig *rig, enum role role)
{
	struct report r = { role, getpid() };

	if (write(rig->reports[1], &r, sizeof r) != sizeof r)
		_exit(1);
}

static _Noreturn void stay(const struct rig *rig, enum role role)
{
	close(rig->hold[0]);
	report(rig, role);
	for (;;)
		pause();
}

/* Forks a child that takes a role; it does not come back. */
static void start(const struct rig *rig, enum role role)
{
	if (fork() == 0)
		stay(rig, role);
}

static _Noreturn void detach(const struct rig *rig, bool with_child)
{
	setsid();
	if (with_child)
		start(rig, BELOW_DETACHED);
	stay(rig, DETACHED);
}

/* What the leader has below it. */
enum { WITH_MEMBER = 1, WITH_DETACHED = 2, WITH_BELOW = 4 };

static _Noreturn void lead(const struct rig *rig, unsigned with)
{
	setpgid(0, 0);
	if ((with & WITH_MEMBER) != 0)
		start(rig, MEMBER);
	if ((with & WITH_DETACHED) != 0 && fork() == 0)
		detach(rig, (with & WITH_BELOW) != 0);
	stay(rig, LEADER);
}

static void start_family(struct rig *rig, unsigned with)
{
	unsigned n = 1 + ((with & WITH_MEMBER) != 0) + ((with & WITH_DETACHED) != 0)
	    + ((with & WITH_BELOW) != 0);
	struct report r;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		lead(rig, with);
	while (n-- > 0) {
		assert_int_equal(read(rig->reports[0], &r, sizeof r), sizeof r);
		rig->pids[r.role] = r.pid;
	}
	assert_int_equal(rig->pids[LEADER], pid);
}

static void await_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* The leader's end, upon which its children are ours. */
static void end_leader(struct rig *rig)
{
	assert_int_equal(kill(rig->pids[LEADER], SIGKILL), 0);
	await_zombie(rig->pids[LEADER]);
}

static void reap_leader(struct rig *rig)
{
	assert_int_equal(waitpid(rig->pids[LEADER], NULL, 0), rig->pids[LEADER]);
}

static void start_host_child(struct rig *rig)
{
	rig->host_child = fork();
	assert_true(rig->host_child >= 0);
	if (rig->host_child == 0) {
		close(rig->hold[1]);
		for (;;)
			pause();
	}
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof *rig);

	if (rig == NULL || pipe2(rig->reports, O_CLOEXEC) != 0 || pipe2(rig->hold, O_CLOEXEC) != 0
	    || cv_tree_init(&rig->tree) != 0)
		return -1;
	cv_tree_enter(&rig->tree);
	*state = rig;
	return 0;
}

/* Whoever is still there after a test that failed comes to us, one generation after the other. */
static void end_all(void)
{
	struct cv_pids children = { 0 };
	size_t i;

	do {
		children.n = 0;
		if (cv_procfs_children(getpid(), &children) != 0)
			break;
		for (i = 0; i < children.n; i++) {
			kill(children.pids[i], SIGKILL);
			waitpid(children.pids[i], NULL, __WALL);
		}
	} while (children.n > 0);
	cv_pids_release(&children);
}

static int tear_down(void **state)
{
	struct rig *rig = *state;
	int i;

	end_all();
	cv_tree_release(&rig->tree);
	for (i = 0; i < 2; i++) {
		close(rig->reports[i]);
		if (rig->hold[i] >= 0)
			close(rig->hold[i]);
	}
	free(rig);
	return prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* Waits until nobody of the family is left, zombies aside. */
static void await_nobody(struct rig *rig)
{
	struct pollfd pfd = { .fd = rig->hold[0], .events = POLLIN };

	close(rig->hold[1]);
	rig->hold[1] = -1;
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	assert_true((pfd.revents & POLLHUP) != 0);
}

static bool is_alive(const struct rig *rig, enum role role)
{
	struct cv_stat st;

	return cv_procfs_stat(rig->pids[role], &st) == 0 && st.state != 'Z';
}

/* ---- claim ---- */

static void answer(struct rig *rig, pid_t pid, unsigned slot)
{
	size_t i = 0;

	while (i < COUNT(rig->ours) && rig->ours[i] != 0)
		i++;
	assert_true(i < COUNT(rig->ours));
	rig->ours[i] = pid;
	rig->owners[i] = cv_owner_slot(slot);
}

static void claim(void *arg, const struct cv_trace *trace, struct cv_orphan *orphan)
{
	struct rig *rig = arg;
	size_t i;

	rig->asked++;
	orphan->seen_at = 77;
	rig->had_cookie = trace->environment != NULL
	    && cv_environ_get(trace->environment, "TEST_TREE") != NULL;
	rig->had_group = trace->st.group == rig->pids[LEADER];
	orphan->owner = cv_owner_other(CV_OWNER_FOREIGN);
	for (i = 0; i < COUNT(rig->ours); i++) {
		if (rig->ours[i] == orphan->pid)
			orphan->owner = rig->owners[i];
	}
}

static void scan(struct rig *rig, pid_t child)
{
	struct cv_pids children = { .pids = &child, .n = child > 0, .cap = child > 0 };

	assert_int_equal(cv_tree_scan(&rig->tree, &children, claim, rig), 0);
}

/* ---- scanning ---- */

static void test_nothing(void **state)
{
	struct rig *rig = *state;

	assert_false(cv_tree_changed(&rig->tree, 0));
	scan(rig, 0);
	assert_int_equal(rig->asked, 0);
	assert_int_equal(rig->tree.norphans, 0);
	assert_false(cv_tree_has(&rig->tree, cv_owner_slot(0)));
	/* signals to nobody */
	cv_tree_signal_detached(&rig->tree, 0, cv_owner_slot(0), SIGKILL);
	cv_tree_signal_new(&rig->tree, 0, cv_owner_slot(0), SIGKILL);
}

/* A child of ours is no orphan. */
static void test_own_child(void **state)
{
	struct rig *rig = *state;

	start_family(rig, 0);
	assert_true(cv_tree_changed(&rig->tree, 0));
	assert_false(cv_tree_changed(&rig->tree, 1));
	scan(rig, rig->pids[LEADER]);
	assert_int_equal(rig->asked, 0);
	end_leader(rig);
	/* nor does a scan reap it */
	scan(rig, rig->pids[LEADER]);
	reap_leader(rig);
	assert_false(cv_tree_changed(&rig->tree, 0));
}

/* ---- in a thread that stays: when one ends, its children become another's ---- */

struct starter {
	struct rig *rig;
	pthread_t thread;
	sem_t started, over;
};

static void *start_apart(void *arg)
{
	struct starter *starter = arg;

	cv_tree_enter(&starter->rig->tree);
	start_family(starter->rig, WITH_MEMBER);
	sem_post(&starter->started);
	sem_wait(&starter->over);
	return NULL;
}

static void begin(struct starter *starter, struct rig *rig)
{
	starter->rig = rig;
	assert_int_equal(sem_init(&starter->started, 0, 0), 0);
	assert_int_equal(sem_init(&starter->over, 0, 0), 0);
	assert_int_equal(pthread_create(&starter->thread, NULL, start_apart, starter), 0);
	assert_int_equal(sem_wait(&starter->started), 0);
}

static void end(struct starter *starter)
{
	assert_int_equal(sem_post(&starter->over), 0);
	assert_int_equal(pthread_join(starter->thread, NULL), 0);
	sem_destroy(&starter->started);
	sem_destroy(&starter->over);
}

/* One that has been started and one that is adopted are told apart, though their number is right. */
static void test_started_apart(void **state)
{
	struct starter starter;
	struct rig *rig = *state;

	rig->tree.thread = 0;
	begin(&starter, rig);
	assert_false(cv_tree_changed(&rig->tree, 1));
	/* one too many among what that thread has started, as CLONE_PARENT makes it */
	assert_true(cv_tree_changed(&rig->tree, 0));
	/* with thousands it is not counted */
	assert_false(cv_tree_changed(&rig->tree, 1000));
	answer(rig, rig->pids[MEMBER], 0);
	end_leader(rig);
	assert_true(cv_tree_changed(&rig->tree, 1));
	scan(rig, rig->pids[LEADER]);
	assert_true(cv_tree_has(&rig->tree, cv_owner_slot(0)));
	end(&starter);
	reap_leader(rig);
}

/* Where two threads start children, no number says anything. */
static void test_started_by_two(void **state)
{
	struct starter starter;
	struct rig *rig = *state;

	begin(&starter, rig);
	assert_true(cv_tree_changed(&rig->tree, 0));
	assert_true(cv_tree_changed(&rig->tree, 1));
	end(&starter);
	end_leader(rig);
	reap_leader(rig);
}

static void test_claimed(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_MEMBER);
	answer(rig, rig->pids[MEMBER], 3);
	end_leader(rig);
	assert_true(cv_tree_changed(&rig->tree, 1));
	scan(rig, rig->pids[LEADER]);
	assert_int_equal(rig->asked, 1);
	assert_true(rig->had_group);
	assert_true(cv_tree_has(&rig->tree, cv_owner_slot(3)));
	assert_false(cv_tree_has(&rig->tree, cv_owner_slot(2)));
	assert_int_equal(rig->tree.nowned, 1);
	assert_int_equal(rig->tree.orphans[0].pid, rig->pids[MEMBER]);
	assert_int_equal(rig->tree.orphans[0].seen_at, 77);
	/* asked about once; as long as there is one that is ours, another look is worth it */
	assert_true(cv_tree_changed(&rig->tree, 1));
	scan(rig, rig->pids[LEADER]);
	assert_int_equal(rig->asked, 1);
	reap_leader(rig);
}

static void test_reaped(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_MEMBER);
	answer(rig, rig->pids[MEMBER], 0);
	end_leader(rig);
	scan(rig, rig->pids[LEADER]);
	assert_true(cv_tree_has(&rig->tree, cv_owner_slot(0)));
	assert_int_equal(kill(rig->pids[MEMBER], SIGKILL), 0);
	await_zombie(rig->pids[MEMBER]);
	scan(rig, rig->pids[LEADER]);
	assert_false(cv_tree_has(&rig->tree, cv_owner_slot(0)));
	assert_int_equal(rig->tree.norphans, 0);
	assert_int_equal(kill(rig->pids[MEMBER], 0), -1);
	assert_int_equal(errno, ESRCH);
	reap_leader(rig);
	assert_false(cv_tree_changed(&rig->tree, 0));
}

/* One that is dead when it is met is reaped at once, and what it leaves is met in the same scan. */
static void test_dead_when_met(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_DETACHED | WITH_BELOW);
	answer(rig, rig->pids[DETACHED], 0);
	answer(rig, rig->pids[BELOW_DETACHED], 0);
	end_leader(rig);
	assert_int_equal(kill(rig->pids[DETACHED], SIGKILL), 0);
	await_zombie(rig->pids[DETACHED]);
	scan(rig, rig->pids[LEADER]);
	assert_int_equal(rig->asked, 2);
	assert_int_equal(rig->tree.norphans, 1);
	assert_int_equal(rig->tree.orphans[0].pid, rig->pids[BELOW_DETACHED]);
	assert_int_equal(kill(rig->pids[DETACHED], 0), -1);
	reap_leader(rig);
}

static void test_environment(void **state)
{
	static const char *const envp[] = { "TEST_TREE=1", NULL };
	struct rig *rig = *state;
	pid_t pid;
	int done[2];
	char c;

	/* end of file when it has exec'd */
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execle("/bin/sleep", "sleep", "3600", (char *)NULL, envp);
		_exit(127);
	}
	close(done[1]);
	assert_int_equal(read(done[0], &c, 1), 0);
	close(done[0]);
	answer(rig, pid, 0);
	scan(rig, 0);
	assert_int_equal(rig->asked, 1);
	assert_true(rig->had_cookie);
	assert_false(rig->had_group);
}

/* ---- the host's own ---- */

static void test_foreign(void **state)
{
	struct rig *rig = *state;
	siginfo_t info = { .si_pid = 0 };

	start_host_child(rig);
	assert_true(cv_tree_changed(&rig->tree, 0));
	scan(rig, 0);
	assert_int_equal(rig->asked, 1);
	assert_true(cv_tree_has(&rig->tree, cv_owner_other(CV_OWNER_FOREIGN)));
	assert_int_equal(rig->tree.nowned, 0);
	/* it may be gone, and another be there in its place */
	assert_true(cv_tree_changed(&rig->tree, 0));
	/* not signalled */
	cv_tree_signal_detached(&rig->tree, 0, cv_owner_slot(0), SIGKILL);
	assert_int_equal(kill(rig->host_child, 0), 0);
	/* not reaped, alive or dead */
	scan(rig, 0);
	assert_int_equal(waitid(P_PID, (id_t)rig->host_child, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	assert_int_equal(info.si_pid, 0);
	assert_int_equal(kill(rig->host_child, SIGTERM), 0);
	await_zombie(rig->host_child);
	scan(rig, 0);
	assert_true(cv_tree_has(&rig->tree, cv_owner_other(CV_OWNER_FOREIGN)));
	assert_int_equal(waitpid(rig->host_child, NULL, 0), rig->host_child);
	scan(rig, 0);
	assert_int_equal(rig->asked, 1);
	assert_int_equal(rig->tree.norphans, 0);
	assert_false(cv_tree_changed(&rig->tree, 0));
}

/* ---- owners ---- */

static void test_disown(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_MEMBER | WITH_DETACHED);
	answer(rig, rig->pids[MEMBER], 1);
	answer(rig, rig->pids[DETACHED], 2);
	end_leader(rig);
	scan(rig, rig->pids[LEADER]);
	cv_tree_disown(&rig->tree, cv_owner_slot(1), cv_owner_other(CV_OWNER_KEPT));
	assert_false(cv_tree_has(&rig->tree, cv_owner_slot(1)));
	assert_true(cv_tree_has(&rig->tree, cv_owner_slot(2)));
	assert_true(cv_tree_has(&rig->tree, cv_owner_other(CV_OWNER_KEPT)));
	cv_tree_signal_detached(&rig->tree, rig->pids[LEADER], cv_owner_slot(1), SIGKILL);
	assert_true(is_alive(rig, MEMBER));
	assert_true(is_alive(rig, DETACHED));
	/* kept, it is still reaped when it ends */
	assert_int_equal(kill(rig->pids[MEMBER], SIGKILL), 0);
	await_zombie(rig->pids[MEMBER]);
	scan(rig, rig->pids[LEADER]);
	assert_false(cv_tree_has(&rig->tree, cv_owner_other(CV_OWNER_KEPT)));
	assert_int_equal(kill(rig->pids[MEMBER], 0), -1);
	reap_leader(rig);
}

/* ---- signals ---- */

/* What hangs below a living leader, but for its group, which has the signal already. */
static void test_signal_below_leader(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_MEMBER | WITH_DETACHED | WITH_BELOW);
	cv_tree_signal_detached(&rig->tree, rig->pids[LEADER], cv_owner_slot(0), SIGKILL);
	assert_true(is_alive(rig, LEADER));
	assert_true(is_alive(rig, MEMBER));
	assert_int_equal(kill(-rig->pids[LEADER], SIGKILL), 0);
	await_nobody(rig);
}

static void test_signal_orphans(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_DETACHED | WITH_BELOW);
	answer(rig, rig->pids[DETACHED], 5);
	end_leader(rig);
	scan(rig, rig->pids[LEADER]);
	cv_tree_signal_detached(&rig->tree, rig->pids[LEADER], cv_owner_slot(4), SIGKILL);
	assert_true(is_alive(rig, DETACHED));
	assert_true(is_alive(rig, BELOW_DETACHED));
	cv_tree_signal_detached(&rig->tree, rig->pids[LEADER], cv_owner_slot(5), SIGKILL);
	await_nobody(rig);
	reap_leader(rig);
}

/* The stop signal goes to each orphan once, and wakes the stopped. */
static void test_signal_new(void **state)
{
	struct rig *rig = *state;
	siginfo_t info;

	start_family(rig, WITH_DETACHED);
	answer(rig, rig->pids[DETACHED], 0);
	end_leader(rig);
	scan(rig, rig->pids[LEADER]);
	assert_int_equal(kill(rig->pids[DETACHED], SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)rig->pids[DETACHED], &info, WSTOPPED), 0);
	cv_tree_signal_new(&rig->tree, rig->pids[LEADER], cv_owner_slot(0), SIGSTOP);
	assert_true(rig->tree.orphans[0].told);
	/* told already */
	cv_tree_signal_new(&rig->tree, rig->pids[LEADER], cv_owner_slot(0), SIGTERM);
	assert_true(is_alive(rig, DETACHED));
	cv_tree_signal_detached(&rig->tree, rig->pids[LEADER], cv_owner_slot(0), SIGTERM);
	await_nobody(rig);
	reap_leader(rig);
}

static void test_signal_one_tree(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_DETACHED | WITH_BELOW);
	cv_tree_signal_one_tree(rig->pids[DETACHED], SIGKILL);
	assert_true(is_alive(rig, LEADER));
	assert_int_equal(kill(rig->pids[LEADER], SIGKILL), 0);
	await_nobody(rig);
}

/* ---- groups ---- */

static void test_group_gone(void **state)
{
	struct rig *rig = *state;

	start_family(rig, WITH_MEMBER);
	end_leader(rig);
	reap_leader(rig);
	assert_false(cv_tree_group_gone(rig->pids[LEADER]));
	assert_int_equal(kill(rig->pids[MEMBER], SIGKILL), 0);
	await_zombie(rig->pids[MEMBER]);
	/* a zombie that its parent does not reap is a member, and nothing that is left */
	assert_int_equal(kill(-rig->pids[LEADER], 0), 0);
	assert_true(cv_tree_group_gone(rig->pids[LEADER]));
	assert_int_equal(waitpid(rig->pids[MEMBER], NULL, 0), rig->pids[MEMBER]);
	assert_int_equal(kill(-rig->pids[LEADER], 0), -1);
	assert_true(cv_tree_group_gone(rig->pids[LEADER]));
}

static void test_group_stopped(void **state)
{
	struct rig *rig = *state;
	siginfo_t info;

	start_family(rig, WITH_MEMBER);
	end_leader(rig);
	reap_leader(rig);
	assert_int_equal(kill(rig->pids[MEMBER], SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)rig->pids[MEMBER], &info, WSTOPPED), 0);
	assert_false(cv_tree_group_gone(rig->pids[LEADER]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_own_child, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_started_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_started_by_two, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_claimed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dead_when_met, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_foreign, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_disown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_below_leader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_orphans, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_new, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_one_tree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group_stopped, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
