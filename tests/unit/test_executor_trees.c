/*
 * What an attempt leaves behind is found and killed, or kept on purpose.
 */
#include "executor_steps.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_leaky(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "sleep 3600 & exit 0");
	submit_holding(rig, &c, "(trap '' TERM; exec sleep 3600) >/dev/null 2>&1 & exit 4");
	submit_script(rig, NULL, "exit 0");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_true(rig->tasks[1].last.leaky);
	assert_outcome(rig, 2, COVEY_EXIT);
	assert_true(rig->tasks[2].last.leaky);
	assert_outcome(rig, 3, COVEY_SUCCESS);
	assert_false(rig->tasks[3].last.leaky);
	assert_nobody_holds(hold);
}

/* A session of its own does not help: it is known by what is in its environment. */
static void test_leaky_detached(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "mkfifo never; "
	    "setsid -f sh -c 'trap \"\" TERM; : >away; read x <never'; "
	    WAIT_FOR("away"));
	submit_script(rig, NULL, "exit 0");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_true(rig->tasks[1].last.leaky);
	assert_false(rig->tasks[2].last.leaky);
	assert_nobody_holds(hold);
}

/* Nor two of them, one after the other. */
static void test_leaky_detached_twice(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_SOLE_PARENT;
	rig->o.max_workers = 1;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "setsid -f setsid -f sleep 3600; exit 0");
	submit_holding(rig, &c,
	    "setsid -f sh -c 'trap \"\" TERM; sleep 3600' >/dev/null 2>&1; exit 0");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_outcome(rig, 2, COVEY_SUCCESS);
	assert_true(rig->tasks[1].last.leaky);
	assert_true(rig->tasks[2].last.leaky);
	assert_nobody_holds(hold);
}

/* Without a trace of whose it is: then it is ours if nobody else starts children. */
static void test_sole_parent(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_SOLE_PARENT;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "env -i setsid -f sleep 3600; exit 0");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_nobody_holds(hold);
}

static void end_leftover(const char *text, int hold[2])
{
	struct pollfd pfd = { .fd = hold[0], .events = POLLIN };
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	close(hold[1]);
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	close(hold[0]);
	/* ours only if it was adopted */
	waitpid(pid, NULL, 0);
}

static void test_keep_leftovers(struct rig *rig)
{
	struct pollfd pfd;
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_KEEP_LEFTOVERS;
	start_rig(rig);
	make_hold(&c, hold);
	/* it keeps stdout open, for which nobody waits */
	submit_holding(rig, &c, "sleep 3600 & echo $!");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_false(rig->tasks[1].last.leaky);
	assert_true(rig->tasks[1].last.cut_off);
	covey_free(rig->ex);
	rig->ex = NULL;
	close(hold[1]);
	pfd = (struct pollfd){ .fd = hold[0], .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, 0), 0);
	hold[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	end_leftover(rig->tasks[1].text[0], hold);
}

/* What times out is killed with its tree, leftovers or not. */
static void test_keep_leftovers_timeout(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_KEEP_LEFTOVERS;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, ": >running; sleep 3600 & sleep 3600");
	TURN_UNTIL(rig, exists(rig, "running"));
	assert_int_equal(covey_cancel_task(rig->ex, 1, &rig->err), 0);
	run(rig);
	assert_outcome(rig, 1, COVEY_CANCELLED);
	assert_nobody_holds(hold);
}

/* A process outside the tree that got hold of a stream is not waited for, nor killed. */
static void test_cut_off(struct rig *rig)
{
	char path[64];
	int fd;

	start_rig(rig);
	sh(rig, "echo said; : >running; " WAIT_FOR("gate"));
	TURN_UNTIL(rig, exists(rig, "running"));
	snprintf(path, sizeof path, "/proc/%d/fd/1", (int)rig->tasks[1].last.pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	open_gate(rig, "gate");
	run(rig);
	close(fd);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_true(rig->tasks[1].last.cut_off);
	assert_false(rig->tasks[1].last.leaky);
	assert_string_equal(rig->tasks[1].text[0], "said\n");
}

static _Noreturn void die_with_a_task(struct rig *rig, int hold)
{
	const char *argv[] = { "sleep", "3600", NULL };
	struct covey_command c;
	struct covey *ex;

	rig->o.on_event = NULL;
	ex = covey_new(&rig->o, NULL);
	covey_command_init(&c, sizeof c);
	c.argv = argv;
	c.stdin_source = COVEY_STDIN_FD;
	c.stdin_fd = hold;
	if (ex == NULL || covey_submit(ex, &c, NULL, NULL) != 0 || covey_step(ex, 0, NULL) != 1)
		_exit(1);
	_exit(42);
}

static void test_die_with_parent(struct rig *rig)
{
	struct pollfd pfd = { .events = POLLIN };
	int hold[2], status;
	pid_t host;

	rig->o.flags |= COVEY_DIE_WITH_PARENT;
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	host = fork();
	assert_true(host >= 0);
	if (host == 0)
		die_with_a_task(rig, hold[1]);
	assert_int_equal(waitpid(host, &status, 0), host);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	close(hold[1]);
	pfd.fd = hold[0];
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	close(hold[0]);
}

static const struct entry entries[] = {
	TEST(test_leaky, ALL),
	TEST(test_leaky_detached, ADOPT),
	TEST(test_leaky_detached_twice, ADOPT),
	TEST(test_sole_parent, ADOPT),
	TEST(test_keep_leftovers, ALL),
	TEST(test_keep_leftovers_timeout, ALL),
	TEST(test_cut_off, BOTH),
	TEST(test_die_with_parent, ANY),
};

int main(void)
{
	return run_entries("executor_trees", entries, COUNT(entries));
}
