/*
 * journal_db - the journal's file: found or made, checked, locked, opened
 *
 * One covey writes to a journal at a time, and holds a lock on it meanwhile; whoever only reads is
 * never in the way. A file that is not a journal is not touched.
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
	 * Open for as long as db is: closing any descriptor of a file drops all of a process's
	 * POSIX locks on it, SQLite's among them.
	 */
	int fd;
	bool made;      /* by this call */
	bool writer;
};

struct journal_db_options {
	bool durable;           /* not even a crash of the machine takes a record from it */
	bool shared_memory;     /* may a write-ahead log be used, which needs it? */
};

/*
 * Is that type of file system, of statfs(2), one that other machines write to as well? Memory cannot
 * be shared with them.
 */
bool journal_db_is_remote(unsigned long fs_type);

/* What suits the file system that path is on. */
struct journal_db_options journal_db_options(const char *path, bool durable);

/* Opens a journal to write to, and makes it if there is none. Returns 0, or -1 with a message. */
int journal_db_open(struct journal_db *db, const char *path,
    const struct journal_db_options *options, struct error *err);

/* Opens a journal to read. Returns 0, or -1 with a message. */
int journal_db_read(struct journal_db *db, const char *path, struct error *err);

/* Is a covey writing to it? */
bool journal_db_in_use(const struct journal_db *db);

/* Closes it; one that was written to is one file again, if nobody reads it. */
void journal_db_close(struct journal_db *db);

/*
 * Prepares a statement, or runs one that gives no rows. Return 0, or -1 with a message from SQLite
 * in err.
 */
int journal_db_prepare(const struct journal_db *db, const char *sql, sqlite3_stmt **statement,
    struct error *err);
int journal_db_run(const struct journal_db *db, const char *sql, struct error *err);

/* Runs a statement that gives no rows, and makes it ready for the next time; as above. */
int journal_db_step(const struct journal_db *db, sqlite3_stmt *statement, struct error *err);

/*
 * Binds bytes, which must last until the statement has been run: as text where that is what they
 * are, so that queries can compare them, else as a BLOB.
 */
void journal_db_bind_bytes(sqlite3_stmt *statement, int index, const char *data, size_t len);

#endif
