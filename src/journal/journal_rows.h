/*
 * journal_rows - the transaction in which rows are written; the first statement begins it
 *
 * After an error nothing more is written, and all that follows fails with the same message.
 */
#ifndef JOURNAL_JOURNAL_ROWS_H
#define JOURNAL_JOURNAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/journal_db.h"

/* Memory that grows as needed and is used again and again. */
struct room {
	char *at;
	size_t len, size;
};

struct rows {
	const struct journal_db *db;
	sqlite3_stmt *begin, *commit;
	bool begun, failed;
	struct error error;
};

/* All zero may be released, too. Returns 0, or -1 with a message. */
int rows_init(struct rows *rows, const struct journal_db *db, struct error *err);
void rows_release(struct rows *rows);

/* These return 0, or -1, and rows->error says why. */
int rows_begin(struct rows *rows);
int rows_commit(struct rows *rows);
int rows_run(struct rows *rows, sqlite3_stmt *statement);
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
