#include "journal_median.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 100 };

struct journal_median {
	const struct journal_db *db;
	sqlite3_stmt *lookup;
};

struct journal_median *journal_median_open(const struct journal_db *db, struct cli_error *err)
{
	struct journal_median *median = calloc(1, sizeof *median);

	if (median == NULL) {
		cli_error_set(err, "out of memory");
		return NULL;
	}
	median->db = db;
	/* in the order of the key's index, from its end */
	if (journal_db_prepare(db, "SELECT duration FROM task WHERE key = ?1 AND outcome = 'success'"
	    " AND duration IS NOT NULL ORDER BY series DESC, occurrence DESC, id DESC LIMIT ?2",
	    &median->lookup, err) == 0)
		return median;
	journal_median_close(median);
	return NULL;
}

void journal_median_close(struct journal_median *median)
{
	if (median != NULL)
		sqlite3_finalize(median->lookup);
	free(median);
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

static double middle(double *values, size_t n)
{
	if (n == 0)
		return INFINITY;
	qsort(values, n, sizeof *values, by_size);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

int journal_median_of(struct journal_median *median, const struct journal_key *key,
    double *seconds, struct cli_error *err)
{
	sqlite3_stmt *s = median->lookup;
	double values[MOST];
	size_t n = 0;
	int code;

	sqlite3_bind_blob(s, 1, key->bytes, sizeof key->bytes, SQLITE_STATIC);
	sqlite3_bind_int(s, 2, MOST);
	while ((code = sqlite3_step(s)) == SQLITE_ROW && n < MOST)
		values[n++] = sqlite3_column_double(s, 0);
	sqlite3_reset(s);
	if (code != SQLITE_DONE)
		return cli_error_set(err, "%s", sqlite3_errmsg(median->db->db));
	*seconds = middle(values, n);
	return 0;
}
