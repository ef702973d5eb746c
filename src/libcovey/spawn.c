#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clone.h"
#include "fdutil.h"

/* The descriptors of a child that is being started; -1: none. */
struct ends {
	int in;            /* stdin, where it was opened for this child */
	int out[2], err[2], result[2];
};

/* The kernel's smallest table of descriptors has this size: copying fewer saves nothing. */
#define SMALL_TABLE 64

/*
 * A child that shares this process's descriptors copies the table up to the highest that it needs.
 * Pipes that are made while thousands of files are open have high numbers, so some low numbers are
 * kept for them.
 */
static void reserve_low(struct cv_spawner *spawner)
{
	struct rlimit limit;
	int i;

	/* with such a limit, all numbers are low */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= SMALL_TABLE)
		return;
	for (i = 0; i < CV_NSTDIO; i++)
		spawner->low[i] = fcntl(spawner->null_fd, F_DUPFD_CLOEXEC, CV_NSTDIO);
}

int cv_spawner_init(struct cv_spawner *spawner, const char *tmpdir, bool no_clone)
{
	memset(spawner, 0, sizeof *spawner);
	spawner->low[0] = spawner->low[1] = spawner->low[2] = -1;
	spawner->tmpdir = tmpdir;
	spawner->clone = !no_clone && cv_clone_works();
	spawner->null_fd = cv_fd_above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (spawner->null_fd < 0)
		return -1;
	if (spawner->clone)
		reserve_low(spawner);
	return 0;
}

void cv_spawner_release(struct cv_spawner *spawner)
{
	int i;

	cv_path_release(&spawner->path);
	cv_fd_close(&spawner->null_fd);
	for (i = 0; i < CV_NSTDIO; i++)
		cv_fd_close(&spawner->low[i]);
}

void cv_spawner_look_again(struct cv_spawner *spawner)
{
	spawner->handled_known = false;
}

static uint64_t handled(struct cv_spawner *spawner)
{
	if (!spawner->handled_known)
		spawner->handled = cv_child_handled();
	spawner->handled_known = true;
	return spawner->handled;
}

static int write_all(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

/* A descriptor of a file with the bytes: a pipe would have to be filled while the child runs. */
static int bytes_fd(const struct cv_spawner *spawner, const void *data, size_t len)
{
	int fd = cv_fd_unlinked(spawner->tmpdir);

	if (fd >= 0 && write_all(fd, data, len) != 0)
		cv_fd_close(&fd);
	return fd;
}

/* Sets *in to the child's stdin, and *mine to the same if it is to be closed afterwards. */
static int open_stdin(const struct cv_spawner *spawner, const struct cv_spawn *what, int *in,
    int *mine)
{
	switch (what->stdin_source) {
	case COVEY_STDIN_NULL:
		*in = spawner->null_fd;
		return 0;
	case COVEY_STDIN_FILE:
		/* without O_NONBLOCK, opening a FIFO without a writer would stop everything */
		*in = *mine = cv_fd_above_stdio(
		    open(what->stdin_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
		return *in < 0 || fcntl(*in, F_SETFL, 0) != 0 ? -1 : 0;
	case COVEY_STDIN_BYTES:
		*in = *mine = bytes_fd(spawner, what->stdin_bytes, what->stdin_len);
		return *in < 0 ? -1 : 0;
	case COVEY_STDIN_FD:
		/* a copy, 3 or higher: dup2 of a descriptor onto itself leaves it close-on-exec */
		*in = *mine = fcntl(what->stdin_fd, F_DUPFD_CLOEXEC, CV_NSTDIO);
		return *in < 0 ? -1 : 0;
	case COVEY_STDIN_INHERIT:
		return 0;
	}
	errno = EINVAL;
	return -1;
}

static void close_ends(struct ends *ends)
{
	cv_fd_close(&ends->in);
	cv_fd_close(&ends->out[0]);
	cv_fd_close(&ends->out[1]);
	cv_fd_close(&ends->err[0]);
	cv_fd_close(&ends->err[1]);
	cv_fd_close(&ends->result[0]);
	cv_fd_close(&ends->result[1]);
}

static bool passing(int sys_errno)
{
	return sys_errno == EMFILE || sys_errno == ENFILE || sys_errno == EAGAIN
	    || sys_errno == ENOMEM || sys_errno == ENOBUFS;
}

static int fail(struct cv_spawned *spawned, const char *step, int sys_errno, bool exhausted)
{
	spawned->pid = 0;
	spawned->step = step;
	spawned->sys_errno = sys_errno;
	spawned->exhausted = exhausted;
	return -1;
}

static int open_ends(const struct cv_spawner *spawner, const struct cv_spawn *what,
    struct cv_child *child, struct ends *ends)
{
	if (open_stdin(spawner, what, &child->fds[0], &ends->in) != 0)
		return -1;
	if (what->call != NULL && cv_fd_pipe(ends->result) != 0)
		return -1;
	if (spawner->inherit_output)
		return 0;
	if (cv_fd_pipe(ends->out) != 0 || cv_fd_pipe(ends->err) != 0)
		return -1;
	child->fds[1] = ends->out[1];
	child->fds[2] = ends->err[1];
	return 0;
}

/* As with execvp, a file that the kernel cannot execute is a script for the shell. */
static pid_t start_with_shell(struct cv_child *child)
{
	size_t n = 0;
	const char **argv;
	pid_t pid;

	while (child->argv[n] != NULL)
		n++;
	argv = calloc(n + 2, sizeof *argv);
	if (argv == NULL) {
		child->failed_step = "fork";
		child->failed_errno = ENOMEM;
		return -1;
	}
	argv[0] = "sh";
	argv[1] = child->path;
	memcpy(argv + 2, child->argv + 1, n * sizeof *argv);
	child->path = "/bin/sh";
	child->argv = argv;
	pid = cv_child_start(child);
	free(argv);
	return pid;
}

static pid_t start_command(struct cv_child *child)
{
	pid_t pid = cv_child_start(child);

	return pid < 0 && child->failed_errno == ENOEXEC ? start_with_shell(child) : pid;
}

/* Copies the child's descriptors to low numbers, where that saves something. */
static bool use_low(const struct cv_spawner *spawner, int fds[CV_NSTDIO])
{
	int i;

	for (i = 0; i < CV_NSTDIO; i++) {
		if (fds[i] < SMALL_TABLE || fds[i] <= spawner->low[i])
			continue;
		if (spawner->low[i] < 0 || dup3(fds[i], spawner->low[i], O_CLOEXEC) < 0)
			return false;
		fds[i] = spawner->low[i];
	}
	return true;
}

/* Closes this process's copies of the pipes: with a copy open, a pipe would never end. */
static void free_low(struct cv_spawner *spawner, const int fds[CV_NSTDIO])
{
	int i;

	for (i = 0; i < CV_NSTDIO; i++) {
		if (fds[i] < 0 || fds[i] != spawner->low[i])
			continue;
		/* this needs no new descriptor, but the host may have lowered its limit */
		if (dup3(spawner->null_fd, spawner->low[i], O_CLOEXEC) < 0)
			cv_fd_close(&spawner->low[i]);
	}
}

static pid_t start_sharing(struct cv_spawner *spawner, struct cv_child *child)
{
	pid_t pid;

	child->share_fds = use_low(spawner, child->fds);
	pid = start_command(child);
	free_low(spawner, child->fds);
	return pid;
}

/* Does the path lead through descriptors? A child that shares them has copied only some. */
static bool leads_through_fds(const char *path)
{
	return path != NULL
	    && (strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/fd/", 8) == 0);
}

static bool may_share(const struct cv_child *child)
{
	return child->clone && !child->inherit_fds
	    && (child->settings == NULL || child->settings->ninherit_fds == 0)
	    && !leads_through_fds(child->path) && !leads_through_fds(child->cwd);
}

/* After so many children of which none could be started in its cgroup, it is not tried again. */
#define CGROUP_STARTS_TRIED 3

/* Remembers which ways to start a child work. */
static void learn(struct cv_spawner *spawner, const struct cv_child *child)
{
	bool made = child->failed_step == NULL || strcmp(child->failed_step, "fork") != 0;

	spawner->clone = child->clone;
	if (!made || child->cgroup_fd < 0 || spawner->inside_cgroup
	    || spawner->outside_cgroup == CGROUP_STARTS_TRIED)
		return;
	spawner->inside_cgroup = child->start_in_cgroup;
	spawner->outside_cgroup += !child->start_in_cgroup;
}

/* Starts the child. On failure, says whether something had run out. */
static int start(struct cv_spawner *spawner, struct cv_child *child, struct cv_call *call,
    struct cv_spawned *spawned)
{
	bool of_child;

	if (call != NULL || !child->clone)
		child->handled = handled(spawner);
	if (call != NULL) {
		spawned->pid = cv_child_fork(child, call);
	} else {
		spawned->pid = may_share(child) ? start_sharing(spawner, child)
		    : start_command(child);
		learn(spawner, child);
	}
	spawned->pidfd = cv_fd_above_stdio(child->pidfd);
	if (spawned->pid > 0)
		return 0;
	cv_path_forget(&spawner->path);
	/* only a failure to make the child may pass, and not one of its program */
	of_child = strcmp(child->failed_step, "fork") == 0
	    || strcmp(child->failed_step, "close_range") == 0;
	return fail(spawned, child->failed_step, child->failed_errno,
	    of_child && passing(child->failed_errno));
}

int cv_spawn(struct cv_spawner *spawner, const struct cv_spawn *what, struct cv_spawned *spawned)
{
	struct ends ends = {
		.in = -1, .out = { -1, -1 }, .err = { -1, -1 }, .result = { -1, -1 },
	};
	struct cv_child child = {
		.argv = what->argv, .envp = what->envp, .cwd = what->cwd,
		.fds = { -1, -1, -1 }, .cgroup_fd = what->cgroup_fd,
		.start_in_cgroup = what->cgroup_fd >= 0
		    && spawner->outside_cgroup < CGROUP_STARTS_TRIED,
		.clone = spawner->clone, .want_pidfd = spawner->want_pidfd, .pidfd = -1,
		.new_group = spawner->new_group, .die_with_parent = spawner->die_with_parent,
		.inherit_fds = spawner->inherit_fds, .nofile = spawner->nofile,
		.settings = spawner->settings,
	};

	if (what->call == NULL) {
		child.path = cv_path_find(&spawner->path, what->argv[0], what->search);
		if (child.path == NULL)
			return fail(spawned, "exec", errno, false);
	}
	if (open_ends(spawner, what, &child, &ends) != 0) {
		bool exhausted = passing(errno);

		fail(spawned, child.fds[0] < 0 && what->stdin_source != COVEY_STDIN_INHERIT
		    ? "open stdin" : "pipe", errno, exhausted);
		close_ends(&ends);
		return -1;
	}
	if (what->call != NULL)
		what->call->result_fd = ends.result[1];
	if (start(spawner, &child, what->call, spawned) != 0) {
		close_ends(&ends);
		return -1;
	}
	spawned->out = ends.out[0];
	spawned->err = ends.err[0];
	spawned->result = ends.result[0];
	ends.out[0] = ends.err[0] = ends.result[0] = -1;
	close_ends(&ends);
	return 0;
}
