#include "cli/output/out_line.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command/origin.h"
#include "cli/output/out_group.h"

/* The beginning of a line that is not whole yet. */
struct stream {
	char *partial;
	size_t len, cap;
};

/* What of the attempt in a slot waits for the end of its line. */
struct running {
	struct stream streams[2];
};

struct out_line {
	struct keep_order *order;
	struct running *slots;       /* by slot, from 1 */
	unsigned nslots;
	struct trouble *trouble;
	bool streams;                /* all of it appears at once */
};

struct out_line *out_line_new(struct keep_order *order, struct trouble *trouble)
{
	struct out_line *line = calloc(1, sizeof *line);

	if (line == NULL)
		return NULL;
	line->order = order;
	line->trouble = trouble;
	return line;
}

void out_line_stream(struct out_line *line)
{
	line->streams = true;
}

static void cannot_keep(const struct out_line *line, int error)
{
	trouble_report_lost(line->trouble, error);
}

static void clear(struct running *running)
{
	int i;

	for (i = 0; i < 2; i++)
		free(running->streams[i].partial);
	memset(running, 0, sizeof *running);
}

void out_line_free(struct out_line *line)
{
	unsigned i;

	if (line == NULL)
		return;
	for (i = 0; i < line->nslots; i++)
		clear(&line->slots[i]);
	free(line->slots);
	free(line);
}

static struct running *slot(struct out_line *line, unsigned number)
{
	unsigned n = number * 2;
	struct running *slots;

	if (number <= line->nslots)
		return &line->slots[number - 1];
	slots = reallocarray(line->slots, n, sizeof *slots);
	if (slots == NULL) {
		cannot_keep(line, ENOMEM);
		return NULL;
	}
	memset(slots + line->nslots, 0, (n - line->nslots) * sizeof *slots);
	line->slots = slots;
	line->nslots = n;
	return &slots[number - 1];
}

static void put_line(struct out_line *line, const struct covey_task *task, int fd, const char *data,
    size_t len)
{
	const struct origin *item = task->user;
	char *text;

	if (item == NULL || item->tag == NULL) {
		keep_order_lines(line->order, origin_place(task), fd, data, len);
		return;
	}
	/* in one piece: nothing of another process may come between tag and line */
	text = malloc(item->tag_len + len);
	if (text == NULL) {
		cannot_keep(line, ENOMEM);
		return;
	}
	memcpy(text, item->tag, item->tag_len);
	memcpy(text + item->tag_len, data, len);
	keep_order_lines(line->order, origin_place(task), fd, text, item->tag_len + len);
	free(text);
}

static int keep_partial(struct stream *stream, const char *data, size_t len)
{
	if (stream->cap - stream->len < len) {
		size_t cap = (stream->len + len) * 2;
		char *partial = realloc(stream->partial, cap);

		if (partial == NULL)
			return -1;
		stream->partial = partial;
		stream->cap = cap;
	}
	memcpy(stream->partial + stream->len, data, len);
	stream->len += len;
	return 0;
}

static void put_partial(struct out_line *line, const struct covey_task *task, struct stream *stream,
    int fd)
{
	if (stream->len > 0)
		put_line(line, task, fd, stream->partial, stream->len);
	stream->len = 0;
}

/* A tag belongs before a whole line; without one, a part of a line needs not wait. */
static bool passes_parts(const struct out_line *line, const struct covey_task *task)
{
	const struct origin *item = task->user;

	return line->streams && (item == NULL || item->tag == NULL);
}

/* Lets whole lines out, and keeps the beginning of the last one. */
static void pass(struct out_line *line, const struct covey_task *task, struct stream *stream, int fd,
    const char *data, size_t len)
{
	const char *newline;

	while ((newline = memchr(data, '\n', len)) != NULL) {
		size_t n = (size_t)(newline - data) + 1;

		if (stream->len == 0)
			put_line(line, task, fd, data, n);
		else if (keep_partial(stream, data, n) == 0)
			put_partial(line, task, stream, fd);
		else
			cannot_keep(line, ENOMEM);
		data += n;
		len -= n;
	}
	if (len > 0 && keep_partial(stream, data, len) != 0)
		cannot_keep(line, ENOMEM);
}

/* Stdout of an attempt that another one may follow: whether it appears is known when it has ended. */
static bool is_captured(const struct out_line *line, const struct covey_task *task,
    const struct covey_attempt *attempt, int fd)
{
	return !line->streams && fd == STDOUT_FILENO && attempt->number < task->tries;
}

static bool on_output(void *self, const struct covey_task *task,
    const struct covey_attempt *attempt, int fd, const void *data, size_t len)
{
	struct out_line *line = self;
	struct running *running;

	if (is_captured(line, task, attempt, fd))
		return false;
	if (passes_parts(line, task)) {
		put_line(line, task, fd, data, len);
		return true;
	}
	running = slot(line, attempt->slot);
	if (running == NULL)
		return false;
	pass(line, task, &running->streams[fd - 1], fd, data, len);
	return true;
}

static void ended(struct out_line *line, const struct covey_event *event)
{
	struct running *running = slot(line, event->attempt->slot);

	if (!event->attempt->retry
	    && is_captured(line, event->task, event->attempt, STDOUT_FILENO))
		out_group_put(line->order, line->trouble, event, STDOUT_FILENO);
	if (running == NULL)
		return;
	put_partial(line, event->task, &running->streams[0], STDOUT_FILENO);
	put_partial(line, event->task, &running->streams[1], STDERR_FILENO);
	clear(running);
}

static void on_event(void *self, const struct covey_event *event)
{
	struct out_line *line = self;

	if (event->type == COVEY_ENDED)
		ended(line, event);
	else if (event->type == COVEY_FINISHED)
		keep_order_finished(line->order, origin_place(event->task));
}

struct sink out_line_sink(struct out_line *line)
{
	return (struct sink) {
		.stage = SINK_TAKE,
		.wants = SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED), .event = on_event,
		.output = on_output, .self = line,
	};
}
