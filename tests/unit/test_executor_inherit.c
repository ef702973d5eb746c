/*
 * What a child inherits and what it does not: limits, descriptors, priority, process group; and
 * the arguments that are prepared for its slot.
 */
#include "executor_steps.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_child_nofile(struct rig *rig)
{
	uint64_t id;

	rig->o.child_nofile = 99;
	start_rig(rig);
	id = sh(rig, "ulimit -Sn; ulimit -Hn");
	run(rig);
	assert_int_equal(strncmp(rig->tasks[id].text[0], "99\n", 3), 0);
	assert_string_not_equal(rig->tasks[id].text[0], "99\n99\n");
}

static void test_limits(struct rig *rig)
{
	const struct covey_limit limits[] = {
		{ RLIMIT_NOFILE, { 90, 95 } }, { RLIMIT_CORE, { 0, 0 } },
		{ RLIMIT_FSIZE, { 512, 4096 } },
	};
	struct rlimit before, after;
	uint64_t id, large;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	rig->o.child_nofile = 99;
	rig->o.limits = limits;
	rig->o.nlimits = COUNT(limits);
	start_rig(rig);
	id = sh(rig, "ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -Sf; ulimit -Hf");
	large = sh(rig, "exec dd if=/dev/zero of=large bs=513 count=1");
	run(rig);
	assert_string_equal(rig->tasks[id].text[0], "90\n95\n0\n1\n8\n");
	assert_outcome(rig, large, COVEY_SIGNAL);
	assert_int_equal(rig->tasks[large].last.signal, SIGXFSZ);
	/* the caller's own are what they were */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &after), 0);
	assert_true(after.rlim_cur == before.rlim_cur && after.rlim_max == before.rlim_max);
}

static void test_limit_refused(struct rig *rig)
{
	const struct covey_limit limit = { RLIMIT_NOFILE, { 1ULL << 40, 1ULL << 40 } };
	uint64_t id;

	rig->o.limits = &limit;
	rig->o.nlimits = 1;
	start_rig(rig);
	id = sh(rig, "exit 0");
	run(rig);
	assert_outcome(rig, id, COVEY_SPAWN);
	assert_string_equal(rig->tasks[id].last.spawn_step, "setrlimit");
}

static void test_nice(struct rig *rig)
{
	int before = getpriority(PRIO_PROCESS, 0);
	char want[16];
	uint64_t id;

	rig->o.nice = 3;
	start_rig(rig);
	id = sh(rig, "nice");
	run(rig);
	snprintf(want, sizeof want, "%d\n", before + 3 > 19 ? 19 : before + 3);
	assert_string_equal(rig->tasks[id].text[0], want);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

static void test_inherit_fds(struct rig *rig)
{
	int fds[2] = { -1, -1 }, other;
	char script[200];
	uint64_t id;

	other = open("/dev/null", O_RDONLY);
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[1] = open("/dev/null", O_RDONLY);
	assert_true(other > 2 && fds[0] > 2 && fds[1] > 2);
	rig->o.inherit_fds = fds;
	rig->o.ninherit_fds = 2;
	start_rig(rig);
	snprintf(script, sizeof script,
	    "for f in %d %d %d; do test -e /proc/$$/fd/$f && echo $f; done; :",
	    fds[0], fds[1], other);
	id = sh(rig, script);
	snprintf(script, sizeof script, "%d\n%d\n", fds[0], fds[1]);
	run(rig);
	assert_string_equal(rig->tasks[id].text[0], script);
	/* in this process it is as it was */
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	close(other);
	close(fds[0]);
	close(fds[1]);
}

static void test_inherit_all_fds(struct rig *rig)
{
	int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char script[200];
	uint64_t id;

	assert_true(kept > 2 && closed > 2);
	rig->o.flags |= COVEY_INHERIT_FDS;
	start_rig(rig);
	snprintf(script, sizeof script,
	    "for f in %d %d; do test -e /proc/$$/fd/$f && echo $f; done; :",
	    kept, closed);
	id = sh(rig, script);
	run(rig);
	snprintf(script, sizeof script, "%d\n", kept);
	assert_string_equal(rig->tasks[id].text[0], script);
	close(kept);
	close(closed);
}

static void test_slot_var(struct rig *rig)
{
	uint64_t first, second;

	assert_int_equal(setenv("SLOT", "outer", 1), 0);
	rig->o.slot_var = "SLOT";
	rig->o.max_workers = 2;
	start_rig(rig);
	/* each waits for the other, so that both slots are in use */
	first = sh(rig, "echo $SLOT; : >first; until test -e second; do sleep 0.01; done");
	second = sh(rig, "echo $SLOT; : >second; until test -e first; do sleep 0.01; done");
	run(rig);
	assert_string_equal(rig->tasks[first].text[0], "0\n");
	assert_string_equal(rig->tasks[second].text[0], "1\n");
	assert_int_equal(unsetenv("SLOT"), 0);
}

/* A child that belongs to the caller's group and the caller's outer run, and can be stopped. */
static void test_same_group(struct rig *rig)
{
	char want[64];

	assert_int_equal(setenv("COVEY_OUTER", "kept", 1), 0);
	rig->o.flags |= COVEY_SAME_GROUP;
	rig->o.max_workers = 1;
	start_rig(rig);
	sh(rig, "cut -d ' ' -f 5 /proc/$$/stat; echo $COVEY_OUTER$COVEY_RUN");
	sh(rig, "exec sleep 3600");
	while (rig->tasks[2].phase != PHASE_STARTED)
		assert_true(turn(rig));
	assert_int_equal(covey_cancel_task(rig->ex, 2, NULL), 0);
	run(rig);
	snprintf(want, sizeof want, "%d\nkept\n", (int)getpgrp());
	assert_string_equal(rig->tasks[1].text[0], want);
	assert_outcome(rig, 2, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[2].last.signal, SIGTERM);
	assert_int_equal(unsetenv("COVEY_OUTER"), 0);
}

static const char *const *prepare(const struct covey_task *task, unsigned slot, void *user)
{
	static const char *const argv[] = { "echo", "another", NULL };
	struct rig *rig = user;

	if (slot != 1 || task->attempts != 1)
		strlcpy(rig->wrong, "prepare was told of another attempt", sizeof rig->wrong);
	return task->id == 2 ? argv : NULL;
}

static void test_prepare(struct rig *rig)
{
	uint64_t own, other;

	rig->o.prepare = prepare;
	rig->o.max_workers = 1;
	start_rig(rig);
	own = sh(rig, "echo own");
	other = sh(rig, "echo own");
	run(rig);
	assert_string_equal(rig->tasks[own].text[0], "own\n");
	assert_string_equal(rig->tasks[other].text[0], "another\n");
}

static const struct entry entries[] = {
	TEST(test_child_nofile, ANY),
	TEST(test_limits, ANY),
	TEST(test_limit_refused, ANY),
	TEST(test_nice, ANY),
	TEST(test_inherit_fds, ANY),
	TEST(test_inherit_all_fds, ANY),
	TEST(test_slot_var, ANY),
	TEST(test_same_group, BOTH),
	TEST(test_prepare, ANY),
};

int main(void)
{
	return run_entries("executor_inherit", entries, COUNT(entries));
}
