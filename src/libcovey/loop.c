#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "fdutil.h"

/* so many sources are polled at once; while there are more, they take turns of this length */
#define POLL_BATCH 64
#define POLL_TURN_MS 20

/* POLLIN and EPOLLIN are the same bit, and so are the others */
_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR
    && POLLHUP == EPOLLHUP, "events of poll and epoll are the same");

int cv_loop_init(struct cv_loop *loop)
{
	TAILQ_INIT(&loop->polled);
	loop->epoll_fd = cv_fd_above_stdio(epoll_create1(EPOLL_CLOEXEC));
	return loop->epoll_fd < 0 ? -1 : 0;
}

void cv_loop_release(struct cv_loop *loop)
{
	cv_fd_close(&loop->epoll_fd);
}

static int control(struct cv_loop *loop, int operation, struct cv_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .ptr = source } };

	return epoll_ctl(loop->epoll_fd, operation, source->fd, &event);
}

int cv_loop_add(struct cv_loop *loop, struct cv_source *source, uint32_t events)
{
	source->events = events;
	source->polled = false;
	if (control(loop, EPOLL_CTL_ADD, source, events) == 0)
		return 0;
	/* ENOSPC: the user has no watch left (/proc/sys/fs/epoll/max_user_watches) */
	if (errno == ENOMEM || errno == ENOSPC) {
		source->polled = true;
		TAILQ_INSERT_TAIL(&loop->polled, source, entry);
		return 0;
	}
	source->fd = -1;
	return -1;
}

int cv_loop_change(struct cv_loop *loop, struct cv_source *source, uint32_t events)
{
	source->events = events;
	return source->polled ? 0 : control(loop, EPOLL_CTL_MOD, source, events);
}

void cv_loop_remove(struct cv_loop *loop, struct cv_source *source)
{
	if (source->polled)
		TAILQ_REMOVE(&loop->polled, source, entry);
	else if (source->fd >= 0)
		control(loop, EPOLL_CTL_DEL, source, 0);
	source->polled = false;
	source->fd = -1;
}

/* For epoll_wait: rounded up, so that a deadline has passed when the call returns. */
static int milliseconds(covey_nsec time)
{
	covey_nsec ms;

	if (time < 0)
		return -1;
	ms = time / COVEY_MSEC + (time % COVEY_MSEC != 0);
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

bool cv_loop_polls(const struct cv_loop *loop)
{
	return !TAILQ_EMPTY(&loop->polled);
}

/* Fills in the first of the polled sources. Returns how many, and whether there are more. */
static nfds_t list_polled(const struct cv_loop *loop, struct pollfd *fds, bool *more)
{
	struct cv_source *source;
	nfds_t n = 0;

	TAILQ_FOREACH(source, &loop->polled, entry) {
		if (n == POLL_BATCH)
			break;
		fds[n++] = (struct pollfd){ .fd = source->fd, .events = (short)source->events };
	}
	*more = source != NULL;
	return n;
}

/* Adds the polled sources that are ready; those that have been looked at go to the end. */
static int add_ready(struct cv_loop *loop, const struct pollfd *fds, nfds_t nfds, int n)
{
	nfds_t i;

	for (i = 0; i < nfds; i++) {
		struct cv_source *source = TAILQ_FIRST(&loop->polled);

		if (fds[i].revents != 0 && n == CV_LOOP_BATCH)
			break;
		if (fds[i].revents != 0)
			loop->ready[n++] = (struct epoll_event){
				.events = (unsigned short)fds[i].revents,
				.data = { .ptr = source },
			};
		TAILQ_REMOVE(&loop->polled, source, entry);
		TAILQ_INSERT_TAIL(&loop->polled, source, entry);
	}
	return n;
}

/* Waits for the polled sources and for the epoll set, which poll(2) takes as a descriptor, too. */
static int wait_polling(struct cv_loop *loop, int ms)
{
	struct pollfd fds[POLL_BATCH + 1];
	bool more;
	nfds_t nfds = list_polled(loop, fds, &more);
	int n = 0;

	if (more && (ms < 0 || ms > POLL_TURN_MS))
		ms = POLL_TURN_MS;
	fds[nfds] = (struct pollfd){ .fd = loop->epoll_fd, .events = POLLIN };
	if (poll(fds, nfds + 1, ms) < 0)
		return -1;
	/* half of the room, so that neither kind keeps the other from its turn */
	if (fds[nfds].revents != 0)
		n = epoll_wait(loop->epoll_fd, loop->ready, CV_LOOP_BATCH / 2, 0);
	return n < 0 ? -1 : add_ready(loop, fds, nfds, n);
}

int cv_loop_wait(struct cv_loop *loop, covey_nsec max_wait)
{
	int ms = milliseconds(max_wait);
	int n = cv_loop_polls(loop) ? wait_polling(loop, ms)
	    : epoll_wait(loop->epoll_fd, loop->ready, CV_LOOP_BATCH, ms);

	return n < 0 && errno == EINTR ? 0 : n;
}
