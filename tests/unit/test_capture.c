#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bsd/sys/param.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "chance.h"
#include "fdutil.h"

static unsigned char scratch[CV_SCRATCH_SIZE];

static const struct cv_capture_limits plain = {
	.spill_bytes = 4096, .tail_bytes = 100, .tmpdir = "/tmp"
};

#define SAME(got, wanted) same((uint64_t)(got), (uint64_t)(wanted), #got, __LINE__)

static void same(uint64_t got, uint64_t wanted, const char *what, int line)
{
	if (got != wanted)
		fail_msg("line %d: %s is %" PRIu64 ", not %" PRIu64 "; COVEY_TEST_SEED=%" PRIu64,
		    line, what, got, wanted, seed);
}

/* ---- the model: what was written, and what became of it ---- */

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

struct life {
	struct cv_capture_limits limits;
	struct cv_capture capture;
	int write_end;
	struct bytes written, offered, kept, noted;
	int takes;              /* of ten pieces */
};

static bool decide(void *arg, const void *data, size_t len)
{
	struct life *life = arg;
	bool taken = below(10) < (uint32_t)life->takes;

	SAME(len > 0, true);
	add(&life->offered, data, len);
	add(taken ? &life->noted : &life->kept, data, len);
	return taken;
}

static void begin(struct life *life)
{
	int ends[2];

	*life = (struct life){ .limits = {
		.spill_bytes = 1024 + skewed(63 << 10),
		.max_output = below(2) == 0 ? 0 : skewed(80 << 10),
		.tail_bytes = skewed(8 << 10),
		.tmpdir = "/tmp",
	} };
	life->takes = below(2) == 0 ? (int)below(11) : 10 * (int)below(2);
	assert_int_equal(cv_fd_pipe(ends), 0);
	if (below(4) == 0)
		assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	cv_capture_init(&life->capture, ends[0], &life->limits);
	life->write_end = ends[1];
}

/* Writes as much of some random bytes as the pipe takes. */
static void write_some(struct life *life)
{
	static unsigned char data[50000];
	size_t i, n = 1 + skewed(sizeof data - 1);
	ssize_t written;

	for (i = 0; i < n; i++)
		data[i] = (unsigned char)below(256);
	written = write(life->write_end, data, n);
	if (written > 0)
		add(&life->written, data, (size_t)written);
	else
		SAME(errno, EAGAIN);
}

static struct bytes expected(const struct life *life, bool offers)
{
	const struct bytes *kept = offers ? &life->kept : &life->written;
	size_t most = life->limits.max_output, head = most / 2, tail = most - head;
	struct bytes all = { 0 };

	if (kept->n == 0 && life->noted.n > 0) {
		tail = MIN(life->noted.n, life->limits.tail_bytes);
		add(&all, life->noted.data + life->noted.n - tail, tail);
	} else if (kept->n == 0 || most == 0 || kept->n <= most) {
		add(&all, kept->n == 0 ? (void *)"" : kept->data, kept->n);
	} else {
		add(&all, kept->data, head);
		add(&all, kept->data + kept->n - tail, tail);
	}
	return all;
}

static void check_output(const struct covey_output *o, const struct bytes *all)
{
	unsigned char *back = malloc(all->n + 1);
	int i;

	assert_non_null(back);
	SAME(covey_output_size(o), all->n);
	for (i = 0; i < 4; i++) {
		size_t offset = below((uint32_t)all->n + 1);
		size_t n = below((uint32_t)(all->n - offset) + 1);

		SAME(covey_output_read(o, offset, back, n), n);
		SAME(memcmp(back, all->data + offset, n), 0);
		SAME(covey_output_tail(o, back, n), n);
		SAME(memcmp(back, all->data + all->n - n, n), 0);
	}
	SAME(covey_output_read(o, 0, back, all->n + 1), all->n);
	SAME(memcmp(back, all->data, all->n), 0);
	free(back);
}

static void one_life(void)
{
	struct life life;
	uint32_t steps = below(25);
	bool offers = below(3) > 0;
	cv_capture_offer_fn *offer = offers ? decide : NULL;
	struct covey_output *o;
	struct bytes all;

	begin(&life);
	while (steps-- > 0) {
		write_some(&life);
		if (below(3) > 0)
			SAME(cv_capture_read(&life.capture, scratch, offer, &life),
			    CV_CAPTURE_OPEN);
	}
	close(life.write_end);
	SAME(cv_capture_read(&life.capture, scratch, offer, &life), CV_CAPTURE_ENDED);
	cv_capture_close(&life.capture);
	SAME(life.capture.fd, -1);
	SAME(life.capture.error, 0);
	if (offers) {
		SAME(life.offered.n, life.written.n);
		SAME(life.written.n > 0 && memcmp(life.offered.data, life.written.data,
		    life.written.n) != 0, false);
	}
	o = cv_capture_take(&life.capture);
	SAME(life.capture.output == NULL, true);
	SAME(o == NULL, life.written.n == 0);
	all = expected(&life, offers);
	check_output(o, &all);
	covey_output_free(o);
	free(all.data);
	free(life.written.data);
	free(life.offered.data);
	free(life.kept.data);
	free(life.noted.data);
}

static void equals_the_model(void **state)
{
	int i;

	(void)state;
	choose_seed();
	for (i = 0; i < 2000; i++)
		one_life();
}

/* ---- single facts ---- */

static void silent_stream(void **state)
{
	struct cv_capture c;
	int ends[2];

	(void)state;
	assert_int_equal(cv_fd_pipe(ends), 0);
	cv_capture_init(&c, ends[0], &plain);
	assert_int_equal(cv_capture_read(&c, scratch, NULL, NULL), CV_CAPTURE_OPEN);
	close(ends[1]);
	assert_int_equal(cv_capture_read(&c, scratch, NULL, NULL), CV_CAPTURE_ENDED);
	assert_null(cv_capture_take(&c));
	cv_capture_close(&c);
}

static void unreadable(void **state)
{
	struct cv_capture c;

	(void)state;
	cv_capture_init(&c, open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), &plain);
	assert_true(c.fd >= 0);
	assert_int_equal(cv_capture_read(&c, scratch, NULL, NULL), CV_CAPTURE_ENDED);
	assert_int_equal(c.error, EISDIR);
	cv_capture_close(&c);
}

/* The byte at each place of what flood writes. */
static unsigned char pattern(uint64_t at)
{
	return (unsigned char)(at * 7 + at / 253);
}

static void flood(int fd, size_t total)
{
	unsigned char data[8192];
	size_t done = 0, i;

	if (fcntl(fd, F_SETFL, 0) != 0)
		_exit(1);
	while (done < total) {
		for (i = 0; i < sizeof data; i++)
			data[i] = pattern(done + i);
		if (write(fd, data, sizeof data) != (ssize_t)sizeof data)
			_exit(1);
		done += sizeof data;
	}
	_exit(0);
}

/* A child that writes much; the capture of what it writes. */
static pid_t start_flood(struct cv_capture *c, const struct cv_capture_limits *limits, size_t total)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(cv_fd_pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		flood(ends[1], total);
	close(ends[1]);
	cv_capture_init(c, ends[0], limits);
	return pid;
}

/* Reads once the pipe has something; true while there may be more. */
static bool read_when_ready(struct cv_capture *c, cv_capture_offer_fn *offer, void *arg)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, -1), 1);
	return cv_capture_read(c, scratch, offer, arg) == CV_CAPTURE_OPEN;
}

static void assert_exited_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void voluminous(void **state)
{
	const size_t total = 16 << 20;
	struct cv_capture c;
	pid_t pid = start_flood(&c, &plain, total);
	uint64_t before = 0, at;
	bool more;

	(void)state;
	do {
		more = read_when_ready(&c, NULL, NULL);
		assert_true(covey_output_size(c.output) - before <= (1 << 20) + CV_SCRATCH_SIZE);
		before = covey_output_size(c.output);
	} while (more);
	assert_exited_well(pid);
	assert_int_equal(c.error, 0);
	assert_int_equal(before, total);
	for (at = 0; at < total; at += CV_SCRATCH_SIZE) {
		size_t i;

		assert_int_equal(covey_output_read(c.output, at, scratch, sizeof scratch),
		    sizeof scratch);
		for (i = 0; i < sizeof scratch; i++) {
			if (scratch[i] != pattern(at + i))
				fail_msg("byte %" PRIu64 " differs", at + i);
		}
	}
	cv_capture_close(&c);
	covey_output_free(cv_capture_take(&c));
}

static void larger_pipe_for_much(void **state)
{
	struct cv_capture c;
	int ends[2], small, i;

	(void)state;
	assert_int_equal(cv_fd_pipe(ends), 0);
	small = fcntl(ends[0], F_GETPIPE_SZ);
	if (fcntl(ends[0], F_SETPIPE_SZ, 1 << 20) != 1 << 20
	    || fcntl(ends[0], F_SETPIPE_SZ, small) != small)
		skip();
	cv_capture_init(&c, ends[0], &plain);
	for (i = 0; i < 8; i++) {
		assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), small);
		assert_int_equal(write(ends[1], scratch, 32 << 10), 32 << 10);
		assert_int_equal(cv_capture_read(&c, scratch, NULL, NULL), CV_CAPTURE_OPEN);
	}
	assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), 1 << 20);
	close(ends[1]);
	cv_capture_close(&c);
	covey_output_free(cv_capture_take(&c));
}

static bool count(void *arg, const void *data, size_t len)
{
	(void)data;
	*(size_t *)arg += len;
	return false;
}

/* The child is not held up, what came first stays, and there is no hole with bytes behind it. */
static void nowhere_to_keep_it(void **state)
{
	struct cv_capture_limits limits = plain;
	const size_t total = 3 << 20;
	size_t offered = 0, i;
	uint64_t kept;
	struct cv_capture c;
	pid_t pid;

	(void)state;
	limits.tmpdir = "/proc/self/nothing";
	limits.spill_bytes = 200 << 10;
	pid = start_flood(&c, &limits, total);
	while (read_when_ready(&c, count, &offered))
		continue;
	assert_exited_well(pid);
	assert_int_equal(offered, total);
	assert_int_equal(c.error, ENOENT);
	kept = covey_output_size(c.output);
	assert_true(kept > (200 << 10) - CV_SCRATCH_SIZE && kept <= 200 << 10);
	assert_int_equal(covey_output_read(c.output, 0, scratch, sizeof scratch), sizeof scratch);
	for (i = 0; i < sizeof scratch; i++)
		assert_int_equal(scratch[i], pattern(i));
	cv_capture_close(&c);
	covey_output_free(cv_capture_take(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_model),
		cmocka_unit_test(silent_stream),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(voluminous),
		cmocka_unit_test(larger_pipe_for_much),
		cmocka_unit_test(nowhere_to_keep_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
