/*
 * A child's exit is seen once it has happened, and not before, by either way of watching; and
 * SIGCHLD, where it is used, still reaches the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "wait.h"

/* longer than anybody waits, in milliseconds */
enum { PATIENCE = 60000, MANY = 200 };

/* ---- children that exit when they are told to ---- */

struct kid {
	pid_t pid;
	int gate;
};

static struct kid start_kid(int status)
{
	struct kid kid;
	int gate[2];
	char c;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	kid.pid = fork();
	assert_true(kid.pid >= 0);
	if (kid.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(gate[1]);
		_exit(read(gate[0], &c, 1) < 0 ? 99 : status);
	}
	close(gate[0]);
	kid.gate = gate[1];
	return kid;
}

static void let_go(struct kid *kid)
{
	close(kid->gate);
	kid->gate = -1;
}

/* Waits for its exit, but leaves it to be reaped. */
static void await_zombie(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0)
		assert_int_equal(errno, EINTR);
}

static void reap_status(pid_t pid, int expected)
{
	struct rusage usage;
	int status;

	memset(&usage, 0, sizeof usage);
	assert_int_equal(cv_wait_reap(pid, &status, &usage), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
	assert_true(usage.ru_maxrss > 0);
}

/* ---- seen and reaped ---- */

static void test_seen(void **state)
{
	struct kid kid = start_kid(7);

	(void)state;
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_RUNS);
	let_go(&kid);
	await_zombie(kid.pid);
	/* as often as one likes: it stays a zombie, whose group can be signalled */
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_EXITED);
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_EXITED);
	assert_int_equal(kill(kid.pid, 0), 0);
	reap_status(kid.pid, 7);
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_LOST);
	assert_int_equal(cv_wait_reap(kid.pid, &(int){ 0 }, &(struct rusage){ .ru_maxrss = 0 }), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_stopped_is_not_seen(void **state)
{
	struct kid kid = start_kid(0);
	siginfo_t info;
	int status;

	(void)state;
	assert_int_equal(kill(kid.pid, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)kid.pid, &info, WSTOPPED | WNOWAIT), 0);
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_RUNS);
	assert_int_equal(kill(kid.pid, SIGKILL), 0);
	await_zombie(kid.pid);
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_EXITED);
	assert_int_equal(cv_wait_reap(kid.pid, &status, &(struct rusage){ .ru_maxrss = 0 }), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(kid.gate);
}

/* Only the one that was asked for. */
static void test_others_left_alone(void **state)
{
	struct kid mine = start_kid(1), others = start_kid(2);

	(void)state;
	let_go(&others);
	await_zombie(others.pid);
	assert_int_equal(cv_wait_ask(mine.pid), CV_WAIT_RUNS);
	let_go(&mine);
	await_zombie(mine.pid);
	reap_status(mine.pid, 1);
	reap_status(others.pid, 2);
	/* not a child at all */
	assert_int_equal(cv_wait_ask(getppid()), CV_WAIT_LOST);
}

/* ---- with pidfd ---- */

static void test_pidfd(void **state)
{
	struct cv_wait wait;
	struct kid kid;
	int fd;

	(void)state;
	assert_int_equal(cv_wait_init(&wait, false), 0);
	if (!wait.pidfd) {
		cv_wait_release(&wait);
		skip();
	}
	assert_int_equal(wait.wake_fd, -1);
	kid = start_kid(3);
	fd = cv_wait_fd(&wait, kid.pid);
	assert_true(fd > 2);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_false(is_readable(fd, 0));
	let_go(&kid);
	assert_true(is_readable(fd, PATIENCE));
	assert_int_equal(cv_wait_ask(kid.pid), CV_WAIT_EXITED);
	reap_status(kid.pid, 3);
	close(fd);
	assert_int_equal(cv_wait_fd(&wait, kid.pid), -1);
	cv_wait_release(&wait);
}

/* ---- with SIGCHLD ---- */

static void open_signals(struct cv_wait *wait)
{
	assert_int_equal(cv_wait_init(wait, true), 0);
	assert_false(wait->pidfd);
	assert_true(wait->wake_fd > 2);
	assert_int_equal(fcntl(wait->wake_fd, F_GETFD), FD_CLOEXEC);
	assert_false(is_readable(wait->wake_fd, 0));
}

static void test_sigchld(void **state)
{
	struct cv_wait wait;
	struct kid kid = start_kid(4);

	(void)state;
	open_signals(&wait);
	assert_int_equal(cv_wait_fd(&wait, kid.pid), -1);
	assert_int_equal(errno, ENOSYS);
	let_go(&kid);
	assert_true(is_readable(wait.wake_fd, PATIENCE));
	await_zombie(kid.pid);
	cv_wait_woken(&wait);
	assert_false(is_readable(wait.wake_fd, 0));
	reap_status(kid.pid, 4);
	cv_wait_release(&wait);
	assert_int_equal(wait.wake_fd, -1);
	/* once more is once too often for nobody */
	cv_wait_release(&wait);
}

/* Everybody who watches is woken, and the last to go restores what was there. */
static void test_several_wakers(void **state)
{
	struct cv_wait first, second, third;
	struct sigaction before, now;
	struct kid kid = start_kid(0);

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, NULL, &before), 0);
	open_signals(&first);
	open_signals(&second);
	open_signals(&third);
	cv_wait_release(&second);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_not_equal(now.sa_handler, before.sa_handler);
	let_go(&kid);
	assert_true(is_readable(first.wake_fd, PATIENCE));
	assert_true(is_readable(third.wake_fd, PATIENCE));
	cv_wait_release(&first);
	cv_wait_release(&third);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, before.sa_handler);
	assert_int_equal(now.sa_flags, before.sa_flags);
	reap_status(kid.pid, 0);
}

/* A handler can reach only so many; one too many is told so, and does no harm. */
static void test_too_many_wakers(void **state)
{
	struct cv_wait waits[MANY];
	struct sigaction before, now;
	int n = 0, full;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, NULL, &before), 0);
	while (n < MANY && cv_wait_init(&waits[n], true) == 0)
		n++;
	assert_int_equal(errno, EAGAIN);
	assert_true(n >= 16 && n < MANY);
	for (full = n; n > 0; n--)
		cv_wait_release(&waits[n - 1]);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, before.sa_handler);
	/* all the room is there again */
	while (n < full && cv_wait_init(&waits[n], true) == 0)
		n++;
	assert_int_equal(n, full);
	for (; n > 0; n--)
		cv_wait_release(&waits[n - 1]);
}

/* ---- the host's own handler ---- */

static volatile sig_atomic_t calls, had_info, blocked;

static void plain_handler(int sig)
{
	calls += sig == SIGCHLD;
	errno = EPROTO;
}

static void info_handler(int sig, siginfo_t *info, void *context)
{
	sigset_t mask;

	calls += sig == SIGCHLD;
	had_info = info != NULL && info->si_signo == SIGCHLD && info->si_pid > 0 && context != NULL;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	blocked = sigismember(&mask, SIGUSR2);
}

/* Ends a child and waits until the handler was called for it. */
static void end_one(struct cv_wait *wait)
{
	struct kid kid = start_kid(0);
	sig_atomic_t before = calls;

	let_go(&kid);
	if (wait != NULL)
		assert_true(is_readable(wait->wake_fd, PATIENCE));
	await_zombie(kid.pid);
	while (calls == before)
		is_readable(-1, 1);
	if (wait != NULL)
		cv_wait_woken(wait);
	reap_status(kid.pid, 0);
}

static void with_handler(const struct sigaction *host)
{
	struct sigaction before, set, now;
	struct cv_wait wait;

	assert_int_equal(sigaction(SIGCHLD, host, &before), 0);
	assert_int_equal(sigaction(SIGCHLD, NULL, &set), 0);
	open_signals(&wait);
	end_one(&wait);
	cv_wait_release(&wait);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, host->sa_handler);
	assert_int_equal(now.sa_flags, set.sa_flags);
	assert_int_equal(sigismember(&now.sa_mask, SIGUSR2), sigismember(&host->sa_mask, SIGUSR2));
	end_one(NULL);
	assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

static void test_chains_handler(void **state)
{
	struct sigaction host = { .sa_flags = SA_RESTART };

	(void)state;
	host.sa_handler = plain_handler;
	with_handler(&host);
}

/* With what it asked for: details, and its mask. */
static void test_chains_action(void **state)
{
	struct sigaction host = { .sa_flags = SA_SIGINFO };

	(void)state;
	host.sa_sigaction = info_handler;
	sigaddset(&host.sa_mask, SIGUSR2);
	with_handler(&host);
	assert_true(had_info);
	assert_true(blocked);
}

/* A host that ignores SIGCHLD loses no status while it is caught, and ignores it afterwards. */
static void test_ignoring_host(void **state)
{
	struct sigaction before, now;
	struct cv_wait wait;
	struct kid kid;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, NULL, &before), 0);
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	open_signals(&wait);
	kid = start_kid(5);
	let_go(&kid);
	assert_true(is_readable(wait.wake_fd, PATIENCE));
	await_zombie(kid.pid);
	reap_status(kid.pid, 5);
	cv_wait_release(&wait);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

static void (*below)(int sig, siginfo_t *info, void *context);

static void on_top(int sig, siginfo_t *info, void *context)
{
	calls++;
	below(sig, info, context);
}

/* What the host has put on top meanwhile stays, and what it calls in turn is still there. */
static void test_handler_on_top(void **state)
{
	struct sigaction before, ours, now, top = { .sa_flags = SA_SIGINFO | SA_RESTART };
	struct cv_wait wait;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, NULL, &before), 0);
	open_signals(&wait);
	assert_int_equal(sigaction(SIGCHLD, NULL, &ours), 0);
	below = ours.sa_sigaction;
	top.sa_sigaction = on_top;
	assert_int_equal(sigaction(SIGCHLD, &top, NULL), 0);
	end_one(&wait);
	cv_wait_release(&wait);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_true(now.sa_sigaction == on_top);
	end_one(NULL);
	assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_stopped_is_not_seen),
		cmocka_unit_test(test_others_left_alone),
		cmocka_unit_test(test_pidfd),
		cmocka_unit_test(test_sigchld),
		cmocka_unit_test(test_several_wakers),
		cmocka_unit_test(test_too_many_wakers),
		cmocka_unit_test(test_chains_handler),
		cmocka_unit_test(test_chains_action),
		cmocka_unit_test(test_ignoring_host),
		cmocka_unit_test(test_handler_on_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
