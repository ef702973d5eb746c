#include "cli/output/outq.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FULL_CHUNKS = 256, FULL_BYTES = 1 << 20 };

struct outq_shared {
	struct covey_output *output;
	unsigned refs;
};

/* Bytes in memory, or a part of an output. */
struct chunk {
	STAILQ_ENTRY(chunk) entry;
	struct outq_shared *shared;   /* NULL: the bytes follow */
	uint64_t at, end;
	uint64_t owner;               /* the task whose it is; 0: covey's own */
	bool last_use;                /* what has been written is needed no more */
	char bytes[];
};

/* How to write without waiting. */
enum way {
	WAY_PLAIN,     /* a file or the like: write(2) does not wait for a reader */
	WAY_REOPENED,  /* a pipe or terminal, opened anew without blocking */
	WAY_SOCKET,    /* send(2) can be told not to wait */
	WAY_ASKED      /* poll(2) first, then no more than a pipe takes at once */
};

struct lane {
	int fd;                   /* 1 or 2 */
	int out_fd;               /* where to write */
	enum way way;
	int error;
	bool watched;
	STAILQ_HEAD(, chunk) chunks;
	size_t nchunks;
	size_t ngated;             /* of these, at the end, wait for the gate to open */
	uint64_t bytes;           /* in memory */
};

struct outq {
	struct trouble *trouble;
	struct covey *ex;
	struct lane lanes[2];
	bool gated;
	bool joined;              /* both descriptors are the same pipe or terminal: one lane */
	outq_hook *hook;
	void *hook_arg;
	uint64_t owner;
	outq_lost_fn *lost;
	void *lost_arg;
};

static void open_lane(struct lane *lane, int fd)
{
	char path[32];
	struct stat st;

	lane->fd = lane->out_fd = fd;
	STAILQ_INIT(&lane->chunks);
	if (fstat(fd, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode)) {
		lane->way = WAY_SOCKET;
		return;
	}
	if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		return;
	/* a new open file description, whose flags are ours alone */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	lane->out_fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	lane->way = lane->out_fd >= 0 ? WAY_REOPENED : WAY_ASKED;
	if (lane->out_fd < 0)
		lane->out_fd = fd;
}

/*
 * What goes to the same reader by two ways must not meet in the middle of a chunk. A file is no
 * matter: there each write is complete.
 */
static bool same_reader(void)
{
	struct stat out, err;

	return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0
	    && out.st_dev == err.st_dev && out.st_ino == err.st_ino && !S_ISREG(out.st_mode);
}

struct outq *outq_new(struct trouble *trouble)
{
	struct outq *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->trouble = trouble;
	open_lane(&q->lanes[0], STDOUT_FILENO);
	open_lane(&q->lanes[1], STDERR_FILENO);
	q->joined = same_reader();
	return q;
}

static void drop_first(struct lane *lane)
{
	struct chunk *chunk = STAILQ_FIRST(&lane->chunks);

	STAILQ_REMOVE_HEAD(&lane->chunks, entry);
	lane->nchunks--;
	if (chunk->shared != NULL)
		outq_unshare(chunk->shared);
	else
		lane->bytes -= chunk->end;
	free(chunk);
}

static void lose(const struct outq *q, uint64_t owner)
{
	if (owner != 0 && q->lost != NULL)
		q->lost(q->lost_arg, owner);
}

/* Whoever has something in the lane has lost it. */
static void lose_all(const struct outq *q, const struct lane *lane)
{
	const struct chunk *chunk;

	STAILQ_FOREACH(chunk, &lane->chunks, entry)
		lose(q, chunk->owner);
}

static void drop_all(struct lane *lane)
{
	while (!STAILQ_EMPTY(&lane->chunks))
		drop_first(lane);
	lane->ngated = 0;
}

void outq_free(struct outq *q)
{
	int i;

	if (q == NULL)
		return;
	for (i = 0; i < 2; i++) {
		drop_all(&q->lanes[i]);
		if (q->lanes[i].way == WAY_REOPENED)
			close(q->lanes[i].out_fd);
	}
	free(q);
}

void outq_attach(struct outq *q, struct covey *ex)
{
	q->ex = ex;
}

void outq_set_hook(struct outq *q, outq_hook *hook, void *arg)
{
	q->hook = hook;
	q->hook_arg = arg;
}

void outq_on_lost(struct outq *q, outq_lost_fn *lost, void *arg)
{
	q->lost = lost;
	q->lost_arg = arg;
}

void outq_set_owner(struct outq *q, uint64_t owner)
{
	q->owner = owner;
}

uint64_t outq_owner(const struct outq *q)
{
	return q->owner;
}

static struct lane *lane_of(struct outq *q, int fd)
{
	return &q->lanes[fd == STDOUT_FILENO || q->joined ? 0 : 1];
}

/* From now on the lane takes nothing. */
static void fail(struct outq *q, struct lane *lane, int error)
{
	lane->error = error;
	if (lane->fd == STDOUT_FILENO)
		trouble_report(q->trouble, error == EPIPE ? TROUBLE_READER : TROUBLE_OUTPUT, error,
		    "cannot write to standard output");
	else
		trouble_report(q->trouble, TROUBLE_MESSAGES, error,
		    "cannot write to standard error");
}

/* ---- writing ---- */

static bool may_write(const struct lane *lane)
{
	struct pollfd pfd = { .fd = lane->out_fd, .events = POLLOUT };

	if (lane->way != WAY_ASKED)
		return true;
	if (poll(&pfd, 1, 0) > 0)
		return true;
	errno = EAGAIN;
	return false;
}

static ssize_t write_bytes(const struct lane *lane, const char *data, size_t len)
{
	if (!may_write(lane))
		return -1;
	if (lane->way == WAY_SOCKET)
		return send(lane->out_fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (lane->way == WAY_ASKED && len > PIPE_BUF)
		len = PIPE_BUF;
	return write(lane->out_fd, data, len);
}

static ssize_t write_output(const struct lane *lane, const struct chunk *chunk)
{
	const struct covey_output *output = chunk->shared->output;
	char buf[16384];
	size_t len = sizeof buf;
	ssize_t n;

	if (lane->way == WAY_PLAIN || lane->way == WAY_REOPENED)
		return chunk->last_use
		    ? covey_output_move(chunk->shared->output, chunk->at, chunk->end - chunk->at,
		    lane->out_fd)
		    : covey_output_write(output, chunk->at, chunk->end - chunk->at, lane->out_fd);
	if (chunk->end - chunk->at < len)
		len = (size_t)(chunk->end - chunk->at);
	n = covey_output_read(output, chunk->at, buf, len);
	return n <= 0 ? n : write_bytes(lane, buf, (size_t)n);
}

static ssize_t write_chunk(const struct lane *lane, const struct chunk *chunk)
{
	if (chunk->shared != NULL)
		return write_output(lane, chunk);
	return write_bytes(lane, chunk->bytes + chunk->at, (size_t)(chunk->end - chunk->at));
}

/* Writes what the descriptor takes now; what cannot be written at all is dropped. */
static void push(struct outq *q, struct lane *lane)
{
	while (lane->nchunks > lane->ngated) {
		struct chunk *chunk = STAILQ_FIRST(&lane->chunks);
		ssize_t n = write_chunk(lane, chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			fail(q, lane, errno);
			lose_all(q, lane);
			drop_all(lane);
			return;
		}
		chunk->at += (uint64_t)n;
		if (chunk->at >= chunk->end || n == 0)
			drop_first(lane);
	}
}

static void on_writable(struct covey *ex, int fd, unsigned events, void *user);

static void watch(struct outq *q, struct lane *lane)
{
	bool wanted = lane->nchunks > lane->ngated;

	if (q->ex == NULL || wanted == lane->watched)
		return;
	/* otherwise outq_unwatched tells */
	if (covey_watch(q->ex, lane->out_fd, wanted ? EPOLLOUT : 0, on_writable, q, NULL) == 0)
		lane->watched = wanted;
}

static void flush(struct outq *q, struct lane *lane)
{
	if (lane->nchunks == lane->ngated)
		return;
	if (q->hook != NULL)
		q->hook(q->hook_arg, true);
	push(q, lane);
	watch(q, lane);
	if (q->hook != NULL)
		q->hook(q->hook_arg, false);
}

static void on_writable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct outq *q = user;
	struct lane *lane = fd == q->lanes[0].out_fd ? &q->lanes[0] : &q->lanes[1];

	(void)events;
	flush(q, lane);
	if (!outq_full(q))
		covey_pull(ex);
}

static void add(struct outq *q, struct lane *lane, struct chunk *chunk)
{
	bool first = STAILQ_EMPTY(&lane->chunks);

	STAILQ_INSERT_TAIL(&lane->chunks, chunk, entry);
	lane->nchunks++;
	lane->ngated += q->gated;
	if (first)
		flush(q, lane);
}

void outq_text(struct outq *q, int fd, const char *data, size_t len)
{
	struct lane *lane = lane_of(q, fd);
	struct chunk *chunk;

	if (len == 0)
		return;
	if (lane->error != 0) {
		lose(q, q->owner);
		return;
	}
	chunk = malloc(sizeof *chunk + len);
	if (chunk == NULL) {
		fail(q, lane, ENOMEM);
		lose(q, q->owner);
		return;
	}
	chunk->owner = q->owner;
	chunk->shared = NULL;
	chunk->at = 0;
	chunk->end = len;
	memcpy(chunk->bytes, data, len);
	lane->bytes += len;
	add(q, lane, chunk);
}

void outq_printf(struct outq *q, int fd, const char *format, ...)
{
	char text[64 * 1024];
	uint64_t owner = q->owner;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	q->owner = 0;
	if (n > 0)
		outq_text(q, fd, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	q->owner = owner;
}

/* ---- outputs ---- */

struct outq_shared *outq_share(struct covey_output *output)
{
	struct outq_shared *shared = malloc(sizeof *shared);

	if (shared == NULL) {
		covey_output_free(output);
		return NULL;
	}
	shared->output = output;
	shared->refs = 1;
	return shared;
}

struct covey_output *outq_shared_output(struct outq_shared *shared)
{
	return shared->output;
}

struct outq_shared *outq_share_again(struct outq_shared *shared)
{
	if (shared != NULL)
		shared->refs++;
	return shared;
}

void outq_unshare(struct outq_shared *shared)
{
	if (shared == NULL || --shared->refs > 0)
		return;
	covey_output_free(shared->output);
	free(shared);
}

static void add_part(struct outq *q, int fd, struct outq_shared *shared, uint64_t offset,
    uint64_t len, bool last_use)
{
	struct lane *lane = lane_of(q, fd);
	struct chunk *chunk;

	if (len == 0)
		return;
	if (lane->error != 0) {
		lose(q, q->owner);
		return;
	}
	chunk = malloc(sizeof *chunk);
	if (chunk == NULL) {
		fail(q, lane, ENOMEM);
		lose(q, q->owner);
		return;
	}
	chunk->owner = q->owner;
	chunk->shared = shared;
	chunk->last_use = last_use;
	chunk->at = offset;
	chunk->end = offset + len;
	shared->refs++;
	add(q, lane, chunk);
}

void outq_cut_note(char note[OUTQ_CUT_SIZE], uint64_t cut)
{
	snprintf(note, OUTQ_CUT_SIZE, "\n[covey: %llu bytes cut here]\n", (unsigned long long)cut);
}

void outq_part(struct outq *q, int fd, struct outq_shared *shared, uint64_t offset, uint64_t len)
{
	add_part(q, fd, shared, offset, len, false);
}

/* Says in its place what is missing. */
static void add_cut(struct outq *q, int fd, struct outq_shared *shared, uint64_t size)
{
	char note[OUTQ_CUT_SIZE];
	uint64_t at = 0, cut = covey_output_cut(shared->output, &at);

	outq_cut_note(note, cut);
	outq_part(q, fd, shared, 0, at);
	outq_text(q, fd, note, strlen(note));
	outq_part(q, fd, shared, at, size - at);
}

void outq_output(struct outq *q, int fd, struct covey_output *output)
{
	struct outq_shared *shared;

	if (output == NULL)
		return;
	shared = outq_share(output);
	if (shared == NULL) {
		fail(q, lane_of(q, fd), ENOMEM);
		lose(q, q->owner);
		return;
	}
	if (covey_output_cut(output, NULL) > 0)
		add_cut(q, fd, shared, covey_output_size(output));
	else
		add_part(q, fd, shared, 0, covey_output_size(output), true);
	outq_unshare(shared);
}

/* ---- how things stand ---- */

static bool lane_full(const struct lane *lane)
{
	return lane->nchunks > FULL_CHUNKS || lane->bytes > FULL_BYTES;
}

bool outq_full(const struct outq *q)
{
	return lane_full(&q->lanes[0]) || lane_full(&q->lanes[1]);
}

static bool lane_unwatched(const struct lane *lane)
{
	return lane->nchunks > lane->ngated && !lane->watched;
}

bool outq_unwatched(const struct outq *q)
{
	return lane_unwatched(&q->lanes[0]) || lane_unwatched(&q->lanes[1]);
}

bool outq_empty(const struct outq *q)
{
	return STAILQ_EMPTY(&q->lanes[0].chunks) && STAILQ_EMPTY(&q->lanes[1].chunks);
}

void outq_flush(struct outq *q)
{
	flush(q, &q->lanes[0]);
	flush(q, &q->lanes[1]);
}

void outq_open_gate(struct outq *q)
{
	q->lanes[0].ngated = q->lanes[1].ngated = 0;
	outq_flush(q);
}

void outq_set_gate(struct outq *q, bool gated)
{
	q->gated = gated;
	if (!gated)
		outq_open_gate(q);
}

void outq_check(struct outq *q, int fd)
{
	struct lane *lane = lane_of(q, fd);
	struct pollfd pfd = { .fd = lane->out_fd, .events = POLLOUT };

	if (lane->error == 0 && poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLERR) != 0)
		fail(q, lane, EPIPE);
}

void outq_try(struct outq *q, int fd, const char *data, size_t len)
{
	struct lane *lane = lane_of(q, fd);

	/* what does not go out is drawn again soon */
	if (STAILQ_EMPTY(&lane->chunks) && lane->error == 0 && write_bytes(lane, data, len) < 0)
		return;
}
