#include "cli/run/plan_history.h"

#include <stdlib.h>

#include "journal/journal_past.h"
#include "journal/journal_sql.h"

struct plan_history {
	struct planner planner;
	struct journal *journal;
	enum options_recovery recovery;
	sqlite3_stmt *occurrence;      /* numbers equal tasks; NULL: they are not numbered */
};

/* ---- the number among equals ---- */

/*
 * Tasks that are left out, or are another shard's, are in no table of this run. So a run that continues
 * another, or is a shard's, counts in a table of its own, which SQLite keeps in a file. Other runs
 * need not: their entries in the journal can be counted later.
 */
static const char make_seen[] =
    "CREATE TEMP TABLE seen (key BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID";

enum { COUNT_N };
enum { COUNT_KEY = 1 };

static const struct journal_sql count_seen = {
	"INSERT INTO seen VALUES (:key, 1) ON CONFLICT (key) DO UPDATE SET n = n + 1 RETURNING n",
	SQL_PARAMETERS(":key")
};

static int prepare(struct plan_history *h, bool sharded, struct error *err)
{
	const struct journal_db *db = journal_database(h->journal);
	struct error why;

	if (journal_past(h->journal) == NULL && !sharded)
		return 0;
	if (journal_db_run(db, make_seen, &why) == 0
	    && journal_sql_prepare(db, &count_seen, &h->occurrence, &why) == 0)
		return 0;
	return journal_is_unusable(h->journal, &why, err);
}

static int count(struct plan_history *h, struct plan *plan, struct error *err)
{
	sqlite3_stmt *s = h->occurrence;
	int result = 0;

	if (s == NULL)
		return 0;
	sqlite3_bind_blob(s, COUNT_KEY, plan->key.bytes, sizeof plan->key.bytes, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW)
		plan->occurrence = sqlite3_column_int64(s, COUNT_N);
	else
		result = error_set(err, "%s", sqlite3_errmsg(journal_database(h->journal)->db));
	sqlite3_reset(s);
	return result;
}

static int identify(struct plan_history *h, struct plan *plan, struct error *err)
{
	struct error why;

	plan->key = plan->name != NULL ? journal_key_of_name(plan->name)
	    : journal_key_of(&plan->command);
	return count(h, plan, &why) == 0 ? 0 : journal_is_unusable(h->journal, &why, err);
}

/* ---- what is left out ---- */

static bool is_left_out(const struct plan_history *h, enum past_state state)
{
	switch (state) {
	case PAST_SUCCEEDED:
		return true;
	case PAST_FAILED:
		return h->recovery == RECOVERY_RESUME;
	case PAST_UNKNOWN:
	case PAST_UNFINISHED:
	case PAST_NSTATES:
		break;
	}
	return false;
}

static enum plan_result look_up(struct plan_history *h, struct plan *plan, struct error *err)
{
	struct past *past = journal_past(h->journal);
	enum past_state state;
	struct error why;

	if (identify(h, plan, err) != 0)
		return PLAN_BAD;
	if (past == NULL)
		return PLAN_TASK;
	if (past_state(past, &plan->key, plan->occurrence, &state, &why) != 0) {
		journal_is_unusable(h->journal, &why, err);
		return PLAN_BAD;
	}
	if (!is_left_out(h, state))
		return PLAN_TASK;
	journal_skip(h->journal, state);
	return PLAN_LEFT_OUT;
}

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct plan_history *h = (struct plan_history *)planner;
	enum plan_result result = planner_next(planner->below, plan, err);

	if (result == PLAN_TASK)
		return look_up(h, plan, err);
	/* tasks of other shards count too: equal tasks have the same numbers in every shard */
	if (result == PLAN_OTHERS && plan->command.argv != NULL && identify(h, plan, err) != 0)
		return PLAN_BAD;
	return result;
}

static void close_history(struct planner *planner)
{
	struct plan_history *h = (struct plan_history *)planner;

	sqlite3_finalize(h->occurrence);
	free(h);
}

struct planner *plan_history_open(struct planner *below, const struct options *options,
    struct journal *journal, struct error *err)
{
	static const struct planner_ops ops = { .next = next, .close = close_history };
	struct plan_history *h = calloc(1, sizeof *h);

	if (h == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	planner_init(&h->planner, &ops, below);
	h->journal = journal;
	h->recovery = options->recovery;
	if (prepare(h, options->given[OPT_SHARD] != 0, err) == 0)
		return &h->planner;
	close_history(&h->planner);
	return NULL;
}
