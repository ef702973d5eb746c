#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"
#include "fdutil.h"

enum {
	LAST_SIGNAL = 64,
	FAILED = 127  /* of a child that has not come to its program or function */
};

uint64_t cv_child_handled(void)
{
	struct sigaction action;
	uint64_t handled = 0;
	int sig;

	for (sig = 1; sig <= LAST_SIGNAL; sig++) {
		/* 32 and 33 are glibc's own */
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL
		    && action.sa_handler != SIG_IGN)
			handled |= UINT64_C(1) << (sig - 1);
	}
	return handled;
}

/*
 * The vfork child has a copy of the parent's signal handlers and shares its memory. A handler that
 * ran here would change the parent's data, so the handlers are reset before signals are unblocked.
 * Ignored signals stay ignored, as with exec.
 */
static void drop_handlers(uint64_t handled)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, before;

	for (; handled != 0; handled &= handled - 1) {
		int sig = __builtin_ctzll(handled) + 1;

		/* the host may ignore the signal by now */
		if (sigaction(sig, &action, &before) == 0 && before.sa_handler == SIG_IGN)
			sigaction(sig, &before, NULL);
	}
}

static void move_to_cgroup(const struct cv_child *child)
{
	int fd;

	if (!child->to_move)
		return;
	fd = openat(child->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	/* "0" stands for the process that writes it */
	if (fd >= 0 && write(fd, "0", 1) != 1)
		return;  /* then the tree is found by its process group and orphans only */
}

/* Gives the child a table of descriptors of its own, which has only those that it needs. */
static const char *unshare_fds(const struct cv_child *child)
{
	int i, highest = CV_NSTDIO - 1;

	if (!child->share_fds)
		return NULL;
	for (i = 0; i < CV_NSTDIO; i++)
		highest = child->fds[i] > highest ? child->fds[i] : highest;
	/* move_to_cgroup comes after this, since it opens a descriptor */
	if (child->to_move && child->cgroup_fd > highest)
		highest = child->cgroup_fd;
	return syscall(SYS_close_range, (unsigned)highest + 1, UINT_MAX, CLOSE_RANGE_UNSHARE) == 0
	    ? NULL : "close_range";
}

static const char *set_fds(const int fds[CV_NSTDIO])
{
	int i;

	for (i = 0; i < CV_NSTDIO; i++) {
		if (fds[i] < 0)
			continue;
		if (dup2(fds[i], i) < 0)
			return "dup2";
		/* neither end of a pipe blocks, but few programs expect EAGAIN */
		if (i != STDIN_FILENO && fcntl(i, F_SETFL, 0) != 0)
			return "fcntl";
	}
	return NULL;
}

/* The child must not have the host's descriptors that lack close-on-exec either. */
static void close_on_exec(void)
{
	/* kernels before 5.11 lack this: there, such descriptors are inherited */
	syscall(SYS_close_range, (unsigned)CV_NSTDIO, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

/* Limits come last, as the other settings might not be possible under them. */
static const char *apply_settings(const struct cv_child *child)
{
	const struct cv_child_settings *settings = child->settings;
	size_t i;

	if (child->nofile != NULL && setrlimit(RLIMIT_NOFILE, child->nofile) != 0)
		return "setrlimit";
	if (settings == NULL)
		return NULL;
	for (i = 0; i < settings->ninherit_fds; i++) {
		if (fcntl(settings->inherit_fds[i], F_SETFD, 0) != 0)
			return "fcntl";
	}
	if (settings->reniced && setpriority(PRIO_PROCESS, 0, settings->niceness) != 0)
		return "setpriority";
	for (i = 0; i < settings->nlimits; i++) {
		const struct covey_limit *limit = &settings->limits[i];

		if (setrlimit((__rlimit_resource_t)limit->resource, &limit->value) != 0)
			return "setrlimit";
	}
	return NULL;
}

/* Returns the step that failed, with errno, or NULL. */
static const char *take_place(const struct cv_child *child)
{
	const char *failed;

	if (child->new_group && setpgid(0, 0) != 0)
		return "setpgid";
	if (child->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return "prctl";
	/* until then, the parent's table of descriptors must not be touched */
	failed = unshare_fds(child);
	if (failed != NULL)
		return failed;
	move_to_cgroup(child);
	failed = set_fds(child->fds);
	if (failed != NULL)
		return failed;
	if (child->cwd != NULL && chdir(child->cwd) != 0)
		return "chdir";
	return NULL;
}

/* Execs. Returns the step that failed, with errno. */
static const char *become(const struct cv_child *child)
{
	const char *failed = take_place(child);

	if (failed != NULL)
		return failed;
	if (!child->inherit_fds)
		close_on_exec();
	failed = apply_settings(child);
	if (failed != NULL)
		return failed;
	drop_handlers(child->handled);
	if (sigprocmask(SIG_SETMASK, child->mask, NULL) != 0)
		return "sigprocmask";
	execve(child->path, (char *const *)(uintptr_t)child->argv,
	    (char *const *)(uintptr_t)child->envp);
	return "exec";
}

static _Noreturn void child_main(void *arg)
{
	struct cv_child *child = arg;

	child->began = true;
	child->failed_step = become(child);
	child->failed_errno = errno;
	_exit(FAILED);
}

static pid_t start_by_vfork(struct cv_child *child)
{
	pid_t pid;

	child->start_in_cgroup = false;
	child->to_move = child->cgroup_fd >= 0;
	pid = vfork();
	if (pid == 0)
		child_main(child);
	return pid;
}

static void reap(struct cv_child *child, pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	cv_fd_close(&child->pidfd);
}

static pid_t clone_into(struct cv_child *child, int cgroup_fd)
{
	struct cv_clone clone = {
		.run = child_main, .arg = child, .cgroup_fd = cgroup_fd,
		.share_fds = child->share_fds, .want_pidfd = child->want_pidfd,
	};
	pid_t pid = cv_clone(&clone);

	child->pidfd = clone.pidfd;
	return pid;
}

/* Would the start have failed in any other way, too? */
static bool is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

/*
 * Starts the child in its cgroup. Returns its pid, 0 if it has to be started in another way, or -1
 * if every other way would fail, too.
 *
 * Linux counts the kills of a cgroup (since 6.14), so that a fork in the midst of one dies, too.
 * But for a child that starts in a cgroup other than its parent's, the kernel compares with the
 * count of the parent's cgroup. Where the two differ, the child is dead before it has run.
 */
static pid_t start_in_cgroup(struct cv_child *child)
{
	pid_t pid = clone_into(child, child->cgroup_fd);

	if (pid < 0)
		return is_shortage(errno) ? -1 : 0;
	if (child->began)
		return pid;
	reap(child, pid);
	return 0;
}

/* A sandbox may allow clone3, but not with all the flags that are needed. */
static pid_t start_without_clone(struct cv_child *child)
{
	child->clone = child->share_fds = false;
	child->handled = cv_child_handled();
	return start_by_vfork(child);
}

static pid_t start_by_clone(struct cv_child *child)
{
	pid_t pid = 0;

	child->to_move = child->began = false;
	if (child->start_in_cgroup)
		pid = start_in_cgroup(child);
	child->start_in_cgroup = pid > 0;
	if (pid != 0 && !(pid < 0 && errno == EMFILE && child->want_pidfd))
		return pid;
	child->to_move = child->cgroup_fd >= 0;
	pid = clone_into(child, -1);
	/* the child can be watched without a pidfd */
	if (pid < 0 && errno == EMFILE && child->want_pidfd) {
		child->want_pidfd = false;
		pid = clone_into(child, -1);
	}
	return pid < 0 && !is_shortage(errno) ? start_without_clone(child) : pid;
}

pid_t cv_child_start(struct cv_child *child)
{
	sigset_t all, mask;
	pid_t pid;

	child->failed_step = NULL;
	child->failed_errno = 0;
	child->pidfd = -1;
	child->mask = &mask;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = child->clone ? start_by_clone(child) : start_by_vfork(child);
	if (pid < 0) {
		child->failed_step = "fork";
		child->failed_errno = errno;
	}
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (pid > 0 && child->failed_step != NULL) {
		reap(child, pid);
		return -1;
	}
	return pid;
}

/* ---- without exec ---- */

static void close_span(unsigned low, unsigned high)
{
	struct rlimit limit;
	unsigned fd;

	if (syscall(SYS_close_range, low, high, 0U) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	for (fd = low; fd <= high && fd < limit.rlim_cur; fd++)
		close((int)fd);
}

/* The lowest kept descriptor from low on; UINT_MAX: none. */
static unsigned next_kept(const struct cv_child_settings *settings, int result_fd, unsigned low)
{
	unsigned next = result_fd >= (int)low ? (unsigned)result_fd : UINT_MAX;
	size_t i;

	for (i = 0; settings != NULL && i < settings->ninherit_fds; i++) {
		unsigned fd = (unsigned)settings->inherit_fds[i];

		if (fd >= low && fd < next)
			next = fd;
	}
	return next;
}

/* No exec closes descriptors here, and a copy of another child's pipe would hold it open. */
static void close_others(const struct cv_child *child, int result_fd)
{
	unsigned low = CV_NSTDIO, kept;

	while ((kept = next_kept(child->settings, result_fd, low)) != UINT_MAX) {
		if (kept > low)
			close_span(low, kept - 1);
		low = kept + 1;
	}
	close_span(low, UINT_MAX);
}

/* Prepares the child as become does, up to the call. Returns the step that failed, or NULL. */
static const char *prepare_call(const struct cv_child *child, struct cv_call *call)
{
	const char *failed = take_place(child);

	if (failed != NULL)
		return failed;
	if (fcntl(call->result_fd, F_SETFL, 0) != 0)
		return "fcntl";
	close_others(child, call->result_fd);
	failed = apply_settings(child);
	if (failed != NULL)
		return failed;
	drop_handlers(child->handled);
	environ = (char **)(uintptr_t)child->envp;
	return sigprocmask(SIG_SETMASK, child->mask, NULL) != 0 ? "sigprocmask" : NULL;
}

/* The child writes a number into the note: a pointer from a child must not be followed. */
static const char *const steps[] = {
	"setpgid", "prctl", "dup2", "fcntl", "chdir", "setrlimit", "setpriority", "sigprocmask",
};

static int step_number(const char *step)
{
	int i = sizeof steps / sizeof *steps;

	while (i > 0 && strcmp(steps[i - 1], step) != 0)
		i--;
	return i;
}

const char *cv_child_step(int number)
{
	const int nsteps = sizeof steps / sizeof *steps;

	return number > 0 && number <= nsteps ? steps[number - 1] : "fork";
}

static _Noreturn void call_main(const struct cv_child *child, struct cv_call *call, pid_t parent)
{
	const char *failed = prepare_call(child, call);

	/* the parent had ended before the child asked to be killed with it */
	if (failed == NULL && child->die_with_parent && getppid() != parent)
		_exit(FAILED);
	if (failed == NULL)
		cv_call_run(call);
	call->note->failed_errno = errno;
	call->note->failed_step = step_number(failed);
	_exit(FAILED);
}

pid_t cv_child_fork(struct cv_child *child, struct cv_call *call)
{
	pid_t parent = getpid(), pid;
	sigset_t all, mask;

	child->failed_step = NULL;
	child->pidfd = -1;
	child->clone = false;
	child->mask = &mask;
	child->to_move = child->cgroup_fd >= 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = cv_note_share(call->note, true) != 0 ? -1 : fork();
	if (pid == 0)
		call_main(child, call, parent);
	if (pid < 0) {
		child->failed_step = "fork";
		child->failed_errno = errno;
	}
	(void)cv_note_share(call->note, false);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return pid;
}
