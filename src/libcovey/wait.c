#include "wait.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdutil.h"

/*
 * A signal handler can reach file-scope variables only: a descriptor for each executor that watches
 * with SIGCHLD (plus one, so that 0 means none), and the host's handlers. The lock is for
 * registrations; the handler reads without it.
 */
#define MAX_WAKERS 64
/* A handler that the host sets after ours may go on calling ours: then ours stays. */
#define MAX_BELOW 8
static atomic_int wakers[MAX_WAKERS];
static struct sigaction below[MAX_BELOW];
static atomic_int nbelow;
static atomic_int wakers_end;    /* there are no wakers from this index on */
static unsigned nwakers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void call(const struct sigaction *action, int sig, siginfo_t *info, void *context)
{
	if ((action->sa_flags & SA_SIGINFO) != 0)
		action->sa_sigaction(sig, info, context);
	else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
		action->sa_handler(sig);
}

/* Calls the handler that the host had before ours, or before the one that has called ours again. */
static void call_host(int sig, siginfo_t *info, void *context)
{
	static _Thread_local int depth;
	int level = atomic_load(&nbelow) - 1 - depth;

	if (level < 0)
		return;
	depth++;
	call(&below[level], sig, info, context);
	depth--;
}

static void on_sigchld(int sig, siginfo_t *info, void *context)
{
	static const uint64_t one = 1;
	int saved = errno, i, end = atomic_load(&wakers_end);

	for (i = 0; i < end; i++) {
		int fd = atomic_load(&wakers[i]) - 1;

		/* EAGAIN means that it is readable already */
		if (fd >= 0 && write(fd, &one, sizeof one) < 0)
			continue;
	}
	errno = saved;
	call_host(sig, info, context);
}

static int install(void)
{
	struct sigaction action, *host = &below[atomic_load(&nbelow)];

	if (atomic_load(&nbelow) == MAX_BELOW) {
		errno = EAGAIN;
		return -1;
	}
	memset(&action, 0, sizeof action);
	action.sa_sigaction = on_sigchld;
	if (sigaction(SIGCHLD, NULL, host) != 0)
		return -1;
	/* as the host's, but for SA_NOCLDWAIT, with which there would be no exit statuses */
	action.sa_mask = host->sa_mask;
	action.sa_flags = (host->sa_flags & (SA_RESTART | SA_ONSTACK | SA_NODEFER))
	    | SA_SIGINFO | SA_NOCLDSTOP;
	if (host->sa_handler == SIG_DFL || host->sa_handler == SIG_IGN)
		action.sa_flags |= SA_RESTART;
	atomic_fetch_add(&nbelow, 1);
	if (sigaction(SIGCHLD, &action, NULL) == 0)
		return 0;
	atomic_fetch_sub(&nbelow, 1);
	return -1;
}

static void uninstall(void)
{
	int top = atomic_load(&nbelow) - 1;
	struct sigaction now;

	/* a handler that the host set after ours may call ours, which must stay then */
	if (sigaction(SIGCHLD, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0
	    && now.sa_sigaction == on_sigchld && sigaction(SIGCHLD, &below[top], NULL) == 0)
		atomic_store(&nbelow, top);
}

static void raise_end(int end)
{
	int now = atomic_load(&wakers_end);

	while (now < end && !atomic_compare_exchange_weak(&wakers_end, &now, end))
		continue;
}

static int take_waker(int fd)
{
	int i;

	for (i = 0; i < MAX_WAKERS; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&wakers[i], &none, fd + 1)) {
			raise_end(i + 1);
			return 0;
		}
	}
	errno = EAGAIN;
	return -1;
}

static int register_waker(int fd)
{
	int result = take_waker(fd);

	pthread_mutex_lock(&lock);
	if (result == 0 && nwakers++ == 0)
		result = install();
	pthread_mutex_unlock(&lock);
	return result;
}

static void unregister_waker(int fd)
{
	int i;

	for (i = 0; i < MAX_WAKERS; i++) {
		int mine = fd + 1;

		atomic_compare_exchange_strong(&wakers[i], &mine, 0);
	}
	pthread_mutex_lock(&lock);
	if (--nwakers == 0)
		uninstall();
	pthread_mutex_unlock(&lock);
}

static bool have_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	bool have = fd >= 0;

	cv_fd_close(&fd);
	return have;
}

int cv_wait_init(struct cv_wait *wait, bool no_pidfd)
{
	wait->pidfd = !no_pidfd && have_pidfd();
	wait->wake_fd = -1;
	if (wait->pidfd)
		return 0;
	wait->wake_fd = cv_fd_above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (wait->wake_fd < 0)
		return -1;
	if (register_waker(wait->wake_fd) == 0)
		return 0;
	cv_fd_close(&wait->wake_fd);
	return -1;
}

void cv_wait_release(struct cv_wait *wait)
{
	if (wait->wake_fd >= 0)
		unregister_waker(wait->wake_fd);
	cv_fd_close(&wait->wake_fd);
}

void cv_wait_woken(const struct cv_wait *wait)
{
	uint64_t count;

	while (read(wait->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
		continue;
}

int cv_wait_fd(const struct cv_wait *wait, pid_t pid)
{
	if (wait->pidfd)
		return cv_fd_above_stdio((int)syscall(SYS_pidfd_open, pid, 0));
	errno = ENOSYS;
	return -1;
}

enum cv_wait_answer cv_wait_ask(pid_t pid)
{
	siginfo_t info;

	info.si_pid = 0;
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
		if (errno != EINTR)
			return CV_WAIT_LOST;
	}
	return info.si_pid != 0 ? CV_WAIT_EXITED : CV_WAIT_RUNS;
}

int cv_wait_reap(pid_t pid, int *status, struct rusage *usage)
{
	while (wait4(pid, status, 0, usage) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return 0;
}
