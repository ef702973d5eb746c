/*
 * Each test runs in a process of its own, as handlers and dispositions are the process's. The
 * guard is played by the test, which writes into the pipe what a guard would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/signals.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const int all_caught[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGUSR1, SIGUSR2, SIGWINCH,
};

/* ---- processes ---- */

/* Returns 0, or the line of the first thing that was wrong. */
typedef int body_fn(void);

#define NEEDS(truth) do { if (!(truth)) return __LINE__; } while (0)

/* Whatever the test was started with, and without the handlers that cmocka sets for crashes. */
static void make_pristine(void)
{
	sigset_t none;

	for (int sig = 1; sig < SIGRTMIN; sig++)
		signal(sig, SIG_DFL);  /* fails for SIGKILL and SIGSTOP */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs body in a child; returns its wait status, having checked the line that it has left. */
static int status_of(body_fn *body)
{
	int *line = mmap(NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0), found, status;
	pid_t child;

	assert_true(line != MAP_FAILED);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		make_pristine();
		*line = body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	found = *line;
	munmap(line, sizeof *line);
	if (found != 0)
		fail_msg("wrong at line %d", found);
	return status;
}

static void run(body_fn *body)
{
	assert_int_equal(status_of(body), 0);
}

/* Another process, which signals this one when told to. */
struct sender {
	pid_t pid;
	int orders[2], done[2];
};

static void obey(const struct sender *sender, pid_t target)
{
	int sig;

	while (read(sender->orders[0], &sig, sizeof sig) == sizeof sig) {
		if (kill(target, sig) != 0 || write(sender->done[1], "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static int start_sender(struct sender *sender)
{
	pid_t self = getpid();

	if (pipe2(sender->orders, O_CLOEXEC) != 0 || pipe2(sender->done, O_CLOEXEC) != 0)
		return -1;
	sender->pid = fork();
	if (sender->pid == 0) {
		make_pristine();
		close(sender->orders[1]);
		obey(sender, self);
	}
	close(sender->orders[0]);
	return sender->pid > 0 ? 0 : -1;
}

/* When it returns, the handler has run: the signal was pending when the answer came. */
static int send_from(const struct sender *sender, int sig)
{
	char c;

	if (write(sender->orders[1], &sig, sizeof sig) != sizeof sig)
		return -1;
	return read(sender->done[0], &c, 1) == 1 ? 0 : -1;
}

static int stop_sender(const struct sender *sender)
{
	int status;

	close(sender->orders[1]);
	close(sender->done[0]);
	close(sender->done[1]);
	return waitpid(sender->pid, &status, 0) == sender->pid ? status : -1;
}

/* ---- with a guard ---- */

struct scene {
	struct signals signals;
	int guard;               /* where the guard would write */
	struct sender sender;
};

static int open_scene(struct scene *s)
{
	struct error err;
	int ends[2];

	if (start_sender(&s->sender) != 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	s->guard = ends[1];
	return signals_open(&s->signals, ends[0], &err);
}

static int close_scene(struct scene *s)
{
	int guard_fd = s->signals.guard_fd;

	close(s->guard);
	signals_close(&s->signals);
	if (s->signals.guard_fd != -1 || fcntl(guard_fd, F_GETFD) >= 0)
		return -1;
	return stop_sender(&s->sender);
}

static int relay(const struct scene *s, int sig, pid_t sender)
{
	const struct covey_relayed message = { .signal = sig, .sender = sender };

	return write(s->guard, &message, sizeof message) == sizeof message ? 0 : -1;
}

/* From now on everything so far is long ago. */
static void grow_old(struct signals *signals)
{
	for (size_t i = 0; i < COUNT(signals->seen); i++)
		signals->seen[i].when -= signals->seen[i].when > 0 ? 10 * COVEY_SEC : 0;
}

/*
 * Plays a sequence of ways that SIGTERM comes from the same sender, "d" for directly and "r" for
 * relayed, each looked for at once; at "|" a long time passes. Returns how many were counted; -1: it could not be played.
 */
static int counted(struct scene *s, const char *ways)
{
	int n = 0, sig;

	for (; *ways != '\0'; ways++) {
		int result;

		if (*ways == '|') {
			grow_old(&s->signals);
			continue;
		}
		result = *ways == 'd' ? send_from(&s->sender, SIGTERM)
		    : relay(s, SIGTERM, s->sender.pid);

		if (result != 0)
			return -1;
		sig = *ways == 'd' ? signals_next(&s->signals)
		    : signals_next_relayed(&s->signals);
		if (sig != 0 && sig != SIGTERM)
			return -1;
		n += sig == SIGTERM;
	}
	return n;
}

/*
 * What comes both ways is one signal only when it comes close together, so that a machine that
 * stands still in between can spoil a sequence; not ten times in a row, though.
 */
static bool counts(struct scene *s, const char *ways, int expected)
{
	bool found = false;

	for (int i = 0; i < 10 && !found; i++) {
		found = counted(s, ways) == expected;
		memset(s->signals.seen, 0, sizeof s->signals.seen);
	}
	return found;
}

static int both_ways_body(void)
{
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	NEEDS(counts(&s, "d", 1));
	NEEDS(counts(&s, "r", 1));
	NEEDS(counts(&s, "dr", 1));
	NEEDS(counts(&s, "rd", 1));
	/* us, and then us and our group */
	NEEDS(counts(&s, "rrd", 1));
	NEEDS(counts(&s, "drdr", 1));
	NEEDS(close_scene(&s) == 0);
	return 0;
}

static void sent_both_ways_counts_once(void **state)
{
	(void)state;
	run(both_ways_body);
}

static int two_body(void)
{
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	NEEDS(counts(&s, "d|d", 2));
	NEEDS(counts(&s, "r|r", 2));
	NEEDS(counts(&s, "d|r", 2));
	NEEDS(counts(&s, "d|d|d", 3));
	NEEDS(counts(&s, "dr|dr", 2));
	NEEDS(counts(&s, "rd|dr|rd", 3));
	NEEDS(close_scene(&s) == 0);
	return 0;
}

static void two_count_twice(void **state)
{
	(void)state;
	run(two_body);
}

static int others_body(void)
{
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	NEEDS(send_from(&s.sender, SIGTERM) == 0);
	NEEDS(relay(&s, SIGTERM, s.sender.pid + 1) == 0);
	NEEDS(signals_next(&s.signals) == SIGTERM);
	NEEDS(signals_next_relayed(&s.signals) == SIGTERM);
	NEEDS(signals_next(&s.signals) == 0);
	NEEDS(signals_next_relayed(&s.signals) == 0);
	/* the same sender, but another signal */
	NEEDS(send_from(&s.sender, SIGINT) == 0);
	NEEDS(relay(&s, SIGHUP, s.sender.pid) == 0);
	NEEDS(signals_next(&s.signals) == SIGINT);
	NEEDS(signals_next_relayed(&s.signals) == SIGHUP);
	NEEDS(close_scene(&s) == 0);
	return 0;
}

static void other_senders_count_twice(void **state)
{
	(void)state;
	run(others_body);
}

static int long_ago_body(void)
{
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	NEEDS(counted(&s, "d") == 1);
	grow_old(&s.signals);
	NEEDS(counted(&s, "r") == 1);
	grow_old(&s.signals);
	NEEDS(counted(&s, "d") == 1);
	NEEDS(close_scene(&s) == 0);
	return 0;
}

static void long_ago_is_another_one(void **state)
{
	(void)state;
	run(long_ago_body);
}

static int gone_body(void)
{
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	NEEDS(signals_next_relayed(&s.signals) == 0);
	NEEDS(relay(&s, SIGUSR1, s.sender.pid) == 0);
	close(s.guard);
	/* what it had to say comes first */
	NEEDS(signals_next_relayed(&s.signals) == SIGUSR1);
	NEEDS(signals_next_relayed(&s.signals) == -1);
	/* what is sent directly comes all the same */
	NEEDS(send_from(&s.sender, SIGTERM) == 0);
	NEEDS(signals_next(&s.signals) == SIGTERM);
	signals_close(&s.signals);
	NEEDS(stop_sender(&s.sender) == 0);
	return 0;
}

static void guard_gone(void **state)
{
	(void)state;
	run(gone_body);
}

/* Numbers that are no index. */
static int nonsense_body(void)
{
	static const int numbers[] = { 0, -1, 32, 64, 65, INT32_MAX, INT32_MIN };
	struct scene s;

	NEEDS(open_scene(&s) == 0);
	for (size_t i = 0; i < COUNT(numbers); i++)
		NEEDS(relay(&s, numbers[i], 1) == 0);
	NEEDS(relay(&s, SIGUSR2, 1) == 0);
	NEEDS(signals_next_relayed(&s.signals) == SIGUSR2);
	NEEDS(signals_next_relayed(&s.signals) == 0);
	NEEDS(close_scene(&s) == 0);
	return 0;
}

static void nonsense_is_left_out(void **state)
{
	(void)state;
	run(nonsense_body);
}

/* The terminal signals both processes and the guard does not pass that on: each is a new one. */
static int terminal_body(void)
{
	struct signals signals;
	struct error err;
	struct pollfd pfd = { .events = POLLIN };
	int master, slave, guard[2];

	NEEDS(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	NEEDS(setsid() > 0 && ioctl(slave, TIOCSCTTY, 0) == 0);
	NEEDS(pipe2(guard, O_CLOEXEC | O_NONBLOCK) == 0);
	NEEDS(signals_open(&signals, guard[0], &err) == 0);
	pfd.fd = signals.fd;
	for (int i = 0; i < 3; i++) {
		NEEDS(write(master, "\003", 1) == 1);
		while (poll(&pfd, 1, -1) < 0)
			NEEDS(errno == EINTR);
		NEEDS(signals_next(&signals) == SIGINT);
		NEEDS(signals.seen[SIGINT].when == 0);
	}
	return 0;
}

static void terminal(void **state)
{
	(void)state;
	run(terminal_body);
}

/* ---- without ---- */

static int alone_body(void)
{
	struct signals signals;
	struct sender sender;
	struct error err;

	NEEDS(start_sender(&sender) == 0 && signals_open(&signals, -1, &err) == 0);
	NEEDS(signals.guard_fd == -1);
	NEEDS((fcntl(signals.fd, F_GETFD) & FD_CLOEXEC) != 0);
	NEEDS(signals_next(&signals) == 0);
	for (size_t i = 0; i < COUNT(all_caught); i++) {
		NEEDS(send_from(&sender, all_caught[i]) == 0);
		NEEDS(send_from(&sender, all_caught[i]) == 0);
	}
	for (size_t i = 0; i < COUNT(all_caught); i++) {
		NEEDS(signals_next(&signals) == all_caught[i]);
		NEEDS(signals_next(&signals) == all_caught[i]);
	}
	NEEDS(signals_next(&signals) == 0);
	signals_close(&signals);
	NEEDS(stop_sender(&sender) == 0);
	return 0;
}

static void without_a_guard(void **state)
{
	(void)state;
	run(alone_body);
}

/* nohup, and jobs in the background of a shell without job control. */
static int ignored_body(void)
{
	struct signals signals;
	struct error err;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	NEEDS(signals_open(&signals, -1, &err) == 0);
	NEEDS(raise(SIGHUP) == 0);
	NEEDS(signals_next(&signals) == 0);
	NEEDS(raise(SIGTERM) == 0);
	NEEDS(signals_next(&signals) == SIGTERM);
	NEEDS(signal(SIGHUP, SIG_DFL) == SIG_IGN);
	NEEDS(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	return 0;
}

static void ignored_stays_ignored(void **state)
{
	(void)state;
	run(ignored_body);
}

/* How a shell ends that sends itself SIGPIPE. */
static int shell_status(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "kill -PIPE $$; exit 3", (char *)NULL);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

static int broken_pipe_body(void)
{
	struct signals signals;
	struct error err;
	int ends[2], status;

	NEEDS(signals_open(&signals, -1, &err) == 0);
	NEEDS(pipe2(ends, O_CLOEXEC) == 0);
	close(ends[0]);
	NEEDS(write(ends[1], "x", 1) == -1 && errno == EPIPE);
	NEEDS(signals_next(&signals) == 0);
	/* what is started from here knows nothing of it */
	status = shell_status();
	NEEDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	return 0;
}

static void broken_pipes_do_not_kill(void **state)
{
	(void)state;
	run(broken_pipe_body);
}

/* More than the pipe holds: the handler neither waits nor leaves a trace in errno. */
static int many_body(void)
{
	struct signals signals;
	struct error err;
	int n = 0, sig;

	NEEDS(signals_open(&signals, -1, &err) == 0);
	for (int i = 0; i < 20000; i++) {
		errno = EDOM;
		NEEDS(raise(SIGUSR1) == 0);
		NEEDS(errno == EDOM);
	}
	while ((sig = signals_next(&signals)) != 0) {
		NEEDS(sig == SIGUSR1);
		n++;
	}
	NEEDS(n >= 2 && n < 20000);
	NEEDS(raise(SIGTERM) == 0 && signals_next(&signals) == SIGTERM);
	return 0;
}

static void many(void **state)
{
	(void)state;
	run(many_body);
}

static int no_descriptor_body(void)
{
	struct signals signals;
	struct error err = { "" };

	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		continue;
	NEEDS(signals_open(&signals, -1, &err) == -1);
	NEEDS(strncmp(err.message, "cannot make a pipe: ", 20) == 0);
	return 0;
}

static void without_descriptors(void **state)
{
	(void)state;
	run(no_descriptor_body);
}

/* ---- what was left to us ---- */

static int prepare_body(void)
{
	struct error err = { "" };
	unsigned closed;

	for (closed = 0; closed < 8; closed++) {
		int next = dup(0), after;
		char c;

		close(next);
		for (int fd = 0; fd < 3; fd++) {
			if ((closed >> fd & 1) != 0)
				close(fd);
		}
		NEEDS(signals_prepare(&err) == 0);
		for (int fd = 0; fd < 3; fd++)
			NEEDS(fcntl(fd, F_GETFD) == 0);  /* open, and children have it */
		after = dup(0);
		close(after);
		NEEDS(after == next);
		/* as useless as if it were closed */
		NEEDS((closed & 1) == 0 || (read(0, &c, 1) == -1 && errno == EBADF));
		NEEDS((closed & 2) == 0 || (write(1, "x", 1) == -1 && errno == EBADF));
		NEEDS((closed & 4) == 0 || (write(2, "x", 1) == -1 && errno == EBADF));
	}
	return 0;
}

static void standard_descriptors(void **state)
{
	(void)state;
	run(prepare_body);
}

static int child_body(void)
{
	struct error err;
	pid_t child;
	int status;

	signal(SIGCHLD, SIG_IGN);
	NEEDS(signals_prepare(&err) == 0);
	child = fork();
	if (child == 0)
		_exit(7);
	NEEDS(waitpid(child, &status, 0) == child);
	NEEDS(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}

static void ignored_sigchld(void **state)
{
	(void)state;
	run(child_body);
}

/* ---- the end ---- */

static int term_body(void)
{
	struct signals signals;
	struct error err;

	NEEDS(signals_open(&signals, -1, &err) == 0);
	signals_die_of(SIGTERM);
}

static int int_body(void)
{
	signals_die_of(SIGINT);
}

/* Blocked by whoever started us, and ignored. */
static int blocked_body(void)
{
	sigset_t set;

	sigfillset(&set);
	NEEDS(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	NEEDS(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	signals_die_of(SIGPIPE);
}

static int harmless_body(void)
{
	signals_die_of(SIGWINCH);
}

static void dying(void **state)
{
	int status;

	(void)state;
	status = status_of(term_body);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = status_of(int_body);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	status = status_of(blocked_body);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	status = status_of(harmless_body);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGWINCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_both_ways_counts_once),
		cmocka_unit_test(two_count_twice),
		cmocka_unit_test(other_senders_count_twice),
		cmocka_unit_test(long_ago_is_another_one),
		cmocka_unit_test(guard_gone),
		cmocka_unit_test(nonsense_is_left_out),
		cmocka_unit_test(terminal),
		cmocka_unit_test(without_a_guard),
		cmocka_unit_test(ignored_stays_ignored),
		cmocka_unit_test(broken_pipes_do_not_kill),
		cmocka_unit_test(many),
		cmocka_unit_test(without_descriptors),
		cmocka_unit_test(standard_descriptors),
		cmocka_unit_test(ignored_sigchld),
		cmocka_unit_test(dying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
