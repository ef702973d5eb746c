#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fdutil.h"
#include "loop.h"
#include "procfs.h"

/* A loop, and some pipes whose read ends it can watch. */
#define NPIPES 100

struct fixture {
	struct cv_loop loop;
	int ends[NPIPES][2];
	struct cv_source sources[NPIPES];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(cv_loop_init(&f->loop), 0);
	for (int i = 0; i < NPIPES; i++) {
		assert_int_equal(cv_fd_pipe(f->ends[i]), 0);
		f->sources[i] = (struct cv_source){ .fd = f->ends[i][0], .kind = i };
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < NPIPES; i++) {
		cv_fd_close(&f->ends[i][0]);
		cv_fd_close(&f->ends[i][1]);
	}
	cv_loop_release(&f->loop);
	assert_int_equal(f->loop.epoll_fd, -1);
	free(f);
	return 0;
}

static void watch(struct fixture *f, int i)
{
	assert_int_equal(cv_loop_add(&f->loop, &f->sources[i], EPOLLIN), 0);
}

static void make_ready(struct fixture *f, int i)
{
	assert_int_equal(write(f->ends[i][1], "x", 1), 1);
}

/* what epoll_ctl answers to whoever wants to add; 0: what the kernel answers */
static int refusal;

/* Stands in for the C library's. */
int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	if (operation == EPOLL_CTL_ADD && refusal != 0) {
		errno = refusal;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll_fd, operation, fd, event);
}

/* ---- readiness ---- */

static void its_descriptor(void **state)
{
	const struct fixture *f = *state;
	int flags = fcntl(f->loop.epoll_fd, F_GETFD);

	assert_true(f->loop.epoll_fd >= 3);
	assert_true(flags >= 0 && (flags & FD_CLOEXEC) != 0);
}

static void says_who_is_ready(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		watch(f, i);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
	make_ready(f, 1);
	assert_int_equal(cv_loop_wait(&f->loop, -1), 1);
	assert_ptr_equal(f->loop.ready[0].data.ptr, &f->sources[1]);
	assert_int_equal(f->loop.ready[0].events, EPOLLIN);
	/* and again, until the bytes are read */
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
	cv_fd_close(&f->ends[1][1]);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
	assert_int_equal(f->loop.ready[0].events, EPOLLIN | EPOLLHUP);
}

static void other_events(void **state)
{
	struct fixture *f = *state;
	struct cv_source out = { .fd = f->ends[0][1] };

	assert_int_equal(cv_loop_add(&f->loop, &out, 0), 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
	assert_int_equal(cv_loop_change(&f->loop, &out, EPOLLOUT), 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
	assert_ptr_equal(f->loop.ready[0].data.ptr, &out);
	assert_int_equal(f->loop.ready[0].events, EPOLLOUT);
	assert_int_equal(cv_loop_change(&f->loop, &out, 0), 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
	cv_loop_remove(&f->loop, &out);
}

static void what_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	int fd = cv_fd_unlinked("/tmp");
	struct cv_source file = { .fd = fd };

	assert_true(fd >= 0);
	errno = 0;
	assert_int_equal(cv_loop_add(&f->loop, &file, EPOLLIN), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(file.fd, -1);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	cv_fd_close(&fd);

	errno = 0;
	assert_int_equal(cv_loop_change(&f->loop, &f->sources[0], EPOLLIN), -1);
	assert_int_equal(errno, ENOENT);
	watch(f, 0);
	errno = 0;
	assert_int_equal(cv_loop_add(&f->loop, &f->sources[0], EPOLLIN), -1);
	assert_int_equal(errno, EEXIST);
}

/* ---- when memory or watches run out ---- */

static void polled_instead(void **state)
{
	struct fixture *f = *state;

	watch(f, 0);
	refusal = ENOSPC;
	watch(f, 1);
	refusal = ENOMEM;
	watch(f, 2);
	refusal = 0;
	assert_true(cv_loop_polls(&f->loop));
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
	make_ready(f, 2);
	assert_int_equal(cv_loop_wait(&f->loop, -1), 1);
	assert_ptr_equal(f->loop.ready[0].data.ptr, &f->sources[2]);
	assert_int_equal(f->loop.ready[0].events, EPOLLIN);
	/* both kinds at once */
	make_ready(f, 0);
	assert_int_equal(cv_loop_wait(&f->loop, -1), 2);
	/* not to be told of anything, and then not to be watched */
	assert_int_equal(cv_loop_change(&f->loop, &f->sources[2], 0), 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
	cv_loop_remove(&f->loop, &f->sources[2]);
	cv_loop_remove(&f->loop, &f->sources[1]);
	assert_false(cv_loop_polls(&f->loop));
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
}

static void polled_in_turns(void **state)
{
	struct fixture *f = *state;
	bool seen[NPIPES] = { false };
	int nseen = 0;

	refusal = ENOSPC;
	for (int i = 0; i < NPIPES; i++) {
		watch(f, i);
		make_ready(f, i);
	}
	refusal = 0;
	for (int turn = 0; turn < NPIPES && nseen < NPIPES; turn++) {
		int n = cv_loop_wait(&f->loop, -1);

		assert_in_range(n, 0, CV_LOOP_BATCH);
		for (int i = 0; i < n; i++) {
			const struct cv_source *source = f->loop.ready[i].data.ptr;

			nseen += !seen[source->kind];
			seen[source->kind] = true;
		}
	}
	assert_int_equal(nseen, NPIPES);
	for (int i = 0; i < NPIPES; i++)
		cv_loop_remove(&f->loop, &f->sources[i]);
}

static void removed(void **state)
{
	struct fixture *f = *state;

	watch(f, 0);
	make_ready(f, 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
	cv_loop_remove(&f->loop, &f->sources[0]);
	assert_int_equal(f->sources[0].fd, -1);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
	assert_true(fcntl(f->ends[0][0], F_GETFD) >= 0);
	cv_loop_remove(&f->loop, &f->sources[0]);
	/* the descriptor can be watched again */
	f->sources[0].fd = f->ends[0][0];
	watch(f, 0);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 1);
}

/*
 * Handling an entry may remove the source of a later one of the same batch. The entry stays, and
 * its source tells that it is no longer watched.
 */
static void removed_during_a_batch(void **state)
{
	struct fixture *f = *state;
	int n, handled = 0;

	for (int i = 0; i < 10; i++) {
		watch(f, i);
		make_ready(f, i);
	}
	n = cv_loop_wait(&f->loop, -1);
	assert_int_equal(n, 10);
	for (int i = 0; i < n; i++) {
		struct cv_source *source = f->loop.ready[i].data.ptr;

		if (source->fd < 0)
			continue;
		handled++;
		/* this one and its neighbour: 0 with 1, 2 with 3, … */
		cv_loop_remove(&f->loop, &f->sources[source->kind ^ 1]);
		cv_loop_remove(&f->loop, source);
	}
	assert_int_equal(handled, 5);
	assert_int_equal(cv_loop_wait(&f->loop, 0), 0);
}

/* More than fit into a batch come in the next ones; none is left out. */
static void more_than_a_batch(void **state)
{
	struct fixture *f = *state;
	bool seen[NPIPES] = { false };
	int rest = NPIPES;

	_Static_assert(NPIPES > CV_LOOP_BATCH && NPIPES < 2 * CV_LOOP_BATCH, "two batches");
	for (int i = 0; i < NPIPES; i++) {
		watch(f, i);
		make_ready(f, i);
	}
	for (int batch = 0; batch < 2; batch++) {
		int n = cv_loop_wait(&f->loop, -1);

		assert_int_equal(n, rest < CV_LOOP_BATCH ? rest : CV_LOOP_BATCH);
		for (int i = 0; i < n; i++) {
			struct cv_source *source = f->loop.ready[i].data.ptr;

			assert_false(seen[source->kind]);
			seen[source->kind] = true;
			cv_loop_remove(&f->loop, source);
		}
		rest -= n;
	}
	assert_int_equal(rest, 0);
}

/* ---- how long it waits ---- */

/* Returning early would make its user, whose deadline has not passed, spin. */
static void never_returns_early(void **state)
{
	static const covey_nsec waits[] = {
		1, 999999, COVEY_MSEC, COVEY_MSEC + 1, 2 * COVEY_MSEC - 1,
	};
	struct fixture *f = *state;

	watch(f, 0);
	for (int i = 0; i < 50; i++) {
		covey_nsec wait = waits[i % 5], start = cv_clock_now();

		assert_int_equal(cv_loop_wait(&f->loop, wait), 0);
		assert_true(cv_clock_now() - start >= wait);
	}
}

static bool asleep(pid_t pid)
{
	struct cv_stat st;

	return cv_procfs_stat(pid, &st) == 0 && st.state == 'S';
}

static void pause_briefly(void)
{
	static const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* Starts a child that writes into the first pipe when the caller sleeps. */
static pid_t wake_when_asleep(const struct fixture *f)
{
	pid_t waiter = getpid(), child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		while (!asleep(waiter))
			pause_briefly();
		_exit(write(f->ends[0][1], "x", 1) == 1 ? 0 : 1);
	}
	return child;
}

static void await_child(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* In milliseconds the long ones do not fit into an int; some would become 0, or negative. */
static void waits_as_long_as_it_takes(void **state)
{
	static const covey_nsec waits[] = {
		-1, INT64_MIN, COVEY_MSEC << 32, (COVEY_MSEC << 31) + 1, INT64_MAX,
	};
	struct fixture *f = *state;
	char c;

	watch(f, 0);
	for (int i = 0; i < 5; i++) {
		pid_t child = wake_when_asleep(f);
		int n = cv_loop_wait(&f->loop, waits[i]);

		await_child(child);
		assert_int_equal(n, 1);
		assert_int_equal(read(f->ends[0][0], &c, 1), 1);
	}
}

static void on_signal(int sig)
{
	(void)sig;
}

static void a_signal_is_not_a_failure(void **state)
{
	struct fixture *f = *state;
	struct sigaction action = { .sa_handler = on_signal }, old;
	pid_t waiter = getpid(), child;
	int n;

	assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
	watch(f, 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* over and over, as the first may come too early; until the waiter ends it */
		while (getppid() == waiter && kill(waiter, SIGUSR1) == 0)
			pause_briefly();
		_exit(0);
	}
	n = cv_loop_wait(&f->loop, -1);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
	assert_int_equal(n, 0);
}

static void a_failure_is(void **state)
{
	struct cv_loop loop = { .epoll_fd = -1 };

	(void)state;
	errno = 0;
	assert_int_equal(cv_loop_wait(&loop, 0), -1);
	assert_int_equal(errno, EBADF);
}

#define WITH_PIPES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PIPES(its_descriptor),
		WITH_PIPES(says_who_is_ready),
		WITH_PIPES(other_events),
		WITH_PIPES(polled_instead),
		WITH_PIPES(polled_in_turns),
		WITH_PIPES(what_cannot_be_watched),
		WITH_PIPES(removed),
		WITH_PIPES(removed_during_a_batch),
		WITH_PIPES(more_than_a_batch),
		WITH_PIPES(never_returns_early),
		WITH_PIPES(waits_as_long_as_it_takes),
		WITH_PIPES(a_signal_is_not_a_failure),
		cmocka_unit_test(a_failure_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
