/*
 * journal_rows - the statements that write a journal, in a transaction that the first of them begins
 *
 * After an error nothing more is written, and all that follows fails with the same message.
 */
#ifndef JOURNAL_JOURNAL_ROWS_H
#define JOURNAL_JOURNAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/journal_db.h"

/* Their parameters are named in journal_rows.c. */
enum rows_statement {
	ROWS_BEGIN,
	ROWS_COMMIT,
	ROWS_ADD_RUN,
	ROWS_END_RUN,
	ROWS_ADD_TASK,
	ROWS_END_TASK,
	ROWS_ADD_ATTEMPT,      /* one that runs */
	ROWS_DROP_ATTEMPT,
	ROWS_SET_PID,
	ROWS_END_ATTEMPT,
	ROWS_ADD_ENDED,        /* one that has run; where it is the same, numbered as in END_ATTEMPT */
	ROWS_NSTATEMENTS
};

/* Memory that grows as needed and is used again and again. */
struct room {
	char *at;
	size_t len, size;
};

struct rows {
	const struct journal_db *db;
	sqlite3_stmt *statements[ROWS_NSTATEMENTS];
	bool begun, failed;
	struct error error;
};

/* All zero may be released, too. Returns 0, or -1 with a message. */
int rows_init(struct rows *rows, const struct journal_db *db, struct error *err);
void rows_release(struct rows *rows);

/* These return 0, or -1, and rows->error says why. */
int rows_begin(struct rows *rows);
int rows_commit(struct rows *rows);
int rows_run(struct rows *rows, enum rows_statement which);
int rows_out_of_memory(struct rows *rows);

/* The first column of a query that gives one row. */
int rows_ask(struct rows *rows, const char *sql, int64_t *number);

/* ---- what is bound to their parameters; it must last until the statement has been run ---- */

/* NULL is bound as NULL. */
void rows_bind_text(sqlite3_stmt *s, int index, const char *text);
void rows_bind_blob(sqlite3_stmt *s, int index, const void *data, size_t len);
void rows_bind_number(sqlite3_stmt *s, int index, uint64_t n);
/* 0, and what is below, as NULL. */
void rows_bind_positive(sqlite3_stmt *s, int index, int64_t n);

/* Words one after the other, each with its NUL; and as a line for a shell. 0, or -1 for no memory. */
int room_join(struct room *room, const char *const *words);
int room_quote(struct room *room, const char *const *argv);

#endif
