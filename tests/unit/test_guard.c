/*
 * Each test forks a host that calls covey_guard: the host's pid is the guard, and the supervisor
 * runs the test's scenario. Two pipes tell what happens: on "report" the supervisor writes lines
 * of numbers, and "life" is held open by everything that runs below the host, so that its end of
 * file means that nothing is left.
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
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "covey.h"

/* Where the kernel has no list of children, /proc is searched: both ways are tested. */
static bool hide_children;

int open(const char *path, int flags, ...)
{
	size_t len = strlen(path);
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (hide_children && len > 9 && strcmp(path + len - 9, "/children") == 0) {
		errno = ENOENT;
		return -1;
	}
	return openat(AT_FDCWD, path, flags, mode);
}

struct scene {
	int report[2], life[2];
	struct covey_guard guard;
};

typedef void scenario_fn(struct scene *s);

/* ---- the host's side: no assertion works here, exit statuses tell ---- */

enum {
	BROKEN = 99,
	LONGEST = 120   /* seconds */
};

static void say(const struct scene *s, int number)
{
	if (write(s->report[1], &number, sizeof number) != (ssize_t)sizeof number)
		_exit(BROKEN);
}

static void start_line(const struct scene *s)
{
	if (write(s->life[1], "", 1) != 1)
		_exit(BROKEN);
}

/* Until killed; the alarm is for what a failed test leaves behind. */
static void wait_forever(void)
{
	alarm(LONGEST);
	for (;;)
		pause();
}

/* Whatever the test was started with, and without the handlers that cmocka sets for crashes. */
static void make_pristine(void)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;
	int sig;

	for (sig = 1; sig < SIGRTMIN; sig++)
		signal(sig, SIG_DFL);  /* fails for SIGKILL and SIGSTOP */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		_exit(BROKEN);
}

/* The host after its guard has ended: ends as the supervisor did. */
static void pass_on(const struct scene *s)
{
	int status = s->guard.wait_status;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	_exit(BROKEN);
}

static void be_host(struct scene *s, scenario_fn *before, scenario_fn *scenario)
{
	struct covey_error err;

	close(s->report[0]);
	close(s->life[0]);
	make_pristine();
	if (before != NULL)
		before(s);
	switch (covey_guard(&s->guard, &err)) {
	case COVEY_GUARD_FAILED:
		_exit(BROKEN);
	case COVEY_GUARD_WATCHES:
		scenario(s);
		_exit(BROKEN);
	case COVEY_GUARD_ENDED:
		pass_on(s);
	}
}

/* ---- the test's side ---- */

static pid_t start(struct scene *s, scenario_fn *before, scenario_fn *scenario)
{
	pid_t host;

	assert_int_equal(pipe2(s->report, O_CLOEXEC), 0);
	assert_int_equal(pipe2(s->life, O_CLOEXEC), 0);
	host = fork();
	assert_true(host >= 0);
	if (host == 0)
		be_host(s, before, scenario);
	close(s->report[1]);
	close(s->life[1]);
	return host;
}

static int heard(const struct scene *s)
{
	int number;

	assert_int_equal(read(s->report[0], &number, sizeof number), sizeof number);
	return number;
}

/* Waits until n processes of the scenario stand where it wants them. */
static void all_started(const struct scene *s, int n)
{
	char c;

	while (n-- > 0)
		assert_int_equal(read(s->life[0], &c, 1), 1);
}

static int status_of(pid_t host)
{
	int status;

	assert_int_equal(waitpid(host, &status, 0), host);
	return status;
}

static void assert_exit(int status, int wanted)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
}

static void assert_killed_by(int status, int sig)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
}

/* Nothing is left below the host, and that since before it ended: there is no waiting here. */
static void assert_all_gone(const struct scene *s)
{
	char c;

	assert_int_equal(fcntl(s->life[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(s->life[0], &c, 1), 0);
}

/* Something still lives, and ends when it is killed. */
static void assert_lives_until_killed(const struct scene *s, pid_t pid)
{
	char c;

	assert_int_equal(fcntl(s->life[0], F_SETFL, O_NONBLOCK), 0);
	errno = 0;
	assert_int_equal(read(s->life[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(fcntl(s->life[0], F_SETFL, 0), 0);
	assert_int_equal(read(s->life[0], &c, 1), 0);
}

static void end_scene(struct scene *s)
{
	close(s->report[0]);
	close(s->life[0]);
}

/* ---- how the supervisor ends ---- */

static void exit_3(struct scene *s)
{
	(void)s;
	_exit(3);
}

static void exit_status(void **state)
{
	struct scene s = { 0 };

	(void)state;
	assert_exit(status_of(start(&s, NULL, exit_3)), 3);
	assert_all_gone(&s);
	end_scene(&s);
}

static void ignore_sigchld(struct scene *s)
{
	(void)s;
	signal(SIGCHLD, SIG_IGN);
}

static void exit_status_with_sigchld_ignored(void **state)
{
	struct scene s = { 0 };

	(void)state;
	assert_exit(status_of(start(&s, ignore_sigchld, exit_3)), 3);
	end_scene(&s);
}

static void die_of_term(struct scene *s)
{
	(void)s;
	raise(SIGTERM);
}

/* The host can end the same way: the guard has put the signal mask back. */
static void signal_is_passed_on(void **state)
{
	struct scene s = { 0 };

	(void)state;
	assert_killed_by(status_of(start(&s, NULL, die_of_term)), SIGTERM);
	end_scene(&s);
}

/* ---- what is left ---- */

static void be_child(const struct scene *s)
{
	start_line(s);
	wait_forever();
}

static void be_stubborn(const struct scene *s)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	be_child(s);
}

static void be_parent_of_one(const struct scene *s)
{
	if (fork() == 0)
		be_child(s);
	be_child(s);
}

static void be_daemon(const struct scene *s)
{
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	be_child(s);
}

static void be_stopped(const struct scene *s)
{
	start_line(s);
	raise(SIGSTOP);
	wait_forever();
}

/* The supervisor with six descendants of all kinds. */
static void have_family(struct scene *s)
{
	static void (*const kinds[])(const struct scene *) = {
		be_child, be_stubborn, be_parent_of_one, be_daemon, be_stopped
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (fork() == 0)
			kinds[i](s);
	}
	say(s, getpid());
	wait_forever();
}

static void have_family_and_adopt(struct scene *s)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		_exit(BROKEN);
	have_family(s);
}

static void all_gone_after(scenario_fn *scenario, int sig)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, scenario);
	pid_t supervisor = heard(&s);

	all_started(&s, 6);
	assert_int_equal(kill(supervisor, sig), 0);
	assert_killed_by(status_of(host), sig);
	assert_all_gone(&s);
	end_scene(&s);
}

static void killed(void **state)
{
	(void)state;
	all_gone_after(have_family, SIGKILL);
	all_gone_after(have_family_and_adopt, SIGKILL);
}

static void crashed(void **state)
{
	(void)state;
	all_gone_after(have_family_and_adopt, SIGSEGV);
}

static void killed_without_list_of_children(void **state)
{
	(void)state;
	hide_children = true;
	all_gone_after(have_family_and_adopt, SIGKILL);
	hide_children = false;
}

static void leave_daemon_and_exit(struct scene *s)
{
	struct pollfd pfd = { .fd = s->guard.fd, .events = POLLIN };
	struct covey_relayed go;

	if (fork() == 0) {
		setsid();
		say(s, getpid());
		be_child(s);
	}
	/* not before the test knows that the daemon runs: it says so by a signal */
	while (read(s->guard.fd, &go, sizeof go) < 0)
		poll(&pfd, 1, -1);
	_exit(4);
}

static void exited_with_leftover(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, leave_daemon_and_exit);

	(void)state;
	heard(&s);
	all_started(&s, 1);
	assert_int_equal(kill(host, SIGUSR1), 0);
	assert_exit(status_of(host), 4);
	assert_all_gone(&s);
	end_scene(&s);
}

static void leftover_is_kept(void **state)
{
	struct scene s = { .guard = { .keep_leftovers = true } };
	pid_t host = start(&s, NULL, leave_daemon_and_exit);
	pid_t daemon = heard(&s);

	(void)state;
	all_started(&s, 1);
	assert_int_equal(kill(host, SIGUSR1), 0);
	assert_exit(status_of(host), 4);
	assert_lives_until_killed(&s, daemon);
	end_scene(&s);
}

static void nothing_is_kept_after_a_kill(void **state)
{
	struct scene s = { .guard = { .keep_leftovers = true } };
	pid_t host = start(&s, NULL, have_family);
	pid_t supervisor = heard(&s);

	(void)state;
	all_started(&s, 6);
	assert_int_equal(kill(supervisor, SIGKILL), 0);
	assert_killed_by(status_of(host), SIGKILL);
	assert_all_gone(&s);
	end_scene(&s);
}

static void have_child_before(struct scene *s)
{
	pid_t pid = fork();

	if (pid == 0)
		be_child(s);
	say(s, pid);
}

static void child_from_before_is_not_touched(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, have_child_before, have_family);
	pid_t older = heard(&s), supervisor = heard(&s);

	(void)state;
	all_started(&s, 7);
	assert_int_equal(kill(supervisor, SIGKILL), 0);
	assert_killed_by(status_of(host), SIGKILL);
	assert_lives_until_killed(&s, older);
	end_scene(&s);
}

/* ---- signals to the guard ---- */

/* Reports every message of the guard's; exits with 5 when the guard is gone. */
static void report_messages(struct scene *s)
{
	struct pollfd pfd = { .fd = s->guard.fd, .events = POLLIN };
	struct covey_relayed message;
	ssize_t n;

	say(s, s->guard.pid);
	for (;;) {
		n = read(s->guard.fd, &message, sizeof message);
		if (n == 0) {
			say(s, 0);
			_exit(5);
		}
		if (n == (ssize_t)sizeof message) {
			say(s, message.signal);
			say(s, message.sender);
			if (message.signal == SIGQUIT)
				_exit(0);
		}
		poll(&pfd, 1, -1);
	}
}

static void signals_are_relayed_once(void **state)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH, SIGQUIT
	};
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, report_messages);
	size_t i;

	(void)state;
	assert_int_equal(heard(&s), host);
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		/* that the next message is always the next signal's shows that none comes twice */
		assert_int_equal(kill(host, signals[i]), 0);
		assert_int_equal(heard(&s), signals[i]);
		assert_int_equal(heard(&s), getpid());
	}
	assert_exit(status_of(host), 0);
	end_scene(&s);
}

static void ignore_hangup(struct scene *s)
{
	(void)s;
	signal(SIGHUP, SIG_IGN);
}

static void ignored_signals_stay_ignored(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, ignore_hangup, report_messages);

	(void)state;
	heard(&s);
	assert_int_equal(kill(host, SIGHUP), 0);
	assert_int_equal(kill(host, SIGQUIT), 0);
	assert_int_equal(heard(&s), SIGQUIT);
	heard(&s);
	assert_exit(status_of(host), 0);
	end_scene(&s);
}

static void guard_killed(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, report_messages);
	char c;

	(void)state;
	heard(&s);
	assert_int_equal(kill(host, SIGKILL), 0);
	assert_killed_by(status_of(host), SIGKILL);
	assert_int_equal(heard(&s), 0);
	assert_int_equal(read(s.life[0], &c, 1), 0);
	end_scene(&s);
}

/* The pipe is never read: the guard must not wait for that, nor die of its reader's absence. */
static void close_the_pipe(struct scene *s)
{
	close(s->guard.fd);
	say(s, getpid());
	wait_forever();
}

static void pipe_without_reader(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, close_the_pipe);
	pid_t supervisor = heard(&s);

	(void)state;
	assert_int_equal(kill(host, SIGUSR1), 0);
	assert_int_equal(kill(host, SIGTERM), 0);
	assert_int_equal(kill(supervisor, SIGINT), 0);
	assert_killed_by(status_of(host), SIGINT);
	end_scene(&s);
}

/* ---- mask and dispositions ---- */

static void on_usr1(int sig)
{
	(void)sig;
}

static void unusual_signals(struct scene *s)
{
	sigset_t set;

	(void)s;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGUSR1, on_usr1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, on_usr1);
}

/* The number of what is not as unusual_signals left it; 0 if nothing. */
static int changed(void)
{
	struct sigaction sa;
	sigset_t set;
	int sig;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (sig = 1; sig < SIGRTMIN; sig++) {
		if (sigismember(&set, sig) != (sig == SIGUSR2))
			return sig;
		if (sigaction(sig, NULL, &sa) == 0
		    && ((sa.sa_handler == on_usr1) != (sig == SIGUSR1 || sig == SIGCHLD)
		    || (sa.sa_handler == SIG_IGN) != (sig == SIGPIPE)))
			return 100 + sig;
	}
	return 0;
}

static void exit_changed(struct scene *s)
{
	const int flags = fcntl(s->guard.fd, F_GETFD);

	if (flags < 0 || (flags & FD_CLOEXEC) == 0
	    || (fcntl(s->guard.fd, F_GETFL) & O_NONBLOCK) == 0)
		_exit(200);
	_exit(changed());
}

/* In both processes; the host adds its own verdict to the supervisor's. */
static void signals_are_left_alone(void **state)
{
	struct scene s = { 0 };
	struct covey_error err;
	pid_t host = fork();

	(void)state;
	assert_true(host >= 0);
	if (host == 0) {
		make_pristine();
		unusual_signals(&s);
		switch (covey_guard(&s.guard, &err)) {
		case COVEY_GUARD_FAILED:
			_exit(BROKEN);
		case COVEY_GUARD_WATCHES:
			exit_changed(&s);
			break;
		case COVEY_GUARD_ENDED:
			_exit(s.guard.wait_status != 0 ? WEXITSTATUS(s.guard.wait_status)
			    : changed());
		}
	}
	assert_exit(status_of(host), 0);
}

/* ---- stops ---- */

static void stop_then_exit(struct scene *s)
{
	say(s, getpid());
	raise(SIGSTOP);
	_exit(6);
}

static void stops_are_mirrored(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, stop_then_exit);
	int status;

	(void)state;
	heard(&s);
	assert_int_equal(waitpid(host, &status, WUNTRACED), host);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(host, SIGCONT), 0);
	assert_exit(status_of(host), 6);
	end_scene(&s);
}

/* The supervisor alone is continued, and wakes the guard, as it should. */
static void stop_and_wake_guard(struct scene *s)
{
	say(s, getpid());
	raise(SIGSTOP);
	kill(s->guard.pid, SIGCONT);
	report_messages(s);
}

static void supervisor_wakes_guard(void **state)
{
	struct scene s = { 0 };
	pid_t host = start(&s, NULL, stop_and_wake_guard);
	pid_t supervisor = heard(&s);
	int status;

	(void)state;
	assert_int_equal(waitpid(host, &status, WUNTRACED), host);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(supervisor, SIGCONT), 0);
	assert_int_equal(heard(&s), host);
	/* pending signals are taken by number, lowest first */
	assert_int_equal(kill(host, SIGWINCH), 0);
	assert_int_equal(heard(&s), SIGWINCH);  /* and not its own SIGCONT */
	assert_int_equal(heard(&s), getpid());
	assert_int_equal(kill(host, SIGQUIT), 0);
	assert_int_equal(heard(&s), SIGQUIT);
	heard(&s);
	assert_exit(status_of(host), 0);
	end_scene(&s);
}

/* ---- the terminal's signals ---- */

static void take_interrupt_itself(struct scene *s)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say(s, getpid());
	if (sigwait(&set, &sig) != 0)
		_exit(BROKEN);
	say(s, sig);
	report_messages(s);
}

static void interrupt_from_the_terminal(void **state)
{
	struct scene s = { 0 };
	int master;
	pid_t host;

	(void)state;
	assert_int_equal(pipe2(s.report, O_CLOEXEC), 0);
	assert_int_equal(pipe2(s.life, O_CLOEXEC), 0);
	host = forkpty(&master, NULL, NULL, NULL);
	assert_true(host >= 0);
	if (host == 0)
		be_host(&s, NULL, take_interrupt_itself);
	close(s.report[1]);
	close(s.life[1]);
	heard(&s);
	assert_int_equal(write(master, "\003", 1), 1);
	assert_int_equal(heard(&s), SIGINT);  /* its own */
	assert_int_equal(heard(&s), host);
	assert_int_equal(kill(host, SIGQUIT), 0);
	assert_int_equal(heard(&s), SIGQUIT);  /* and not the guard's SIGINT before it */
	heard(&s);
	assert_exit(status_of(host), 0);
	close(master);
	end_scene(&s);
}

/* ---- failure ---- */

static int fail_to_guard(void)
{
	struct covey_guard guard = { 0 };
	struct covey_error err = { 0 };
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1;
	files.rlim_cur = 3;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1;
	if (covey_guard(&guard, &err) != COVEY_GUARD_FAILED)
		return 2;
	if (err.code != COVEY_SYSTEM || err.sys_errno != EMFILE || err.message[0] == '\0')
		return 3;
	return 0;
}

static void no_descriptors(void **state)
{
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fail_to_guard());
	assert_exit(status_of(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_status),
		cmocka_unit_test(exit_status_with_sigchld_ignored),
		cmocka_unit_test(signal_is_passed_on),
		cmocka_unit_test(killed),
		cmocka_unit_test(crashed),
		cmocka_unit_test(killed_without_list_of_children),
		cmocka_unit_test(exited_with_leftover),
		cmocka_unit_test(leftover_is_kept),
		cmocka_unit_test(nothing_is_kept_after_a_kill),
		cmocka_unit_test(child_from_before_is_not_touched),
		cmocka_unit_test(signals_are_relayed_once),
		cmocka_unit_test(ignored_signals_stay_ignored),
		cmocka_unit_test(guard_killed),
		cmocka_unit_test(pipe_without_reader),
		cmocka_unit_test(signals_are_left_alone),
		cmocka_unit_test(stops_are_mirrored),
		cmocka_unit_test(supervisor_wakes_guard),
		cmocka_unit_test(interrupt_from_the_terminal),
		cmocka_unit_test(no_descriptors),
	};

	alarm(LONGEST);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
