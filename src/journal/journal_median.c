#include "journal/journal_median.h"

#include <math.h>
#include <stdlib.h>

#include "journal/journal_sql.h"

/* One pass over all tasks, however many are looked up later. */
static const char make[] =
    "CREATE TEMP TABLE median (key BLOB PRIMARY KEY, seconds REAL NOT NULL) WITHOUT ROWID;"
    "INSERT INTO median SELECT key, avg(duration) FROM ("
    "SELECT key, duration, row_number() OVER (PARTITION BY key ORDER BY duration) AS place,"
    " count(*) OVER (PARTITION BY key) AS n"
    " FROM task WHERE outcome = 'success' AND duration IS NOT NULL)"
    " WHERE place IN ((n + 1) / 2, (n + 2) / 2) GROUP BY key";

enum { LOOKUP_SECONDS };
enum { LOOKUP_KEY = 1 };

static const struct journal_sql look_up = {
	"SELECT seconds FROM median WHERE key = :key", SQL_PARAMETERS(":key")
};

struct journal_median {
	const struct journal_db *db;
	sqlite3_stmt *lookup;
};

struct journal_median *journal_median_open(const struct journal_db *db, struct error *err)
{
	struct journal_median *median = calloc(1, sizeof *median);

	if (median == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	median->db = db;
	if (journal_db_run(db, make, err) == 0
	    && journal_sql_prepare(db, &look_up, &median->lookup, err) == 0)
		return median;
	journal_median_close(median);
	return NULL;
}

void journal_median_close(struct journal_median *median)
{
	if (median == NULL)
		return;
	sqlite3_finalize(median->lookup);
	(void)journal_db_run(median->db, "DROP TABLE IF EXISTS temp.median",
	    &(struct error){ "" });
	free(median);
}

int journal_median_of(struct journal_median *median, const struct journal_key *key,
    double *seconds, struct error *err)
{
	sqlite3_stmt *s = median->lookup;
	int code, result = 0;

	sqlite3_bind_blob(s, LOOKUP_KEY, key->bytes, sizeof key->bytes, SQLITE_STATIC);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		*seconds = code == SQLITE_ROW ? sqlite3_column_double(s, LOOKUP_SECONDS) : INFINITY;
	else
		result = error_set(err, "%s", sqlite3_errmsg(median->db->db));
	sqlite3_reset(s);
	return result;
}
