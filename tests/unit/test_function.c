/*
 * Functions as tasks, from outside: what they return, how they fail, and that whatever one does to
 * itself harms neither the host nor its neighbours. And covey_wait, with its two lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "covey.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* what a child waits for that is to be killed */
#define FOREVER 3600

struct rig {
	struct covey_options o;
	struct covey_error err;
	struct covey *ex;
	struct covey_results *results;
	int hold[2];                /* the write end is inherited: end of file when all are gone */
};

static int open_rig(void **state)
{
	struct rig *rig = calloc(1, sizeof *rig);

	assert_non_null(rig);
	covey_options_init(&rig->o, sizeof rig->o);
	rig->o.retry_interval = 10 * COVEY_MSEC;
	rig->o.kill_after = 100 * COVEY_MSEC;
	assert_int_equal(pipe2(rig->hold, O_CLOEXEC), 0);
	*state = rig;
	return 0;
}

static int close_rig(void **state)
{
	struct rig *rig = *state;

	covey_free(rig->ex);
	covey_results_free(rig->results);
	/* what later tests leave behind is not to become ours */
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(rig->hold[0]);
	close(rig->hold[1]);
	free(rig);
	return 0;
}

static void start(struct rig *rig)
{
	rig->o.inherit_fds = &rig->hold[1];
	rig->o.ninherit_fds = 1;
	rig->ex = covey_new(&rig->o, &rig->err);
	if (rig->ex == NULL)
		fail_msg("%s", rig->err.message);
}

static uint64_t submit(struct rig *rig, const struct covey_function *function)
{
	uint64_t id;

	if (rig->ex == NULL)
		start(rig);
	if (covey_submit_function(rig->ex, function, &id, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
	return id;
}

static uint64_t call(struct rig *rig, covey_function_fn *run, const void *arg, size_t arg_len)
{
	struct covey_function f;

	covey_function_init(&f, sizeof f);
	f.run = run;
	f.name = "fn";
	f.arg = arg;
	f.arg_len = arg_len;
	return submit(rig, &f);
}

static uint64_t sh(struct rig *rig, const char *script, covey_nsec timeout)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct covey_command c;
	uint64_t id;

	if (rig->ex == NULL)
		start(rig);
	covey_command_init(&c, sizeof c);
	c.argv = argv;
	c.timeout = timeout;
	assert_int_equal(covey_submit(rig->ex, &c, &id, &rig->err), 0);
	return id;
}

static void wait_for(struct rig *rig, covey_nsec timeout)
{
	covey_results_free(rig->results);
	if (covey_wait(rig->ex, timeout, &rig->results, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
}

static const struct covey_result *find(struct covey_result *const *list, size_t n, uint64_t id)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i]->task->id == id)
			return list[i];
	}
	return NULL;
}

static const struct covey_result *succeeded(const struct rig *rig, uint64_t id)
{
	const struct covey_result *r = find(rig->results->succeeded, rig->results->nsucceeded, id);

	if (r == NULL)
		fail_msg("task %d is not in the list of those that succeeded", (int)id);
	assert_int_equal(r->outcome, COVEY_SUCCESS);
	return r;
}

static const struct covey_result *failed(const struct rig *rig, uint64_t id,
    enum covey_outcome outcome)
{
	const struct covey_result *r = find(rig->results->failed, rig->results->nfailed, id);

	if (r == NULL)
		fail_msg("task %d is not in the list of those that failed", (int)id);
	assert_string_equal(covey_outcome_name(r->outcome), covey_outcome_name(outcome));
	return r;
}

static const char *text(const struct covey_output *output)
{
	static char buf[4096];
	ssize_t n = output == NULL ? 0 : covey_output_read(output, 0, buf, sizeof buf - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void assert_nobody_holds(struct rig *rig)
{
	char c;

	close(rig->hold[1]);
	rig->hold[1] = -1;
	assert_int_equal(read(rig->hold[0], &c, 1), 0);
}

/* ---- what functions return ---- */

struct fraction {
	int above, below;
};

static int divide(struct covey_call *c)
{
	const struct fraction *f = c->arg;
	double quotient;

	if (c->arg_len != sizeof *f)
		return 99;
	if (f->below == 0)
		return covey_fail(c, 3, "%d divided by %d", f->above, f->below);
	quotient = (double)f->above / f->below;
	return covey_return(c, &quotient, sizeof quotient);
}

static void test_division(void **state)
{
	static const struct fraction fractions[] = { { 1, 2 }, { 2, 4 }, { 1, 0 } };
	struct rig *rig = *state;
	const struct covey_result *r;
	double quotient;
	size_t i;

	rig->o.max_tries = 2;
	for (i = 0; i < COUNT(fractions); i++) {
		struct fraction here = fractions[i];

		assert_int_equal(call(rig, divide, &here, sizeof here), i + 1);
	}
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded, 2);
	assert_int_equal(rig->results->nfailed, 1);
	for (i = 1; i <= 2; i++) {
		r = succeeded(rig, i);
		assert_int_equal(covey_output_size(r->attempt->result), sizeof quotient);
		covey_output_read(r->attempt->result, 0, &quotient, sizeof quotient);
		assert_true(quotient == 0.5);
		assert_null(r->attempt->reason);
	}
	r = failed(rig, 3, COVEY_EXIT);
	assert_int_equal(r->attempt->status, 3);
	assert_int_equal(r->task->attempts, 2);
	assert_string_equal(r->attempt->reason, "1 divided by 0");
	assert_null(r->attempt->result);
	assert_null(r->attempt->backtrace);
	/* what was called, with which arguments */
	assert_string_equal(r->task->argv[0], "fn");
	assert_ptr_equal(r->task->run, divide);
	assert_int_equal(r->task->arg_len, sizeof fractions[2]);
	assert_memory_equal(r->task->arg, &fractions[2], sizeof fractions[2]);
}

enum { LARGE = 5 << 20 };

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i * 31 >> 7);
}

static int return_much(struct covey_call *c)
{
	unsigned char piece[10000];
	size_t done, i;

	for (done = 0; done < LARGE; done += i) {
		for (i = 0; i < sizeof piece && done + i < LARGE; i++)
			piece[i] = byte_at(done + i);
		if (covey_return(c, piece, i) != 0)
			return errno == EFBIG ? 0 : 2;
	}
	return 0;
}

static void test_large_result(void **state)
{
	static unsigned char all[LARGE];
	struct rig *rig = *state;
	const struct covey_result *r;
	size_t i;

	call(rig, return_much, NULL, 0);
	wait_for(rig, 0);
	r = succeeded(rig, 1);
	assert_int_equal(covey_output_size(r->attempt->result), LARGE);
	for (i = 0; i < LARGE; i += 1 << 20)
		assert_int_equal(covey_output_read(r->attempt->result, i, all + i, 1 << 20), 1 << 20);
	for (i = 0; i < LARGE; i++) {
		if (all[i] != byte_at(i))
			fail_msg("byte %zu is wrong", i);
	}
}

/* A result is never cut silently: the function that looks away has failed, too. */
static void test_max_result(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	rig->o.max_result = LARGE - 1;
	call(rig, return_much, NULL, 0);
	wait_for(rig, 0);
	r = failed(rig, 1, COVEY_EXIT);
	assert_int_equal(r->attempt->status, 255);
	assert_non_null(strstr(r->attempt->reason, strerror(EFBIG)));
	covey_free(rig->ex);
	rig->o.max_result = LARGE;
	start(rig);
	call(rig, return_much, NULL, 0);
	wait_for(rig, 0);
	succeeded(rig, 1);
}

static int return_code(struct covey_call *c)
{
	int code;

	memcpy(&code, c->arg, sizeof code);
	return code;
}

static void test_codes(void **state)
{
	static const struct { int code, status; } cases[] = {
		{ 1, 1 }, { 255, 255 }, { 256, 255 }, { -1, 255 }, { 126, 126 },
	};
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		call(rig, return_code, &cases[i].code, sizeof cases[i].code);
	wait_for(rig, 0);
	assert_int_equal(rig->results->nfailed, COUNT(cases));
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(failed(rig, i + 1, COVEY_EXIT)->attempt->status, cases[i].status);
}

static int say_where(struct covey_call *c)
{
	printf("task %d attempt %u of %u slot %u, %s", (int)c->task, c->attempt, c->tries, c->slot,
	    getenv("COVEY_ATTEMPT"));
	fprintf(stderr, "and more");
	return c->attempt < 2;
}

static void test_where(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	rig->o.flags = COVEY_EXPORT;
	rig->o.max_tries = 3;
	call(rig, say_where, NULL, 0);
	wait_for(rig, 0);
	r = succeeded(rig, 1);
	assert_string_equal(text(r->attempt->out), "task 1 attempt 2 of 3 slot 1, 2");
	assert_string_equal(text(r->attempt->err), "and more");
}

static void take_result(struct covey *ex, const struct covey_event *event, void *user)
{
	struct covey_output **taken = user;

	(void)ex;
	if (event->type == COVEY_ENDED) {
		covey_output_free(covey_take_output(event->attempt, 1));
		*taken = covey_take_output(event->attempt, COVEY_RESULT);
	}
}

static int return_word(struct covey_call *c)
{
	return covey_return(c, "word", 4);
}

static void test_take_result(void **state)
{
	struct covey_output *taken = NULL;
	struct rig *rig = *state;

	rig->o.on_event = take_result;
	rig->o.user = &taken;
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	assert_null(succeeded(rig, 1)->attempt->result);
	assert_string_equal(text(taken), "word");
	covey_output_free(taken);
}

/* ---- how functions end ---- */

static int crash(struct covey_call *c)
{
	(void)c;
	raise(SIGSEGV);
	return 0;
}

static int overflow(struct covey_call *c)
{
	volatile char page[4096];

	page[0] = (char)c->attempt;
	return c->attempt == 0 ? 0 : overflow(c) + page[0];
}

static int corrupt_heap(struct covey_call *c)
{
	/* ends by a signal, whoever notices it first: the C library, or a sanitizer */
	char *volatile block = malloc(24);

	(void)c;
	free(block);
	free(block);
	abort();
}

static void test_crashes(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	call(rig, crash, NULL, 0);
	call(rig, overflow, NULL, 0);
	call(rig, corrupt_heap, NULL, 0);
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	r = failed(rig, 1, COVEY_SIGNAL);
	assert_int_equal(r->attempt->signal, SIGSEGV);
	/* the innermost frame is the C library's: it was raise that sent the signal */
	assert_non_null(r->attempt->backtrace);
	assert_non_null(strstr(r->attempt->backtrace, "libc"));
	r = failed(rig, 2, COVEY_SIGNAL);
	assert_int_equal(r->attempt->signal, SIGSEGV);
	assert_non_null(strchr(r->attempt->backtrace, '\n'));
	if (getenv("COVEY_SANITIZERS") == NULL) {
		r = failed(rig, 3, COVEY_SIGNAL);
		assert_int_equal(r->attempt->signal, SIGABRT);
		assert_non_null(r->attempt->backtrace);
	}
	succeeded(rig, 4);
}

static int exit_early(struct covey_call *c)
{
	(void)c;
	printf("said before");
	exit(7);
}

static void at_exit(void)
{
	/* in a child of a function this would be seen: its stderr is captured */
	if (write(STDERR_FILENO, "# the host's handler\n", 21) != 21)
		return;
}

static void test_exit(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;
	int tty = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	atexit(at_exit);
	fflush(stdout);
	assert_true(dup2(null, STDOUT_FILENO) >= 0);
	printf("the host's, in its buffer");
	call(rig, exit_early, NULL, 0);
	wait_for(rig, 0);
	fflush(stdout);
	assert_true(dup2(tty, STDOUT_FILENO) >= 0);
	close(tty);
	close(null);
	r = failed(rig, 1, COVEY_EXIT);
	assert_int_equal(r->attempt->status, 7);
	assert_string_equal(text(r->attempt->out), "said before");
	assert_null(r->attempt->err);
}

/* Both copies return; only one of them is the attempt. */
static int fork_and_return(struct covey_call *c)
{
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (pid == 0)
		return 77;
	waitpid(pid, NULL, 0);
	return covey_return(c, "once", 4);
}

static int close_everything(struct covey_call *c)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		close(fd);
	return covey_return(c, "lost", 4) == 0;
}

static void test_fork_and_close(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	call(rig, fork_and_return, NULL, 0);
	call(rig, close_everything, NULL, 0);
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	assert_string_equal(text(succeeded(rig, 1)->attempt->result), "once");
	assert_string_equal(text(succeeded(rig, 3)->attempt->result), "word");
	r = failed(rig, 2, COVEY_EXIT);
	assert_int_equal(r->attempt->status, 255);
	assert_non_null(strstr(r->attempt->reason, strerror(EBADF)));
}

static int loop(struct covey_call *c)
{
	volatile unsigned n = 0;

	while (c->attempt > 0)
		n = n + 1;
	return (int)n;
}

static void test_timeout(void **state)
{
	struct rig *rig = *state;

	rig->o.timeout = 100 * COVEY_MSEC;
	rig->o.max_tries = 2;
	call(rig, loop, NULL, 0);
	wait_for(rig, 0);
	assert_int_equal(failed(rig, 1, COVEY_TIMEOUT)->task->attempts, 2);
	assert_nobody_holds(rig);
}

/* A daemon that has forked twice and left the session, without an exec. */
static int leave_daemon(struct covey_call *c)
{
	pid_t pid = fork();
	int up[2];
	char byte;

	if (pid < 0)
		return 1;
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return covey_return(c, "left", 4);
	}
	if (pipe(up) != 0 || setsid() < 0)
		_exit(1);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		close(1);
		close(2);
		if (write(up[1], "x", 1) == 1)
			sleep(FOREVER);
		_exit(0);
	}
	/* not before it is what it is meant to be */
	_exit(read(up[0], &byte, 1) == 1 ? 0 : 1);
}

static int wait_for_gate(struct covey_call *c)
{
	char gate[64];

	memcpy(gate, c->arg, c->arg_len);
	while (access(gate, F_OK) != 0)
		usleep(10000);
	return 0;
}

/* Told from another function's: by its environment it could be the host's own. */
static void test_daemon(void **state)
{
	char gate[] = "/tmp/test_function.XXXXXX";
	struct rig *rig = *state;
	struct covey_counts counts = { .submitted = 0 };
	int fd = mkstemp(gate);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(gate), 0);
	rig->o.flags = COVEY_SUBREAPER;
	call(rig, wait_for_gate, gate, sizeof gate);
	call(rig, wait_for_gate, gate, sizeof gate);
	call(rig, leave_daemon, NULL, 0);
	/* the two wait, so that the daemon could be anybody's */
	while (counts.succeeded < 1) {
		assert_int_equal(covey_step(rig->ex, 100 * COVEY_MSEC, &rig->err), 1);
		covey_count(rig->ex, &counts, sizeof counts);
	}
	assert_int_equal(counts.running, 2);
	fd = open(gate, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	wait_for(rig, 0);
	unlink(gate);
	assert_int_equal(rig->results->nsucceeded, 2);
	assert_nobody_holds(rig);
}

static int flood_stderr(struct covey_call *c)
{
	static char block[1 << 16];
	unsigned i;

	(void)c;
	memset(block, 'x', sizeof block);
	for (i = 0; i < 1 << 14; i++) {
		if (write(STDERR_FILENO, block, sizeof block) != sizeof block)
			return 1;
	}
	return 0;
}

static void test_flood(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	rig->o.max_output = 1 << 20;
	call(rig, flood_stderr, NULL, 0);
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	r = succeeded(rig, 1);
	assert_int_equal(covey_output_size(r->attempt->err), 1 << 20);
	assert_int_equal(covey_output_cut(r->attempt->err, NULL), (1 << 30) - (1 << 20));
	succeeded(rig, 2);
}

static int use_up_memory(struct covey_call *c)
{
	void *volatile block;
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur != 64 << 20)
		return 2;
	/* volatile, or the compiler leaves out what nobody looks at */
	do
		block = malloc(1 << 20);
	while (block != NULL);
	return covey_fail(c, 4, "out of memory");
}

static void test_memory(void **state)
{
	static const struct covey_limit limits[] = {
		{ RLIMIT_DATA, { 64 << 20, 64 << 20 } },
	};
	struct rig *rig = *state;
	const struct covey_result *r;

	/* a sanitizer's memory is more than that from the start */
	if (getenv("COVEY_SANITIZERS") != NULL)
		skip();
	rig->o.limits = limits;
	rig->o.nlimits = 1;
	call(rig, use_up_memory, NULL, 0);
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	r = failed(rig, 1, COVEY_EXIT);
	assert_string_equal(r->attempt->reason, "out of memory");
	succeeded(rig, 2);
}

/* ---- the host's and the child's ---- */

static int list_fds(struct covey_call *c)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char line[16];

	if (dir == NULL)
		return 1;
	while ((entry = readdir(dir)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd != dirfd(dir)
		    && covey_return(c, line, (size_t)snprintf(line, sizeof line, "%d ", fd)) != 0)
			return 2;
	}
	return 0;
}

static void test_descriptors(void **state)
{
	struct rig *rig = *state;
	const char *all;
	int open_here = dup(rig->hold[0]), n = 0, fd, at;

	call(rig, list_fds, NULL, 0);
	wait_for(rig, 0);
	close(open_here);
	all = text(succeeded(rig, 1)->attempt->result);
	for (; sscanf(all, "%d %n", &fd, &at) == 1; all += at, n++)
		assert_true(fd <= 2 || fd == rig->hold[1] || (fd != open_here && fd != rig->hold[0]));
	/* 0 to 2, what is inherited, and the result's */
	assert_int_equal(n, 5);
}

static volatile sig_atomic_t handled;

static void handler(int sig)
{
	(void)sig;
	handled = 1;
}

static int succeed(struct covey_call *c)
{
	(void)c;
	return 0;
}

static int raise_in_child(struct covey_call *c)
{
	sigset_t mask;

	(void)c;
	/* the host's mask is the child's, its handlers are not */
	if (sigprocmask(SIG_SETMASK, NULL, &mask) != 0 || sigismember(&mask, SIGUSR2) != 1)
		return 1;
	raise(SIGUSR1);
	return 2;
}

static void test_signals(void **state)
{
	struct rig *rig = *state;
	struct sigaction action = { .sa_handler = handler }, before;
	sigset_t mask, old;
	uint64_t id;

	/* an executor that has run something looks at the handlers anew */
	call(rig, succeed, NULL, 0);
	wait_for(rig, 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, &old), 0);
	id = call(rig, raise_in_child, NULL, 0);
	wait_for(rig, 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	assert_int_equal(failed(rig, id, COVEY_SIGNAL)->attempt->signal, SIGUSR1);
	assert_int_equal(handled, 0);
}

/* ---- the two lists ---- */

static int fail_once(struct covey_call *c)
{
	return c->attempt == 1 ? covey_fail(c, 1, "the first time") : 0;
}

/* Failures and timeouts in one run: all are tried again. */
static void test_mixed(void **state)
{
	struct rig *rig = *state;
	struct covey_function f;
	uint64_t hangs;

	rig->o.max_tries = 2;
	assert_int_equal(call(rig, fail_once, NULL, 0), 1);
	covey_function_init(&f, sizeof f);
	f.run = loop;
	f.timeout = 100 * COVEY_MSEC;
	hangs = submit(rig, &f);
	sh(rig, "[ $$ = 0 ]", 0);
	sh(rig, "sleep 3600", 100 * COVEY_MSEC);
	sh(rig, "exit 0", 0);
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded, 2);
	assert_int_equal(rig->results->nfailed, 3);
	assert_int_equal(succeeded(rig, 1)->task->attempts, 2);
	assert_int_equal(failed(rig, hangs, COVEY_TIMEOUT)->task->attempts, 2);
	assert_string_equal(failed(rig, hangs, COVEY_TIMEOUT)->task->argv[0], "function");
	assert_int_equal(failed(rig, 3, COVEY_EXIT)->task->attempts, 2);
	assert_int_equal(failed(rig, 4, COVEY_TIMEOUT)->task->attempts, 2);
}

static int fail_saying(struct covey_call *c)
{
	printf("attempt %u", c->attempt);
	return covey_fail(c, 5, "my own error");
}

/* What runs, what waits, and what waits to be run again, each with its own end. */
static void test_deadline(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;
	struct covey_function f;

	rig->o.max_workers = 1;
	/* so many tries that there is always one more, without a pause before the deadline */
	rig->o.max_tries = 1;
	covey_function_init(&f, sizeof f);
	f.run = fail_saying;
	submit(rig, &f);
	call(rig, loop, NULL, 0);
	call(rig, return_word, NULL, 0);
	wait_for(rig, 300 * COVEY_MSEC);
	assert_int_equal(rig->results->nsucceeded, 0);
	r = failed(rig, 1, COVEY_EXIT);
	assert_int_equal(r->attempt->status, 5);
	assert_string_equal(r->attempt->reason, "my own error");
	assert_string_equal(text(r->attempt->out), "attempt 1");
	r = failed(rig, 2, COVEY_DEADLINE);
	assert_non_null(r->attempt);
	r = failed(rig, 3, COVEY_DEADLINE);
	assert_null(r->attempt);
	/* more can be submitted, and waited for */
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded, 1);
	assert_int_equal(rig->results->nfailed, 0);
	assert_string_equal(text(succeeded(rig, 4)->attempt->result), "word");
	assert_nobody_holds(rig);
}

/* The executor's deadline, and a cancel, are for good; a wait's deadline does not undo them. */
static void test_ends_for_good(void **state)
{
	struct rig *rig = *state;
	struct covey_function f;

	covey_function_init(&f, sizeof f);
	f.run = loop;
	rig->o.deadline = 100 * COVEY_MSEC;
	submit(rig, &f);
	wait_for(rig, 0);
	failed(rig, 1, COVEY_DEADLINE);
	wait_for(rig, 1);
	assert_int_equal(covey_submit_function(rig->ex, &f, NULL, &rig->err), -1);
	covey_free(rig->ex);
	rig->o.deadline = 0;
	start(rig);
	submit(rig, &f);
	covey_cancel(rig->ex, COVEY_CANCEL_WAITING);
	wait_for(rig, 100 * COVEY_MSEC);
	assert_int_equal(covey_submit_function(rig->ex, &f, NULL, &rig->err), -1);
}

/* The host's own children are not taken for a function's. */
static void test_own_child(void **state)
{
	struct rig *rig = *state;
	int up[2], status;
	char byte;
	pid_t pid;

	rig->o.flags = COVEY_SUBREAPER;
	call(rig, return_word, NULL, 0);
	wait_for(rig, 0);
	assert_int_equal(pipe(up), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(read(up[0], &byte, 1) == 1 ? 5 : 6);
	/* something to look around for orphans for */
	sh(rig, "sleep 3600 & exit 0", 0);
	wait_for(rig, 0);
	assert_int_equal(write(up[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	close(up[0]);
	close(up[1]);
}

static void cancel_when_delayed(struct covey *ex, const struct covey_event *event, void *user)
{
	(void)user;
	if (event->type == COVEY_DELAYED)
		covey_cancel_task(ex, event->task->id, NULL);
}

/* A task that waits to be run again keeps all of its last attempt. */
static void test_cancelled_while_waiting(void **state)
{
	struct rig *rig = *state;
	const struct covey_result *r;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 3600 * COVEY_SEC;
	rig->o.on_event = cancel_when_delayed;
	call(rig, fail_saying, NULL, 0);
	wait_for(rig, INT64_MAX);
	r = failed(rig, 1, COVEY_EXIT);
	assert_string_equal(r->attempt->reason, "my own error");
	assert_string_equal(text(r->attempt->out), "attempt 1");
}

/* A retry that would come too late is run at once. */
static void test_retry_before_deadline(void **state)
{
	struct rig *rig = *state;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 3600 * COVEY_SEC;
	call(rig, fail_once, NULL, 0);
	wait_for(rig, 1800 * COVEY_SEC);
	assert_int_equal(succeeded(rig, 1)->task->attempts, 2);
}

/* Also one that was waiting for its retry before the wait began. */
static void test_delayed_before_wait(void **state)
{
	struct rig *rig = *state;
	struct covey_counts counts;
	struct covey_error error;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 3600 * COVEY_SEC;
	call(rig, fail_once, NULL, 0);
	do {
		assert_true(covey_step(rig->ex, 100 * COVEY_MSEC, &error) >= 0);
		covey_count(rig->ex, &counts, sizeof counts);
	} while (counts.delayed == 0);
	wait_for(rig, 1800 * COVEY_SEC);
	assert_int_equal(succeeded(rig, 1)->task->attempts, 2);
}

static void wait_inside(struct covey *ex, const struct covey_event *event, void *user)
{
	struct covey_results *results = user;
	struct covey_error *err = user;

	if (event->type == COVEY_ENDED)
		assert_int_equal(covey_wait(ex, 0, &results, err), -1);
}

static void test_wait_refuses(void **state)
{
	struct rig *rig = *state;
	struct covey_error err = { .code = COVEY_OK };
	struct covey_results *results;

	assert_int_equal(covey_wait(NULL, 0, &results, &err), -1);
	assert_null(results);
	assert_int_equal(err.code, COVEY_BAD_ARGUMENT);
	rig->o.on_event = wait_inside;
	rig->o.user = &err;
	call(rig, return_word, NULL, 0);
	assert_int_equal(covey_wait(rig->ex, -1, &results, &err), -1);
	assert_int_equal(covey_wait(rig->ex, 0, NULL, &err), -1);
	assert_int_equal(err.code, COVEY_BAD_ARGUMENT);
	wait_for(rig, 0);
	succeeded(rig, 1);
	assert_int_equal(err.code, COVEY_BAD_STATE);
	/* nothing to wait for */
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded + rig->results->nfailed, 0);
	covey_results_free(NULL);
}

struct source {
	unsigned given, most;
};

static enum covey_next give(struct covey *ex, void *user)
{
	struct source *source = user;
	struct covey_function f;

	if (source->given == source->most)
		return COVEY_NEXT_END;
	covey_function_init(&f, sizeof f);
	f.run = return_word;
	assert_int_equal(covey_submit_function(ex, &f, NULL, NULL), 0);
	source->given++;
	return COVEY_NEXT_MORE;
}

static void test_next(void **state)
{
	struct source source = { .most = 50 };
	struct rig *rig = *state;

	rig->o.next = give;
	rig->o.user = &source;
	rig->o.max_workers = 4;
	start(rig);
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded, 50);
	wait_for(rig, 0);
	assert_int_equal(rig->results->nsucceeded, 0);
}

/* The executor may be gone before its results. */
static void test_results_outlive(void **state)
{
	struct rig *rig = *state;

	call(rig, fail_saying, NULL, 0);
	call(rig, return_word, "arg", 4);
	wait_for(rig, 0);
	covey_free(rig->ex);
	rig->ex = NULL;
	assert_string_equal(failed(rig, 1, COVEY_EXIT)->attempt->reason, "my own error");
	assert_string_equal(text(succeeded(rig, 2)->attempt->result), "word");
	assert_string_equal(succeeded(rig, 2)->task->arg, "arg");
}

static void test_free_while_running(void **state)
{
	struct rig *rig = *state;
	struct covey_counts counts = { .running = 0 };

	call(rig, loop, NULL, 0);
	call(rig, loop, NULL, 0);
	while (counts.running < 2) {
		assert_int_equal(covey_step(rig->ex, 10 * COVEY_MSEC, &rig->err), 1);
		covey_count(rig->ex, &counts, sizeof counts);
	}
	covey_free(rig->ex);
	rig->ex = NULL;
	assert_nobody_holds(rig);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- threads ---- */

enum { PER_THREAD = 40 };

static void *work(void *good)
{
	struct covey_results *results = NULL;
	struct covey_options o;
	struct covey_function f;
	struct covey *ex;
	int i;

	covey_options_init(&o, sizeof o);
	ex = covey_new(&o, NULL);
	if (ex == NULL)
		return NULL;
	covey_function_init(&f, sizeof f);
	f.run = return_word;
	for (i = 0; i < PER_THREAD; i++)
		covey_submit_function(ex, &f, NULL, NULL);
	if (covey_wait(ex, 0, &results, NULL) != 0 || results->nsucceeded != PER_THREAD)
		good = NULL;
	covey_results_free(results);
	covey_free(ex);
	return good;
}

static void test_threads(void **state)
{
	pthread_t threads[3];
	void *result;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, threads), 0);
	for (i = 0; i < COUNT(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_non_null(result);
	}
}

#define IN_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_RIG(test_division),
		IN_RIG(test_large_result),
		IN_RIG(test_max_result),
		IN_RIG(test_codes),
		IN_RIG(test_where),
		IN_RIG(test_take_result),
		IN_RIG(test_crashes),
		IN_RIG(test_exit),
		IN_RIG(test_fork_and_close),
		IN_RIG(test_timeout),
		IN_RIG(test_daemon),
		IN_RIG(test_flood),
		IN_RIG(test_memory),
		IN_RIG(test_descriptors),
		IN_RIG(test_signals),
		IN_RIG(test_mixed),
		IN_RIG(test_deadline),
		IN_RIG(test_ends_for_good),
		IN_RIG(test_own_child),
		IN_RIG(test_cancelled_while_waiting),
		IN_RIG(test_retry_before_deadline),
		IN_RIG(test_delayed_before_wait),
		IN_RIG(test_wait_refuses),
		IN_RIG(test_next),
		IN_RIG(test_results_outlive),
		IN_RIG(test_free_while_running),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
