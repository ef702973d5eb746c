/*
 * descriptors - how many are open here, and what one of them has to say
 */
#ifndef TESTS_DESCRIPTORS_H
#define TESTS_DESCRIPTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>

/* As many too many each time: to compare a number before with one after. */
static inline int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Within so many milliseconds, which a signal may begin anew. */
static inline bool is_readable(int fd, int patience)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, patience);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

#endif
