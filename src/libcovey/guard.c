/*
 * The guard takes its signals synchronously, with sigwaitinfo. SIGCHLD is one of them, so neither
 * pidfd nor handlers are needed, and no signal is missed between two waits.
 *
 * The guard is a subreaper: a process whose parent ends becomes a child of the guard. So the guard
 * kills everything that the supervisor has left running by killing its own children until it has
 * none.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"
#include "fdutil.h"
#include "procfs.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define KILL_WAIT_NSEC (100 * COVEY_MSEC)
/* after so many waits in a row, 10 s, in which no process ends, the rest cannot be killed */
#define KILL_WAITS 100

/* As from wait(2): the exit status 255, for a supervisor of which the real one is not known. */
enum { STATUS_LOST = 255 << 8 };

static const int relayed_signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH
};

/* A supervisor that ends by one of these was killed or has crashed. */
static const int crash_signals[] = {
	SIGKILL, SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS
};

struct watch {
	pid_t supervisor;
	int pipe[2];
	sigset_t taken;           /* signals that sigwaitinfo is to take */
	struct cv_pids before;    /* children that the caller had before: they are not killed */

	sigset_t old_mask;
	struct sigaction old_chld, old_pipe;
	int old_subreaper;
};

/* ---- before and after ---- */

/* A signal that the caller ignores is ignored by the guard, too, as for nohup. */
static bool is_ignored(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

static void set_signals(struct watch *w)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	size_t i;

	sigemptyset(&w->taken);
	sigaddset(&w->taken, SIGCHLD);
	for (i = 0; i < COUNT(relayed_signals); i++) {
		if (relayed_signals[i] == SIGCONT || !is_ignored(relayed_signals[i]))
			sigaddset(&w->taken, relayed_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &w->taken, &w->old_mask);
	/* with SIGCHLD ignored, the kernel would discard the supervisor's status */
	sigaction(SIGCHLD, &standard, &w->old_chld);
	sigaction(SIGPIPE, &ignore, &w->old_pipe);
}

static void restore_signals(const struct watch *w)
{
	sigaction(SIGCHLD, &w->old_chld, NULL);
	sigaction(SIGPIPE, &w->old_pipe, NULL);
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
}

static int prepare(struct watch *w, struct covey_error *err)
{
	*w = (struct watch){ .pipe = { -1, -1 } };
	if (cv_fd_pipe(w->pipe) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot make a pipe for the guard");
	if (cv_procfs_children(getpid(), &w->before) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot list children in '/proc'");
	if (prctl(PR_GET_CHILD_SUBREAPER, &w->old_subreaper) != 0
	    || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot adopt orphaned processes");
	return 0;
}

static void release(struct watch *w)
{
	cv_fd_close(&w->pipe[0]);
	cv_fd_close(&w->pipe[1]);
	cv_pids_release(&w->before);
}

/* ---- while the supervisor lives ---- */

/* The process that sent the signal; 0 where that is not known. */
static pid_t sender_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_TKILL:
		return info->si_pid;
	default:
		return 0;
	}
}

static void relay(const struct watch *w, const siginfo_t *info)
{
	struct covey_relayed message = { .signal = info->si_signo, .sender = sender_of(info) };

	if (message.sender == w->supervisor)
		return;  /* the supervisor signals its own process group, or wakes the guard */
	if (info->si_signo == SIGCONT)
		kill(w->supervisor, SIGCONT);  /* a stopped supervisor cannot read */
	if (info->si_code == SI_KERNEL)
		return;
	/* a full pipe has thousands of messages; without a reader, the supervisor is gone */
	while (write(w->pipe[1], &message, sizeof message) < 0 && errno == EINTR)
		continue;
}

/* Stops the guard, unless SIGCONT has come already, which a stop would discard. */
static void stop_too(const struct watch *w)
{
	sigset_t pending;
	int status;

	if (sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1)
		return;
	if (waitpid(w->supervisor, &status, WCONTINUED | WNOHANG) == w->supervisor)
		return;
	kill(getpid(), SIGSTOP);
}

static bool is_before(const struct watch *w, pid_t pid)
{
	size_t i;

	for (i = 0; i < w->before.n; i++) {
		if (w->before.pids[i] == pid)
			return true;
	}
	return false;
}

/* Lists the children that the guard has adopted since the start. */
static int list_adopted(const struct watch *w, struct cv_pids *list)
{
	size_t i, kept = 0;

	if (cv_procfs_children(getpid(), list) != 0)
		return -1;
	for (i = 0; i < list->n; i++) {
		if (list->pids[i] != w->supervisor && !is_before(w, list->pids[i]))
			list->pids[kept++] = list->pids[i];
	}
	list->n = kept;
	return 0;
}

/* The guard adopts the orphans of a supervisor that is no subreaper. */
static void reap_adopted(const struct watch *w)
{
	struct cv_pids list = { 0 };
	size_t i;

	if (list_adopted(w, &list) == 0) {
		for (i = 0; i < list.n; i++)
			waitpid(list.pids[i], NULL, WNOHANG);
	}
	cv_pids_release(&list);
}

/* Deals with a SIGCHLD. Returns true if the supervisor has ended. */
static bool has_ended(struct watch *w, int *status)
{
	pid_t pid;

	do
		pid = waitpid(w->supervisor, status, WNOHANG | WUNTRACED);
	while (pid < 0 && errno == EINTR);
	if (pid == w->supervisor && !WIFSTOPPED(*status))
		return true;
	if (pid < 0) {
		*status = STATUS_LOST;  /* a handler of the host's has reaped the supervisor */
		return true;
	}
	if (pid == w->supervisor)
		stop_too(w);
	reap_adopted(w);
	return false;
}

static void watch_supervisor(struct watch *w, int *status)
{
	siginfo_t info;

	for (;;) {
		if (sigwaitinfo(&w->taken, &info) < 0)
			continue;  /* EINTR: a handler of the host ran, or the guard was stopped */
		if (info.si_signo != SIGCHLD)
			relay(w, &info);
		else if (has_ended(w, status))
			return;
	}
}

/* ---- when it has ended ---- */

static bool was_orderly(int status)
{
	size_t i;

	for (i = 0; WIFSIGNALED(status) && i < COUNT(crash_signals); i++) {
		if (WTERMSIG(status) == crash_signals[i])
			return false;
	}
	return true;
}

/*
 * Kills each adopted child, or reaps it if it has ended, and counts both. Returns -1 if the
 * children could not be listed. One that may not be signalled, such as a set-user-ID program, is
 * not counted.
 */
static int kill_round(const struct watch *w, size_t *killed, size_t *reaped)
{
	struct cv_pids list = { 0 };
	int result = list_adopted(w, &list);
	size_t i;

	*killed = *reaped = 0;
	for (i = 0; result == 0 && i < list.n; i++) {
		if (waitpid(list.pids[i], NULL, WNOHANG) == list.pids[i])
			++*reaped;
		else if (kill(list.pids[i], SIGKILL) == 0)
			++*killed;
	}
	cv_pids_release(&list);
	return result;
}

/* Waits for a child to end. Returns false if none ended in KILL_WAIT_NSEC. */
static bool wait_for_death(void)
{
	const struct timespec pause = { .tv_nsec = KILL_WAIT_NSEC };
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	return sigtimedwait(&chld, NULL, &pause) >= 0;
}

/* A child that ends may leave children, which are adopted: the last round finds none. */
static void kill_adopted(const struct watch *w)
{
	size_t killed, reaped;
	int idle = 0;

	while (idle < KILL_WAITS) {
		int result = kill_round(w, &killed, &reaped);

		if (result == 0 && killed == 0 && reaped == 0)
			return;
		if (reaped > 0)
			idle = 0;
		else if (!wait_for_death())
			idle++;
	}
}

/* Signals for the supervisor, which is gone, must not kill the caller once they are unblocked. */
static void discard_pending(const struct watch *w)
{
	const struct timespec now = { 0 };

	while (sigtimedwait(&w->taken, NULL, &now) >= 0 || errno == EINTR)
		continue;
}

static void guard_supervisor(struct watch *w, struct covey_guard *guard)
{
	cv_fd_close(&w->pipe[0]);
	watch_supervisor(w, &guard->wait_status);
	if (!guard->keep_leftovers || !was_orderly(guard->wait_status))
		kill_adopted(w);
	cv_cgroup_remove(w->supervisor);
	discard_pending(w);
	if (w->old_subreaper == 0)
		prctl(PR_SET_CHILD_SUBREAPER, 0);
	restore_signals(w);
	release(w);
}

enum covey_guard_result covey_guard(struct covey_guard *guard, struct covey_error *err)
{
	struct watch w;
	pid_t self = getpid();

	if (guard == NULL) {
		cv_error(err, COVEY_BAD_ARGUMENT, 0, "the guard is NULL");
		return COVEY_GUARD_FAILED;
	}
	if (prepare(&w, err) != 0) {
		release(&w);
		return COVEY_GUARD_FAILED;
	}
	set_signals(&w);
	w.supervisor = fork();
	if (w.supervisor > 0) {
		guard->pid = w.supervisor;
		guard->fd = -1;
		guard_supervisor(&w, guard);
		return COVEY_GUARD_ENDED;
	}
	restore_signals(&w);
	if (w.supervisor < 0) {
		cv_error(err, COVEY_SYSTEM, errno, "cannot fork the guard");
		if (w.old_subreaper == 0)
			prctl(PR_SET_CHILD_SUBREAPER, 0);
		release(&w);
		return COVEY_GUARD_FAILED;
	}
	guard->pid = self;
	guard->fd = w.pipe[0];
	w.pipe[0] = -1;
	release(&w);
	return COVEY_GUARD_WATCHES;
}

void covey_guard_wake(const struct covey_guard *guard)
{
	/* after the guard's end, another process may have its number */
	if (guard != NULL && guard->pid > 0 && getppid() == guard->pid)
		kill(guard->pid, SIGCONT);
}
