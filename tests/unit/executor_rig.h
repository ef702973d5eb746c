/*
 * executor_rig - tests of the public API from outside
 *
 * Whatever is done with an executor, each task's events come in the order that covey.h promises,
 * exactly one of them the last, and when the executor has been freed the host has the descriptors,
 * the children and the SIGCHLD handler that it had before. Every test with a rig is held to that;
 * many run four times, once for each way of watching children and their trees.
 */
#ifndef TESTS_EXECUTOR_RIG_H
#define TESTS_EXECUTOR_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "covey.h"
#include "descriptors.h"
#include "executor_record.h"

/* longer than any test takes, shorter than anybody would wait */
#define FOREVER (3600 * COVEY_SEC)

/* ---- the host, before and after ---- */

static inline covey_nsec clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * COVEY_SEC + ts.tv_nsec;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline struct rig *open_rig(unsigned flags)
{
	struct rig *rig = calloc(1, sizeof *rig);

	assert_non_null(rig);
	strlcpy(rig->dir, "/tmp/test_executor.XXXXXX", sizeof rig->dir);
	assert_non_null(mkdtemp(rig->dir));
	covey_options_init(&rig->o, sizeof rig->o);
	rig->o.flags = flags;
	rig->o.on_event = record;
	rig->o.user = rig;
	rig->give_up = clock_now() + 120 * COVEY_SEC;
	rig->own_stdout = -1;
	assert_int_equal(sigaction(SIGCHLD, NULL, &rig->sigchld), 0);
	/* the C library adds flags of its own, which are to be there before and after */
	assert_int_equal(sigaction(SIGCHLD, &rig->sigchld, NULL), 0);
	assert_int_equal(sigaction(SIGCHLD, NULL, &rig->sigchld), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &rig->mask), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rig->nofile), 0);
	rig->nfds = count_fds();
	return rig;
}

/* Puts back what a test changes in its process. */
static inline void restore_host(struct rig *rig)
{
	setrlimit(RLIMIT_NOFILE, &rig->nofile);
	sigaction(SIGCHLD, &rig->sigchld, NULL);
	if (rig->own_stdout < 0)
		return;
	dup2(rig->own_stdout, STDOUT_FILENO);
	close(rig->own_stdout);
	rig->own_stdout = -1;
}

static inline void close_rig(struct rig *rig)
{
	if (rig == NULL)
		return;
	close_rig(rig->others[0]);
	close_rig(rig->others[1]);
	covey_free(rig->ex);
	restore_host(rig);
	nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(rig);
}

/* What is promised whatever a test does. */
static inline void check_host(const struct rig *rig)
{
	struct sigaction now;
	sigset_t mask;
	int sig;

	assert_int_equal(count_fds(), rig->nfds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, rig->sigchld.sa_handler);
	assert_int_equal(now.sa_flags, rig->sigchld.sa_flags);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	for (sig = 1; sig < NSIG; sig++)
		assert_int_equal(sigismember(&mask, sig), sigismember(&rig->mask, sig));
}

static inline void check_events(const struct rig *rig)
{
	unsigned i;

	if (rig->wrong[0] != '\0')
		fail_msg("%s", rig->wrong);
	for (i = 1; i <= MAX_TASKS; i++) {
		if (!rig->freed_early && rig->tasks[i].phase != PHASE_NONE
		    && rig->tasks[i].phase != PHASE_FINISHED)
			fail_msg("task %u never finished", i);
	}
}

/* One test, in one of the ways. */
struct test {
	void (*run)(struct rig *rig);
	unsigned flags;
	struct rig *rig;
};

static inline void run_one(void **state)
{
	struct test *test = *state;

	test->rig = open_rig(test->flags);
	test->run(test->rig);
	covey_free(test->rig->ex);
	test->rig->ex = NULL;
	check_events(test->rig);
	check_host(test->rig);
}

/* The lists are by thread; what other threads have started went to the main one with their end. */
static inline pid_t any_child(void)
{
	char path[64], line[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof line - 1);
	close(fd);
	return n > 0 ? (pid_t)strtol(line, NULL, 10) : 0;
}

/* Ends what a failed test has left; its children's children become ours one after the other. */
static inline void end_children(void)
{
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while ((pid = any_child()) > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static inline int clean_up(void **state)
{
	struct test *test = *state;

	close_rig(test->rig);
	test->rig = NULL;
	end_children();
	/* the next test may not want to adopt anybody */
	return prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---- all tests of a program ---- */

/* Bits of the ways to run a test in. */
enum {
	PIDFD = 1 << 0, SIGNALS = 1 << 1, ADOPTING = 1 << 2, SIGNALS_ADOPTING = 1 << 3,
	ANY = PIDFD, BOTH = PIDFD | SIGNALS, ADOPT = ADOPTING | SIGNALS_ADOPTING, ALL = BOTH | ADOPT
};

struct entry {
	const char *name;
	void (*run)(struct rig *rig);
	unsigned ways;
};

#define TEST(name, ways) { #name, name, ways }

struct way {
	const char *name;
	unsigned bit, flags;
};

static const struct way ways[] = {
	{ "pidfd", PIDFD, 0 },
	/* kernels without pidfd are without clone3, too */
	{ "SIGCHLD", SIGNALS, COVEY_NO_PIDFD | COVEY_NO_CLONE3 },
	{ "pidfd, subreaper", ADOPTING, COVEY_SUBREAPER },
	{ "SIGCHLD, subreaper", SIGNALS_ADOPTING,
	  COVEY_NO_PIDFD | COVEY_NO_CLONE3 | COVEY_SUBREAPER },
};

/* One entry in one of its ways; the name is what the test program reports. */
struct unit {
	struct test test;
	char name[80];
};

static inline void add_unit(struct unit *unit, const struct entry *entry, const struct way *way,
    struct CMUnitTest *test)
{
	snprintf(unit->name, sizeof unit->name, "%s (%s)", entry->name, way->name);
	unit->test.run = entry->run;
	unit->test.flags = way->flags;
	*test = (struct CMUnitTest){
		.name = unit->name, .test_func = run_one, .teardown_func = clean_up,
		.initial_state = &unit->test,
	};
}

/* Runs each entry in its ways; returns how many of these tests failed. */
static inline int run_entries(const char *group, const struct entry *entries, size_t n)
{
	struct unit *units = calloc(n * COUNT(ways), sizeof *units);
	struct CMUnitTest *tests = calloc(n * COUNT(ways), sizeof *tests);
	size_t i, way, ntests = 0;
	int failed = 1;

	for (i = 0; units != NULL && tests != NULL && i < n; i++) {
		for (way = 0; way < COUNT(ways); way++) {
			if ((entries[i].ways & ways[way].bit) == 0)
				continue;
			add_unit(&units[ntests], &entries[i], &ways[way], &tests[ntests]);
			ntests++;
		}
	}
	if (ntests > 0)
		failed = _cmocka_run_group_tests(group, tests, ntests, NULL, NULL);
	free(tests);
	free(units);
	return failed;
}

#endif
