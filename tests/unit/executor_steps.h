/*
 * executor_steps - what tests do with an executor, and what they assert of it
 *
 * Tasks are mostly scripts for the shell, which wait for files as gates and never for time.
 */
#ifndef TESTS_EXECUTOR_STEPS_H
#define TESTS_EXECUTOR_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "executor_rig.h"

static inline void start_rig(struct rig *rig)
{
	rig->ex = covey_new(&rig->o, &rig->err);
	if (rig->ex == NULL)
		fail_msg("%s", rig->err.message);
}

static inline uint64_t submit(struct rig *rig, const struct covey_command *command)
{
	uint64_t id;

	if (covey_submit(rig->ex, command, &id, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
	return id;
}

/* A script for the shell, which starts in the test's directory. */
static inline uint64_t submit_script(struct rig *rig, const struct covey_command *like,
    const char *script)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	if (like != NULL)
		command = *like;
	command.argv = argv;
	if (command.cwd == NULL)
		command.cwd = rig->dir;
	return submit(rig, &command);
}

static inline uint64_t sh(struct rig *rig, const char *script)
{
	return submit_script(rig, NULL, script);
}

/* One turn; false when nothing is left to be done. */
static inline bool turn(struct rig *rig)
{
	int result = covey_step(rig->ex, 100 * COVEY_MSEC, &rig->err);

	if (result < 0)
		fail_msg("%s", rig->err.message);
	if (clock_now() > rig->give_up)
		fail_msg("waited too long");
	return result > 0;
}

static inline void run(struct rig *rig)
{
	while (turn(rig))
		continue;
	check_events(rig);
}

#define TURN_UNTIL(rig, condition) \
	do { \
		while (!(condition)) { \
			if (!turn(rig) && !(condition)) \
				fail_msg("everything is over, but not: %s", #condition); \
		} \
	} while (0)

/* A path in the test's directory; good for a few calls. */
static inline const char *in_dir(const struct rig *rig, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", rig->dir, name);
	return path;
}

static inline void write_file(const struct rig *rig, const char *name, const char *text,
    mode_t mode)
{
	int fd = open(in_dir(rig, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* A task that waits for a gate is one that goes on once the file is there. */
#define WAIT_FOR(file) "while ! test -e " file "; do sleep 0.01; done; "

static inline void open_gate(const struct rig *rig, const char *name)
{
	write_file(rig, name, "", 0600);
}

static inline bool exists(const struct rig *rig, const char *name)
{
	return access(in_dir(rig, name), F_OK) == 0;
}

/*
 * A pipe that a task and all its descendants hold open. It comes in as standard input, the only
 * descriptor that they can inherit; since a shell's background jobs have another, it is kept as 3.
 */
static inline void make_hold(struct covey_command *command, int hold[2])
{
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	covey_command_init(command, sizeof *command);
	command->stdin_source = COVEY_STDIN_FD;
	command->stdin_fd = hold[1];
}

static inline uint64_t submit_holding(struct rig *rig, const struct covey_command *holding,
    const char *script)
{
	char whole[500];

	assert_true(snprintf(whole, sizeof whole, "exec 3<&0; %s", script) < (int)sizeof whole);
	return submit_script(rig, holding, whole);
}

/* End of file: nobody is left. Fails unless that is so at once. */
static inline void assert_nobody_holds(int hold[2])
{
	struct pollfd pfd = { .fd = hold[0], .events = POLLIN };

	close(hold[1]);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_true((pfd.revents & POLLHUP) != 0);
	close(hold[0]);
}

static inline void assert_outcome(const struct rig *rig, uint64_t id, enum covey_outcome outcome)
{
	const struct seen *seen = &rig->tasks[id];

	assert_int_equal(seen->phase, PHASE_FINISHED);
	if (seen->outcome != outcome)
		fail_msg("task %" PRIu64 " ended with '%s' (status %d, signal %d, errno %d, '%s'), "
		    "not '%s'", id, covey_outcome_name(seen->outcome), seen->last.status,
		    seen->last.signal, seen->last.sys_errno, seen->text[1],
		    covey_outcome_name(outcome));
}

static inline void check_counts(const struct rig *rig, uint64_t succeeded, uint64_t failed)
{
	struct covey_counts counts;

	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.submitted, succeeded + failed);
	assert_int_equal(counts.queued, 0);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.delayed, 0);
	assert_int_equal(counts.succeeded, succeeded);
	assert_int_equal(counts.failed, failed);
}

static inline uint64_t submit_one(struct rig *rig, const struct covey_command *like,
    const char *name)
{
	const char *argv[] = { name, NULL };
	struct covey_command command = *like;

	command.argv = argv;
	return submit(rig, &command);
}

static inline void assert_spawn_failed(const struct rig *rig, uint64_t id, const char *step,
    int sys_errno)
{
	const struct seen *seen = &rig->tasks[id];

	assert_outcome(rig, id, COVEY_SPAWN);
	assert_string_equal(seen->last.spawn_step, step);
	assert_int_equal(seen->last.sys_errno, sys_errno);
	assert_int_equal(seen->last.pid, 0);
	assert_int_equal(seen->last.status, 0);
	assert_int_equal(seen->last.signal, 0);
}

static inline void assert_refuses_tasks(struct rig *rig)
{
	static const char *const argv[] = { "true", NULL };
	struct covey_command c;

	covey_command_init(&c, sizeof c);
	c.argv = argv;
	assert_int_equal(covey_submit(rig->ex, &c, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_STATE);
}

static inline void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

#endif
