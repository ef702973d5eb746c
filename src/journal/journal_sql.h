/*
 * journal_sql - names for what SQLite only numbers: a statement's parameters and its columns
 *
 * A statement stands in the file that binds and reads it. Its names are a list, and the text of the
 * statement and the numbers are both made from that list, so that they cannot disagree:
 *
 *	#define ITEM(X) X(ITEM_NAME, "name") X(ITEM_SIZE, "size")
 *
 *	enum { ITEM_ID = 1 ITEM(SQL_NUMBER) };
 *	static const struct journal_sql add_item = {
 *		"INSERT INTO item (id" ITEM(SQL_COLUMN) ") VALUES (:id" ITEM(SQL_VALUE) ")",
 *		SQL_PARAMETERS(":id" ITEM(SQL_NAME))
 *	};
 *	sqlite3_bind_text(s, ITEM_NAME, …);
 *
 * What the macros below make of a list begins with a comma, and so the name before it is written by
 * hand. SQLite numbers parameters from 1, in the order in which the text first names them, and
 * columns from 0.
 */
#ifndef JOURNAL_JOURNAL_SQL_H
#define JOURNAL_JOURNAL_SQL_H

#include "journal/journal_db.h"

#define SQL_NUMBER(number, name) , number
#define SQL_COLUMN(number, name) ", " name
#define SQL_VALUE(number, name) ", :" name
#define SQL_SET(number, name) ", " name " = :" name
#define SQL_NAME(number, name) , ":" name

struct journal_sql {
	const char *text;
	const char *const *parameters;  /* in the order of their numbers, ended by NULL; NULL: none */
};

#define SQL_PARAMETERS(...) (const char *const[]){ __VA_ARGS__, NULL }

/*
 * Prepares a statement whose parameters are exactly the listed ones, in that order; the caller
 * finalizes it. Returns 0, or -1 with a message.
 */
int journal_sql_prepare(const struct journal_db *db, const struct journal_sql *sql,
    sqlite3_stmt **statement, struct error *err);

#endif
