#include "journal/journal_sql.h"

#include <string.h>

/* Never NULL. */
static const char *listed(const struct journal_sql *sql, int count, int number)
{
	return number <= count ? sql->parameters[number - 1] : "no parameter";
}

/* Never NULL; a parameter such as "?" has no name. */
static const char *named(sqlite3_stmt *statement, int count, int number)
{
	const char *name = number <= count ? sqlite3_bind_parameter_name(statement, number)
	    : "no parameter";

	return name == NULL ? "?" : name;
}

static int check(const struct journal_sql *sql, sqlite3_stmt *statement, struct error *err)
{
	int nnamed = sqlite3_bind_parameter_count(statement), nlisted = 0;

	while (sql->parameters != NULL && sql->parameters[nlisted] != NULL)
		nlisted++;
	for (int i = 1; i <= nnamed || i <= nlisted; i++) {
		const char *in_list = listed(sql, nlisted, i);
		const char *in_text = named(statement, nnamed, i);

		if (strcmp(in_list, in_text) != 0)
			return error_set(err, "parameter %d is '%s' in the list and '%s' in the "
			    "statement '%s'", i, in_list, in_text, sql->text);
	}
	return 0;
}

int journal_sql_prepare(const struct journal_db *db, const struct journal_sql *sql,
    sqlite3_stmt **statement, struct error *err)
{
	if (journal_db_prepare(db, sql->text, statement, err) != 0)
		return -1;
	if (check(sql, *statement, err) == 0)
		return 0;
	sqlite3_finalize(*statement);
	*statement = NULL;
	return -1;
}
