/*
 * An executor leaves its host alone: its handlers, children, descriptors and other executors.
 */
#include "executor_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t host_signals;

static void host_handler(int sig)
{
	host_signals += sig == SIGCHLD;
}

static void host_action(int sig, siginfo_t *info, void *context)
{
	host_signals += sig == SIGCHLD && info != NULL && info->si_pid > 0 && context != NULL;
}

static pid_t host_child(int gate)
{
	pid_t pid = fork();
	char c;

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	_exit(read(gate, &c, 1) == 1 ? 42 : 43);
}

static void assert_own_child(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static bool is_zombie(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
	    && info.si_pid == pid;
}

/* The host's children end before, during and after a run, and the host gets to know. */
static void with_a_host(struct rig *rig, const struct sigaction *action)
{
	pid_t before, during, after;
	int gates[3][2], i, signals;
	struct sigaction before_us, now;

	assert_int_equal(sigaction(SIGCHLD, action, NULL), 0);
	/* the C library adds flags of its own */
	assert_int_equal(sigaction(SIGCHLD, NULL, &before_us), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pipe2(gates[i], O_CLOEXEC), 0);
	start_rig(rig);
	before = host_child(gates[0][0]);
	during = host_child(gates[1][0]);
	after = host_child(gates[2][0]);
	signals = host_signals;
	assert_int_equal(write(gates[0][1], "x", 1), 1);
	while (!is_zombie(before) || host_signals == signals)
		nap();
	sh(rig, "exit 0");
	sh(rig, WAIT_FOR("gate"));
	TURN_UNTIL(rig, rig->tasks[1].phase == PHASE_FINISHED);
	assert_int_equal(write(gates[1][1], "x", 1), 1);
	while (!is_zombie(during))
		turn(rig);
	open_gate(rig, "gate");
	run(rig);
	covey_free(rig->ex);
	rig->ex = NULL;
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_int_equal(now.sa_flags, before_us.sa_flags);
	assert_ptr_equal(now.sa_handler, action->sa_handler);
	assert_int_equal(sigismember(&now.sa_mask, SIGUSR1),
	    sigismember(&action->sa_mask, SIGUSR1));
	signals = host_signals;
	assert_int_equal(write(gates[2][1], "x", 1), 1);
	while (!is_zombie(after) || host_signals == signals)
		nap();
	assert_own_child(before);
	assert_own_child(during);
	assert_own_child(after);
	for (i = 0; i < 6; i++)
		close(gates[i / 2][i % 2]);
	restore_host(rig);
}

static void test_host_handler(struct rig *rig)
{
	struct sigaction action = { .sa_flags = SA_RESTART };

	action.sa_handler = host_handler;
	with_a_host(rig, &action);
}

static void test_host_action(struct rig *rig)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };

	action.sa_sigaction = host_action;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	with_a_host(rig, &action);
}

/* A host that waits for any child takes statuses that are not its own, and is told what follows. */
static void steal(struct rig *rig, const struct covey_event *event)
{
	if (event->type == COVEY_STARTED && event->task->id == 1
	    && waitpid(event->attempt->pid, NULL, 0) != event->attempt->pid)
		wrong(rig, event, "nothing to steal");
}

static void test_stolen_status(struct rig *rig)
{
	rig->hook = steal;
	rig->o.max_workers = 1;
	start_rig(rig);
	sh(rig, "exit 0");
	sh(rig, "exit 0");
	run(rig);
	assert_outcome(rig, 1, COVEY_SPAWN);
	assert_string_equal(rig->tasks[1].last.spawn_step, "wait");
	assert_int_equal(rig->tasks[1].last.sys_errno, ECHILD);
	assert_outcome(rig, 2, COVEY_SUCCESS);
}

static void test_two_executors(struct rig *rig)
{
	struct rig *second = rig->others[0] = open_rig(rig->o.flags);
	unsigned i;

	start_rig(rig);
	start_rig(second);
	for (i = 0; i < 8; i++) {
		sh(rig, "exit 0");
		sh(second, "exit 3");
	}
	/* they do not share a directory */
	sh(rig, WAIT_FOR("gate"));
	TURN_UNTIL(second, second->nfinished == 8 || (turn(rig), false));
	check_events(second);
	check_counts(second, 0, 8);
	covey_free(second->ex);
	second->ex = NULL;
	/* the end of one is not the other's */
	TURN_UNTIL(rig, rig->nfinished == 8 && rig->tasks[9].phase == PHASE_STARTED);
	open_gate(rig, "gate");
	run(rig);
	check_counts(rig, 9, 0);
	close_rig(second);
	rig->others[0] = NULL;
}

/* cmocka's assertions are for the thread that runs the test. */
struct worker {
	pthread_t thread;
	struct rig *rig;
	int result;
};

static void *work(void *arg)
{
	const char *argv[] = { "sh", "-c", "sleep 3600 & echo $0; exit $(($0 % 2))", "0", NULL };
	struct worker *worker = arg;
	struct rig *rig = worker->rig;
	struct covey_command c;
	char number[12];
	int i;

	covey_command_init(&c, sizeof c);
	c.argv = argv;
	argv[3] = number;
	worker->result = -1;
	rig->ex = covey_new(&rig->o, &rig->err);
	if (rig->ex == NULL)
		return NULL;
	for (i = 1; i <= 12; i++) {
		snprintf(number, sizeof number, "%d", i);
		if (covey_submit(rig->ex, &c, NULL, &rig->err) != 0)
			return NULL;
	}
	worker->result = covey_run(rig->ex, &rig->err);
	covey_free(rig->ex);
	rig->ex = NULL;
	return NULL;
}

static void check_work(const struct rig *rig)
{
	char line[12];
	unsigned i;

	for (i = 1; i <= 12; i++) {
		assert_outcome(rig, i, i % 2 == 0 ? COVEY_SUCCESS : COVEY_EXIT);
		assert_true(rig->tasks[i].last.leaky);
		snprintf(line, sizeof line, "%u\n", i);
		assert_string_equal(rig->tasks[i].text[0], line);
	}
}

static void test_two_threads(struct rig *rig)
{
	struct worker workers[2];
	size_t i;

	for (i = 0; i < COUNT(workers); i++) {
		workers[i].rig = rig->others[i] = open_rig(rig->o.flags);
		workers[i].rig->o.max_workers = 4;
	}
	for (i = 0; i < COUNT(workers); i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	for (i = 0; i < COUNT(workers); i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	for (i = 0; i < COUNT(workers); i++) {
		assert_int_equal(workers[i].result, 0);
		check_events(workers[i].rig);
		check_work(workers[i].rig);
		close_rig(workers[i].rig);
		rig->others[i] = NULL;
	}
}

static void test_inheritable_fd(struct rig *rig)
{
	int hold[2];

	if (syscall(SYS_close_range, ~0U, ~0U, 0) != 0)
		skip();
	assert_int_equal(pipe(hold), 0);
	start_rig(rig);
	sh(rig, ": >running; " WAIT_FOR("gate"));
	TURN_UNTIL(rig, exists(rig, "running"));
	assert_nobody_holds(hold);
	open_gate(rig, "gate");
	run(rig);
}

static void limited(struct rig *rig, const struct covey_event *event)
{
	if (event->type != COVEY_LIMITED)
		return;
	if (event->sys_errno != EMFILE || event->workers < 1 || event->workers >= 16)
		wrong(rig, event, "limited to what?");
	open_gate(rig, "gate");
}

static void test_limited(struct rig *rig)
{
	struct rlimit few;
	unsigned i;

	rig->hook = limited;
	start_rig(rig);
	few = rig->nofile;
	few.rlim_cur = (rlim_t)count_fds() + 16;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (i = 0; i < 40; i++)
		sh(rig, WAIT_FOR("gate"));
	run(rig);
	restore_host(rig);
	assert_int_equal(rig->nlimited, 1);
	check_counts(rig, 40, 0);
	for (i = 1; i <= 40; i++)
		assert_int_equal(rig->tasks[i].started, 1);
}

static const struct entry entries[] = {
	TEST(test_host_handler, ALL),
	TEST(test_host_action, ALL),
	TEST(test_stolen_status, ALL),
	TEST(test_two_executors, ALL),
	TEST(test_two_threads, BOTH),
	TEST(test_inheritable_fd, BOTH),
	TEST(test_limited, ALL),
};

int main(void)
{
	return run_entries("executor_host", entries, COUNT(entries));
}
