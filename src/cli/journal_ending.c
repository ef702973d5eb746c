#include "journal_ending.h"

#include <stdio.h>
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

void ending_take(struct ending *e, const struct covey_attempt *attempt, bool captured,
    char tail[ENDING_TAIL])
{
	ssize_t n = covey_output_tail(attempt->err, tail, ENDING_TAIL);

	*e = (struct ending){
		.attempt = attempt, .ended = wall_clock(), .captured = captured,
		.out_bytes = printed(attempt->out), .err_bytes = printed(attempt->err),
		.tail = tail, .tail_len = n > 0 ? (size_t)n : 0,
	};
}

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
	const struct covey_attempt *attempt = e->attempt;

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
	sqlite3_bind_int64(s, 20, e->attempt->number);
	sqlite3_bind_int64(s, 21, e->attempt->slot);
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
