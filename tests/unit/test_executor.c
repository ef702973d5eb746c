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
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "covey.h"
#include "descriptors.h"

enum { MAX_TASKS = 200, MAX_SLOTS = 64, MAX_ATTEMPTS = 8, OUTPUT_SIZE = 4096 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* longer than any test takes, shorter than anybody would wait */
#define FOREVER (3600 * COVEY_SEC)

struct way {
	const char *name;
	unsigned flags;
};

static const struct way ways[] = {
	{ "pidfd", 0 },
	/* kernels without pidfd are without clone3, too */
	{ "SIGCHLD", COVEY_NO_PIDFD | COVEY_NO_CLONE3 },
	{ "pidfd, subreaper", COVEY_SUBREAPER },
	{ "SIGCHLD, subreaper", COVEY_NO_PIDFD | COVEY_NO_CLONE3 | COVEY_SUBREAPER },
};

/* ---- the recorder: a state machine for each task ---- */

enum phase { PHASE_NONE, PHASE_QUEUED, PHASE_STARTED, PHASE_ENDED, PHASE_DELAYED, PHASE_FINISHED };

struct seen {
	enum phase phase;
	unsigned started, delayed, slow, place;    /* place: the how many-th to finish */
	bool had_attempt;                          /* in its last event */
	covey_nsec due, delayed_at;
	enum covey_outcome outcome;
	enum covey_outcome outcomes[MAX_ATTEMPTS + 1];  /* of the attempts, by number */
	struct covey_attempt last;                 /* without outputs and reason */
	char reason[100];
	char text[2][OUTPUT_SIZE];                 /* the beginnings of the last attempt's outputs */
	uint64_t size[2], cut[2];
};

struct rig {
	struct covey_options o;
	struct covey_error err;
	struct covey *ex;
	bool freed_early;                          /* tasks may be left without an end */
	struct seen tasks[MAX_TASKS + 1];
	uint64_t slots[MAX_SLOTS + 1];             /* which task is in it */
	unsigned nfinished, nlimited, nexpired;
	covey_nsec last_event, give_up;
	char wrong[200];                           /* the first thing that was */
	void (*hook)(struct rig *rig, const struct covey_event *event);
	void *arg;                                 /* the test's own */
	char dir[64];
	struct sigaction sigchld;
	sigset_t mask;
	struct rlimit nofile;
	int nfds;
	int own_stdout;                            /* where it was moved to, or -1 */
	struct rig *others[2];                     /* closed with it */
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
	if (attempt->number <= MAX_ATTEMPTS)
		seen->outcomes[attempt->number] = attempt->outcome;
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
	rig->own_stdout = -1;
	assert_int_equal(sigaction(SIGCHLD, NULL, &rig->sigchld), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &rig->mask), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rig->nofile), 0);
	rig->nfds = count_fds();
	return rig;
}

/* Puts back what a test changes in its process. */
static void restore_host(struct rig *rig)
{
	setrlimit(RLIMIT_NOFILE, &rig->nofile);
	sigaction(SIGCHLD, &rig->sigchld, NULL);
	if (rig->own_stdout < 0)
		return;
	dup2(rig->own_stdout, STDOUT_FILENO);
	close(rig->own_stdout);
	rig->own_stdout = -1;
}

static void close_rig(struct rig *rig)
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
static void check_host(const struct rig *rig)
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

static void check_events(const struct rig *rig)
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

static void run_one(void **state)
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
static pid_t any_child(void)
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
static void end_children(void)
{
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while ((pid = any_child()) > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static int clean_up(void **state)
{
	struct test *test = *state;

	close_rig(test->rig);
	test->rig = NULL;
	end_children();
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
 * A pipe that a task and all its descendants hold open. It comes in as standard input, the only
 * descriptor that they can inherit; since a shell's background jobs have another, it is kept as 3.
 */
static void make_hold(struct covey_command *command, int hold[2])
{
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	covey_command_init(command, sizeof *command);
	command->stdin_source = COVEY_STDIN_FD;
	command->stdin_fd = hold[1];
}

static uint64_t submit_holding(struct rig *rig, const struct covey_command *holding,
    const char *script)
{
	char whole[500];

	assert_true(snprintf(whole, sizeof whole, "exec 3<&0; %s", script) < (int)sizeof whole);
	return submit_script(rig, holding, whole);
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


/* ---- outcomes ---- */

static void check_counts(const struct rig *rig, uint64_t succeeded, uint64_t failed)
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

static uint64_t submit_one(struct rig *rig, const struct covey_command *like, const char *name)
{
	const char *argv[] = { name, NULL };
	struct covey_command command = *like;

	command.argv = argv;
	return submit(rig, &command);
}

static void assert_spawn_failed(const struct rig *rig, uint64_t id, const char *step, int sys_errno)
{
	const struct seen *seen = &rig->tasks[id];

	assert_outcome(rig, id, COVEY_SPAWN);
	assert_string_equal(seen->last.spawn_step, step);
	assert_int_equal(seen->last.sys_errno, sys_errno);
	assert_int_equal(seen->last.pid, 0);
	assert_int_equal(seen->last.status, 0);
	assert_int_equal(seen->last.signal, 0);
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

/* ---- stdin, directory, environment ---- */

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
	static const char *const env[] = { "COLOUR=blue=green", "EMPTY=", "HOME", "NEVER_SET", NULL };
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
		{ RLIMIT_NOFILE, { 90, 95 } }, { RLIMIT_CORE, { 0, 0 } }, { RLIMIT_FSIZE, { 512, 4096 } },
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
	snprintf(script, sizeof script, "for f in %d %d %d; do test -e /proc/$$/fd/$f && echo $f; done; :",
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
	snprintf(script, sizeof script, "for f in %d %d; do test -e /proc/$$/fd/$f && echo $f; done; :",
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

/* ---- may it start? ---- */

/* The test's own, at rig->arg. */
struct gate {
	covey_nsec pause;       /* between starts; negative: until woken */
	covey_nsec next;
	unsigned asked, opened;
	unsigned room;          /* with a negative pause: starts that are allowed */
};

static covey_nsec may_start(struct covey *ex, void *user)
{
	struct rig *rig = user;
	struct gate *gate = rig->arg;
	covey_nsec now = covey_now(ex);

	gate->asked++;
	if (gate->pause < 0)
		return gate->room > 0 ? COVEY_START_NOW : COVEY_START_WAIT;
	return now >= gate->next ? COVEY_START_NOW : gate->next - now;
}

static void count_start(struct rig *rig, const struct covey_event *event)
{
	struct gate *gate = rig->arg;

	if (event->type != COVEY_STARTED)
		return;
	if (event->now < gate->next || (gate->pause < 0 && gate->room == 0))
		strlcpy(rig->wrong, "an attempt started too early", sizeof rig->wrong);
	gate->next = event->now + (gate->pause < 0 ? 0 : gate->pause);
	gate->room -= gate->room > 0;
	gate->opened++;
}

/* Retries go through it as well, and waiting is not asking all the time. */
static void test_may_start_pause(struct rig *rig)
{
	struct gate gate = { .pause = 30 * COVEY_MSEC };
	uint64_t id;
	int i;

	rig->arg = &gate;
	rig->hook = count_start;
	rig->o.may_start = may_start;
	rig->o.max_workers = 4;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	start_rig(rig);
	for (i = 0; i < 4; i++)
		sh(rig, "exit 0");
	id = sh(rig, "exit 1");
	assert_int_equal(covey_run(rig->ex, &rig->err), 0);
	assert_int_equal(rig->tasks[id].started, 3);
	assert_int_equal(gate.opened, 7);
	/* once when it is early, once when it is time; now and then twice, where a child has ended */
	assert_true(gate.asked <= 4 * 7);
}

static void test_may_start_woken(struct rig *rig)
{
	struct gate gate = { .pause = -1, .room = 1 };
	uint64_t first, second;

	rig->arg = &gate;
	rig->hook = count_start;
	rig->o.may_start = may_start;
	start_rig(rig);
	first = sh(rig, "exit 0");
	second = sh(rig, "exit 0");
	TURN_UNTIL(rig, rig->tasks[first].phase == PHASE_FINISHED);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(rig->tasks[second].phase, PHASE_QUEUED);
	assert_int_equal(gate.asked, 2);
	gate.room = 1;
	covey_wake(rig->ex);
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	run(rig);
	assert_outcome(rig, second, COVEY_SUCCESS);
	assert_int_equal(gate.asked, 3);
}

/* What waits for leave to start is waiting like everything else. */
static void test_may_start_ended(struct rig *rig)
{
	struct gate gate = { .pause = -1 };
	uint64_t id, expired;

	rig->arg = &gate;
	rig->o.may_start = may_start;
	rig->others[0] = open_rig(rig->o.flags);
	rig->others[0]->arg = &gate;
	rig->others[0]->o.may_start = may_start;
	rig->others[0]->o.deadline = 20 * COVEY_MSEC;
	start_rig(rig);
	id = sh(rig, "exit 0");
	turn(rig);
	assert_int_equal(rig->tasks[id].phase, PHASE_QUEUED);
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	run(rig);
	assert_outcome(rig, id, COVEY_CANCELLED);
	start_rig(rig->others[0]);
	expired = sh(rig->others[0], "exit 0");
	assert_int_equal(covey_run(rig->others[0]->ex, &rig->err), 0);
	assert_outcome(rig->others[0], expired, COVEY_DEADLINE);
	covey_free(rig->others[0]->ex);
	rig->others[0]->ex = NULL;
}

/* ---- time ---- */

static void test_timeout(struct rig *rig)
{
	struct covey_command c;
	uint64_t id, own, stubborn;
	int hold[2];

	rig->o.timeout = 200 * COVEY_MSEC;
	rig->o.kill_after = 20 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	id = submit_holding(rig, &c, "sleep 3600 & echo begun; sleep 3600");
	stubborn = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & sleep 3600");
	c.timeout = FOREVER;
	own = submit_holding(rig, &c, "sleep 0.5");
	run(rig);
	assert_outcome(rig, id, COVEY_TIMEOUT);
	assert_true(rig->tasks[id].last.ended - rig->tasks[id].last.started >= 200 * COVEY_MSEC);
	assert_int_equal(rig->tasks[id].last.status, 0);
	assert_false(rig->tasks[id].last.unkillable);
	assert_outcome(rig, stubborn, COVEY_TIMEOUT);
	if (exists(rig, "deaf"))
		assert_int_equal(rig->tasks[stubborn].last.signal, SIGKILL);
	assert_outcome(rig, own, COVEY_SUCCESS);
	assert_nobody_holds(hold);
}

/* A command that makes use of its grace has timed out all the same, but says how it went. */
static void test_stop_signal(struct rig *rig)
{
	uint64_t id;

	rig->o.stop_signal = SIGUSR1;
	rig->o.kill_after = FOREVER;
	start_rig(rig);
	id = sh(rig, "trap 'echo bye; exit 9' USR1; : >ready; while :; do sleep 0.01; done");
	TURN_UNTIL(rig, exists(rig, "ready"));
	assert_int_equal(covey_cancel_task(rig->ex, id, &rig->err), 0);
	run(rig);
	assert_outcome(rig, id, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[id].last.status, 9);
	assert_string_equal(rig->tasks[id].text[0], "bye\n");
}

static void open_gate_when_slow(struct rig *rig, const struct covey_event *event)
{
	if (event->type == COVEY_SLOW)
		open_gate(rig, "gate");
}

static void test_slow(struct rig *rig)
{
	uint64_t id;

	rig->o.slow = 1 * COVEY_MSEC;
	rig->hook = open_gate_when_slow;
	start_rig(rig);
	id = sh(rig, WAIT_FOR("gate"));
	run(rig);
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[id].slow, 1);
}

/* ---- retries ---- */

static void test_retries_mixed(struct rig *rig)
{
	struct seen *seen;
	uint64_t id;

	rig->o.flags |= COVEY_EXPORT;
	rig->o.max_tries = 4;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	rig->o.timeout = 1 * COVEY_SEC;
	start_rig(rig);
	id = sh(rig, "case $COVEY_ATTEMPT in 1) echo one; exit 1;; 2) sleep 3600;; "
	    "3) kill -s KILL $$;; esac; echo four");
	run(rig);
	seen = &rig->tasks[id];
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(seen->started, 4);
	assert_int_equal(seen->delayed, 3);
	assert_int_equal(seen->outcomes[1], COVEY_EXIT);
	assert_int_equal(seen->outcomes[2], COVEY_TIMEOUT);
	assert_int_equal(seen->outcomes[3], COVEY_SIGNAL);
	assert_string_equal(seen->text[0], "four\n");
	check_counts(rig, 1, 0);
}

static void test_retry_blocks_nobody(struct rig *rig)
{
	struct covey_counts counts;
	uint64_t failing, others[3];
	size_t i;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = FOREVER;
	start_rig(rig);
	failing = sh(rig, "exit 3");
	for (i = 0; i < COUNT(others); i++)
		others[i] = sh(rig, "exit 0");
	TURN_UNTIL(rig, rig->tasks[others[2]].phase == PHASE_FINISHED);
	assert_int_equal(rig->tasks[failing].phase, PHASE_DELAYED);
	assert_true(rig->tasks[failing].due - rig->tasks[failing].delayed_at == FOREVER);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.delayed, 1);
	/* with its last attempt's outcome, since it had one */
	assert_int_equal(covey_cancel_task(rig->ex, failing, &rig->err), 0);
	assert_outcome(rig, failing, COVEY_EXIT);
	assert_int_equal(rig->tasks[failing].last.status, 3);
	run(rig);
}

static void test_retry_goes_first(struct rig *rig)
{
	uint64_t failing, other;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = 0;
	start_rig(rig);
	failing = sh(rig, "exit 3");
	other = sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->tasks[failing].started, 2);
	assert_int_equal(rig->tasks[failing].place, 1);
	assert_int_equal(rig->tasks[other].place, 2);
}

/* A command's own number of tries, and what is not retried. */
static void test_retry_limits(struct rig *rig)
{
	uint64_t own, unwanted, not_found, other;
	struct covey_command c;

	rig->o.max_tries = 5;
	rig->o.retry_interval = 0;
	rig->o.no_retry_on.statuses[0] = 1U << 4;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.tries = 2;
	own = submit_script(rig, &c, "exit 1");
	unwanted = sh(rig, "exit 4");
	not_found = sh(rig, "exit 127");
	other = sh(rig, "exit 1");
	run(rig);
	assert_int_equal(rig->tasks[own].started, 2);
	assert_int_equal(rig->tasks[unwanted].started, 1);
	assert_int_equal(rig->tasks[not_found].started, 1);
	assert_int_equal(rig->tasks[other].started, 5);
}

struct delays {
	covey_nsec seen[MAX_ATTEMPTS];
	unsigned n;
};

static void note_delay(struct rig *rig, const struct covey_event *event)
{
	struct delays *delays = rig->arg;

	if (event->type == COVEY_DELAYED && delays->n < MAX_ATTEMPTS)
		delays->seen[delays->n++] = event->due - event->now;
}

/* A command's own interval and timeout, in place of the executor's. */
static void test_own_times(struct rig *rig)
{
	struct delays delays = { .n = 0 };
	struct covey_command c;
	uint64_t own, other;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	rig->o.timeout = 3600 * COVEY_SEC;
	rig->hook = note_delay;
	rig->arg = &delays;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.retry_interval = 7 * COVEY_MSEC;
	c.timeout = 20 * COVEY_MSEC;
	own = submit_script(rig, &c, "sleep 3600");
	run(rig);
	assert_int_equal(delays.n, 1);
	assert_int_equal(delays.seen[0], 7 * COVEY_MSEC);
	assert_int_equal(rig->tasks[own].outcomes[1], COVEY_TIMEOUT);
	other = sh(rig, "exit 1");
	run(rig);
	assert_int_equal(delays.n, 2);
	assert_int_equal(delays.seen[1], 1 * COVEY_MSEC);
	assert_int_equal(rig->tasks[other].outcomes[1], COVEY_EXIT);
}

static void test_backoff(struct rig *rig)
{
	struct delays delays = { .n = 0 };

	rig->hook = note_delay;
	rig->arg = &delays;
	rig->o.max_tries = 4;
	rig->o.retry_interval = 2 * COVEY_MSEC;
	rig->o.backoff = 2;
	rig->o.max_interval = 7 * COVEY_MSEC;
	start_rig(rig);
	sh(rig, "exit 1");
	run(rig);
	assert_int_equal(delays.n, 3);
	assert_int_equal(delays.seen[0], 2 * COVEY_MSEC);
	assert_int_equal(delays.seen[1], 4 * COVEY_MSEC);
	assert_int_equal(delays.seen[2], 7 * COVEY_MSEC);
}

/* Task 1 would be run again, and is not; task 2 would not, and is, beyond its tries. */
static void decide_otherwise(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user)
{
	struct rig *rig = user;

	if (attempt->outcome == COVEY_SUCCESS || attempt->outcome == COVEY_CANCELLED
	    || (task->id == 1 && *delay != 0) || (task->id == 2 && *delay >= 0)
	    || (task->id == 3 && *delay != 0))
		strlcpy(rig->wrong, "decide was asked what it should not be", sizeof rig->wrong);
	if (task->id == 1)
		*delay = -1;
	else if (task->id == 2 && attempt->number < 4)
		*delay = 1 * COVEY_MSEC;
}

static void test_decide(struct rig *rig)
{
	struct covey_command c;

	rig->o.decide = decide_otherwise;
	rig->o.retry_interval = 0;
	start_rig(rig);
	covey_command_init(&c, sizeof c);
	c.tries = 2;
	submit_script(rig, &c, "exit 1");
	c.tries = 1;
	submit_script(rig, &c, "exit 1");
	c.tries = 2;
	submit_script(rig, &c, "test -e again || { : >again; exit 1; }");
	submit_script(rig, &c, "sleep 3600");
	covey_cancel_task(rig->ex, 4, NULL);
	run(rig);
	assert_int_equal(rig->tasks[1].started, 1);
	assert_int_equal(rig->tasks[2].started, 4);
	assert_outcome(rig, 2, COVEY_EXIT);
	assert_outcome(rig, 3, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[3].started, 2);
	assert_outcome(rig, 4, COVEY_CANCELLED);
}

/* ---- the deadline ---- */

static void assert_refuses_tasks(struct rig *rig)
{
	static const char *const argv[] = { "true", NULL };
	struct covey_command c;

	covey_command_init(&c, sizeof c);
	c.argv = argv;
	assert_int_equal(covey_submit(rig->ex, &c, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_STATE);
}

static void test_deadline(struct rig *rig)
{
	uint64_t retrying, running, waiting;
	struct covey_command c;
	int hold[2];

	rig->o.deadline = 1 * COVEY_SEC;
	rig->o.max_workers = 1;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 1 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	retrying = submit_holding(rig, &c, "exit 4");
	running = submit_holding(rig, &c, "sleep 3600 & sleep 3600");
	waiting = submit_holding(rig, &c, "exit 0");
	run(rig);
	assert_int_equal(rig->nexpired, 1);
	/* its second attempt was due, but had no slot, or none of the three was left */
	assert_outcome(rig, retrying, COVEY_EXIT);
	assert_int_equal(rig->tasks[retrying].last.status, 4);
	assert_outcome(rig, running, COVEY_DEADLINE);
	assert_true(rig->tasks[running].had_attempt);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_outcome(rig, waiting, COVEY_DEADLINE);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_refuses_tasks(rig);
	assert_nobody_holds(hold);
}

static void test_deadline_unneeded(struct rig *rig)
{
	rig->o.deadline = FOREVER;
	start_rig(rig);
	sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->nexpired, 0);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

/* Better at once than never. */
static void test_retry_before_deadline(struct rig *rig)
{
	rig->o.deadline = FOREVER;
	rig->o.retry_interval = 2 * FOREVER;
	rig->o.max_tries = 2;
	start_rig(rig);
	sh(rig, "test -e again || { : >again; exit 1; }");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[1].started, 2);
	assert_true(rig->tasks[1].due == rig->tasks[1].delayed_at);
}

/* ---- cancelling ---- */

static void test_cancel_waiting(struct rig *rig)
{
	uint64_t delayed, running, waiting;

	rig->o.max_workers = 1;
	rig->o.max_tries = 2;
	rig->o.retry_interval = FOREVER;
	start_rig(rig);
	delayed = sh(rig, "exit 6");
	running = sh(rig, ": >running; " WAIT_FOR("gate") "exit 5");
	waiting = sh(rig, "exit 0");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	assert_refuses_tasks(rig);
	TURN_UNTIL(rig, rig->nfinished == 2);
	assert_outcome(rig, delayed, COVEY_EXIT);
	assert_int_equal(rig->tasks[delayed].last.status, 6);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_int_equal(rig->tasks[running].phase, PHASE_STARTED);
	open_gate(rig, "gate");
	run(rig);
	/* its own outcome; but it is not run again */
	assert_outcome(rig, running, COVEY_EXIT);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_refuses_tasks(rig);
	check_counts(rig, 0, 3);
}

static void test_cancel_stop(struct rig *rig)
{
	uint64_t polite, deaf;
	struct covey_command c;
	int hold[2];

	rig->o.kill_after = 50 * COVEY_MSEC;
	start_rig(rig);
	make_hold(&c, hold);
	polite = submit_holding(rig, &c, ": >polite; exec sleep 3600");
	deaf = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "polite") && exists(rig, "deaf"));
	covey_cancel(rig->ex, COVEY_CANCEL_STOP);
	run(rig);
	assert_outcome(rig, polite, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[polite].last.signal, SIGTERM);
	assert_outcome(rig, deaf, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[deaf].last.signal, SIGKILL);
	assert_nobody_holds(hold);
}

/* From stopping to killing, without waiting for the grace. */
static void test_cancel_kill(struct rig *rig)
{
	uint64_t deaf, waiting;
	struct covey_command c;
	int hold[2];

	rig->o.kill_after = FOREVER;
	rig->o.max_workers = 1;
	start_rig(rig);
	make_hold(&c, hold);
	deaf = submit_holding(rig, &c, "trap '' TERM; : >deaf; sleep 3600 & exec sleep 3600");
	waiting = submit_holding(rig, &c, "exit 0");
	TURN_UNTIL(rig, exists(rig, "deaf"));
	covey_cancel(rig->ex, COVEY_CANCEL_STOP);
	TURN_UNTIL(rig, rig->tasks[waiting].phase == PHASE_FINISHED);
	assert_int_equal(rig->tasks[deaf].phase, PHASE_STARTED);
	covey_cancel(rig->ex, COVEY_CANCEL_KILL);
	run(rig);
	assert_outcome(rig, deaf, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[deaf].last.signal, SIGKILL);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_nobody_holds(hold);
}

static void test_cancel_idle(struct rig *rig)
{
	start_rig(rig);
	covey_cancel(rig->ex, COVEY_CANCEL_KILL);
	assert_refuses_tasks(rig);
	run(rig);
	assert_int_equal(rig->nfinished, 0);
}

static void assert_no_task(struct rig *rig, uint64_t id)
{
	assert_int_equal(covey_cancel_task(rig->ex, id, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
}

static void test_cancel_task(struct rig *rig)
{
	uint64_t running, waiting, other;
	struct covey_command c;
	int hold[2];

	rig->o.max_workers = 1;
	rig->o.max_tries = 5;
	rig->o.retry_interval = 0;
	start_rig(rig);
	make_hold(&c, hold);
	running = submit_holding(rig, &c, ": >running; sleep 3600 & exec sleep 3600");
	waiting = sh(rig, "exit 0");
	other = sh(rig, "exit 0");
	assert_no_task(rig, 0);
	assert_no_task(rig, other + 1);
	TURN_UNTIL(rig, exists(rig, "running"));
	assert_int_equal(covey_cancel_task(rig->ex, waiting, &rig->err), 0);
	assert_outcome(rig, waiting, COVEY_CANCELLED);
	assert_false(rig->tasks[waiting].had_attempt);
	assert_int_equal(covey_cancel_task(rig->ex, running, &rig->err), 0);
	run(rig);
	assert_outcome(rig, running, COVEY_CANCELLED);
	assert_int_equal(rig->tasks[running].started, 1);
	assert_outcome(rig, other, COVEY_SUCCESS);
	assert_no_task(rig, running);
	assert_no_task(rig, other);
	assert_nobody_holds(hold);
	/* it was only one: others are still welcome */
	sh(rig, "exit 0");
	run(rig);
	check_counts(rig, 2, 2);
}

/* Callbacks may submit and cancel. */
static void chain(struct rig *rig, const struct covey_event *event)
{
	if (event->type == COVEY_QUEUED && event->task->id == 2
	    && covey_cancel_task(rig->ex, 2, &rig->err) != 0)
		wrong(rig, event, "cannot be cancelled");
	if (event->type == COVEY_STARTED && event->task->id == 3
	    && covey_cancel_task(rig->ex, 3, &rig->err) != 0)
		wrong(rig, event, "cannot be cancelled");
	if (event->type == COVEY_FINISHED && event->task->id == 1) {
		sh(rig, "exit 0");
		sh(rig, "sleep 3600");
		sh(rig, "exit 0");
	}
	if (event->type == COVEY_FINISHED && event->task->id == 4)
		covey_cancel(rig->ex, COVEY_CANCEL_KILL);
}

static void test_calls_from_callbacks(struct rig *rig)
{
	rig->hook = chain;
	start_rig(rig);
	sh(rig, "exit 0");
	run(rig);
	assert_int_equal(rig->nfinished, 4);
	assert_outcome(rig, 2, COVEY_CANCELLED);
	assert_outcome(rig, 3, COVEY_CANCELLED);
	assert_outcome(rig, 4, COVEY_SUCCESS);
	assert_refuses_tasks(rig);
}

/* ---- the end of an executor ---- */

static void test_free_while_running(struct rig *rig)
{
	struct covey_command c;
	unsigned before;
	int hold[2];

	rig->o.kill_after = FOREVER;
	rig->o.max_workers = 2;
	rig->o.max_tries = 2;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "trap '' TERM; sleep 3600 & : >one; exec sleep 3600");
	submit_holding(rig, &c, "(trap '' TERM; sleep 3600) & : >two; wait");
	submit_holding(rig, &c, "exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "one") && exists(rig, "two"));
	before = rig->nfinished;
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
	assert_int_equal(rig->nfinished, before);
}

static void test_free_unused(struct rig *rig)
{
	start_rig(rig);
	covey_free(rig->ex);
	start_rig(rig);
	sh(rig, "exit 0");
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_int_equal(rig->tasks[1].phase, PHASE_QUEUED);
}

static void test_free_while_suspended(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, ": >running; sleep 3600 & exec sleep 3600");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_suspend(rig->ex);
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
}

/* What left its process group is found only where orphans are adopted. */
static void test_free_detached(struct rig *rig)
{
	struct covey_command c;
	int hold[2];

	rig->o.flags |= COVEY_SOLE_PARENT;
	start_rig(rig);
	make_hold(&c, hold);
	submit_holding(rig, &c, "setsid -f sh -c ': >away; sleep 3600'; : >here; sleep 3600");
	TURN_UNTIL(rig, exists(rig, "here") && exists(rig, "away"));
	covey_free(rig->ex);
	rig->ex = NULL;
	rig->freed_early = true;
	assert_nobody_holds(hold);
}

/* ---- suspending ---- */

/* A shell that waits for a vforked child to exec is in state D, and stays so if that is stopped. */
static bool stands_still(pid_t pid)
{
	char path[64], line[512];
	const char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, line, sizeof line - 1);
	close(fd);
	assert_true(n > 0);
	line[n] = '\0';
	at = strrchr(line, ')');
	assert_non_null(at);
	return at[2] == 'T' || at[2] == 'D';
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* The first deadline, to the accuracy with which it can be asked for. */
static void assert_due(struct rig *rig, covey_nsec due)
{
	covey_nsec before = covey_now(rig->ex), left = covey_next_deadline(rig->ex);
	covey_nsec after = covey_now(rig->ex);

	assert_true(before + left <= due);
	assert_true(due <= after + left);
}

static void test_suspend(struct rig *rig)
{
	covey_nsec began, stopped, due;

	rig->o.timeout = FOREVER;
	rig->o.max_workers = 1;
	start_rig(rig);
	sh(rig, ": >running; " WAIT_FOR("gate"));
	TURN_UNTIL(rig, exists(rig, "running"));
	due = rig->tasks[1].last.started + FOREVER;
	assert_due(rig, due);

	covey_suspend(rig->ex);
	began = clock_now();
	stopped = covey_now(rig->ex);
	covey_set_workers(rig->ex, 2, NULL);
	sh(rig, "exit 0");
	while (!stands_still(rig->tasks[1].last.pid) || clock_now() - began < 20 * COVEY_MSEC) {
		assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
		nap();
	}
	assert_int_equal(rig->tasks[2].phase, PHASE_QUEUED);
	assert_true(covey_now(rig->ex) == stopped);
	assert_int_equal(covey_next_deadline(rig->ex), -1);

	covey_resume(rig->ex);
	covey_resume(rig->ex);
	TURN_UNTIL(rig, rig->tasks[2].phase == PHASE_FINISHED);
	assert_due(rig, due);
	assert_true(covey_now(rig->ex) <= clock_now() - 20 * COVEY_MSEC);
	open_gate(rig, "gate");
	run(rig);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

/* No deadline passes, of a task or of all, however long it lasts. */
static void test_suspend_past_deadlines(struct rig *rig)
{
	covey_nsec began;

	rig->o.timeout = 1 * COVEY_SEC;
	rig->o.deadline = 1 * COVEY_SEC;
	start_rig(rig);
	sh(rig, ": >running; sleep 3600");
	TURN_UNTIL(rig, exists(rig, "running"));
	covey_suspend(rig->ex);
	for (began = clock_now(); clock_now() - began < 1200 * COVEY_MSEC; nap())
		assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(rig->tasks[1].phase, PHASE_STARTED);
	assert_int_equal(rig->nexpired, 0);
	covey_resume(rig->ex);
	run(rig);
	assert_int_equal(rig->tasks[1].phase, PHASE_FINISHED);
	assert_true(rig->tasks[1].last.ended - rig->tasks[1].last.started < clock_now() - began);
}

/* ---- how many, and where from ---- */

static uint64_t running(const struct rig *rig)
{
	struct covey_counts counts;

	covey_count(rig->ex, &counts, sizeof counts);
	return counts.running;
}

static void note_running(const struct covey_task *task, const struct covey_attempt *attempt,
    void *user)
{
	struct rig *rig = user;
	unsigned *next = rig->arg;

	if (attempt->slot != ++*next || task->id != rig->slots[attempt->slot])
		strlcpy(rig->wrong, "not the running ones, by slot", sizeof rig->wrong);
}

static void test_set_workers(struct rig *rig)
{
	unsigned shown = 0, i;

	rig->arg = &shown;
	rig->o.max_workers = 1;
	start_rig(rig);
	for (i = 0; i < 6; i++)
		sh(rig, i < 3 ? WAIT_FOR("gate") : "exit 0");
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(running(rig), 1);
	assert_int_equal(covey_set_workers(rig->ex, 3, &rig->err), 0);
	TURN_UNTIL(rig, running(rig) == 3);
	covey_each_running(rig->ex, note_running, rig);
	assert_int_equal(shown, 3);
	assert_int_equal(covey_set_workers(rig->ex, 0, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_set_workers(rig->ex, COVEY_MAX_WORKERS + 1, &rig->err), -1);
	/* what runs goes on */
	assert_int_equal(covey_set_workers(rig->ex, 1, &rig->err), 0);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(running(rig), 3);
	open_gate(rig, "gate");
	run(rig);
	check_counts(rig, 6, 0);
}

struct source {
	unsigned limit, end;            /* LATER after limit tasks, END after end */
	unsigned calls, given, later;
};

static enum covey_next give(struct covey *ex, void *user)
{
	struct rig *rig = user;
	struct source *source = rig->arg;

	rig->ex = ex;
	source->calls++;
	if (source->given == source->end)
		return COVEY_NEXT_END;
	if (source->given == source->limit) {
		source->later++;
		return COVEY_NEXT_LATER;
	}
	source->given++;
	sh(rig, ": >\"started$COVEY_TASK\"; " WAIT_FOR("gate"));
	return COVEY_NEXT_MORE;
}

static void test_next(struct rig *rig)
{
	struct source source = { .limit = 3, .end = 5 };
	unsigned calls;

	rig->arg = &source;
	rig->o.next = give;
	rig->o.flags |= COVEY_EXPORT;
	rig->o.max_workers = 2;
	start_rig(rig);
	assert_false(covey_input_ended(rig->ex));
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	TURN_UNTIL(rig, exists(rig, "started1") && exists(rig, "started2"));
	/* only when a slot is free */
	assert_int_equal(source.given, 2);
	open_gate(rig, "gate");
	TURN_UNTIL(rig, rig->nfinished == 3 && source.later == 1);
	calls = source.calls;
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	/* it said LATER, and is not asked before it says so */
	assert_int_equal(source.calls, calls);
	assert_false(covey_input_ended(rig->ex));
	if ((rig->o.flags & COVEY_SUBREAPER) == 0)
		assert_int_equal(covey_next_deadline(rig->ex), -1);

	source.limit = source.end;
	covey_pull(rig->ex);
	run(rig);
	assert_int_equal(rig->nfinished, 5);
	assert_true(covey_input_ended(rig->ex));
	calls = source.calls;
	covey_pull(rig->ex);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(source.calls, calls);
}

static enum covey_next give_slowly(struct covey *ex, void *user)
{
	struct rig *rig = user;
	unsigned *calls = rig->arg;

	if (++*calls == 5)
		return COVEY_NEXT_END;
	covey_pull(ex);
	return COVEY_NEXT_LATER;
}

/* A turn each, and none of them waits for anything. */
static void test_next_pulls_itself(struct rig *rig)
{
	unsigned calls = 0;

	rig->arg = &calls;
	rig->o.next = give_slowly;
	start_rig(rig);
	for (unsigned i = 1; i < 5; i++) {
		assert_int_equal(covey_step(rig->ex, -1, &rig->err), 1);
		assert_int_equal(calls, i);
		assert_int_equal(covey_next_deadline(rig->ex), 0);
	}
	assert_int_equal(covey_step(rig->ex, -1, &rig->err), 0);
	assert_int_equal(calls, 5);
}

/* After a cancel nothing more is asked for. */
static void test_next_cancelled(struct rig *rig)
{
	struct source source = { .limit = 1, .end = 5 };

	rig->arg = &source;
	rig->o.next = give;
	start_rig(rig);
	open_gate(rig, "gate");
	TURN_UNTIL(rig, rig->nfinished == 1 && source.later == 1);
	source.limit = 5;
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	covey_pull(rig->ex);
	run(rig);
	assert_int_equal(source.given, 1);
	assert_true(covey_input_ended(rig->ex));
}

/* ---- the host's descriptors ---- */

struct watched {
	struct rig *rig;
	int fds[2][2];
	unsigned calls[2], others;
	bool drop_both;
};

static void open_watched(struct watched *w, struct rig *rig)
{
	*w = (struct watched){ .rig = rig };
	assert_int_equal(pipe2(w->fds[0], O_CLOEXEC), 0);
	assert_int_equal(pipe2(w->fds[1], O_CLOEXEC), 0);
}

static void close_watched(struct watched *w)
{
	int i;

	for (i = 0; i < 4; i++)
		close(w->fds[i / 2][i % 2]);
}

static void on_readable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct watched *w = user;
	int i = fd == w->fds[0][0] ? 0 : 1;
	char c;

	w->calls[i]++;
	if (events != EPOLLIN || read(fd, &c, 1) != 1)
		strlcpy(w->rig->wrong, "not what was watched for", sizeof w->rig->wrong);
	if (!w->drop_both)
		return;
	covey_watch(ex, w->fds[0][0], 0, NULL, NULL, NULL);
	covey_watch(ex, w->fds[1][0], 0, NULL, NULL, NULL);
}

static void on_other(struct covey *ex, int fd, unsigned events, void *user)
{
	struct watched *w = user;

	(void)fd;
	if (events != EPOLLOUT || covey_step(ex, 0, NULL) != -1)
		strlcpy(w->rig->wrong, "not what was watched for", sizeof w->rig->wrong);
	w->others++;
}

static void watch(struct rig *rig, int fd, unsigned events, covey_watch_fn *on_fd, void *user)
{
	if (covey_watch(rig->ex, fd, events, on_fd, user, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
}

static void test_watch(struct rig *rig)
{
	struct watched w;

	open_watched(&w, rig);
	start_rig(rig);
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	/* nothing that is left to be done */
	assert_int_equal(covey_run(rig->ex, &rig->err), 0);
	sh(rig, WAIT_FOR("gate"));
	assert_int_equal(write(w.fds[0][1], "ab", 2), 2);
	TURN_UNTIL(rig, w.calls[0] == 2);
	/* another callback, other events: a pipe's writing end is ready as long as there is room */
	watch(rig, w.fds[1][1], EPOLLIN, on_readable, &w);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	watch(rig, w.fds[1][1], EPOLLOUT, on_other, &w);
	TURN_UNTIL(rig, w.others >= 2);
	watch(rig, w.fds[1][1], 0, NULL, NULL);
	w.others = 0;
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(w.others, 0);
	assert_int_equal(w.calls[1], 0);
	open_gate(rig, "gate");
	run(rig);
	close_watched(&w);
}

/* Both are ready at once, and whichever is first ends the other's watch, too. */
static void test_unwatch_in_callback(struct rig *rig)
{
	struct watched w;

	open_watched(&w, rig);
	w.drop_both = true;
	start_rig(rig);
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	watch(rig, w.fds[1][0], EPOLLIN, on_readable, &w);
	assert_int_equal(write(w.fds[0][1], "ab", 2), 2);
	assert_int_equal(write(w.fds[1][1], "ab", 2), 2);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 1);
	w.drop_both = false;
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 2);
	close_watched(&w);
}

static void test_watch_refused(struct rig *rig)
{
	int fd;

	start_rig(rig);
	write_file(rig, "regular", "", 0600);
	fd = open(in_dir(rig, "regular"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(covey_watch(rig->ex, fd, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_SYSTEM);
	assert_int_equal(rig->err.sys_errno, EPERM);
	close(fd);
	assert_int_equal(covey_watch(rig->ex, fd, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.sys_errno, EBADF);
	assert_int_equal(covey_watch(rig->ex, -1, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_watch(rig->ex, 0, EPOLLIN, NULL, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
}

static void set_fd_flag(int fd, int flag)
{
	int flags = fcntl(fd, F_GETFL);

	assert_true(flags >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, flags | flag), 0);
}

/* With only what covey.h says about other loops. */
static void test_embedded(struct rig *rig)
{
	struct covey_command c;
	uint64_t id, late;
	int left = 1;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 20 * COVEY_MSEC;
	start_rig(rig);
	id = sh(rig, "test -e again || { : >again; exit 1; }; head -c 100000 /dev/zero");
	covey_command_init(&c, sizeof c);
	c.timeout = 100 * COVEY_MSEC;
	c.tries = 1;
	late = submit_script(rig, &c, "sleep 3600");
	while (left > 0) {
		struct pollfd pfd = { .fd = covey_fd(rig->ex), .events = POLLIN };
		covey_nsec patience = covey_next_deadline(rig->ex);
		int ms = patience < 0 ? 60000 : (int)((patience + COVEY_MSEC - 1) / COVEY_MSEC);

		if (patience < 0 && poll(&pfd, 1, ms) == 0)
			fail_msg("nothing to wait for, and nothing happens");
		else if (patience >= 0)
			poll(&pfd, 1, ms);
		left = covey_step(rig->ex, 0, &rig->err);
		assert_true(clock_now() < rig->give_up);
	}
	assert_int_equal(left, 0);
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[id].started, 2);
	assert_int_equal(rig->tasks[id].size[0], 100000);
	assert_outcome(rig, late, COVEY_TIMEOUT);
}

/* What covey_fd says before and after: it is quiet until something happens, and quiet again. */
static void test_fd_quiet(struct rig *rig)
{
	struct pollfd pfd = { .events = POLLIN };

	start_rig(rig);
	pfd.fd = covey_fd(rig->ex);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	sh(rig, WAIT_FOR("gate"));
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	open_gate(rig, "gate");
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	run(rig);
	/* a SIGCHLD may have come for what was seen already */
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
}

/* ---- output ---- */

struct pieces {
	size_t n[3];
	char text[3][100];
	bool deal;
};

static bool take_piece(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user)
{
	struct rig *rig = user;
	struct pieces *pieces = rig->arg;

	if (ex != rig->ex || len == 0 || (stream != 1 && stream != 2)
	    || attempt->number != task->attempts)
		strlcpy(rig->wrong, "on_output was called wrongly", sizeof rig->wrong);
	else if (pieces->n[stream] + len < sizeof pieces->text[stream])
		memcpy(pieces->text[stream] + pieces->n[stream], data, len);
	pieces->n[stream] += len;
	return pieces->deal;
}

static void test_on_output(struct rig *rig)
{
	struct pieces pieces = { .deal = true };

	rig->arg = &pieces;
	rig->o.on_output = take_piece;
	rig->o.tail_bytes = 4;
	start_rig(rig);
	sh(rig, "printf abcdefgh; printf oops >&2");
	run(rig);
	assert_string_equal(pieces.text[1], "abcdefgh");
	assert_string_equal(pieces.text[2], "oops");
	assert_string_equal(rig->tasks[1].text[0], "efgh");
	assert_string_equal(rig->tasks[1].text[1], "oops");
	/* declined, it is captured as if nobody had been asked */
	pieces.deal = false;
	sh(rig, "printf 12345678");
	run(rig);
	assert_string_equal(pieces.text[1], "abcdefgh12345678");
	assert_string_equal(rig->tasks[2].text[0], "12345678");
}

static void test_max_output(struct rig *rig)
{
	rig->o.max_output = 10;
	start_rig(rig);
	sh(rig, "printf 0123456789abcdefghijklmn; printf 0123456789 >&2");
	run(rig);
	assert_int_equal(rig->tasks[1].size[0], 10);
	assert_int_equal(rig->tasks[1].cut[0], 14);
	assert_string_equal(rig->tasks[1].text[0], "01234jklmn");
	assert_int_equal(rig->tasks[1].cut[1], 0);
	assert_string_equal(rig->tasks[1].text[1], "0123456789");
}

static void take_at_end(struct rig *rig, const struct covey_event *event)
{
	struct covey_output **taken = rig->arg;

	if (event->type != COVEY_ENDED)
		return;
	taken[0] = covey_take_output(event->attempt, 1);
	taken[1] = covey_take_output(event->attempt, 2);
	if (event->attempt->out != NULL || covey_take_output(event->attempt, 1) != NULL)
		wrong(rig, event, "taken, it is still there");
}

/* More than is kept in memory, in an unlinked file, and after the executor's end. */
static void test_take_output(struct rig *rig)
{
	struct covey_output *taken[2] = { NULL, NULL };
	char tail[6] = "", end[10];
	int fds[2];

	rig->hook = take_at_end;
	rig->arg = taken;
	rig->o.spill_bytes = 1000;
	rig->o.tmpdir = rig->dir;
	start_rig(rig);
	sh(rig, "seq 1 20000");
	run(rig);
	covey_free(rig->ex);
	rig->ex = NULL;
	assert_int_equal(rmdir(rig->dir), 0);
	assert_null(taken[1]);
	assert_int_equal(covey_output_size(taken[0]), 108894);
	assert_int_equal(covey_output_tail(taken[0], tail, 5), 5);
	assert_string_equal(tail, "0000\n");
	assert_int_equal(covey_output_read(taken[0], 108894, end, sizeof end), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	set_fd_flag(fds[1], O_NONBLOCK);
	assert_int_equal(covey_output_write(taken[0], 2, 4, fds[1]), 4);
	assert_int_equal(read(fds[0], end, sizeof end), 4);
	assert_memory_equal(end, "2\n3\n", 4);
	close(fds[0]);
	close(fds[1]);
	covey_output_free(taken[0]);
}

static void test_hold_output(struct rig *rig)
{
	struct pieces pieces = { .deal = false };

	rig->arg = &pieces;
	rig->o.on_output = take_piece;
	start_rig(rig);
	sh(rig, "echo before; : >first; " WAIT_FOR("gate") "echo after; : >second; "
	    "head -c 200000 /dev/zero");
	TURN_UNTIL(rig, pieces.n[1] == 7 && exists(rig, "first"));
	covey_hold_output(rig->ex, true);
	covey_hold_output(rig->ex, true);
	open_gate(rig, "gate");
	/* one that is started meanwhile is held, too */
	sh(rig, "echo other; : >third");
	TURN_UNTIL(rig, exists(rig, "second") && exists(rig, "third"));
	assert_int_equal(pieces.n[1], 7);
	covey_hold_output(rig->ex, false);
	run(rig);
	assert_int_equal(pieces.n[1], 7 + 6 + 200000 + 6);
	assert_int_equal(rig->tasks[1].size[0], 7 + 6 + 200000);
	assert_string_equal(rig->tasks[2].text[0], "other\n");
	assert_false(rig->tasks[1].last.cut_off);
	assert_false(rig->tasks[2].last.cut_off);
}

static void test_inherit_output(struct rig *rig)
{
	char text[20] = "";
	int fd;

	rig->o.flags |= COVEY_INHERIT_OUTPUT;
	start_rig(rig);
	write_file(rig, "out", "", 0600);
	fd = open(in_dir(rig, "out"), O_RDWR | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	fflush(stdout);
	rig->own_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(rig->own_stdout >= 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	sh(rig, "echo directly");
	run(rig);
	restore_host(rig);
	assert_int_equal(pread(fd, text, sizeof text - 1, 0), 9);
	assert_string_equal(text, "directly\n");
	close(fd);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[1].size[0], 0);
}

/* ---- what is left behind ---- */

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
	submit_holding(rig, &c, "mkfifo never; setsid -f sh -c 'trap \"\" TERM; : >away; read x <never'; "
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
	submit_holding(rig, &c, "setsid -f sh -c 'trap \"\" TERM; sleep 3600' >/dev/null 2>&1; exit 0");
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

/* ---- beside a host ---- */

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

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
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

/* ---- arguments and states ---- */

static void step_again(struct rig *rig, const struct covey_event *event)
{
	struct covey_error err = { .code = COVEY_OK };

	if (event->type == COVEY_QUEUED)
		return;
	if (covey_step(rig->ex, 0, &err) != -1 || err.code != COVEY_BAD_STATE)
		wrong(rig, event, "covey_step from within a callback");
	if (covey_run(rig->ex, NULL) != -1)
		wrong(rig, event, "covey_run from within a callback");
	covey_free(rig->ex);
}

static void test_step_in_callback(struct rig *rig)
{
	rig->hook = step_again;
	rig->o.max_tries = 2;
	rig->o.retry_interval = 0;
	start_rig(rig);
	sh(rig, "exit 1");
	run(rig);
	assert_int_equal(rig->tasks[1].started, 2);
}

static void assert_refused(struct rig *rig, const char *name)
{
	rig->err.code = COVEY_OK;
	rig->err.message[0] = '\0';
	assert_null(covey_new(&rig->o, &rig->err));
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	if (strstr(rig->err.message, name) == NULL)
		fail_msg("'%s' is not about '%s'", rig->err.message, name);
	assert_null(covey_new(&rig->o, NULL));
}

#define REFUSED(rig, option, value) \
	do { \
		struct covey_options kept = (rig)->o; \
		(rig)->o.option = (value); \
		assert_refused(rig, #option); \
		(rig)->o = kept; \
	} while (0)

static void test_new_refuses(struct rig *rig)
{
	REFUSED(rig, max_workers, 0);
	REFUSED(rig, max_workers, COVEY_MAX_WORKERS + 1);
	REFUSED(rig, max_tries, 0);
	REFUSED(rig, backoff, 0.99);
	REFUSED(rig, backoff, NAN);
	REFUSED(rig, backoff, INFINITY);
	REFUSED(rig, jitter, -0.01);
	REFUSED(rig, jitter, 1.01);
	REFUSED(rig, jitter, NAN);
	REFUSED(rig, stop_signal, 0);
	REFUSED(rig, stop_signal, -1);
	REFUSED(rig, stop_signal, 65);
	REFUSED(rig, retry_interval, -1);
	REFUSED(rig, max_interval, -1);
	REFUSED(rig, timeout, -1);
	REFUSED(rig, slow, -1);
	REFUSED(rig, kill_after, -1);
	REFUSED(rig, deadline, -1);
	REFUSED(rig, slot_var, "");
	REFUSED(rig, slot_var, "A=B");
	rig->o.flags |= COVEY_SAME_GROUP | COVEY_SUBREAPER;
	assert_refused(rig, "COVEY_SAME_GROUP");
	rig->o.flags &= ~(unsigned)(COVEY_SAME_GROUP | COVEY_SUBREAPER);
	rig->o.size--;
	assert_refused(rig, "covey_options_init");
	rig->o.size++;
	assert_null(covey_new(NULL, &rig->err));
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	rig->o.reason_dir = in_dir(rig, "nowhere");
	assert_null(covey_new(&rig->o, &rig->err));
	assert_int_equal(rig->err.code, COVEY_SYSTEM);
	assert_int_equal(rig->err.sys_errno, ENOENT);
}

static void assert_command_refused(struct rig *rig, const struct covey_command *command)
{
	rig->err.code = COVEY_OK;
	assert_int_equal(covey_submit(rig->ex, command, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_submit(rig->ex, command, NULL, NULL), -1);
}

static void test_submit_refuses(struct rig *rig)
{
	static const char *const argv[] = { "true", NULL };
	struct covey_command good, c;

	start_rig(rig);
	assert_command_refused(rig, NULL);
	covey_command_init(&good, sizeof good);
	assert_command_refused(rig, &good);
	good.argv = argv + 1;
	assert_command_refused(rig, &good);
	good.argv = argv;
	c = good;
	c.size = 0;
	assert_command_refused(rig, &c);
	c = good;
	c.timeout = -1;
	assert_command_refused(rig, &c);
	c = good;
	c.stdin_source = COVEY_STDIN_FILE;
	assert_command_refused(rig, &c);
	c = good;
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_len = 1;
	assert_command_refused(rig, &c);
	c.stdin_bytes = "";
	c.stdin_len = SIZE_MAX;
	assert_command_refused(rig, &c);
	assert_int_equal(covey_submit(rig->ex, &good, NULL, NULL), 0);
	run(rig);
	/* those that were refused have no number */
	check_counts(rig, 1, 0);
	assert_outcome(rig, 1, COVEY_SUCCESS);
}

static void test_null(struct rig *rig)
{
	struct covey_error *err = &rig->err;

	covey_options_init(NULL, sizeof rig->o);
	covey_command_init(NULL, sizeof(struct covey_command));
	covey_free(NULL);
	assert_int_equal(covey_submit(NULL, NULL, NULL, err), -1);
	assert_int_equal(err->code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_find(NULL, "sh", err), -1);
	assert_int_equal(covey_step(NULL, 0, err), -1);
	assert_int_equal(covey_run(NULL, NULL), -1);
	assert_int_equal(covey_cancel_task(NULL, 1, err), -1);
	assert_int_equal(covey_set_workers(NULL, 1, err), -1);
	assert_int_equal(covey_watch(NULL, 0, EPOLLIN, on_other, NULL, err), -1);
	assert_int_equal(err->code, COVEY_BAD_ARGUMENT);
	covey_pull(NULL);
	covey_cancel(NULL, COVEY_CANCEL_KILL);
	covey_suspend(NULL);
	covey_resume(NULL);
	covey_hold_output(NULL, true);
	assert_int_equal(covey_fd(NULL), -1);
	assert_int_equal(covey_next_deadline(NULL), -1);
	assert_int_equal(covey_now(NULL), 0);
	assert_int_equal(covey_output_size(NULL), 0);
	assert_int_equal(covey_output_cut(NULL, NULL), 0);
	covey_output_free(NULL);
}

static void test_names(struct rig *rig)
{
	(void)rig;
	assert_string_equal(covey_outcome_name(COVEY_SUCCESS), "success");
	assert_string_equal(covey_outcome_name(COVEY_EXIT), "exit");
	assert_string_equal(covey_outcome_name(COVEY_SIGNAL), "signal");
	assert_string_equal(covey_outcome_name(COVEY_TIMEOUT), "timeout");
	assert_string_equal(covey_outcome_name(COVEY_SPAWN), "spawn");
	assert_string_equal(covey_outcome_name(COVEY_DEADLINE), "deadline");
	assert_string_equal(covey_outcome_name(COVEY_CANCELLED), "cancelled");
	assert_true(covey_version()[0] >= '0' && covey_version()[0] <= '9');
}

/* Without any callback at all. */
static void test_silent(struct rig *rig)
{
	struct covey_counts counts;

	rig->o.on_event = NULL;
	start_rig(rig);
	sh(rig, "echo lost");
	sh(rig, "exit 1");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.succeeded, 1);
	assert_int_equal(counts.failed, 1);
	/* over is not the end: more may come */
	sh(rig, "exit 0");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	covey_count(rig->ex, &counts, sizeof counts);
	assert_int_equal(counts.succeeded, 2);
}

static void count_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct rig *rig = user;
	unsigned *counts = rig->arg;

	(void)ex;
	counts[event->type]++;
}

/* Only the events that were asked for come. */
static void test_events_asked_for(struct rig *rig)
{
	unsigned counts[COVEY_EXPIRED + 1] = { 0 }, type;

	rig->o.on_event = count_event;
	rig->o.events = 1U << COVEY_STARTED | 1U << COVEY_FINISHED;
	rig->o.max_tries = 3;
	rig->o.retry_interval = 0;
	rig->arg = counts;
	start_rig(rig);
	sh(rig, "exit 1");
	sh(rig, "exit 0");
	assert_int_equal(covey_run(rig->ex, NULL), 0);
	for (type = 0; type <= COVEY_EXPIRED; type++)
		assert_int_equal(counts[type],
		    type == COVEY_STARTED ? 4 : type == COVEY_FINISHED ? 2 : 0);
}

/* ---- all of them ---- */

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

static const struct entry entries[] = {
	TEST(test_exit, ALL),
	TEST(test_signal, ALL),
	TEST(test_spawn_failures, ALL),
	TEST(test_spawn_failure_retried, BOTH),
	TEST(test_script_without_interpreter, ANY),
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
	TEST(test_child_nofile, ANY),
	TEST(test_limits, ANY),
	TEST(test_limit_refused, ANY),
	TEST(test_nice, ANY),
	TEST(test_inherit_fds, ANY),
	TEST(test_inherit_all_fds, ANY),
	TEST(test_slot_var, ANY),
	TEST(test_same_group, BOTH),
	TEST(test_prepare, ANY),
	TEST(test_may_start_pause, BOTH),
	TEST(test_may_start_woken, BOTH),
	TEST(test_may_start_ended, ANY),
	TEST(test_timeout, ALL),
	TEST(test_stop_signal, BOTH),
	TEST(test_slow, BOTH),
	TEST(test_retries_mixed, ALL),
	TEST(test_retry_blocks_nobody, ALL),
	TEST(test_retry_goes_first, BOTH),
	TEST(test_retry_limits, ANY),
	TEST(test_own_times, ANY),
	TEST(test_backoff, ANY),
	TEST(test_decide, BOTH),
	TEST(test_deadline, ALL),
	TEST(test_deadline_unneeded, ANY),
	TEST(test_retry_before_deadline, ANY),
	TEST(test_cancel_waiting, ALL),
	TEST(test_cancel_stop, ALL),
	TEST(test_cancel_kill, ALL),
	TEST(test_cancel_idle, BOTH),
	TEST(test_cancel_task, ALL),
	TEST(test_calls_from_callbacks, ALL),
	TEST(test_free_while_running, ALL),
	TEST(test_free_unused, ALL),
	TEST(test_free_while_suspended, ALL),
	TEST(test_free_detached, ADOPT),
	TEST(test_suspend, BOTH),
	TEST(test_suspend_past_deadlines, PIDFD | SIGNALS_ADOPTING),
	TEST(test_set_workers, BOTH),
	TEST(test_next, ALL),
	TEST(test_next_pulls_itself, BOTH),
	TEST(test_next_cancelled, BOTH),
	TEST(test_watch, BOTH),
	TEST(test_unwatch_in_callback, ANY),
	TEST(test_watch_refused, ANY),
	TEST(test_embedded, ALL),
	TEST(test_fd_quiet, BOTH),
	TEST(test_on_output, BOTH),
	TEST(test_max_output, ANY),
	TEST(test_take_output, ANY),
	TEST(test_hold_output, BOTH),
	TEST(test_inherit_output, BOTH),
	TEST(test_leaky, ALL),
	TEST(test_leaky_detached, ADOPT),
	TEST(test_leaky_detached_twice, ADOPT),
	TEST(test_sole_parent, ADOPT),
	TEST(test_keep_leftovers, ALL),
	TEST(test_keep_leftovers_timeout, ALL),
	TEST(test_cut_off, BOTH),
	TEST(test_die_with_parent, ANY),
	TEST(test_host_handler, ALL),
	TEST(test_host_action, ALL),
	TEST(test_stolen_status, ALL),
	TEST(test_two_executors, ALL),
	TEST(test_two_threads, BOTH),
	TEST(test_inheritable_fd, BOTH),
	TEST(test_limited, ALL),
	TEST(test_step_in_callback, BOTH),
	TEST(test_new_refuses, ANY),
	TEST(test_submit_refuses, ANY),
	TEST(test_null, ANY),
	TEST(test_names, ANY),
	TEST(test_silent, BOTH),
	TEST(test_events_asked_for, ANY),
};

struct all {
	struct test tests[COUNT(entries) * COUNT(ways)];
	struct CMUnitTest units[COUNT(entries) * COUNT(ways)];
	char names[COUNT(entries) * COUNT(ways)][80];
	size_t n;
};

static void add(struct all *all, const struct entry *entry, const struct way *way)
{
	struct test *test = &all->tests[all->n];
	char *name = all->names[all->n];

	snprintf(name, sizeof all->names[0], "%s (%s)", entry->name, way->name);
	test->run = entry->run;
	test->flags = way->flags;
	all->units[all->n] = (struct CMUnitTest){
		.name = name, .test_func = run_one, .teardown_func = clean_up, .initial_state = test,
	};
	all->n++;
}

int main(void)
{
	struct all *all = calloc(1, sizeof *all);
	size_t i, way;
	int failed;

	if (all == NULL)
		return 1;
	for (i = 0; i < COUNT(entries); i++) {
		for (way = 0; way < COUNT(ways); way++) {
			if ((entries[i].ways >> way & 1) != 0)
				add(all, &entries[i], &ways[way]);
		}
	}
	failed = _cmocka_run_group_tests("executor", all->units, all->n, NULL, NULL);
	free(all);
	return failed;
}
