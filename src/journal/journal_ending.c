#include "journal/journal_ending.h"

#include <stdlib.h>
#include <string.h>

#include "base/wallclock.h"

static uint64_t printed(const struct covey_output *output)
{
	return covey_output_size(output) + covey_output_cut(output, NULL);
}

void ending_take(struct ending *e, const struct covey_event *event, bool captured,
    char tail[ENDING_TAIL])
{
	ssize_t n = covey_output_tail(event->attempt->err, tail, ENDING_TAIL);

	*e = (struct ending){
		.task = *event->task, .attempt = *event->attempt, .ended = wallclock_seconds(),
		.captured = captured, .out_bytes = printed(event->attempt->out),
		.err_bytes = printed(event->attempt->err), .tail = tail,
		.tail_len = n > 0 ? (size_t)n : 0,
	};
	e->attempt.out = e->attempt.err = e->attempt.result = NULL;
	e->attempt.backtrace = NULL;
}

/* ---- copying ---- */

static char *put(char **at, const void *data, size_t len)
{
	char *copy = memcpy(*at, data, len);

	*at += len;
	return copy;
}

struct ending *ending_copy(const struct ending *e)
{
	size_t argc, size = e->tail_len;
	struct ending *copy;
	const char **argv;
	char *at;

	for (argc = 0; e->task.argv[argc] != NULL; argc++)
		size += strlen(e->task.argv[argc]) + 1;
	size += e->attempt.reason == NULL ? 0 : strlen(e->attempt.reason) + 1;
	copy = malloc(sizeof *copy + (argc + 1) * sizeof *argv + size);
	if (copy == NULL)
		return NULL;
	*copy = *e;
	argv = (const char **)(copy + 1);
	at = (char *)(argv + argc + 1);
	for (size_t i = 0; i < argc; i++)
		argv[i] = put(&at, e->task.argv[i], strlen(e->task.argv[i]) + 1);
	argv[argc] = NULL;
	copy->task.argv = argv;
	copy->tail = put(&at, e->tail, e->tail_len);
	if (e->attempt.reason != NULL)
		copy->attempt.reason = put(&at, e->attempt.reason, strlen(e->attempt.reason) + 1);
	return copy;
}
