#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdutil.h"
#include "procfs.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- children to look at: they are ready when spawn returns, and stay until end ---- */

/* Runs in the child before it is ready. */
typedef void prepare_fn(const void *arg);

static _Noreturn void stay(int ready)
{
	if (write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t spawn(prepare_fn *prepare, const void *arg)
{
	int ready[2];
	pid_t child;
	char c;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (prepare != NULL)
			prepare(arg);
		stay(ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return child;
}

static void become_zombie(pid_t child)
{
	siginfo_t info;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* The number of a process that is no more. */
static pid_t nobody(void)
{
	pid_t child = spawn(NULL, NULL);

	end(child);
	return child;
}

static size_t times(const struct cv_pids *list, pid_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->pids[i] == pid;
	return n;
}

/* ---- lists ---- */

static void lists_grow(void **state)
{
	struct cv_pids list = { .n = 0 };

	(void)state;
	for (pid_t pid = 1; pid <= 1000; pid++)
		assert_int_equal(cv_pids_add(&list, pid), 0);
	assert_int_equal(list.n, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(list.pids[i], i + 1);
	cv_pids_release(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.pids);
	assert_int_equal(cv_pids_add(&list, 7), 0);
	assert_int_equal(list.pids[0], 7);
	cv_pids_release(&list);
}

/* ---- stat ---- */

static void be_named(const void *name)
{
	if (prctl(PR_SET_NAME, name) != 0 || setsid() < 0)
		_exit(1);
}

static void whatever_its_name(void **state)
{
	static const char *const names[] = {
		"plain", "a) Z 1 2 3 (b", ")", ") ) )", "(", " ", "", "x\ny) Z 9 9 9", ")\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		pid_t child = spawn(be_named, names[i]);
		struct cv_stat st = { .state = 0 };

		assert_int_equal(cv_procfs_stat(child, &st), 0);
		assert_true(st.state == 'S' || st.state == 'R');
		assert_int_equal(st.parent, getpid());
		assert_int_equal(st.group, child);
		assert_int_equal(st.session, child);
		end(child);
	}
}

static void zombies_and_nobody(void **state)
{
	pid_t child = spawn(be_named, "x) S 1 (");
	struct cv_stat st;

	(void)state;
	become_zombie(child);
	assert_int_equal(cv_procfs_stat(child, &st), 0);
	assert_int_equal(st.state, 'Z');
	assert_int_equal(st.parent, getpid());
	assert_int_equal(st.group, child);
	end(child);
	assert_int_equal(cv_procfs_stat(child, &st), -1);
}

static void own_stat(void **state)
{
	struct cv_stat st;

	(void)state;
	assert_int_equal(cv_procfs_stat(getpid(), &st), 0);
	assert_int_equal(st.state, 'R');
	assert_int_equal(st.parent, getppid());
	assert_int_equal(st.group, getpgrp());
	assert_int_equal(st.session, getsid(0));
}

/* ---- who is whose child ---- */

/* Has a child of its own, and writes its number into the pipe. */
static void have_a_child(const void *arg)
{
	const int *report = arg;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (write(*report, &child, sizeof child) != sizeof child)
		_exit(1);
}

typedef int find_fn(pid_t pid, struct cv_pids *found);

static void assert_children(find_fn *find)
{
	struct cv_pids mine = { .n = 0 }, theirs = { .n = 0 };
	pid_t first = spawn(NULL, NULL), zombie = spawn(NULL, NULL), parent, grandchild;
	int report[2];

	become_zombie(zombie);
	assert_int_equal(pipe(report), 0);
	parent = spawn(have_a_child, &report[1]);
	assert_int_equal(read(report[0], &grandchild, sizeof grandchild), sizeof grandchild);

	assert_int_equal(cv_pids_add(&mine, 1), 0);
	assert_int_equal(find(getpid(), &mine), 0);
	assert_int_equal(mine.n, 4);
	assert_int_equal(mine.pids[0], 1);  /* adds to what is there */
	assert_int_equal(times(&mine, first), 1);
	assert_int_equal(times(&mine, zombie), 1);
	assert_int_equal(times(&mine, parent), 1);
	assert_int_equal(find(parent, &theirs), 0);
	assert_int_equal(theirs.n, 1);
	assert_int_equal(theirs.pids[0], grandchild);
	assert_int_equal(find(first, &theirs), 0);
	assert_int_equal(theirs.n, 1);

	kill(grandchild, SIGKILL);
	end(parent);
	end(zombie);
	end(first);
	close(report[0]);
	close(report[1]);
	cv_pids_release(&mine);
	cv_pids_release(&theirs);
}

static void children(void **state)
{
	struct cv_pids none = { .n = 0 };

	(void)state;
	assert_children(cv_procfs_children);
	assert_int_equal(cv_procfs_children(nobody(), &none), -1);
	assert_int_equal(none.n, 0);
}

static void children_by_parent(void **state)
{
	(void)state;
	assert_children(cv_procfs_by_parent);
}

struct errand {
	pthread_barrier_t done, over;
	pid_t child;
};

static void *fork_in_thread(void *arg)
{
	struct errand *errand = arg;

	errand->child = spawn(NULL, NULL);
	pthread_barrier_wait(&errand->done);
	pthread_barrier_wait(&errand->over);
	return NULL;
}

static void children_of_all_threads(void **state)
{
	struct cv_pids found = { .n = 0 };
	struct errand errand;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_barrier_init(&errand.done, NULL, 2), 0);
	assert_int_equal(pthread_barrier_init(&errand.over, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, fork_in_thread, &errand), 0);
	pthread_barrier_wait(&errand.done);
	assert_int_equal(cv_procfs_children(getpid(), &found), 0);
	assert_int_equal(times(&found, errand.child), 1);
	end(errand.child);
	pthread_barrier_wait(&errand.over);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_barrier_destroy(&errand.done);
	pthread_barrier_destroy(&errand.over);
	cv_pids_release(&found);
}

static void join_group(const void *arg)
{
	const pid_t *leader = arg;

	if (setpgid(0, *leader) != 0)
		_exit(1);
}

static void members_of_a_group(void **state)
{
	static const pid_t own = 0;
	struct cv_pids found = { .n = 0 };
	pid_t leader = spawn(join_group, &own), member = spawn(join_group, &leader);
	pid_t other = spawn(join_group, &own);

	(void)state;
	become_zombie(leader);
	assert_int_equal(cv_procfs_by_group(leader, &found), 0);
	assert_int_equal(found.n, 2);
	assert_int_equal(times(&found, leader), 1);
	assert_int_equal(times(&found, member), 1);
	end(other);
	end(member);
	end(leader);
	cv_pids_release(&found);
}

/* ---- environments ---- */

/*
 * Starts cat with this environment. Once it has copied a byte it waits for the next; before that its
 * environment may not be there yet, which is set up after what is close-on-exec has been closed.
 */
static pid_t spawn_with(char *const *env, int *input)
{
	char *const argv[] = { (char[]){ "cat" }, NULL };
	int in[2], out[2];
	pid_t child;
	char c = 'c';

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execve("/bin/cat", argv, env);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	assert_int_equal(write(in[1], &c, 1), 1);
	assert_int_equal(read(out[0], &c, 1), 1);
	close(out[0]);
	*input = in[1];
	return child;
}

static void the_environment_it_was_started_with(void **state)
{
	char one[] = "COVEY_RUN=r 1", two[] = "EMPTY=", three[] = "NO_EQUALS", four[] = "LAST=a=b";
	char *const env[] = { one, two, three, four, NULL };
	pid_t child;
	char *text;
	int input;

	(void)state;
	child = spawn_with(env, &input);
	text = cv_procfs_environ(child);
	assert_non_null(text);
	assert_memory_equal(text, "COVEY_RUN=r 1\0EMPTY=\0NO_EQUALS\0LAST=a=b\0", 41);
	assert_string_equal(cv_environ_get(text, "COVEY_RUN"), "r 1");
	assert_string_equal(cv_environ_get(text, "EMPTY"), "");
	assert_string_equal(cv_environ_get(text, "LAST"), "a=b");
	assert_null(cv_environ_get(text, "NO_EQUALS"));
	free(text);
	end(child);
	close(input);
}

static void no_environment_to_see(void **state)
{
	char *const none[] = { NULL };
	pid_t child;
	int input;

	(void)state;
	child = spawn_with(none, &input);
	assert_null(cv_procfs_environ(child));
	end(child);
	close(input);
	child = spawn(NULL, NULL);
	become_zombie(child);
	assert_null(cv_procfs_environ(child));
	end(child);
	assert_null(cv_procfs_environ(child));
}

/* What comes last is there, however much is before it. */
static void environments_of_any_size(void **state)
{
	static const size_t sizes[] = {
		100, 4000, 4096, 8150, 8160, 8170, 8180, 8190, 8191, 8192, 8200, 30000, 100000,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *filler = malloc(sizes[i]), last[] = "LAST=end";
		char *const env[] = { filler, last, NULL };
		pid_t child;
		char *text;
		const char *value;
		int input;

		assert_non_null(filler);
		memset(filler, 'f', sizes[i]);
		memcpy(filler, "F=", 2);
		filler[sizes[i] - 1] = '\0';
		child = spawn_with(env, &input);
		text = cv_procfs_environ(child);
		end(child);
		close(input);
		assert_non_null(text);
		value = cv_environ_get(text, "LAST");
		if (value == NULL || strcmp(value, "end") != 0)
			fail_msg("%zu bytes before it, and the last is cut off", sizes[i]);
		assert_string_equal(text, filler);
		free(filler);
		free(text);
	}
}

static void values(void **state)
{
	static const char text[] = "AB=1\0A=2\0=3\0ABC\0A=4\0";

	(void)state;
	assert_string_equal(cv_environ_get(text, "A"), "2");
	assert_string_equal(cv_environ_get(text, "AB"), "1");
	assert_null(cv_environ_get(text, "ABC"));
	assert_null(cv_environ_get(text, "B"));
	assert_null(cv_environ_get("", "A"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(whatever_its_name),
		cmocka_unit_test(zombies_and_nobody),
		cmocka_unit_test(own_stat),
		cmocka_unit_test(children),
		cmocka_unit_test(children_by_parent),
		cmocka_unit_test(children_of_all_threads),
		cmocka_unit_test(members_of_a_group),
		cmocka_unit_test(the_environment_it_was_started_with),
		cmocka_unit_test(no_environment_to_see),
		cmocka_unit_test(environments_of_any_size),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
