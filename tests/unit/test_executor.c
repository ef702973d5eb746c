/*
 * The public API from outside: whatever is done with an executor, each task's events come in the
 * order that covey.h promises, exactly one of them the last, and when it has been freed the host
 * has the descriptors, the children and the SIGCHLD handler that it had before. Every test here is
 * held to that; most run four times, once for each way of watching children and their trees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bsd/string.h>
#include <bsd/sys/param.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "covey.h"

enum { MAX_TASKS = 200, MAX_SLOTS = 64, OUTPUT_SIZE = 4096 };

/* longer than any test takes, shorter than anybody would wait */
#define FOREVER (3600 * COVEY_SEC)

struct way {
	const char *name;
	unsigned flags;
};

static const struct way ways[] = {
	{ "pidfd", 0 },
	{ "SIGCHLD", COVEY_NO_PIDFD },
	{ "pidfd, subreaper", COVEY_SUBREAPER },
	{ "SIGCHLD, subreaper", COVEY_NO_PIDFD | COVEY_SUBREAPER },
};

/* ---- the recorder: a state machine for each task ---- */

enum phase { PHASE_NONE, PHASE_QUEUED, PHASE_STARTED, PHASE_ENDED, PHASE_DELAYED, PHASE_FINISHED };

struct seen {
	enum phase phase;
	unsigned started, delayed, slow, place;    /* place: the how many-th to finish */
	bool had_attempt;                          /* in its last event */
	covey_nsec due, delayed_at;
	enum covey_outcome outcome;
	struct covey_attempt last;                 /* without outputs and reason */
	char reason[100];
	char text[2][OUTPUT_SIZE];                 /* the beginnings of the last attempt's outputs */
	uint64_t size[2], cut[2];
};

struct rig {
	struct covey_options o;
	struct covey_error err;
	struct covey *ex;
	bool finish_unexecuted;                    /* tasks may be left without an end: ex was freed */
	struct seen tasks[MAX_TASKS + 1];
	uint64_t slots[MAX_SLOTS + 1];             /* which task is in it */
	unsigned nfinished, nlimited, nexpired;
	covey_nsec last_event, give_up;
	char wrong[200];                           /* the first thing that was */
	void (*hook)(struct rig *rig, const struct covey_event *event);
	void *arg;                                 /* the test's own */
	char dir[64];
	struct sigaction sigchld;
	int nfds;
};

static void wrong(struct rig *rig, const struct covey_event *event, const char *what)
{
	if (rig->wrong[0] == '\0')
		snprintf(rig->wrong, sizeof rig->wrong, "event %d of task %" PRIu64 ": %s",
		    (int)event->type, event->task == NULL ? 0 : event->task->id, what);
}

static void keep_output(struct seen *seen, int i, const struct covey_output *output)
{
	ssize_t n = output == NULL ? 0 : covey_output_read(output, 0, seen->text[i], OUTPUT_SIZE - 1);

	seen->text[i][n > 0 ? n : 0] = '\0';
	seen->size[i] = covey_output_size(output);
	seen->cut[i] = covey_output_cut(output, NULL);
}

static void keep_attempt(struct seen *seen, const struct covey_attempt *attempt)
{
	seen->last = *attempt;
	seen->last.out = seen->last.err = NULL;
	seen->last.reason = NULL;
}

static void record_started(struct rig *rig, struct seen *seen, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (seen->phase != PHASE_QUEUED && seen->phase != PHASE_DELAYED)
		wrong(rig, event, "started out of turn");
	if (attempt->number != ++seen->started || event->task->attempts != seen->started)
		wrong(rig, event, "attempts are not numbered one by one");
	if (attempt->slot < 1 || attempt->slot > MAX_SLOTS || rig->slots[attempt->slot] != 0)
		wrong(rig, event, "its slot is taken");
	else
		rig->slots[attempt->slot] = event->task->id;
	seen->slow = 0;
	seen->phase = PHASE_STARTED;
	keep_attempt(seen, attempt);
}

static void record_ended(struct rig *rig, struct seen *seen, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (seen->phase != PHASE_STARTED)
		wrong(rig, event, "ended without having been started");
	if (attempt->ended < attempt->started || attempt->started <= 0)
		wrong(rig, event, "it ended before it began");
	if (attempt->slot <= MAX_SLOTS)
		rig->slots[attempt->slot] = 0;
	seen->phase = PHASE_ENDED;
	keep_attempt(seen, attempt);
	strlcpy(seen->reason, attempt->reason == NULL ? "" : attempt->reason, sizeof seen->reason);
	keep_output(seen, 0, attempt->out);
	keep_output(seen, 1, attempt->err);
}

static void record_delayed(struct rig *rig, struct seen *seen, const struct covey_event *event)
{
	if (seen->phase != PHASE_ENDED || !seen->last.retry)
		wrong(rig, event, "delayed without a retry");
	if (event->due < event->now)
		wrong(rig, event, "due in the past");
	seen->delayed++;
	seen->due = event->due;
	seen->delayed_at = event->now;
	seen->phase = PHASE_DELAYED;
}

static void record_finished(struct rig *rig, struct seen *seen, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	bool waited = seen->phase == PHASE_QUEUED || seen->phase == PHASE_DELAYED;

	if (!waited && !(seen->phase == PHASE_ENDED && !seen->last.retry))
		wrong(rig, event, "finished out of turn");
	if ((attempt == NULL) != (seen->started == 0))
		wrong(rig, event, "the attempt is there if and only if it was never started");
	if (attempt != NULL && attempt->outcome != event->outcome)
		wrong(rig, event, "its outcome is not its attempt's");
	if (attempt != NULL && seen->phase == PHASE_DELAYED && (attempt->out != NULL
	    || attempt->err != NULL || attempt->reason != NULL || attempt->retry
	    || attempt->number != seen->started || attempt->pid != seen->last.pid))
		wrong(rig, event, "not a copy of the last attempt without its outputs");
	seen->had_attempt = attempt != NULL;
	seen->outcome = event->outcome;
	seen->place = ++rig->nfinished;
	seen->phase = PHASE_FINISHED;
}

static void record_task(struct rig *rig, const struct covey_event *event)
{
	struct seen *seen = &rig->tasks[event->task->id];

	switch (event->type) {
	case COVEY_QUEUED:
		if (seen->phase != PHASE_NONE)
			wrong(rig, event, "queued twice");
		seen->phase = PHASE_QUEUED;
		break;
	case COVEY_STARTED:
		record_started(rig, seen, event);
		break;
	case COVEY_SLOW:
		if (seen->phase != PHASE_STARTED || seen->slow++ > 0)
			wrong(rig, event, "slow more than once, or when it did not run");
		break;
	case COVEY_ENDED:
		record_ended(rig, seen, event);
		break;
	case COVEY_DELAYED:
		record_delayed(rig, seen, event);
		break;
	case COVEY_FINISHED:
		record_finished(rig, seen, event);
		break;
	case COVEY_LIMITED:
	case COVEY_EXPIRED:
		break;
	}
}

static void record(struct covey *ex, const struct covey_event *event, void *user)
{
	struct rig *rig = user;

	(void)ex;
	if (event->now < rig->last_event)
		wrong(rig, event, "the clock went backwards");
	rig->last_event = event->now;
	if (event->type == COVEY_LIMITED)
		rig->nlimited++;
	else if (event->type == COVEY_EXPIRED)
		rig->nexpired++;
	else if (event->task->id < 1 || event->task->id > MAX_TASKS)
		wrong(rig, event, "no such task");
	else
		record_task(rig, event);
	if (rig->hook != NULL)
		rig->hook(rig, event);
}

/* ---- the host, before and after ---- */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static covey_nsec clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * COVEY_SEC + ts.tv_nsec;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static struct rig *open_rig(unsigned flags)
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
	assert_int_equal(sigaction(SIGCHLD, NULL, &rig->sigchld), 0);
	rig->nfds = count_fds();
	return rig;
}

static void close_rig(struct rig *rig)
{
	covey_free(rig->ex);
	nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(rig);
}

/* What is promised whatever a test does. */
static void check_host(const struct rig *rig)
{
	struct sigaction now;

	assert_int_equal(count_fds(), rig->nfds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, rig->sigchld.sa_handler);
	assert_int_equal(now.sa_flags, rig->sigchld.sa_flags);
}

static void check_events(const struct rig *rig)
{
	unsigned i;

	if (rig->wrong[0] != '\0')
		fail_msg("%s", rig->wrong);
	for (i = 1; i <= MAX_TASKS; i++) {
		if (!rig->finish_unexecuted && rig->tasks[i].phase != PHASE_NONE
		    && rig->tasks[i].phase != PHASE_FINISHED)
			fail_msg("task %u never finished", i);
	}
}

/* One test, in one of the ways. */
struct test {
	const char *name;
	void (*run)(struct rig *rig);
	unsigned flags;
	struct rig *rig;
};

static void run_test(void **state)
{
	struct test *test = *state;

	test->rig = open_rig(test->flags);
	test->run(test->rig);
	covey_free(test->rig->ex);
	test->rig->ex = NULL;
	check_events(test->rig);
	check_host(test->rig);
}

static int clean_up(void **state)
{
	struct test *test = *state;

	if (test->rig != NULL)
		close_rig(test->rig);
	test->rig = NULL;
	/* the next test may not want to adopt anybody */
	return prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---- what tests do ---- */

static void start_rig(struct rig *rig)
{
	rig->ex = covey_new(&rig->o, &rig->err);
	if (rig->ex == NULL)
		fail_msg("%s", rig->err.message);
}

static uint64_t submit(struct rig *rig, const struct covey_command *command)
{
	uint64_t id;

	if (covey_submit(rig->ex, command, &id, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
	return id;
}

/* A script for the shell, which starts in the test's directory. */
static uint64_t submit_script(struct rig *rig, const struct covey_command *like, const char *script)
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

static uint64_t sh(struct rig *rig, const char *script)
{
	return submit_script(rig, NULL, script);
}

/* One turn; false when nothing is left to be done. */
static bool turn(struct rig *rig)
{
	int result = covey_step(rig->ex, 100 * COVEY_MSEC, &rig->err);

	if (result < 0)
		fail_msg("%s", rig->err.message);
	if (clock_now() > rig->give_up)
		fail_msg("waited too long");
	return result > 0;
}

static void run(struct rig *rig)
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
static const char *in_dir(const struct rig *rig, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", rig->dir, name);
	return path;
}

static void write_file(const struct rig *rig, const char *name, const char *text, mode_t mode)
{
	int fd = open(in_dir(rig, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* A task that waits for a gate is one that goes on once the file is there. */
#define WAIT_FOR(file) "while ! test -e " file "; do sleep 0.01; done; "

static void open_gate(const struct rig *rig, const char *name)
{
	write_file(rig, name, "", 0600);
}

static bool exists(const struct rig *rig, const char *name)
{
	return access(in_dir(rig, name), F_OK) == 0;
}

/*
 * A pipe that a task and all its descendants hold open, as their standard input, which is the only
 * descriptor that they can inherit.
 */
static void make_hold(struct covey_command *command, int hold[2])
{
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	covey_command_init(command, sizeof *command);
	command->stdin_source = COVEY_STDIN_FD;
	command->stdin_fd = hold[1];
}

/* End of file: nobody is left. Fails unless that is so at once. */
static void assert_nobody_holds(int hold[2])
{
	struct pollfd pfd = { .fd = hold[0], .events = POLLIN };

	close(hold[1]);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_true((pfd.revents & POLLHUP) != 0);
	close(hold[0]);
}

static void assert_outcome(const struct rig *rig, uint64_t id, enum covey_outcome outcome)
{
	const struct seen *seen = &rig->tasks[id];

	assert_int_equal(seen->phase, PHASE_FINISHED);
	if (seen->outcome != outcome)
		fail_msg("task %" PRIu64 " ended with '%s' (status %d, signal %d, errno %d, '%s'), "
		    "not '%s'", id, covey_outcome_name(seen->outcome), seen->last.status,
		    seen->last.signal, seen->last.sys_errno, seen->text[1],
		    covey_outcome_name(outcome));
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

