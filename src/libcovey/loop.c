#include "loop.h"

#include <errno.h>
#include <limits.h>

#include "fdutil.h"

int cv_loop_init(struct cv_loop *loop)
{
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
	if (control(loop, EPOLL_CTL_ADD, source, events) == 0)
		return 0;
	source->fd = -1;
	return -1;
}

int cv_loop_change(struct cv_loop *loop, struct cv_source *source, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, source, events);
}

void cv_loop_remove(struct cv_loop *loop, struct cv_source *source)
{
	if (source->fd >= 0)
		control(loop, EPOLL_CTL_DEL, source, 0);
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

int cv_loop_wait(struct cv_loop *loop, covey_nsec max_wait)
{
	int n = epoll_wait(loop->epoll_fd, loop->ready, CV_LOOP_BATCH, milliseconds(max_wait));

	return n < 0 && errno == EINTR ? 0 : n;
}
