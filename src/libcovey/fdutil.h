/*
 * fdutil - small things about file descriptors
 *
 * Level 0. Every descriptor made here is close-on-exec and, so that a child's 0 to 2 can be set
 * up with plain dup2, numbered 3 or higher.
 */
#ifndef CV_FDUTIL_H
#define CV_FDUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How many there are of stdin, stdout and stderr, and the lowest number of any other descriptor. */
enum { CV_NSTDIO = 3 };

/* Closes *fd unless it is negative, and makes it -1. errno is left as it was. */
void cv_fd_close_open(int *fd);

static inline void cv_fd_close(int *fd)
{
	if (*fd >= 0)
		cv_fd_close_open(fd);
}

/* Moves fd to 3 or higher, closing the original. Returns the new one, or -1 with errno. */
int cv_fd_above_stdio(int fd);

/* Makes a pipe: ends[0] to read, ends[1] to write, neither blocks. Returns 0, or -1 with errno. */
int cv_fd_pipe(int ends[2]);

/* Opens an unlinked file in directory dir, to read and write. Returns it, or -1 with errno. */
int cv_fd_unlinked(const char *dir);

/* Reads a small file into buf, NUL-terminated and cut at size - 1. Returns its length, or -1. */
ssize_t cv_fd_slurp(int dirfd, const char *path, char *buf, size_t size);

/* Writes the text to the file in one write; returns 0, or -1 with errno. */
int cv_fd_put(int dirfd, const char *path, const char *text);

#endif
