#include "journal/journal_attempt.h"

#include "base/outcome.h"
#include "base/wallclock.h"
#include "journal/journal_sql.h"

/* ---- the statements ---- */

/* What is known when an attempt has ended. */
#define END(X) \
	X(ATTEMPT_DURATION, "duration") \
	X(ATTEMPT_OUTCOME, "outcome") \
	X(ATTEMPT_STATUS, "status") \
	X(ATTEMPT_SIGNAL, "signal") \
	X(ATTEMPT_ERROR, "error") \
	X(ATTEMPT_CPU_USER, "cpu_user") \
	X(ATTEMPT_CPU_SYSTEM, "cpu_system") \
	X(ATTEMPT_MAX_RSS, "max_rss") \
	X(ATTEMPT_STDOUT_BYTES, "stdout_bytes") \
	X(ATTEMPT_STDERR_BYTES, "stderr_bytes") \
	X(ATTEMPT_STDERR_TAIL, "stderr_tail") \
	X(ATTEMPT_REASON, "reason") \
	X(ATTEMPT_LEAKY, "leaky") \
	X(ATTEMPT_CORE_DUMPED, "core_dumped") \
	X(ATTEMPT_OOM, "oom") \
	X(ATTEMPT_PID, "pid") \
	X(ATTEMPT_ID, "id")

/* What is known when it starts. */
#define START(X) \
	X(ATTEMPT_TASK, "task") \
	X(ATTEMPT_NUMBER, "number") \
	X(ATTEMPT_SLOT, "slot") \
	X(ATTEMPT_STARTED, "started")

/* END comes first in both statements, and so has the same numbers in both. */
enum { ATTEMPT_ENDED = 1 END(SQL_NUMBER) START(SQL_NUMBER) };

static const struct journal_sql add_attempt = {
	"INSERT OR REPLACE INTO attempt (ended" END(SQL_COLUMN) START(SQL_COLUMN)
	") VALUES (:ended" END(SQL_VALUE) START(SQL_VALUE) ")",
	SQL_PARAMETERS(":ended" END(SQL_NAME) START(SQL_NAME))
};

static const struct journal_sql end_attempt = {
	"UPDATE attempt SET ended = :ended" END(SQL_SET) " WHERE id = :id",
	SQL_PARAMETERS(":ended" END(SQL_NAME))
};

enum { DROP_ID = 1 };

static const struct journal_sql drop_attempt = {
	"DELETE FROM attempt WHERE id = :id", SQL_PARAMETERS(":id")
};

enum { SET_PID_PID = 1, SET_PID_ID };

static const struct journal_sql set_pid = {
	"UPDATE attempt SET pid = :pid WHERE id = :id", SQL_PARAMETERS(":pid", ":id")
};

enum { LOSE_REASON = 1, LOSE_TASK };

static const struct journal_sql lose_attempt = {
	"UPDATE attempt SET outcome = 'lost', reason = :reason"
	" WHERE task = :task AND outcome = 'success'", SQL_PARAMETERS(":reason", ":task")
};

int attempt_rows_init(struct attempt_rows *a, struct rows *rows, struct error *err)
{
	*a = (struct attempt_rows){ .rows = rows };
	if (journal_sql_prepare(rows->db, &add_attempt, &a->add, err) != 0
	    || journal_sql_prepare(rows->db, &end_attempt, &a->end, err) != 0
	    || journal_sql_prepare(rows->db, &drop_attempt, &a->drop, err) != 0
	    || journal_sql_prepare(rows->db, &lose_attempt, &a->lose, err) != 0)
		return -1;
	return journal_sql_prepare(rows->db, &set_pid, &a->set_pid, err);
}

void attempt_rows_release(struct attempt_rows *a)
{
	sqlite3_finalize(a->add);
	sqlite3_finalize(a->end);
	sqlite3_finalize(a->drop);
	sqlite3_finalize(a->set_pid);
	sqlite3_finalize(a->lose);
}

/* ---- starts ---- */

static void bind_start(sqlite3_stmt *s, const struct attempt_row *row)
{
	sqlite3_bind_int64(s, ATTEMPT_ID, row->id);
	sqlite3_bind_int64(s, ATTEMPT_TASK, row->task);
	sqlite3_bind_int64(s, ATTEMPT_NUMBER, row->number);
	sqlite3_bind_int64(s, ATTEMPT_SLOT, row->slot);
	sqlite3_bind_double(s, ATTEMPT_STARTED, row->started);
	rows_bind_positive(s, ATTEMPT_PID, row->pid);
}

int attempt_rows_add(struct attempt_rows *a, const struct attempt_row *row)
{
	/* values stay bound; those of an ended attempt must not get into this row */
	sqlite3_clear_bindings(a->add);
	bind_start(a->add, row);
	return rows_run(a->rows, a->add);
}

int attempt_rows_drop(struct attempt_rows *a, int64_t id)
{
	sqlite3_bind_int64(a->drop, DROP_ID, id);
	return rows_run(a->rows, a->drop);
}

int attempt_rows_set_pid(struct attempt_rows *a, int64_t id, pid_t pid)
{
	sqlite3_bind_int64(a->set_pid, SET_PID_PID, pid);
	sqlite3_bind_int64(a->set_pid, SET_PID_ID, id);
	return rows_run(a->rows, a->set_pid);
}

int attempt_rows_lost(struct attempt_rows *a, int64_t task, const char *reason)
{
	rows_bind_text(a->lose, LOSE_REASON, reason);
	sqlite3_bind_int64(a->lose, LOSE_TASK, task);
	return rows_run(a->rows, a->lose);
}

/* ---- ends ---- */

static void bind_outputs(sqlite3_stmt *s, const struct ending *e)
{
	sqlite3_bind_null(s, ATTEMPT_STDOUT_BYTES);
	sqlite3_bind_null(s, ATTEMPT_STDERR_BYTES);
	sqlite3_bind_null(s, ATTEMPT_STDERR_TAIL);
	if (e->captured) {
		rows_bind_number(s, ATTEMPT_STDOUT_BYTES, e->out_bytes);
		rows_bind_number(s, ATTEMPT_STDERR_BYTES, e->err_bytes);
	}
	if (e->tail_len > 0)
		journal_db_bind_bytes(s, ATTEMPT_STDERR_TAIL, e->tail, e->tail_len);
}

static void bind_usage(sqlite3_stmt *s, const struct rusage *usage)
{
	sqlite3_bind_double(s, ATTEMPT_CPU_USER, seconds_of_timeval(&usage->ru_utime));
	sqlite3_bind_double(s, ATTEMPT_CPU_SYSTEM, seconds_of_timeval(&usage->ru_stime));
	sqlite3_bind_int64(s, ATTEMPT_MAX_RSS, (sqlite3_int64)usage->ru_maxrss * 1024);
}

static void bind_end(sqlite3_stmt *s, const struct ending *e, char error[OUTCOME_START_ERROR_SIZE])
{
	const struct covey_attempt *attempt = &e->attempt;

	sqlite3_bind_int64(s, ATTEMPT_ID, e->row);
	sqlite3_bind_double(s, ATTEMPT_ENDED, e->ended);
	sqlite3_bind_double(s, ATTEMPT_DURATION, seconds_of(attempt->ended - attempt->started));
	rows_bind_text(s, ATTEMPT_OUTCOME, covey_outcome_name(attempt->outcome));
	sqlite3_bind_int(s, ATTEMPT_STATUS, attempt->status);
	sqlite3_bind_int(s, ATTEMPT_SIGNAL, attempt->signal);
	outcome_start_error(error, attempt);
	rows_bind_text(s, ATTEMPT_ERROR, attempt->outcome == COVEY_SPAWN ? error : NULL);
	rows_bind_text(s, ATTEMPT_REASON, attempt->reason);
	sqlite3_bind_int(s, ATTEMPT_LEAKY, attempt->leaky);
	sqlite3_bind_int(s, ATTEMPT_CORE_DUMPED, attempt->core_dumped);
	sqlite3_bind_int(s, ATTEMPT_OOM, attempt->oom);
	rows_bind_positive(s, ATTEMPT_PID, attempt->pid);
}

int attempt_rows_end(struct attempt_rows *a, const struct ending *e, bool has_row)
{
	sqlite3_stmt *s = has_row ? a->end : a->add;
	char error[OUTCOME_START_ERROR_SIZE];

	if (!has_row)
		bind_start(s, &(struct attempt_row){
			.id = e->row, .task = e->task_row, .number = e->attempt.number,
			.slot = e->attempt.slot, .pid = e->attempt.pid, .started = e->started,
		});
	bind_end(s, e, error);
	bind_usage(s, &e->attempt.usage);
	bind_outputs(s, e);
	return rows_run(a->rows, s);
}
