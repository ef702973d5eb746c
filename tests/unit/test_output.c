#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bsd/sys/param.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chance.h"
#include "fdutil.h"
#include "output.h"

enum { SKIPPED = 77 };

static const struct cv_capture_limits small = {
	.spill_bytes = 1000, .tail_bytes = 100, .tmpdir = "/tmp"
};

#define SAME(got, wanted) same((uint64_t)(got), (uint64_t)(wanted), #got, __LINE__)

static void same(uint64_t got, uint64_t wanted, const char *what, int line)
{
	if (got != wanted)
		fail_msg("line %d: %s is %" PRIu64 ", not %" PRIu64 "; COVEY_TEST_SEED=%" PRIu64,
		    line, what, got, wanted, seed);
}

/* ---- the model: everything in one array ---- */

struct bytes {
	unsigned char *data;
	size_t n;
};

static void add(struct bytes *b, const void *data, size_t n)
{
	b->data = realloc(b->data, b->n + n + 1);
	assert_non_null(b->data);
	memcpy(b->data + b->n, data, n);
	b->n += n;
}

static struct bytes expected(const struct bytes *kept, const struct bytes *noted,
    const struct cv_capture_limits *limits)
{
	struct bytes all = { 0 };
	size_t head = limits->max_output / 2, tail = limits->max_output - head;

	if (kept->n == 0) {
		tail = MIN(noted->n, limits->tail_bytes);
		add(&all, noted->n == 0 ? (void *)"" : noted->data + noted->n - tail, tail);
	} else if (limits->max_output == 0 || kept->n <= limits->max_output) {
		add(&all, kept->data, kept->n);
	} else {
		add(&all, kept->data, head);
		add(&all, kept->data + kept->n - tail, tail);
	}
	return all;
}

static void check_reads(const struct covey_output *o, const struct bytes *all)
{
	unsigned char buf[5000];
	int i;

	for (i = 0; i < 5; i++) {
		size_t offset = below((uint32_t)all->n + 10), want = skewed(sizeof buf);
		size_t there = offset < all->n ? MIN(want, all->n - offset) : 0;

		SAME(covey_output_read(o, offset, buf, want), there);
		SAME(memcmp(buf, all->data + MIN(offset, all->n), there), 0);
		there = MIN(want, all->n);
		SAME(covey_output_tail(o, buf, want), there);
		SAME(memcmp(buf, all->data + all->n - there, there), 0);
	}
}

/* Writes to a small non-blocking pipe that is emptied by random amounts. */
static void check_write(const struct covey_output *o, const struct bytes *all)
{
	unsigned char buf[9000];
	size_t written = 0, seen = 0;
	ssize_t n;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[0], F_SETPIPE_SZ, 4096) >= 4096);
	while (seen < all->n) {
		n = covey_output_write(o, written, below(4) == 0 ? skewed(9000) : UINT64_MAX,
		    ends[1]);
		if (n < 0)
			assert_int_equal(errno, EAGAIN);
		written += n > 0 ? (size_t)n : 0;
		n = read(ends[0], buf, 1 + skewed(sizeof buf - 1));
		if (n <= 0)
			continue;
		SAME(seen + (size_t)n <= written, true);
		SAME(memcmp(buf, all->data + seen, (size_t)n), 0);
		seen += (size_t)n;
	}
	SAME(written, all->n);
	assert_int_equal(covey_output_write(o, written, UINT64_MAX, ends[1]), 0);
	close(ends[0]);
	close(ends[1]);
}

static void check(const struct covey_output *o, const struct bytes *kept,
    const struct bytes *noted, const struct cv_capture_limits *limits)
{
	struct bytes all = expected(kept, noted, limits);
	uint64_t offset, cut = kept->n > 0 ? kept->n - all.n : 0;

	SAME(covey_output_size(o), all.n);
	SAME(covey_output_cut(o, &offset), cut);
	if (cut > 0)
		SAME(offset, limits->max_output / 2);
	check_reads(o, &all);
	if (below(4) == 0)
		check_write(o, &all);
	free(all.data);
}

static void one_life(void)
{
	static unsigned char data[20000];
	struct cv_capture_limits limits = {
		.spill_bytes = skewed(64 << 10),
		.max_output = below(2) == 0 ? 0 : skewed(96 << 10),
		.tail_bytes = skewed(8 << 10),
		.tmpdir = "/tmp",
	};
	struct covey_output *o = cv_output_create(&limits);
	struct bytes kept = { 0 }, noted = { 0 };
	uint32_t steps = 1 + below(30), notes = below(3);

	assert_non_null(o);
	while (steps-- > 0) {
		size_t i, n = skewed(sizeof data);

		for (i = 0; i < n; i++)
			data[i] = (unsigned char)below(256);
		if (notes == 1 || (notes == 2 && below(2) == 0)) {
			assert_int_equal(cv_output_note(o, data, n), 0);
			add(&noted, data, n);
		} else {
			assert_int_equal(covey_output_append(o, data, n), 0);
			add(&kept, data, n);
		}
		if (below(4) == 0)
			check(o, &kept, &noted, &limits);
	}
	check(o, &kept, &noted, &limits);
	covey_output_free(o);
	free(kept.data);
	free(noted.data);
}

static void equals_the_model(void **state)
{
	int i;

	(void)state;
	choose_seed();
	for (i = 0; i < 1500; i++)
		one_life();
}

static void null_is_empty(void **state)
{
	uint64_t offset = 5;
	char c;

	(void)state;
	assert_int_equal(covey_output_size(NULL), 0);
	assert_int_equal(covey_output_cut(NULL, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(covey_output_read(NULL, 0, &c, 1), 0);
	assert_int_equal(covey_output_tail(NULL, &c, 1), 0);
	assert_int_equal(covey_output_write(NULL, 0, 1, 1), 0);
	covey_output_free(NULL);
}

/* ---- errors ---- */

static void fill(unsigned char *data, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		data[i] = (unsigned char)(i * 31 + i / 251);
}

/* A pattern of n bytes in an output that spilled into directory tmpdir. */
static struct covey_output *spilled(const char *tmpdir, unsigned char *data, size_t n)
{
	struct covey_output *o = covey_output_new(1000, tmpdir);

	assert_non_null(o);
	fill(data, n);
	assert_int_equal(covey_output_append(o, data, n), 0);
	return o;
}

static void no_directory(void **state)
{
	struct cv_capture_limits limits = small;
	unsigned char data[600], back[sizeof data];
	struct covey_output *o;

	(void)state;
	limits.tmpdir = "/proc/self/nothing";
	o = cv_output_create(&limits);
	assert_non_null(o);
	fill(data, sizeof data);
	assert_int_equal(covey_output_append(o, data, sizeof data), 0);
	errno = 0;
	assert_int_equal(covey_output_append(o, data, sizeof data), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(covey_output_size(o), sizeof data);
	assert_int_equal(covey_output_read(o, 0, back, sizeof back), sizeof back);
	assert_memory_equal(back, data, sizeof data);
	covey_output_free(o);
}

/*
 * Appends until the file is full, and checks that what went in comes out. Runs in a child of its
 * own, where assertions have no test to fail: returns 0 or the number of what went wrong.
 */
static int fill_up(const char *tmpdir, int wanted_errno)
{
	static unsigned char data[777], back[sizeof data];
	struct covey_output *o = covey_output_new(2000, tmpdir);
	uint64_t accepted = 0, at;
	int saved;

	if (o == NULL)
		return 1;
	fill(data, sizeof data);
	while (covey_output_append(o, data, sizeof data) == 0) {
		accepted += sizeof data;
		if (accepted > 100 << 20)
			return 2;
	}
	saved = errno;
	if (saved != wanted_errno)
		return 3;
	if (accepted < 10000 || covey_output_size(o) < accepted
	    || covey_output_size(o) >= accepted + sizeof data)
		return 4;
	for (at = 0; at < accepted; at += sizeof data) {
		if (covey_output_read(o, at, back, sizeof back) != (ssize_t)sizeof back
		    || memcmp(back, data, sizeof data) != 0)
			return 5;
	}
	if (covey_output_append(o, data, sizeof data) == 0)
		return 6;
	covey_output_free(o);
	return 0;
}

static int full_by_limit(void)
{
	const struct rlimit limit = { 50000, 50000 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	return fill_up("/tmp", EFBIG);
}

/* Mounted where nobody else sees it. */
static int full_file_system(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0
	    || mount("none", "/tmp", "tmpfs", 0, "size=64k") != 0)
		return SKIPPED;
	return fill_up("/tmp", ENOSPC);
}

static int in_child(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void file_too_big(void **state)
{
	(void)state;
	assert_int_equal(in_child(full_by_limit), 0);
}

static void disk_full(void **state)
{
	int result = in_child(full_file_system);

	(void)state;
	if (result == SKIPPED)
		skip();
	assert_int_equal(result, 0);
}

/* ---- targets ---- */

static void write_all(const struct covey_output *o, int fd)
{
	uint64_t offset = 0;
	ssize_t n;

	while (offset < covey_output_size(o)) {
		n = covey_output_write(o, offset, UINT64_MAX, fd);
		assert_true(n > 0);
		offset += (uint64_t)n;
	}
}

static void write_to_file(int flags)
{
	static unsigned char data[3 << 20], back[sizeof data + 1];
	struct covey_output *o = spilled("/tmp", data, sizeof data);
	int fd = cv_fd_unlinked("/tmp");

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
	assert_int_equal(write(fd, "x", 1), 1);
	write_all(o, fd);
	assert_int_equal(pread(fd, back, sizeof back, 0), sizeof back);
	assert_memory_equal(back + 1, data, sizeof data);
	close(fd);
	covey_output_free(o);
}

static void to_a_file(void **state)
{
	(void)state;
	write_to_file(0);
}

static void to_a_file_in_append_mode(void **state)
{
	(void)state;
	write_to_file(O_APPEND);
}

static void to_a_full_device(void **state)
{
	static unsigned char data[5000];
	struct covey_output *o = spilled("/tmp", data, sizeof data);
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	errno = 0;
	assert_int_equal(covey_output_write(o, 0, UINT64_MAX, fd), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
	covey_output_free(o);
}

static void never_more_than_asked(void **state)
{
	static unsigned char data[5000], back[sizeof data];
	struct covey_output *o = spilled("/tmp", data, sizeof data);
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(covey_output_write(o, 100, 7, ends[1]), 7);
	assert_int_equal(read(ends[0], back, sizeof back), 7);
	assert_memory_equal(back, data + 100, 7);
	assert_int_equal(covey_output_write(o, 100, 0, ends[1]), 0);
	close(ends[0]);
	close(ends[1]);
	covey_output_free(o);
}

/* How much room the unlinked file in /tmp takes whose descriptor is fd. */
static uint64_t room_taken(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

/* The lowest descriptor number that is free. */
static int next_fd(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	assert_true(fd >= 3);
	close(fd);
	return fd;
}

static void move_all(struct covey_output *o, int fd)
{
	uint64_t offset = 0;
	ssize_t n;

	while ((n = covey_output_move(o, offset, 3 << 20, fd)) > 0)
		offset += (uint64_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(offset, covey_output_size(o));
}

static void moved_bytes_leave_their_room(void **state)
{
	static unsigned char data[20 << 20], back[sizeof data];
	int target = cv_fd_unlinked("/tmp"), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int spool = next_fd();
	struct covey_output *o = spilled("/tmp", data, sizeof data);
	uint64_t before = room_taken(spool);

	(void)state;
	assert_true(target >= 0 && null >= 0);
	/* but for what is still gathered in memory */
	assert_true(before >= sizeof data - (1 << 20));
	move_all(o, null);
	assert_int_equal(room_taken(spool), before);
	move_all(o, target);
	assert_true(room_taken(spool) <= before - (16 << 20));
	assert_int_equal(pread(target, back, sizeof back, 0), sizeof back);
	assert_memory_equal(back, data, sizeof data);
	assert_int_equal(covey_output_read(o, 16 << 20, back, sizeof back), 4 << 20);
	assert_memory_equal(back, data + (16 << 20), 4 << 20);
	close(target);
	close(null);
	covey_output_free(o);
}

static bool holds_file_in_tmp(int fd)
{
	char link[64], target[200];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof target - 1);
	return n > 5 && memcmp(target, "/tmp/", 5) == 0;
}

static int open_files_in_tmp(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += holds_file_in_tmp(fd);
	return count;
}

static void file_only_when_spilled(void **state)
{
	static unsigned char data[1001];
	struct covey_output *o = cv_output_create(&small);
	int before = open_files_in_tmp();

	(void)state;
	assert_non_null(o);
	assert_int_equal(covey_output_append(o, data, 1000), 0);
	assert_int_equal(open_files_in_tmp(), before);
	assert_int_equal(covey_output_append(o, data, 1), 0);
	assert_int_equal(open_files_in_tmp(), before + 1);
	covey_output_free(o);
	assert_int_equal(open_files_in_tmp(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_model),
		cmocka_unit_test(null_is_empty),
		cmocka_unit_test(no_directory),
		cmocka_unit_test(file_too_big),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(to_a_file),
		cmocka_unit_test(to_a_file_in_append_mode),
		cmocka_unit_test(to_a_full_device),
		cmocka_unit_test(never_more_than_asked),
		cmocka_unit_test(moved_bytes_leave_their_room),
		cmocka_unit_test(file_only_when_spilled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
