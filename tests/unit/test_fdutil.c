#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdutil.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- a directory of our own ---- */

struct place {
	char dir[64];
	char file[80];
};

static int enter(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	snprintf(p->dir, sizeof p->dir, "/tmp/covey-fdutil-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof p->file, "%s/file", p->dir);
	*state = p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;

	unlink(p->file);
	assert_int_equal(rmdir(p->dir), 0);  /* fails where a test has left something behind */
	free(p);
	return 0;
}

static void fill(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool fit_for_use(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return fd >= 3 && flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

/* ---- closing ---- */

static void closing(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), number = fd;

	(void)state;
	assert_true(fd >= 0);
	errno = EDOM;
	cv_fd_close(&fd);
	assert_int_equal(errno, EDOM);
	assert_int_equal(fd, -1);
	assert_false(is_open(number));
	errno = EDOM;
	cv_fd_close(&fd);
	assert_int_equal(fd, -1);
	fd = number;    /* not open: close fails */
	cv_fd_close(&fd);
	assert_int_equal(errno, EDOM);
	assert_int_equal(fd, -1);
}

/* ---- with and without the standard descriptors ---- */

/* What a forked child returns: 0, or the line of the first thing that was wrong. */
typedef int in_child(const struct place *p);

#define NEEDS(truth) do { if (!(truth)) return __LINE__; } while (0)

/* Bit fd of closed: not open when the child runs. */
static void run_without(unsigned closed, in_child *body, const struct place *p)
{
	pid_t child = fork();
	int status, line;

	assert_true(child >= 0);
	if (child == 0) {
		for (int fd = 0; fd < 3; fd++) {
			if ((closed >> fd & 1) != 0)
				close(fd);
		}
		line = body(p);
		_exit(line == 0 ? 0 : 1 + (line - 1) % 255);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status))
		fail_msg("without descriptors %#x: wait status %#x", closed, (unsigned)status);
	if (WEXITSTATUS(status) != 0)
		fail_msg("without descriptors %#x: line %d, or 255 later", closed,
		    WEXITSTATUS(status));
}

static void run_without_any(in_child *body, const struct place *p)
{
	for (unsigned closed = 0; closed < 8; closed++)
		run_without(closed, body, p);
}

static int pipe_body(const struct place *p)
{
	bool low[3];
	char c = 0;
	int ends[2];

	(void)p;
	for (int fd = 0; fd < 3; fd++)
		low[fd] = is_open(fd);
	NEEDS(cv_fd_pipe(ends) == 0);
	NEEDS(fit_for_use(ends[0]) && fit_for_use(ends[1]));
	for (int fd = 0; fd < 3; fd++)
		NEEDS(is_open(fd) == low[fd]);
	NEEDS((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
	NEEDS((fcntl(ends[1], F_GETFL) & O_NONBLOCK) != 0);
	NEEDS(read(ends[0], &c, 1) == -1 && errno == EAGAIN);
	NEEDS(write(ends[1], "x", 1) == 1);
	NEEDS(read(ends[0], &c, 1) == 1 && c == 'x');
	cv_fd_close(&ends[1]);
	NEEDS(read(ends[0], &c, 1) == 0);
	return 0;
}

static void pipes(void **state)
{
	run_without_any(pipe_body, *state);
}

static int above_body(const struct place *p)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), moved;

	(void)p;
	NEEDS(fd >= 0);
	moved = cv_fd_above_stdio(fd);
	NEEDS(fit_for_use(moved));
	NEEDS(fd >= 3 ? moved == fd : !is_open(fd));
	return 0;
}

static void above_stdio(void **state)
{
	run_without_any(above_body, *state);
	errno = EDOM;
	assert_int_equal(cv_fd_above_stdio(-1), -1);
	assert_int_equal(errno, EDOM);
}

static int no_room_body(const struct place *p)
{
	struct stat st;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)p;
	NEEDS(fd == 0);
	/* take every number there is */
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	NEEDS(errno == EMFILE);
	errno = 0;
	NEEDS(cv_fd_above_stdio(fd) == -1 && errno == EMFILE);
	NEEDS(fstat(fd, &st) != 0);
	return 0;
}

static void above_stdio_without_room(void **state)
{
	run_without(1, no_room_body, *state);
}

/* ---- unlinked files ---- */

static int unlinked_body(const struct place *p)
{
	struct stat st;
	char c = 0;
	int fd = cv_fd_unlinked(p->dir);

	NEEDS(fit_for_use(fd));
	for (int low = 0; low < 3; low++)
		NEEDS(!is_open(low) || fstat(low, &st) != 0 || !S_ISREG(st.st_mode)
		    || st.st_nlink != 0);
	NEEDS(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 && st.st_size == 0);
	NEEDS((st.st_mode & 077) == 0);
	NEEDS(write(fd, "x", 1) == 1 && pread(fd, &c, 1, 0) == 1 && c == 'x');
	/* nothing in the directory: it can be removed */
	NEEDS(rmdir(p->dir) == 0 && mkdir(p->dir, 0700) == 0);
	return 0;
}

static void unlinked(void **state)
{
	run_without_any(unlinked_body, *state);
}

/* From now on, openat with O_TMPFILE fails as it does where the file system has none. */
static int forbid_tmpfile(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
	    || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return -1;
	return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) == -1 && errno == EOPNOTSUPP ? 0
	    : -1;
}

static bool can_forbid_tmpfile(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(forbid_tmpfile() == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

static int named_body(const struct place *p)
{
	NEEDS(forbid_tmpfile() == 0);
	return unlinked_body(p);
}

static void unlinked_without_o_tmpfile(void **state)
{
	if (!can_forbid_tmpfile())
		skip();
	run_without_any(named_body, *state);
}

static int long_name_body(const struct place *p)
{
	char dir[8192];

	(void)p;
	NEEDS(forbid_tmpfile() == 0);
	memset(dir, '/', sizeof dir - 1);
	dir[sizeof dir - 1] = '\0';
	errno = 0;
	NEEDS(cv_fd_unlinked(dir) == -1 && errno == ENAMETOOLONG);
	return 0;
}

static void unlinked_where_it_cannot_be(void **state)
{
	const struct place *p = *state;

	errno = 0;
	assert_int_equal(cv_fd_unlinked(p->file), -1);
	assert_int_equal(errno, ENOENT);
	fill(p->file, "x");
	errno = 0;
	assert_int_equal(cv_fd_unlinked(p->file), -1);
	assert_int_equal(errno, ENOTDIR);
	if (can_forbid_tmpfile())
		run_without(0, long_name_body, p);
}

/* ---- small files ---- */

static void slurp(void **state)
{
	const struct place *p = *state;
	char buf[16];

	fill(p->file, "0123456789");
	memset(buf, 'z', sizeof buf);
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->file, buf, sizeof buf), 10);
	assert_string_equal(buf, "0123456789");
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->file, buf, 11), 10);
	assert_string_equal(buf, "0123456789");

	memset(buf, 'z', sizeof buf);
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->file, buf, 5), 4);
	assert_string_equal(buf, "0123");
	assert_int_equal(buf[5], 'z');
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->file, buf, 1), 0);
	assert_string_equal(buf, "");
	fill(p->file, "");
	memset(buf, 'z', sizeof buf);
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->file, buf, sizeof buf), 0);
	assert_string_equal(buf, "");
}

static void slurp_in_a_directory(void **state)
{
	const struct place *p = *state;
	int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[16];

	assert_true(dir >= 0);
	fill(p->file, "here");
	assert_int_equal(cv_fd_slurp(dir, "file", buf, sizeof buf), 4);
	assert_string_equal(buf, "here");
	errno = 0;
	assert_int_equal(cv_fd_slurp(dir, "other", buf, sizeof buf), -1);
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_int_equal(cv_fd_slurp(AT_FDCWD, p->dir, buf, sizeof buf), -1);
	assert_int_equal(errno, EISDIR);
	/* a named pipe that nobody writes to is empty, and not waited for */
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkfifo(p->file, 0600), 0);
	assert_int_equal(cv_fd_slurp(dir, "file", buf, sizeof buf), 0);
	close(dir);
}

static void put(void **state)
{
	const struct place *p = *state;
	int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[16];

	assert_true(dir >= 0);
	errno = 0;
	assert_int_equal(cv_fd_put(dir, "file", "text"), -1);
	assert_int_equal(errno, ENOENT);
	fill(p->file, "");
	assert_int_equal(cv_fd_put(dir, "file", "text"), 0);
	assert_int_equal(cv_fd_slurp(dir, "file", buf, sizeof buf), 4);
	assert_string_equal(buf, "text");
	errno = 0;
	assert_int_equal(cv_fd_put(AT_FDCWD, "/dev/full", "text"), -1);
	assert_int_equal(errno, ENOSPC);
	close(dir);
}

static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void nothing_stays_open(void **state)
{
	const struct place *p = *state;
	int before = lowest_free(), ends[2], fd;
	char buf[4];

	fill(p->file, "long enough");
	cv_fd_slurp(AT_FDCWD, p->file, buf, sizeof buf);
	cv_fd_slurp(AT_FDCWD, p->dir, buf, sizeof buf);
	cv_fd_put(AT_FDCWD, p->file, "x");
	cv_fd_put(AT_FDCWD, "/dev/full", "x");
	cv_fd_unlinked(p->file);
	fd = cv_fd_unlinked(p->dir);
	cv_fd_close(&fd);
	assert_int_equal(cv_fd_pipe(ends), 0);
	cv_fd_close(&ends[0]);
	cv_fd_close(&ends[1]);
	assert_int_equal(lowest_free(), before);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing),
		IN_PLACE(pipes),
		IN_PLACE(above_stdio),
		IN_PLACE(above_stdio_without_room),
		IN_PLACE(unlinked),
		IN_PLACE(unlinked_without_o_tmpfile),
		IN_PLACE(unlinked_where_it_cannot_be),
		IN_PLACE(slurp),
		IN_PLACE(slurp_in_a_directory),
		IN_PLACE(put),
		IN_PLACE(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
