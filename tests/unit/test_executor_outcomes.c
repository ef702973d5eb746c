/*
 * How an attempt ends is told exactly: exit statuses, signals, and starts that fail.
 */
#include "executor_steps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void test_exit(struct rig *rig)
{
	uint64_t good, bad, worst;

	start_rig(rig);
	good = sh(rig, "echo out; echo err >&2");
	bad = sh(rig, "exit 7");
	worst = sh(rig, "exit 255");
	assert_int_equal(good, 1);
	assert_int_equal(worst, 3);
	assert_int_equal(covey_run(rig->ex, &rig->err), 0);
	assert_outcome(rig, good, COVEY_SUCCESS);
	assert_string_equal(rig->tasks[good].text[0], "out\n");
	assert_string_equal(rig->tasks[good].text[1], "err\n");
	assert_true(rig->tasks[good].last.pid > 0);
	assert_true(rig->tasks[good].last.usage.ru_maxrss > 0);
	assert_false(rig->tasks[good].last.leaky);
	assert_false(rig->tasks[good].last.cut_off);
	assert_outcome(rig, bad, COVEY_EXIT);
	assert_int_equal(rig->tasks[bad].last.status, 7);
	assert_int_equal(rig->tasks[bad].last.signal, 0);
	assert_int_equal(rig->tasks[bad].size[0], 0);
	assert_int_equal(rig->tasks[bad].started, 1);
	assert_outcome(rig, worst, COVEY_EXIT);
	assert_int_equal(rig->tasks[worst].last.status, 255);
	check_counts(rig, 1, 2);
}

static void test_signal(struct rig *rig)
{
	uint64_t crash, killed, mentioned;

	start_rig(rig);
	crash = sh(rig, "ulimit -c 0; kill -s SEGV $$");
	killed = sh(rig, "kill -s KILL $$");
	mentioned = sh(rig, "exit 139");
	run(rig);
	assert_outcome(rig, crash, COVEY_SIGNAL);
	assert_int_equal(rig->tasks[crash].last.signal, SIGSEGV);
	assert_int_equal(rig->tasks[crash].last.status, 0);
	assert_false(rig->tasks[crash].last.core_dumped);
	assert_outcome(rig, killed, COVEY_SIGNAL);
	assert_int_equal(rig->tasks[killed].last.signal, SIGKILL);
	assert_outcome(rig, mentioned, COVEY_EXIT);
}

static void test_spawn_failures(struct rig *rig)
{
	uint64_t missing, missing_path, no_x, directory, cwd, no_file, bad_fd, good;
	struct covey_command c;

	rig->o.max_tries = 3;
	start_rig(rig);
	write_file(rig, "no-x", "#!/bin/sh\n", 0600);
	covey_command_init(&c, sizeof c);
	missing = submit_one(rig, &c, "there-is-no-such-command");
	missing_path = submit_one(rig, &c, in_dir(rig, "missing"));
	no_x = submit_one(rig, &c, in_dir(rig, "no-x"));
	directory = submit_one(rig, &c, rig->dir);
	c.cwd = in_dir(rig, "nowhere");
	cwd = submit_one(rig, &c, "true");
	c.cwd = NULL;
	c.stdin_source = COVEY_STDIN_FILE;
	c.stdin_path = in_dir(rig, "nothing");
	no_file = submit_one(rig, &c, "true");
	c.stdin_source = COVEY_STDIN_FD;
	bad_fd = submit_one(rig, &c, "true");
	good = sh(rig, "exit 0");
	run(rig);
	assert_spawn_failed(rig, missing, "exec", ENOENT);
	assert_int_equal(rig->tasks[missing].started, 1);
	assert_spawn_failed(rig, missing_path, "exec", ENOENT);
	assert_spawn_failed(rig, no_x, "exec", EACCES);
	assert_spawn_failed(rig, directory, "exec", EACCES);
	assert_spawn_failed(rig, cwd, "chdir", ENOENT);
	assert_spawn_failed(rig, no_file, "open stdin", ENOENT);
	assert_spawn_failed(rig, bad_fd, "open stdin", EBADF);
	assert_outcome(rig, good, COVEY_SUCCESS);
	check_counts(rig, 1, 7);
}

static void test_spawn_failure_retried(struct rig *rig)
{
	struct covey_command c;
	uint64_t id;

	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	rig->o.retry_on.words |= 1U << COVEY_SPAWN;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	id = submit_one(rig, &c, "there-is-no-such-command");
	run(rig);
	assert_spawn_failed(rig, id, "exec", ENOENT);
	assert_int_equal(rig->tasks[id].started, 3);
}

static void test_script_without_interpreter(struct rig *rig)
{
	const char *argv[] = { "./greet", "you there", NULL };
	struct covey_command c;
	uint64_t id;

	start_rig(rig);
	write_file(rig, "greet", "echo \"hello $1, $#\"\nexit 3\n", 0700);
	covey_command_init(&c, sizeof c);
	c.argv = argv;
	c.cwd = rig->dir;
	argv[0] = in_dir(rig, "greet");
	id = submit(rig, &c);
	run(rig);
	assert_outcome(rig, id, COVEY_EXIT);
	assert_int_equal(rig->tasks[id].last.status, 3);
	assert_string_equal(rig->tasks[id].text[0], "hello you there, 1\n");
}

static const struct entry entries[] = {
	TEST(test_exit, ALL),
	TEST(test_signal, ALL),
	TEST(test_spawn_failures, ALL),
	TEST(test_spawn_failure_retried, BOTH),
	TEST(test_script_without_interpreter, ANY),
};

int main(void)
{
	return run_entries("executor_outcomes", entries, COUNT(entries));
}
