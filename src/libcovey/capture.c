/*
 * Bytes go from the pipe to a file by read(2) and write(2), and not by splice(2). splice holds the
 * pipe's lock while it fills the file, and the child waits for that lock meanwhile. With the larger
 * pipe, reading through a buffer that stays in the cache is as fast or faster.
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fdutil.h"

enum {
	READ_BUDGET = 1 << 20,       /* in one call, so that other captures are read, too */
	VOLUMINOUS = 256 << 10,      /* from here on, a larger pipe saves more than it costs */
	PIPE_BYTES = 1 << 20
};

void cv_capture_init(struct cv_capture *c, int fd, const struct cv_capture_limits *limits)
{
	*c = (struct cv_capture){ .fd = fd, .limits = limits };
}

/* After an error nothing more is kept, so that an output never has a hole in it. */
static void keep(struct cv_capture *c, const void *data, size_t len, bool dealt_with)
{
	int done;

	if (c->error != 0)
		return;
	if (c->output == NULL)
		c->output = cv_output_create(c->limits);
	if (c->output == NULL)
		done = -1;
	else if (dealt_with)
		done = cv_output_note(c->output, data, len);
	else
		done = covey_output_append(c->output, data, len);
	if (done != 0)
		c->error = errno;
}

static void widen_once(struct cv_capture *c, size_t len)
{
	if (c->seen >= VOLUMINOUS)
		return;
	c->seen += len;
	/* this fails where the pipes of the user reach their limit: then the pipe stays as it is */
	if (c->seen >= VOLUMINOUS)
		(void)fcntl(c->fd, F_SETPIPE_SZ, PIPE_BYTES);
}

enum cv_capture_state cv_capture_read(struct cv_capture *c, void *scratch,
    cv_capture_offer_fn *offer, void *arg)
{
	size_t got = 0;
	ssize_t n;

	while (got < READ_BUDGET) {
		n = read(c->fd, scratch, CV_SCRATCH_SIZE);
		if (n == 0)
			return CV_CAPTURE_ENDED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return CV_CAPTURE_OPEN;
		if (n < 0) {
			c->error = c->error != 0 ? c->error : errno;
			return CV_CAPTURE_ENDED;
		}
		got += (size_t)n;
		keep(c, scratch, (size_t)n, offer != NULL && offer(arg, scratch, (size_t)n));
		widen_once(c, (size_t)n);
	}
	return CV_CAPTURE_OPEN;
}

void cv_capture_close(struct cv_capture *c)
{
	cv_fd_close(&c->fd);
}

struct covey_output *cv_capture_take(struct cv_capture *c)
{
	struct covey_output *output = c->output;

	c->output = NULL;
	return output;
}
