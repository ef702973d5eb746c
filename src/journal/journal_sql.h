/*
 * journal_sql - names for a statement's parameters and columns, which SQLite only numbers
 *
 * A statement is in the file that binds and reads it. Its names are a list, and its text and the
 * numbers are both made from that list, so that they cannot disagree:
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
 * The macros below put a comma before each element, and so the first name is written by hand before
 * the list. SQLite numbers parameters from 1, in the order in which the text first names them, and
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
	const char *const *parameters;  /* in the order of their numbers, then NULL; NULL: none */
};

#define SQL_PARAMETERS(...) (const char *const[]){ __VA_ARGS__, NULL }

/*
 * Prepares a statement, which the caller finalizes. Fails if its parameters are not exactly the
 * listed ones, in that order. Returns 0, or -1 with a message.
 */
int journal_sql_prepare(const struct journal_db *db, const struct journal_sql *sql,
    sqlite3_stmt **statement, struct error *err);

#endif
