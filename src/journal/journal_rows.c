#include "journal/journal_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/shquote.h"

int rows_init(struct rows *rows, const struct journal_db *db, struct error *err)
{
	*rows = (struct rows){ .db = db };
	if (journal_db_prepare(db, "BEGIN IMMEDIATE", &rows->begin, err) != 0)
		return -1;
	return journal_db_prepare(db, "COMMIT", &rows->commit, err);
}

void rows_release(struct rows *rows)
{
	sqlite3_finalize(rows->begin);
	sqlite3_finalize(rows->commit);
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

static int run(struct rows *rows, sqlite3_stmt *statement)
{
	if (journal_db_step(rows->db, statement, &rows->error) == 0)
		return 0;
	return fail(rows);
}

int rows_begin(struct rows *rows)
{
	if (rows->failed)
		return -1;
	if (rows->begun)
		return 0;
	if (run(rows, rows->begin) != 0)
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
	if (run(rows, rows->commit) != 0)
		return -1;
	rows->begun = false;
	return 0;
}

int rows_run(struct rows *rows, sqlite3_stmt *statement)
{
	return rows_begin(rows) == 0 ? run(rows, statement) : -1;
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
