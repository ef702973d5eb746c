#include "journal/journal_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/shquote.h"

static const char *const statements[] = {
	[ROWS_BEGIN] = "BEGIN IMMEDIATE",
	[ROWS_COMMIT] = "COMMIT",
	[ROWS_ADD_RUN] = "INSERT INTO run (id, series, recovery, uid, started, argv, command, template,"
	    " cwd, host, version, pid) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[ROWS_END_RUN] = "UPDATE run SET ended = ?2, input_read = ?3, status = ?4, signal = ?5,"
	    " succeeded = ?6, failed = ?7, not_started = ?8, skipped_succeeded = ?9,"
	    " skipped_failed = ?10 WHERE id = ?1",
	[ROWS_ADD_TASK] = "INSERT INTO task (id, outcome, attempts, last_attempt, duration, run, number,"
	    " series, key, occurrence, name, argv, command, input, cwd, env, stdin_file, stdin, timeout,"
	    " tries, retry_interval) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
	[ROWS_END_TASK] = "UPDATE task SET outcome = ?2, attempts = ?3,"
	    " last_attempt = coalesce(?4, last_attempt), duration = ?5 WHERE id = ?1",
	/* the row may be there, of one that could not be started */
	[ROWS_ADD_ATTEMPT] = "INSERT OR REPLACE INTO attempt (id, task, number, slot, pid, started)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[ROWS_DROP_ATTEMPT] = "DELETE FROM attempt WHERE id = ?1",
	[ROWS_SET_PID] = "UPDATE attempt SET pid = ?2 WHERE id = ?1",
	[ROWS_END_ATTEMPT] = "UPDATE attempt SET ended = ?2, duration = ?3, outcome = ?4, status = ?5,"
	    " signal = ?6, error = ?7, cpu_user = ?8, cpu_system = ?9, max_rss = ?10,"
	    " stdout_bytes = ?11, stderr_bytes = ?12, stderr_tail = ?13, reason = ?14, leaky = ?15,"
	    " core_dumped = ?16, oom = ?17, pid = ?18 WHERE id = ?1",
	[ROWS_ADD_ENDED] = "INSERT OR REPLACE INTO attempt (id, ended, duration, outcome, status,"
	    " signal, error, cpu_user, cpu_system, max_rss, stdout_bytes, stderr_bytes, stderr_tail, reason, leaky,"
	    " core_dumped, oom, pid, task, number, slot, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
};

static_assert(sizeof statements / sizeof statements[0] == ROWS_NSTATEMENTS, "one text for each");

int rows_init(struct rows *rows, const struct journal_db *db, struct error *err)
{
	*rows = (struct rows){ .db = db };
	for (int i = 0; i < ROWS_NSTATEMENTS; i++)
		if (journal_db_prepare(db, statements[i], &rows->statements[i], err) != 0)
			return -1;
	return 0;
}

void rows_release(struct rows *rows)
{
	for (int i = 0; i < ROWS_NSTATEMENTS; i++)
		sqlite3_finalize(rows->statements[i]);
	*rows = (struct rows){ .db = NULL };
}

static int fail(struct rows *rows)
{
	rows->failed = true;
	rows->begun = false;
	return -1;
}

int rows_out_of_memory(struct rows *rows)
{
	error_set(&rows->error, "out of memory");
	return fail(rows);
}

static int run(struct rows *rows, enum rows_statement which)
{
	if (journal_db_step(rows->db, rows->statements[which], &rows->error) == 0)
		return 0;
	return fail(rows);
}

int rows_begin(struct rows *rows)
{
	if (rows->failed)
		return -1;
	if (rows->begun)
		return 0;
	if (run(rows, ROWS_BEGIN) != 0)
		return -1;
	rows->begun = true;
	return 0;
}

int rows_commit(struct rows *rows)
{
	if (rows->failed)
		return -1;
	if (!rows->begun)
		return 0;
	if (run(rows, ROWS_COMMIT) != 0)
		return -1;
	rows->begun = false;
	return 0;
}

int rows_run(struct rows *rows, enum rows_statement which)
{
	return rows_begin(rows) == 0 ? run(rows, which) : -1;
}

int rows_ask(struct rows *rows, const char *sql, int64_t *number)
{
	sqlite3_stmt *s;
	int result = 0;

	if (journal_db_prepare(rows->db, sql, &s, &rows->error) != 0)
		return fail(rows);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*number = sqlite3_column_int64(s, 0);
	} else {
		error_set(&rows->error, "%s", sqlite3_errmsg(rows->db->db));
		result = fail(rows);
	}
	sqlite3_finalize(s);
	return result;
}

/* ---- binding ---- */

void rows_bind_text(sqlite3_stmt *s, int index, const char *text)
{
	if (text == NULL)
		sqlite3_bind_null(s, index);
	else
		journal_db_bind_bytes(s, index, text, strlen(text));
}

void rows_bind_blob(sqlite3_stmt *s, int index, const void *data, size_t len)
{
	sqlite3_bind_blob64(s, index, data, len, SQLITE_STATIC);
}

void rows_bind_number(sqlite3_stmt *s, int index, uint64_t n)
{
	sqlite3_bind_int64(s, index, (sqlite3_int64)n);
}

void rows_bind_positive(sqlite3_stmt *s, int index, int64_t n)
{
	if (n > 0)
		sqlite3_bind_int64(s, index, n);
	else
		sqlite3_bind_null(s, index);
}

static int reserve(struct room *room, size_t size)
{
	char *at;

	if (size <= room->size)
		return 0;
	at = realloc(room->at, size * 2);
	if (at == NULL)
		return -1;
	room->at = at;
	room->size = size * 2;
	return 0;
}

int room_join(struct room *room, const char *const *words)
{
	room->len = 0;
	for (; *words != NULL; words++) {
		size_t len = strlen(*words) + 1;

		if (reserve(room, room->len + len) != 0)
			return -1;
		memcpy(room->at + room->len, *words, len);
		room->len += len;
	}
	return 0;
}

int room_quote(struct room *room, const char *const *argv)
{
	if (reserve(room, 256) != 0)
		return -1;
	room->len = shquote_argv(room->at, room->size, argv);
	if (room->len < room->size)
		return 0;
	if (reserve(room, room->len + 1) != 0)
		return -1;
	shquote_argv(room->at, room->size, argv);
	return 0;
}
