/*
 * What a child starts with: its input, its directory, and its environment.
 */
#include "executor_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BIG = 300000 };   /* more than a pipe holds */

static char *make_big(void)
{
	char *big = malloc(BIG + 1);
	size_t i;

	assert_non_null(big);
	for (i = 0; i < BIG; i++)
		big[i] = (char)('!' + i % 89);
	big[BIG] = '\0';
	return big;
}

static void test_stdin_bytes(struct rig *rig)
{
	char *big = make_big();
	struct covey_command c;
	uint64_t id, none;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 0;
	start_rig(rig);
	write_file(rig, "big", big, 0600);
	covey_command_init(&c, sizeof c);
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_bytes = big;
	c.stdin_len = BIG;
	/* the first attempt fails; the second is to have all of them again */
	id = submit_script(rig, &c, "cmp - big || exit 9; test -e again || { : >again; exit 1; }");
	memset(big, 0, BIG);    /* they were copied */
	free(big);
	c.stdin_bytes = NULL;
	c.stdin_len = 0;
	none = submit_script(rig, &c, "wc -c");
	run(rig);
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[id].started, 2);
	assert_string_equal(rig->tasks[none].text[0], "0\n");
}

static void test_stdin_null_and_file(struct rig *rig)
{
	struct covey_command c;
	uint64_t null, file;

	start_rig(rig);
	null = sh(rig, "test /dev/stdin -ef /dev/null && wc -c");
	write_file(rig, "in", "some words", 0600);
	covey_command_init(&c, sizeof c);
	c.stdin_source = COVEY_STDIN_FILE;
	c.stdin_path = in_dir(rig, "in");
	file = submit_script(rig, &c, "cat");
	run(rig);
	assert_string_equal(rig->tasks[null].text[0], "0\n");
	assert_string_equal(rig->tasks[file].text[0], "some words");
}

static void test_stdin_fd(struct rig *rig)
{
	struct covey_command c;
	uint64_t first, second;
	int in[2];

	rig->o.max_workers = 1;
	start_rig(rig);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "one\ntwo\n", 8), 8);
	close(in[1]);
	covey_command_init(&c, sizeof c);
	c.stdin_source = COVEY_STDIN_FD;
	c.stdin_fd = in[0];
	/* it is shared: the second goes on where the first has stopped */
	first = submit_script(rig, &c, "read line; echo \"$line\"");
	second = submit_script(rig, &c, "cat");
	run(rig);
	assert_string_equal(rig->tasks[first].text[0], "one\n");
	assert_string_equal(rig->tasks[second].text[0], "two\n");
	assert_int_equal(fcntl(in[0], F_GETFD), FD_CLOEXEC);
	close(in[0]);
}

static void test_stdin_inherit(struct rig *rig)
{
	int own = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), in[2];
	struct covey_command c;
	uint64_t id;

	start_rig(rig);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "mine\n", 5), 5);
	close(in[1]);
	assert_int_equal(dup2(in[0], STDIN_FILENO), STDIN_FILENO);
	close(in[0]);
	covey_command_init(&c, sizeof c);
	c.stdin_source = COVEY_STDIN_INHERIT;
	id = submit_script(rig, &c, "cat");
	run(rig);
	assert_int_equal(dup2(own, STDIN_FILENO), STDIN_FILENO);
	close(own);
	assert_string_equal(rig->tasks[id].text[0], "mine\n");
}

static void test_cwd(struct rig *rig)
{
	char here[PATH_MAX], line[PATH_MAX + 1];
	struct covey_command c;
	uint64_t there, mine;

	assert_non_null(getcwd(here, sizeof here));
	start_rig(rig);
	there = sh(rig, "pwd -P");
	covey_command_init(&c, sizeof c);
	c.cwd = ".";
	mine = submit_script(rig, &c, "pwd -P");
	run(rig);
	snprintf(line, sizeof line, "%s\n", rig->dir);
	assert_string_equal(rig->tasks[there].text[0], line);
	snprintf(line, sizeof line, "%s\n", here);
	assert_string_equal(rig->tasks[mine].text[0], line);
}

static void test_env(struct rig *rig)
{
	static const char *const env[] = {
		"COLOUR=blue=green", "EMPTY=", "HOME", "NEVER_SET", NULL,
	};
	struct covey_command c;
	uint64_t changed, plain;

	assert_int_equal(setenv("HOME", "/home/of/tests", 1), 0);
	start_rig(rig);
	/* what the host changes after covey_new is its own affair */
	assert_int_equal(setenv("COLOUR", "red", 1), 0);
	covey_command_init(&c, sizeof c);
	c.env = env;
	changed = submit_script(rig, &c, "echo \"$COLOUR,${EMPTY-unset},${HOME-unset}\"");
	plain = sh(rig, "echo \"${COLOUR-unset},${EMPTY-unset},$HOME\"");
	run(rig);
	unsetenv("COLOUR");
	assert_string_equal(rig->tasks[changed].text[0], "blue=green,,unset\n");
	assert_string_equal(rig->tasks[plain].text[0], "unset,unset,/home/of/tests\n");
}

static void assert_not_found(struct rig *rig, const char *name, int sys_errno)
{
	assert_int_equal(covey_find(rig->ex, name, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_SYSTEM);
	assert_int_equal(rig->err.sys_errno, sys_errno);
	assert_non_null(strstr(rig->err.message, name));
}

/* A task's own PATH is where it is looked up, and nobody else. */
static void test_env_path(struct rig *rig)
{
	char path[100];
	const char *env[] = { path, NULL }, *unset[] = { "PATH", NULL };
	struct covey_command c;
	uint64_t with, without, none;

	start_rig(rig);
	write_file(rig, "covey-test-tool", "#!/bin/sh\necho \"$0\"\n", 0700);
	snprintf(path, sizeof path, "PATH=%s", rig->dir);
	covey_command_init(&c, sizeof c);
	c.env = env;
	with = submit_one(rig, &c, "covey-test-tool");
	c.env = NULL;
	without = submit_one(rig, &c, "covey-test-tool");
	c.env = unset;
	none = submit_one(rig, &c, "env");
	run(rig);
	assert_outcome(rig, with, COVEY_SUCCESS);
	assert_non_null(strstr(rig->tasks[with].text[0], "/covey-test-tool\n"));
	assert_spawn_failed(rig, without, "exec", ENOENT);
	assert_outcome(rig, none, COVEY_SUCCESS);
	assert_null(strstr(rig->tasks[none].text[0], "\nPATH="));
	assert_int_equal(covey_find(rig->ex, "sh", &rig->err), 0);
	assert_not_found(rig, "covey-test-tool", ENOENT);
}

static void test_find(struct rig *rig)
{
	start_rig(rig);
	write_file(rig, "no-x", "", 0600);
	write_file(rig, "x", "", 0700);
	assert_int_equal(covey_find(rig->ex, "sh", NULL), 0);
	assert_int_equal(covey_find(rig->ex, "/bin/sh", &rig->err), 0);
	assert_int_equal(covey_find(rig->ex, in_dir(rig, "x"), &rig->err), 0);
	assert_not_found(rig, "there-is-no-such-command", ENOENT);
	assert_not_found(rig, in_dir(rig, "missing"), ENOENT);
	assert_not_found(rig, in_dir(rig, "no-x"), EACCES);
	assert_not_found(rig, rig->dir, EACCES);
	assert_int_equal(covey_find(rig->ex, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
}

static void test_environment_of_all(struct rig *rig)
{
	static const char *const env[] = { "ONLY=this", NULL };
	struct covey_command c;
	uint64_t id;

	rig->o.env = env;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	id = submit_one(rig, &c, "env");
	run(rig);
	assert_string_equal(rig->tasks[id].text[0], "ONLY=this\n");
}

static void test_export(struct rig *rig)
{
	uint64_t id, again;

	rig->o.run_id = "the-run";
	rig->o.max_workers = 1;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	start_rig(rig);
	id = sh(rig, "echo $COVEY_RUN $COVEY_TASK $COVEY_ATTEMPT $COVEY_TRIES $COVEY_SLOT "
	    "${COVEY_REASON-none}");
	again = sh(rig, "echo $COVEY_TASK $COVEY_ATTEMPT; test $COVEY_ATTEMPT = 3");
	run(rig);
	assert_string_equal(rig->tasks[id].text[0], "the-run 1 1 3 1 none\n");
	assert_string_equal(rig->tasks[again].text[0], "2 3\n");
	assert_outcome(rig, again, COVEY_SUCCESS);
}

static void test_reason(struct rig *rig)
{
	uint64_t id, silent, success;

	rig->o.flags |= COVEY_EXPORT;
	rig->o.max_workers = 1;
	assert_int_equal(mkdir(in_dir(rig, "reasons"), 0700), 0);
	rig->o.reason_dir = in_dir(rig, "reasons");
	start_rig(rig);
	id = sh(rig, "printf 'it rained\\nall day\\n' >\"$COVEY_REASON\"; exit 1");
	silent = sh(rig, "exit 1");
	success = sh(rig, "echo fine >\"$COVEY_REASON\"");
	run(rig);
	assert_string_equal(rig->tasks[id].reason, "it rained");
	assert_string_equal(rig->tasks[silent].reason, "");
	assert_string_equal(rig->tasks[success].reason, "");
	/* nothing is left behind */
	assert_int_equal(rmdir(in_dir(rig, "reasons")), 0);
}

static const struct entry entries[] = {
	TEST(test_stdin_bytes, ANY),
	TEST(test_stdin_null_and_file, ANY),
	TEST(test_stdin_fd, ANY),
	TEST(test_stdin_inherit, ANY),
	TEST(test_cwd, ANY),
	TEST(test_env, PIDFD | ADOPTING),
	TEST(test_env_path, PIDFD | ADOPTING),
	TEST(test_find, ANY),
	TEST(test_environment_of_all, ANY),
	TEST(test_export, ADOPTING),
	TEST(test_reason, ANY),
};

int main(void)
{
	return run_entries("executor_environment", entries, COUNT(entries));
}
