/*
 * journal_rows - the transaction that writes rows; its first statement begins it
 *
 * After an error nothing more is written, and every later call fails with the same message.
 */
#ifndef JOURNAL_JOURNAL_ROWS_H
#define JOURNAL_JOURNAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/journal_db.h"

/* A buffer that grows as needed, and is reused. */
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

/* Returns 0, or -1 with a message. A struct that is all zero may be released, too. */
int rows_init(struct rows *rows, const struct journal_db *db, struct error *err);
void rows_release(struct rows *rows);

/* Return 0, or -1 with a message in rows->error. */
int rows_begin(struct rows *rows);
int rows_commit(struct rows *rows);
int rows_run(struct rows *rows, sqlite3_stmt *statement);
int rows_out_of_memory(struct rows *rows);

/* The first column of a query that returns one row. */
int rows_ask(struct rows *rows, const char *sql, int64_t *number);

/* ---- binding: the value must stay valid until the statement has run ---- */

/* Text NULL becomes NULL. */
void rows_bind_text(sqlite3_stmt *s, int index, const char *text);
void rows_bind_blob(sqlite3_stmt *s, int index, const void *data, size_t len);
void rows_bind_number(sqlite3_stmt *s, int index, uint64_t n);
/* 0 and negative numbers become NULL. */
void rows_bind_positive(sqlite3_stmt *s, int index, int64_t n);

/* Words with a NUL after each; words quoted for a shell. Return 0, or -1: out of memory. */
int room_join(struct room *room, const char *const *words);
int room_quote(struct room *room, const char *const *argv);

#endif
