/*
 * A child that runs in the parent's memory does what it is asked to, and to the parent it does
 * nothing else. Where there is no such start (under valgrind, in some sandboxes), that is what is
 * said, and the other tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clone.h"
#include "descriptors.h"
#include "fdutil.h"
#include "own_process.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))

/* longer than anybody waits, in milliseconds */
enum { PATIENCE = 60000, TIMES = 300, NLOCALS = 4000 };

struct body {
	void (*test)(void **state);
};

static void where_it_works(void **state)
{
	const struct body *body = *state;

	if (!cv_clone_works())
		skip();
	body->test(state);
}

/* As its users call it: no handler of ours may run in the child. */
static pid_t start_it(struct cv_clone *clone)
{
	sigset_t all, mask;
	pid_t pid;
	int saved;

	sigfillset(&all);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &all, &mask), 0);
	pid = cv_clone(clone);
	saved = errno;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &mask, NULL), 0);
	errno = saved;
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- the child ---- */

struct word {
	int said, status;
	pid_t pid;
};

static _Noreturn void say(void *arg)
{
	struct word *word = arg;

	word->said = 42;
	word->pid = getpid();
	_exit(word->status);
}

static _Noreturn void end_by_signal(void *arg)
{
	(void)arg;
	syscall(SYS_kill, getpid(), SIGKILL);
	_exit(99);
}

static void runs_in_our_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i += 51) {
		struct word word = { .status = i };
		struct cv_clone clone = { .run = say, .arg = &word, .cgroup_fd = -1 };
		pid_t pid = start_it(&clone);

		/* it has gone: this thread did not run meanwhile */
		assert_int_equal(word.said, 42);
		assert_int_equal(word.pid, pid);
		assert_int_not_equal(pid, getpid());
		assert_int_equal(status_of(pid), W_EXITCODE(i, 0));
	}
	assert_no_child();
}

static void ends_by_a_signal(void **state)
{
	struct cv_clone clone = { .run = end_by_signal, .cgroup_fd = -1 };
	int status = status_of(start_it(&clone));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Writes all over its own part of the stack, and leaves nothing in the registers as it was. */
static _Noreturn void trample(void *arg)
{
	volatile unsigned char mine[32768];
	unsigned a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;

	for (size_t i = 0; i < sizeof mine; i++) {
		a += b ^ c; b += c ^ d; c += d ^ e; d += e ^ f; e += f ^ a; f += a ^ b;
		mine[i] = (unsigned char)(a ^ f);
	}
	_exit(mine[*(const int *)arg] == (unsigned char)(a ^ f) ? 0 : 1);
}

static void our_locals_survive(void **state)
{
	volatile unsigned locals[NLOCALS];
	int last = 32767;

	(void)state;
	for (unsigned i = 0; i < TIMES; i++) {
		struct cv_clone clone = { .run = trample, .arg = &last, .cgroup_fd = -1 };
		unsigned a = i, b = i * 3, c = i * 5, d = i * 7, e = i * 11, f = i * 13;
		pid_t pid;

		for (unsigned j = 0; j < NLOCALS; j++)
			locals[j] = i ^ (j * 2654435761U);
		pid = start_it(&clone);
		for (unsigned j = 0; j < NLOCALS; j++)
			assert_int_equal(locals[j], i ^ (j * 2654435761U));
		assert_int_equal(status_of(pid), 0);
		assert_true(a == i && b == i * 3 && c == i * 5 && d == i * 7 && e == i * 11 && f == i * 13);
		assert_true(clone.run == trample && clone.arg == &last && clone.pidfd == -1);
	}
	assert_no_child();
}

/* ---- its pidfd ---- */

/* Execs, so that we go on; ends when the gate's other end is closed. */
static _Noreturn void wait_at_gate(void *arg)
{
	static const char *const argv[] = { "sh", "-c", "read x; exit 3", NULL };

	if (dup2(*(const int *)arg, 0) == 0)
		execve("/bin/sh", (char *const *)(uintptr_t)argv, environ);
	_exit(99);
}

struct kid {
	pid_t pid;
	int pidfd, gate;
};

static struct kid start_kid(void)
{
	int gate[2];
	struct cv_clone clone = {
		.run = wait_at_gate, .arg = &gate[0], .cgroup_fd = -1, .want_pidfd = true,
	};
	struct kid kid;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	kid.pid = start_it(&clone);
	assert_true(kid.pid > 0);
	close(gate[0]);
	kid.gate = gate[1];
	kid.pidfd = clone.pidfd;
	return kid;
}

static int pid_of(int pidfd)
{
	char path[64], text[512];
	const char *line;
	int pid = -1;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	assert_true(cv_fd_slurp(AT_FDCWD, path, text, sizeof text) > 0);
	line = strstr(text, "Pid:");
	assert_non_null(line);
	assert_int_equal(sscanf(line, "Pid: %d", &pid), 1);
	return pid;
}

static void let_go(struct kid *kid)
{
	close(kid->gate);
	assert_true(is_readable(kid->pidfd, PATIENCE));
	assert_int_equal(status_of(kid->pid), W_EXITCODE(3, 0));
	close(kid->pidfd);
}

static void comes_with_its_pidfd(void **state)
{
	int before = count_fds();
	struct kid first = start_kid(), second = start_kid();

	(void)state;
	assert_int_equal(fcntl(first.pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(second.pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pid_of(first.pidfd), first.pid);
	assert_int_equal(pid_of(second.pidfd), second.pid);
	assert_false(is_readable(first.pidfd, 0));
	let_go(&second);
	/* of just that one */
	assert_false(is_readable(first.pidfd, 0));
	let_go(&first);
	assert_int_equal(count_fds(), before);
}

static void without_pidfd_no_descriptor(void **state)
{
	struct word word = { .status = 0 };
	struct cv_clone clone = { .run = say, .arg = &word, .cgroup_fd = -1, .pidfd = 7 };
	int before = count_fds();

	(void)state;
	assert_int_equal(status_of(start_it(&clone)), 0);
	assert_int_equal(clone.pidfd, -1);
	assert_int_equal(count_fds(), before);
}

/* ---- its signals ---- */

struct seen {
	bool handled_default, ignored_ignored, default_default;
};

static bool is_set_to(int sig, void (*handler)(int))
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == handler;
}

static _Noreturn void look_at_signals(void *arg)
{
	struct seen *seen = arg;

	seen->handled_default = is_set_to(SIGUSR1, SIG_DFL);
	seen->ignored_ignored = is_set_to(SIGUSR2, SIG_IGN);
	seen->default_default = is_set_to(SIGALRM, SIG_DFL);
	_exit(0);
}

static void handle(int sig)
{
	(void)sig;
}

static void our_handlers_are_not_its(void **state)
{
	struct sigaction ours = { .sa_handler = handle }, usr1, usr2;
	struct seen seen = { .handled_default = false };
	struct cv_clone clone = { .run = look_at_signals, .arg = &seen, .cgroup_fd = -1 };

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &ours, &usr1), 0);
	ours.sa_handler = SIG_IGN;
	assert_int_equal(sigaction(SIGUSR2, &ours, &usr2), 0);
	assert_int_equal(status_of(start_it(&clone)), 0);
	assert_true(seen.handled_default);
	assert_true(seen.ignored_ignored);
	assert_true(seen.default_default);
	/* and ours are as they were */
	assert_true(is_set_to(SIGUSR1, handle));
	assert_true(is_set_to(SIGUSR2, SIG_IGN));
	assert_int_equal(sigaction(SIGUSR1, &usr1, NULL), 0);
	assert_int_equal(sigaction(SIGUSR2, &usr2, NULL), 0);
}

/* ---- its descriptors ---- */

struct opened {
	int before, after, ours;
	bool unshared;
};

/* Opens one, takes a table of its own, and opens and closes there. */
static _Noreturn void open_some(void *arg)
{
	struct opened *opened = arg;

	opened->before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	opened->unshared = syscall(SYS_close_range, UINT_MAX, UINT_MAX, CLOSE_RANGE_UNSHARE) == 0;
	opened->after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_exit(close(opened->ours));
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void open_in_child(struct opened *opened, bool share_fds)
{
	struct cv_clone clone = {
		.run = open_some, .arg = opened, .cgroup_fd = -1, .share_fds = share_fds,
	};

	opened->ours = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(opened->ours >= 0);
	assert_int_equal(status_of(start_it(&clone)), 0);
	assert_true(opened->unshared);
	assert_true(opened->before > opened->ours && opened->after > opened->before);
	/* what it did with its own table is not seen in ours */
	assert_false(is_open(opened->after));
	assert_true(is_open(opened->ours));
	close(opened->ours);
}

static void shares_descriptors_until_unshared(void **state)
{
	struct opened opened = { .before = -1 };
	int before = count_fds();

	(void)state;
	open_in_child(&opened, true);
	assert_true(is_open(opened.before));
	close(opened.before);
	assert_int_equal(count_fds(), before);
}

static void else_shares_no_descriptor(void **state)
{
	struct opened opened = { .before = -1 };
	int before = count_fds();

	(void)state;
	open_in_child(&opened, false);
	assert_false(is_open(opened.before));
	assert_int_equal(count_fds(), before);
}

/* ---- its cgroup ---- */

static void no_child_where_there_is_no_cgroup(void **state)
{
	struct word word = { .said = 0 };
	struct cv_clone clone = { .run = say, .arg = &word, .want_pidfd = true };
	size_t before;

	(void)state;
	clone.cgroup_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(clone.cgroup_fd >= 0);
	before = count_fds();
	errno = 0;
	assert_int_equal(start_it(&clone), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(word.said, 0);
	/* the kernel has written the number that was to be its pidfd's */
	assert_int_equal(clone.pidfd, -1);
	assert_int_equal(count_fds(), before);
	close(clone.cgroup_fd);
	assert_no_child();
}

struct place {
	char text[4096];
};

static _Noreturn void read_place(void *arg)
{
	struct place *place = arg;
	size_t used = 0;
	ssize_t n;
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, place->text + used, sizeof place->text - 1 - used)) > 0)
		used += (size_t)n;
	_exit(n < 0 || used == 0);
}

/* Each in its own, and from its first instruction on. */
static void starts_in_its_cgroup(void **state)
{
	struct cv_cgroup cgroup;
	bool killed = false;
	char end[80];

	(void)state;
	if (cv_cgroup_init(&cgroup, "clone") != 0)
		skip();
	for (unsigned slot = 0; slot < 3; slot++) {
		struct place place = { .text = "" };
		struct cv_clone clone = { .run = read_place, .arg = &place };
		const char *line;

		clone.cgroup_fd = cv_cgroup_open(&cgroup, slot, &killed);
		assert_true(clone.cgroup_fd >= 0);
		assert_int_equal(status_of(start_it(&clone)), 0);
		close(clone.cgroup_fd);
		line = strstr(place.text, "0::");
		assert_non_null(line);
		snprintf(end, sizeof end, "/%s/%u\n", cgroup.name, slot + 1);
		assert_non_null(strstr(line, end));
		assert_int_equal(cv_cgroup_slot_of(&cgroup, getpid()), -1);
	}
	cv_cgroup_release(&cgroup);
}

/* ---- where it cannot be done ---- */

/* From now on the call fails with this, as in a container whose sandbox has not heard of it. */
static int forbid(int number, int answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool can_forbid(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(forbid(SYS_clone3, EPERM) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

static int fails_with(const int *answers, size_t n)
{
	struct word word = { .said = 0 };
	struct cv_clone clone = { .run = say, .arg = &word, .cgroup_fd = -1, .want_pidfd = true };
	bool expected = false;

	errno = 0;
	NEEDS(start_it(&clone) == -1);
	for (size_t i = 0; i < n; i++)
		expected = expected || errno == answers[i];
	NEEDS(expected);
	NEEDS(clone.pidfd == -1 && word.said == 0);
	NEEDS(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return 0;
}

static int forbidden_body(int answer)
{
	NEEDS(cv_clone_works());
	NEEDS(forbid(SYS_clone3, answer) == 0);
	NEEDS(!cv_clone_works());
	return fails_with(&answer, 1);
}

static int without_close_range_body(int answer)
{
	NEEDS(cv_clone_works());
	NEEDS(forbid(SYS_close_range, answer) == 0);
	/* it could be started, but not given a table of its own */
	NEEDS(!cv_clone_works());
	return 0;
}

/* This machine as it is, or with a sandbox put over it. */
static void fails_where_it_does_not_work(void **state)
{
	static const int answers[] = { ENOSYS, EPERM };

	(void)state;
	if (!cv_clone_works()) {
		assert_int_equal(fails_with(answers, COUNT(answers)), 0);
		return;
	}
	if (!can_forbid())
		skip();
	for (size_t i = 0; i < COUNT(answers); i++) {
		run(forbidden_body, answers[i]);
		run(without_close_range_body, answers[i]);
	}
}

#define WHERE_IT_WORKS(test) { #test, where_it_works, NULL, NULL, &(struct body){ test } }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_where_it_does_not_work),
		WHERE_IT_WORKS(runs_in_our_memory),
		WHERE_IT_WORKS(ends_by_a_signal),
		WHERE_IT_WORKS(our_locals_survive),
		WHERE_IT_WORKS(comes_with_its_pidfd),
		WHERE_IT_WORKS(without_pidfd_no_descriptor),
		WHERE_IT_WORKS(our_handlers_are_not_its),
		WHERE_IT_WORKS(shares_descriptors_until_unshared),
		WHERE_IT_WORKS(else_shares_no_descriptor),
		WHERE_IT_WORKS(no_child_where_there_is_no_cgroup),
		WHERE_IT_WORKS(starts_in_its_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
