#include "fdutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cv_fd_close_open(int *fd)
{
	int saved = errno;

	close(*fd);  /* on Linux the descriptor is gone whatever close returns */
	*fd = -1;
	errno = saved;
}

int cv_fd_above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd >= CV_NSTDIO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, CV_NSTDIO);
	cv_fd_close(&fd);
	return moved;
}

int cv_fd_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	if (ends[0] < CV_NSTDIO)
		ends[0] = cv_fd_above_stdio(ends[0]);
	if (ends[1] < CV_NSTDIO)
		ends[1] = cv_fd_above_stdio(ends[1]);
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	cv_fd_close(&ends[0]);
	cv_fd_close(&ends[1]);
	return -1;
}

static int unlinked_by_name(const char *dir)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof path, "%s/covey-XXXXXX", dir) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && unlink(path) != 0)
		cv_fd_close(&fd);
	return fd;
}

int cv_fd_unlinked(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* overlayfs and NFS, among others, have no O_TMPFILE; old kernels answer EISDIR */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL
	    || errno == ENOENT))
		fd = unlinked_by_name(dir);
	return cv_fd_above_stdio(fd);
}

ssize_t cv_fd_slurp(int dirfd, const char *path, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n = 0;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	while (used + 1 < size && (n = read(fd, buf + used, size - 1 - used)) > 0)
		used += (size_t)n;
	cv_fd_close(&fd);
	buf[used] = '\0';
	return n < 0 ? -1 : (ssize_t)used;
}

int cv_fd_put(int dirfd, const char *path, const char *text)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	cv_fd_close(&fd);
	return n < 0 ? -1 : 0;
}
