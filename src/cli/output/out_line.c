#include "cli/output/out_line.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command/origin.h"
#include "cli/output/tag.h"

/* One stream of the attempt in a slot. */
struct stream {
	struct covey_output *held;   /* what may not appear yet, tags included; or NULL */
	char *partial;               /* the beginning of a line, while lines go out */
	size_t len, cap;
	bool at_start;               /* the next byte held begins a line */
	bool continues;              /* what goes out next continues a line that was held */
};

struct running {
	const struct covey_task *task;   /* NULL: none */
	const struct covey_attempt *attempt;
	struct stream streams[2];
};

struct out_line {
	struct outq *q;
	struct keep_order *order;
	struct running *slots;       /* by slot, from 1 */
	unsigned nslots;
	struct trouble *trouble;
};

static void turned(void *arg, uint64_t task);

struct out_line *out_line_new(struct outq *q, struct keep_order *order, struct trouble *trouble)
{
	struct out_line *line = calloc(1, sizeof *line);

	if (line == NULL)
		return NULL;
	line->q = q;
	line->order = order;
	line->trouble = trouble;
	keep_order_on_turn(order, turned, line);
	return line;
}

static void cannot_keep(const struct out_line *line, int error)
{
	trouble_report_lost(line->trouble, error);
}

static void clear(struct running *running)
{
	int i;

	for (i = 0; i < 2; i++) {
		covey_output_free(running->streams[i].held);
		free(running->streams[i].partial);
	}
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

static void put_line(struct out_line *line, struct running *running, int fd, const char *data,
    size_t len)
{
	const struct origin *item = running->task->user;
	struct stream *stream = &running->streams[fd - 1];
	bool tagged = item != NULL && item->tag != NULL && !stream->continues;
	char *text;

	stream->continues = false;
	if (!tagged) {
		outq_text(line->q, fd, data, len);
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
	outq_text(line->q, fd, text, item->tag_len + len);
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

static void put_partial(struct out_line *line, struct running *running, int fd)
{
	struct stream *stream = &running->streams[fd - 1];

	if (stream->len > 0)
		put_line(line, running, fd, stream->partial, stream->len);
	stream->len = 0;
}

/* Lets whole lines out, and keeps the beginning of the last one. */
static void pass(struct out_line *line, struct running *running, int fd, const char *data,
    size_t len)
{
	struct stream *stream = &running->streams[fd - 1];
	const char *newline;

	while ((newline = memchr(data, '\n', len)) != NULL) {
		size_t n = (size_t)(newline - data) + 1;

		if (stream->len == 0) {
			put_line(line, running, fd, data, n);
		} else if (keep_partial(stream, data, n) == 0) {
			put_partial(line, running, fd);
		} else {
			cannot_keep(line, ENOMEM);
		}
		data += n;
		len -= n;
	}
	if (len > 0 && keep_partial(stream, data, len) != 0)
		cannot_keep(line, ENOMEM);
}

static void hold(struct out_line *line, struct running *running, int fd, const char *data,
    size_t len)
{
	struct stream *stream = &running->streams[fd - 1];
	const struct origin *item = running->task->user;
	const char *newline = memrchr(data, '\n', len);
	int result;

	if (stream->held == NULL) {
		stream->held = covey_output_new(1 << 20, NULL);
		stream->at_start = true;
	}
	if (stream->held == NULL)
		result = -1;
	else if (item != NULL && item->tag != NULL)
		result = tag_append(stream->held, data, len, item->tag, item->tag_len,
		    &stream->at_start);
	else
		result = covey_output_append(stream->held, data, len);
	stream->at_start = newline != NULL && newline + 1 == data + len;
	if (result != 0)
		cannot_keep(line, errno);
}

/* May this stream appear now? */
static bool may_appear(const struct out_line *line, const struct running *running, int fd)
{
	if (fd == STDOUT_FILENO && running->attempt->number < running->task->tries)
		return false;
	return keep_order_is_current(line->order, origin_place(running->task));
}

static bool on_output(void *self, const struct covey_task *task,
    const struct covey_attempt *attempt, int fd, const void *data, size_t len)
{
	struct out_line *line = self;
	struct running *running = slot(line, attempt->slot);

	if (running == NULL)
		return false;
	running->task = task;
	running->attempt = attempt;
	if (may_appear(line, running, fd))
		pass(line, running, fd, data, len);
	else
		hold(line, running, fd, data, len);
	return true;
}

/* What was held goes out now, but for the beginning of a line, which goes on. */
static void release(struct out_line *line, struct running *running, int fd)
{
	struct stream *stream = &running->streams[fd - 1];

	if (stream->held != NULL)
		stream->continues = !stream->at_start;
	keep_order_put(line->order, origin_place(running->task), fd, stream->held);
	stream->held = NULL;
}

static void turned(void *arg, uint64_t task)
{
	struct out_line *line = arg;
	unsigned i;
	int fd;

	for (i = 0; i < line->nslots; i++) {
		struct running *running = &line->slots[i];

		if (running->task == NULL || origin_place(running->task) != task)
			continue;
		for (fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
			if (may_appear(line, running, fd))
				release(line, running, fd);
		}
	}
}

static void ended(struct out_line *line, const struct covey_event *event)
{
	struct running *running = slot(line, event->attempt->slot);

	if (running == NULL || running->task == NULL)
		return;
	if (!event->attempt->retry) {
		release(line, running, STDOUT_FILENO);
		put_partial(line, running, STDOUT_FILENO);
	}
	release(line, running, STDERR_FILENO);
	put_partial(line, running, STDERR_FILENO);
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
