#include "journal/journal_ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t printed(const struct covey_output *output)
{
	return covey_output_size(output) + covey_output_cut(output, NULL);
}

void ending_take(struct ending *e, const struct covey_event *event, bool captured,
    char tail[ENDING_TAIL])
{
	ssize_t n = covey_output_tail(event->attempt->err, tail, ENDING_TAIL);

	*e = (struct ending){
		.task = *event->task, .attempt = *event->attempt, .ended = wall_clock(),
		.captured = captured, .out_bytes = printed(event->attempt->out),
		.err_bytes = printed(event->attempt->err), .tail = tail, .tail_len = n > 0 ? (size_t)n : 0,
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

/* ---- writing ---- */

static double seconds(covey_nsec duration)
{
	return (double)duration / 1e9;
}

static double timeval_seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static void bind_outputs(sqlite3_stmt *s, const struct ending *e)
{
	sqlite3_bind_null(s, 11);
	sqlite3_bind_null(s, 12);
	sqlite3_bind_null(s, 13);
	if (e->captured) {
		rows_bind_number(s, 11, e->out_bytes);
		rows_bind_number(s, 12, e->err_bytes);
	}
	if (e->tail_len > 0)
		journal_db_bind_bytes(s, 13, e->tail, e->tail_len);
}

static void bind_end(sqlite3_stmt *s, const struct ending *e, char error[128])
{
	const struct covey_attempt *attempt = &e->attempt;

	sqlite3_bind_int64(s, 1, e->row);
	sqlite3_bind_double(s, 2, e->ended);
	sqlite3_bind_double(s, 3, seconds(attempt->ended - attempt->started));
	rows_bind_text(s, 4, covey_outcome_name(attempt->outcome));
	sqlite3_bind_int(s, 5, attempt->status);
	sqlite3_bind_int(s, 6, attempt->signal);
	if (attempt->outcome == COVEY_SPAWN)
		snprintf(error, 128, "%s: %s", attempt->spawn_step == NULL ? "exec"
		    : attempt->spawn_step, strerror(attempt->sys_errno));
	rows_bind_text(s, 7, attempt->outcome == COVEY_SPAWN ? error : NULL);
	sqlite3_bind_double(s, 8, timeval_seconds(&attempt->usage.ru_utime));
	sqlite3_bind_double(s, 9, timeval_seconds(&attempt->usage.ru_stime));
	sqlite3_bind_int64(s, 10, (sqlite3_int64)attempt->usage.ru_maxrss * 1024);
	rows_bind_text(s, 14, attempt->reason);
	sqlite3_bind_int(s, 15, attempt->leaky);
	sqlite3_bind_int(s, 16, attempt->core_dumped);
	sqlite3_bind_int(s, 17, attempt->oom);
	rows_bind_positive(s, 18, attempt->pid);
}

/* … and what a row has that is there. */
static void bind_start(sqlite3_stmt *s, const struct ending *e)
{
	sqlite3_bind_int64(s, 19, e->task_row);
	sqlite3_bind_int64(s, 20, e->attempt.number);
	sqlite3_bind_int64(s, 21, e->attempt.slot);
	sqlite3_bind_double(s, 22, e->started);
}

int ending_write(const struct ending *e, struct rows *rows, bool has_row)
{
	enum rows_statement which = has_row ? ROWS_END_ATTEMPT : ROWS_ADD_ENDED;
	sqlite3_stmt *s = rows->statements[which];
	char error[128];

	bind_end(s, e, error);
	bind_outputs(s, e);
	if (!has_row)
		bind_start(s, e);
	return rows_run(rows, which);
}
