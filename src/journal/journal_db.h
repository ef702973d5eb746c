/*
 * journal_db - the journal's file: find or create it, check, lock and open it
 *
 * One covey at a time writes to a journal, and holds a lock on it; readers neither wait for it nor
 * hold it up. A file that is not a journal is not changed.
 */
#ifndef JOURNAL_JOURNAL_DB_H
#define JOURNAL_JOURNAL_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct journal_db {
	sqlite3 *db;
	/*
	 * Open for as long as db is: closing any descriptor of a file releases all POSIX locks that
	 * the process holds on that file, including SQLite's.
	 */
	int fd;
	bool made;              /* journal_db_open has created the file */
	bool writer;
};

struct journal_db_options {
	bool durable;           /* a committed row survives a crash of the machine */
	bool shared_memory;     /* use a write-ahead log, which needs shared memory */
};

/*
 * Is this file system type, from statfs(2), one that other machines can write to? They cannot share
 * memory with this one.
 */
bool journal_db_is_remote(unsigned long fs_type);

/* The options for the file system that path is on. */
struct journal_db_options journal_db_options(const char *path, bool durable);

/* Opens a journal for writing, and creates a missing one. Returns 0, or -1 with a message. */
int journal_db_open(struct journal_db *db, const char *path,
    const struct journal_db_options *options, struct error *err);

/* Opens a journal for reading. Returns 0, or -1 with a message. */
int journal_db_read(struct journal_db *db, const char *path, struct error *err);

/* Is any covey writing to it? */
bool journal_db_in_use(const struct journal_db *db);

/* Closes it. After writing it is a single file again, unless another process reads it. */
void journal_db_close(struct journal_db *db);

/*
 * Prepares a statement; runs statements that return no rows. Return 0, or -1 with SQLite's message.
 * For a statement with parameters see journal_sql.h.
 */
int journal_db_prepare(const struct journal_db *db, const char *sql, sqlite3_stmt **statement,
    struct error *err);
int journal_db_run(const struct journal_db *db, const char *sql, struct error *err);

/* Runs a prepared statement that returns no rows, and resets it. Returns as above. */
int journal_db_step(const struct journal_db *db, sqlite3_stmt *statement, struct error *err);

/*
 * Binds bytes, which must stay valid until the statement has run: as text if they are UTF-8 without
 * NUL, so that queries can compare them with text, else as a BLOB.
 */
void journal_db_bind_bytes(sqlite3_stmt *statement, int index, const char *data, size_t len);

#endif
