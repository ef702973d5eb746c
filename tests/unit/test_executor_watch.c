/*
 * An executor and its host's event loop: descriptors that either watches for the other.
 */
#include "executor_steps.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watched {
	struct rig *rig;
	int fds[2][2];
	unsigned calls[2], others;
	bool drop_both;
};

static void open_watched(struct watched *w, struct rig *rig)
{
	*w = (struct watched){ .rig = rig };
	assert_int_equal(pipe2(w->fds[0], O_CLOEXEC), 0);
	assert_int_equal(pipe2(w->fds[1], O_CLOEXEC), 0);
}

static void close_watched(struct watched *w)
{
	int i;

	for (i = 0; i < 4; i++)
		close(w->fds[i / 2][i % 2]);
}

static void on_readable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct watched *w = user;
	int i = fd == w->fds[0][0] ? 0 : 1;
	char c;

	w->calls[i]++;
	if (events != EPOLLIN || read(fd, &c, 1) != 1)
		strlcpy(w->rig->wrong, "not what was watched for", sizeof w->rig->wrong);
	if (!w->drop_both)
		return;
	covey_watch(ex, w->fds[0][0], 0, NULL, NULL, NULL);
	covey_watch(ex, w->fds[1][0], 0, NULL, NULL, NULL);
}

static void on_other(struct covey *ex, int fd, unsigned events, void *user)
{
	struct watched *w = user;

	(void)fd;
	if (events != EPOLLOUT || covey_step(ex, 0, NULL) != -1)
		strlcpy(w->rig->wrong, "not what was watched for", sizeof w->rig->wrong);
	w->others++;
}

static void watch(struct rig *rig, int fd, unsigned events, covey_watch_fn *on_fd, void *user)
{
	if (covey_watch(rig->ex, fd, events, on_fd, user, &rig->err) != 0)
		fail_msg("%s", rig->err.message);
}

static void test_watch(struct rig *rig)
{
	struct watched w;

	open_watched(&w, rig);
	start_rig(rig);
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	/* nothing that is left to be done */
	assert_int_equal(covey_run(rig->ex, &rig->err), 0);
	sh(rig, WAIT_FOR("gate"));
	assert_int_equal(write(w.fds[0][1], "ab", 2), 2);
	TURN_UNTIL(rig, w.calls[0] == 2);
	/* another callback, other events: a pipe's writing end is ready as long as there is room */
	watch(rig, w.fds[1][1], EPOLLIN, on_readable, &w);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	watch(rig, w.fds[1][1], EPOLLOUT, on_other, &w);
	TURN_UNTIL(rig, w.others >= 2);
	watch(rig, w.fds[1][1], 0, NULL, NULL);
	w.others = 0;
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(w.others, 0);
	assert_int_equal(w.calls[1], 0);
	open_gate(rig, "gate");
	run(rig);
	close_watched(&w);
}

/* Both are ready at once, and whichever is first ends the other's watch, too. */
static void test_unwatch_in_callback(struct rig *rig)
{
	struct watched w;

	open_watched(&w, rig);
	w.drop_both = true;
	start_rig(rig);
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	watch(rig, w.fds[1][0], EPOLLIN, on_readable, &w);
	assert_int_equal(write(w.fds[0][1], "ab", 2), 2);
	assert_int_equal(write(w.fds[1][1], "ab", 2), 2);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 1);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 1);
	w.drop_both = false;
	watch(rig, w.fds[0][0], EPOLLIN, on_readable, &w);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(w.calls[0] + w.calls[1], 2);
	close_watched(&w);
}

static void test_watch_refused(struct rig *rig)
{
	int fd;

	start_rig(rig);
	write_file(rig, "regular", "", 0600);
	fd = open(in_dir(rig, "regular"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(covey_watch(rig->ex, fd, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_SYSTEM);
	assert_int_equal(rig->err.sys_errno, EPERM);
	close(fd);
	assert_int_equal(covey_watch(rig->ex, fd, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.sys_errno, EBADF);
	assert_int_equal(covey_watch(rig->ex, -1, EPOLLIN, on_other, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(covey_watch(rig->ex, 0, EPOLLIN, NULL, NULL, &rig->err), -1);
	assert_int_equal(rig->err.code, COVEY_BAD_ARGUMENT);
}

/* With only what covey.h says about other loops. */
static void test_embedded(struct rig *rig)
{
	struct covey_command c;
	uint64_t id, late;
	int left = 1;

	rig->o.max_tries = 2;
	rig->o.retry_interval = 20 * COVEY_MSEC;
	start_rig(rig);
	id = sh(rig, "test -e again || { : >again; exit 1; }; head -c 100000 /dev/zero");
	covey_command_init(&c, sizeof c);
	c.timeout = 100 * COVEY_MSEC;
	c.tries = 1;
	late = submit_script(rig, &c, "sleep 3600");
	while (left > 0) {
		struct pollfd pfd = { .fd = covey_fd(rig->ex), .events = POLLIN };
		covey_nsec patience = covey_next_deadline(rig->ex);
		int ms = patience < 0 ? 60000 : (int)((patience + COVEY_MSEC - 1) / COVEY_MSEC);

		if (patience < 0 && poll(&pfd, 1, ms) == 0)
			fail_msg("nothing to wait for, and nothing happens");
		else if (patience >= 0)
			poll(&pfd, 1, ms);
		left = covey_step(rig->ex, 0, &rig->err);
		assert_true(clock_now() < rig->give_up);
	}
	assert_int_equal(left, 0);
	assert_outcome(rig, id, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[id].started, 2);
	assert_int_equal(rig->tasks[id].size[0], 100000);
	assert_outcome(rig, late, COVEY_TIMEOUT);
}

/* What covey_fd says before and after: it is quiet until something happens, and quiet again. */
static void test_fd_quiet(struct rig *rig)
{
	struct pollfd pfd = { .events = POLLIN };

	start_rig(rig);
	pfd.fd = covey_fd(rig->ex);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	sh(rig, WAIT_FOR("gate"));
	assert_int_equal(covey_next_deadline(rig->ex), 0);
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 1);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
	open_gate(rig, "gate");
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	run(rig);
	/* a SIGCHLD may have come for what was seen already */
	assert_int_equal(covey_step(rig->ex, 0, &rig->err), 0);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(covey_next_deadline(rig->ex), -1);
}

static const struct entry entries[] = {
	TEST(test_watch, BOTH),
	TEST(test_unwatch_in_callback, ANY),
	TEST(test_watch_refused, ANY),
	TEST(test_embedded, ALL),
	TEST(test_fd_quiet, BOTH),
};

int main(void)
{
	return run_entries("executor_watch", entries, COUNT(entries));
}
