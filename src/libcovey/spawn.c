#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fdutil.h"

/* The descriptors of a child in the making; -1: none. */
struct ends {
	int in;            /* ours to close, unlike in_shared */
	int out[2], err[2], result[2];
};

int cv_spawner_init(struct cv_spawner *spawner, const char *tmpdir)
{
	memset(spawner, 0, sizeof *spawner);
	spawner->tmpdir = tmpdir;
	spawner->null_fd = cv_fd_above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	return spawner->null_fd < 0 ? -1 : 0;
}

void cv_spawner_release(struct cv_spawner *spawner)
{
	cv_path_release(&spawner->path);
	cv_fd_close(&spawner->null_fd);
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

/* A descriptor from which the bytes can be read; a file, so that nobody has to feed a pipe. */
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
		/* without O_NONBLOCK, opening a FIFO that nobody writes would stop everything */
		*in = *mine = cv_fd_above_stdio(
		    open(what->stdin_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
		return *in < 0 || fcntl(*in, F_SETFL, 0) != 0 ? -1 : 0;
	case COVEY_STDIN_BYTES:
		*in = *mine = bytes_fd(spawner, what->stdin_bytes, what->stdin_len);
		return *in < 0 ? -1 : 0;
	case COVEY_STDIN_FD:
		/* a copy at 3 or higher: dup2 of a descriptor onto itself would leave it close-on-exec */
		*in = *mine = fcntl(what->stdin_fd, F_DUPFD_CLOEXEC, 3);
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

/* As execvp does it: a file that the kernel cannot execute is a script for the shell. */
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

/* Runs the child; on failure, says whether the lack of something was to blame. */
static int start(struct cv_spawner *spawner, struct cv_child *child, struct cv_call *call,
    struct cv_spawned *spawned)
{
	spawned->pid = call != NULL ? cv_child_fork(child, call) : start_command(child);
	if (spawned->pid > 0)
		return 0;
	cv_path_forget(&spawner->path);
	return fail(spawned, child->failed_step, child->failed_errno,
	    strcmp(child->failed_step, "fork") == 0 && passing(child->failed_errno));
}

int cv_spawn(struct cv_spawner *spawner, const struct cv_spawn *what, struct cv_spawned *spawned)
{
	struct ends ends = { -1, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct cv_child child = {
		.argv = what->argv, .envp = what->envp, .cwd = what->cwd,
		.fds = { -1, -1, -1 }, .handled = handled(spawner),
		.cgroup_procs = what->cgroup_procs, .cgroup_dir_fd = what->cgroup_dir_fd,
		.new_group = spawner->new_group, .die_with_parent = spawner->die_with_parent,
		.inherit_fds = spawner->inherit_fds, .nofile = spawner->nofile, .settings = spawner->settings,
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
