#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "journal/journal_past.h"
#include "journal/journal_sql.h"
#include "report/report_text.h"

/* ---- queries ---- */

static int database_error(const struct journal_db *db, struct error *err)
{
	return error_set(err, "cannot read the journal: %s", sqlite3_errmsg(db->db));
}

/* How a task is named in a report. */
#define LABEL "coalesce(t.name || ': ', '') || t.command"

/* Conditions on a task's outcome. */
#define IS_SUCCESS "t.outcome = 'success'"
#define IS_FLAKY "(t.outcome = 'success' AND t.attempts > 1)"
#define IS_FAILED "t.outcome IN " PAST_FAILED_OUTCOMES
#define IS_UNFINISHED "(t.outcome IS NULL OR t.outcome IN ('cancelled', 'deadline', 'lost'))"

/* A query about one run, or without a parameter about all runs; each is called for every row. */
struct query {
	struct journal_sql sql;
	void (*each)(sqlite3_stmt *s, void *arg);
};

enum { QUERY_RUN = 1 };

#define RUN_PARAMETER SQL_PARAMETERS(":run")

static int ask(const struct journal_db *db, const struct query *query, int64_t run, void *arg,
    struct error *err)
{
	sqlite3_stmt *s;
	int code;

	if (journal_sql_prepare(db, &query->sql, &s, err) != 0)
		return -1;
	if (query->sql.parameters != NULL)
		sqlite3_bind_int64(s, QUERY_RUN, run);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		query->each(s, arg);
	if (code != SQLITE_DONE)
		database_error(db, err);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? 0 : -1;
}

/* ---- a run ---- */

#define RUN(X) \
	X(RUN_SERIES, "series") \
	X(RUN_RECOVERY, "recovery") \
	X(RUN_STARTED, "started") \
	X(RUN_ENDED, "ended") \
	X(RUN_COMMAND, "command") \
	X(RUN_HOST, "host") \
	X(RUN_STATUS, "status") \
	X(RUN_SIGNAL, "signal") \
	X(RUN_SKIPPED_SUCCEEDED, "skipped_succeeded") \
	X(RUN_SKIPPED_FAILED, "skipped_failed") \
	X(RUN_INPUT_READ, "input_read") \
	X(RUN_IS_LAST, "id = (SELECT max(id) FROM run)")

enum { RUN_ID RUN(SQL_NUMBER) };

#define SELECT_RUN "SELECT id" RUN(SQL_COLUMN) " FROM run"

/* Run 0 is the last one. */
#define SELECT_ONE_RUN SELECT_RUN \
	" WHERE id = coalesce(nullif(:run, 0), (SELECT max(id) FROM run))"

struct about {
	int64_t run;               /* 0: not found */
	int64_t series;            /* to look for tasks of earlier runs in; 0: there can be none */
	struct past *past;         /* of that series, after judge */
	bool ended, in_use;
	bool running;              /* a covey writes to the journal, and this is its run */
	bool cut_short;            /* it ended before it had read all of its input */
	int status;
	uint64_t succeeded, flaky, failed, unfinished, skipped_succeeded, skipped_failed;
};

static void print_end(sqlite3_stmt *s, const struct about *about)
{
	if (!about->ended)
		printf(about->running ? "running" : "killed");
	else if (!report_is_null(s, RUN_SIGNAL))
		printf("stopped by %s", units_signal_name(sqlite3_column_int(s, RUN_SIGNAL)));
	else
		printf("exit %d", sqlite3_column_int(s, RUN_STATUS));
}

static void take_quietly(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;

	about->run = sqlite3_column_int64(s, RUN_ID);
	about->ended = !report_is_null(s, RUN_ENDED);
	about->running = !about->ended && about->in_use && sqlite3_column_int(s, RUN_IS_LAST) != 0;
	about->status = !about->ended || !report_is_null(s, RUN_SIGNAL) ? -1
	    : sqlite3_column_int(s, RUN_STATUS);
	about->skipped_succeeded = (uint64_t)sqlite3_column_int64(s, RUN_SKIPPED_SUCCEEDED);
	about->skipped_failed = (uint64_t)sqlite3_column_int64(s, RUN_SKIPPED_FAILED);
	about->cut_short = about->ended && sqlite3_column_int(s, RUN_INPUT_READ) == 0;
	/* else the run has a row of every task that is still to do */
	about->series = !about->ended || about->cut_short || about->skipped_failed > 0
	    ? sqlite3_column_int64(s, RUN_SERIES) : 0;
	if (about->series == about->run)
		about->series = 0;
}

static const struct query one_run = {
	{ SELECT_ONE_RUN, RUN_PARAMETER }, take_quietly
};

static void take_run(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;
	char took[UNITS_DURATION_SIZE];

	take_quietly(s, about);
	printf("run %lld", (long long)about->run);
	report_print(s, ": ", RUN_COMMAND);
	printf("\n    ");
	report_print_time(sqlite3_column_double(s, RUN_STARTED));
	report_print(s, " on ", RUN_HOST);
	/* the first run with --resume continues none */
	if (!report_is_null(s, RUN_RECOVERY)
	    && sqlite3_column_int64(s, RUN_SERIES) != about->run) {
		report_print(s, ", ", RUN_RECOVERY);
		printf(" of run %lld", (long long)sqlite3_column_int64(s, RUN_SERIES));
	}
	printf(": ");
	print_end(s, about);
	if (about->ended) {
		report_format_seconds(sqlite3_column_double(s, RUN_ENDED)
		    - sqlite3_column_double(s, RUN_STARTED), took);
		printf(" after %s", took);
	}
	putchar('\n');
}

static const struct query one_run_shown = {
	{ SELECT_ONE_RUN, RUN_PARAMETER }, take_run
};

static const struct query all_runs = {
	{ SELECT_RUN " ORDER BY id", NULL }, take_run
};

#define COUNT(X) \
	X(COUNT_FLAKY, "count(*) FILTER (WHERE " IS_FLAKY ")") \
	X(COUNT_FAILED, "count(*) FILTER (WHERE " IS_FAILED ")") \
	X(COUNT_UNFINISHED, "count(*) FILTER (WHERE " IS_UNFINISHED ")")

enum { COUNT_SUCCEEDED COUNT(SQL_NUMBER) };

static void take_counts(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;

	about->succeeded = (uint64_t)sqlite3_column_int64(s, COUNT_SUCCEEDED);
	about->flaky = (uint64_t)sqlite3_column_int64(s, COUNT_FLAKY);
	about->failed = (uint64_t)sqlite3_column_int64(s, COUNT_FAILED);
	about->unfinished = (uint64_t)sqlite3_column_int64(s, COUNT_UNFINISHED);
}

static const struct query counts = {
	{ "SELECT count(*) FILTER (WHERE " IS_SUCCESS ")" COUNT(SQL_COLUMN)
	  " FROM task t WHERE t.run = :run", RUN_PARAMETER }, take_counts
};

static void print_counts(const struct about *about)
{
	printf("    %llu succeeded", (unsigned long long)about->succeeded);
	if (about->flaky > 0)
		printf(" (%llu flaky)", (unsigned long long)about->flaky);
	printf(", %llu failed, %llu not finished", (unsigned long long)about->failed,
	    (unsigned long long)about->unfinished);
	if (about->skipped_succeeded + about->skipped_failed > 0)
		printf("; left out: %llu succeeded before, %llu failed before",
		    (unsigned long long)about->skipped_succeeded,
		    (unsigned long long)about->skipped_failed);
	if (about->cut_short)
		printf("; the input was not read to its end");
	putchar('\n');
}

/* The caller closes about->past, also after an error. */
static int judge(const struct journal_db *db, struct about *about, struct report_verdict *verdict,
    struct error *err)
{
	uint64_t states[PAST_NSTATES];

	if (ask(db, &counts, about->run, about, err) != 0)
		return -1;
	about->past = past_open(db, about->series, about->run, err);
	if (about->past == NULL || past_count(about->past, states, err) != 0)
		return -1;
	verdict->found = about->run != 0;
	verdict->clean = verdict->found && about->status == 0
	    && about->failed + about->unfinished + about->skipped_failed == 0
	    && states[PAST_FAILED] + states[PAST_UNFINISHED] == 0;
	return 0;
}

/* ---- tasks ---- */

/* How a task ended, and what is known of its last attempt. */
#define TASK(X) \
	X(TASK_COMMAND, LABEL) \
	X(TASK_OUTCOME, "t.outcome") \
	X(TASK_ATTEMPTS, "t.attempts") \
	X(TASK_DURATION, "t.duration") \
	X(TASK_STATUS, "a.status") \
	X(TASK_SIGNAL, "a.signal") \
	X(TASK_ERROR, "a.error") \
	X(TASK_REASON, "a.reason") \
	X(TASK_STDERR_TAIL, "a.stderr_tail") \
	X(TASK_CORE_DUMPED, "a.core_dumped") \
	X(TASK_OOM, "a.oom") \
	X(TASK_OTHER_RUN, "nullif(t.run, :run)")

enum { TASK_NUMBER TASK(SQL_NUMBER) };

#define SELECT_TASK "SELECT t.number" TASK(SQL_COLUMN) \
	" FROM task t LEFT JOIN attempt a ON a.id = t.last_attempt WHERE "

/* The run's tasks; and with those of earlier runs in its series that have not succeeded yet. */
#define OF_RUN "t.run = :run AND "
#define OF_SERIES \
	"(t.run = :run OR t.id IN (SELECT id FROM past WHERE " PAST_NOT_SUCCEEDED ")) AND "

static void print_task(sqlite3_stmt *s, const char *what)
{
	printf("task %lld", (long long)sqlite3_column_int64(s, TASK_NUMBER));
	if (!report_is_null(s, TASK_OTHER_RUN))
		printf(" of run %lld", (long long)sqlite3_column_int64(s, TASK_OTHER_RUN));
	printf(" %s", what);
	report_print(s, ": ", TASK_COMMAND);
}

/* COVEY_NOUTCOMES: not an outcome of a task that has failed. */
static enum covey_outcome outcome_kind(const char *name)
{
	/* the names are those in a journal */
	static const char *const names[COVEY_NOUTCOMES] = {
		[COVEY_EXIT] = "exit", [COVEY_SIGNAL] = "signal", [COVEY_TIMEOUT] = "timeout",
		[COVEY_SPAWN] = "spawn",
	};
	unsigned kind = 0;

	while (kind < COVEY_NOUTCOMES && (names[kind] == NULL || strcmp(names[kind], name) != 0))
		kind++;
	return (enum covey_outcome)kind;
}

static void print_outcome(sqlite3_stmt *s)
{
	const struct outcome outcome = {
		.kind = outcome_kind(report_text(s, TASK_OUTCOME)),
		.started = true,
		.status = sqlite3_column_int(s, TASK_STATUS),
		.signal = sqlite3_column_int(s, TASK_SIGNAL),
		.core_dumped = sqlite3_column_int(s, TASK_CORE_DUMPED) != 0,
		.oom = sqlite3_column_int(s, TASK_OOM) != 0,
		.start_error = report_is_null(s, TASK_ERROR) ? NULL : report_text(s, TASK_ERROR),
	};
	char text[OUTCOME_SIZE];

	if (outcome.kind == COVEY_NOUTCOMES) {
		report_print(s, "", TASK_OUTCOME);
		return;
	}
	outcome_describe(text, &outcome);
	report_print_plain("", text, strlen(text));
}

static void print_failed(sqlite3_stmt *s, void *arg)
{
	char took[UNITS_DURATION_SIZE];

	(void)arg;
	report_format_seconds(sqlite3_column_double(s, TASK_DURATION), took);
	print_task(s, "failed");
	printf(": ");
	print_outcome(s);
	printf(" (try %d, %s)\n", sqlite3_column_int(s, TASK_ATTEMPTS), took);
	if (!report_is_null(s, TASK_REASON)) {
		report_print(s, "    reason: ", TASK_REASON);
		putchar('\n');
	}
	report_print_tail(s, TASK_STDERR_TAIL);
}

static const struct query failed_tasks = {
	{ SELECT_TASK OF_SERIES IS_FAILED " ORDER BY t.number, t.id", RUN_PARAMETER }, print_failed
};

static const char *unfinished_how(sqlite3_stmt *s, const struct about *about)
{
	/* it did finish, but nobody has its output: the reason says why */
	if (strcmp(report_text(s, TASK_OUTCOME), "lost") == 0)
		return "lost its output";
	return about->running && report_is_null(s, TASK_OUTCOME) ? "has not finished yet"
	    : "did not finish";
}

static void print_unfinished(sqlite3_stmt *s, void *arg)
{
	print_task(s, unfinished_how(s, arg));
	if (!report_is_null(s, TASK_REASON))
		report_print(s, "\n    reason: ", TASK_REASON);
	putchar('\n');
}

static const struct query unfinished_tasks = {
	{ SELECT_TASK OF_SERIES IS_UNFINISHED " ORDER BY t.number, t.id", RUN_PARAMETER },
	print_unfinished
};

static void print_flaky(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	print_task(s, "is flaky");
	printf(": succeeded at try %d\n", sqlite3_column_int(s, TASK_ATTEMPTS));
}

static const struct query flaky_tasks = {
	{ SELECT_TASK OF_RUN IS_FLAKY " ORDER BY t.number", RUN_PARAMETER }, print_flaky
};

static void print_slow(sqlite3_stmt *s, void *arg)
{
	char took[UNITS_DURATION_SIZE], what[UNITS_DURATION_SIZE + 8];

	(void)arg;
	report_format_seconds(sqlite3_column_double(s, TASK_DURATION), took);
	snprintf(what, sizeof what, "took %s", took);
	print_task(s, what);
	putchar('\n');
}

static const struct query slowest_tasks = {
	{ SELECT_TASK OF_RUN "t.duration IS NOT NULL ORDER BY t.duration DESC, t.number LIMIT 5",
	  RUN_PARAMETER }, print_slow
};

static int print_tasks(const struct journal_db *db, struct about *about, struct error *err)
{
	static const struct query *const queries[] = {
		&failed_tasks, &unfinished_tasks, &flaky_tasks, &slowest_tasks,
	};

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		if (ask(db, queries[i], about->run, about, err) != 0)
			return -1;
	return 0;
}

int report_run(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	struct about about = { .in_use = journal_db_in_use(db) };
	int result = ask(db, &one_run_shown, run, &about, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	if (result == 0 && verdict->found) {
		print_counts(&about);
		result = print_tasks(db, &about, err);
	}
	past_close(about.past);
	return result;
}

/* ---- other forms ---- */

enum { TO_DO_INPUT };

static void print_input(sqlite3_stmt *s, void *arg)
{
	const void *input = sqlite3_column_blob(s, TO_DO_INPUT);

	(void)arg;
	/* for an empty value SQLite returns NULL, which fwrite does not take */
	if (input != NULL)
		fwrite(input, 1, (size_t)sqlite3_column_bytes(s, TO_DO_INPUT), stdout);
	putchar('\0');
}

static const struct query inputs_to_do = {
	{ "SELECT t.input FROM task t WHERE " OF_SERIES "t.outcome IS NOT 'success'"
	  " AND t.input IS NOT NULL ORDER BY t.number, t.id", RUN_PARAMETER }, print_input
};

int report_failed0(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	struct about about = { .run = 0 };
	int result = ask(db, &one_run, run, &about, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	if (result == 0)
		result = ask(db, &inputs_to_do, about.run, NULL, err);
	past_close(about.past);
	return result;
}

int report_list(const struct journal_db *db, struct report_verdict *verdict, struct error *err)
{
	struct about about = { .in_use = journal_db_in_use(db) };
	int result = ask(db, &all_runs, 0, &about, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	past_close(about.past);
	return result;
}

/* ---- flakiness ---- */

#define FLAKY(X) \
	X(FLAKY_TIMES, "count(*) FILTER (WHERE " IS_FLAKY ") AS times") \
	X(FLAKY_OF, "count(*)") \
	X(FLAKY_FAILED, "count(*) FILTER (WHERE " IS_FAILED ")") \
	X(FLAKY_LAST, "max(t.run) FILTER (WHERE " IS_FLAKY ") AS last")

enum { FLAKY_COMMAND FLAKY(SQL_NUMBER) };

static void print_flakiness(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	printf("flaky %lld of %lld times", (long long)sqlite3_column_int64(s, FLAKY_TIMES),
	    (long long)sqlite3_column_int64(s, FLAKY_OF));
	if (sqlite3_column_int64(s, FLAKY_FAILED) > 0)
		printf(" (failed %lld)", (long long)sqlite3_column_int64(s, FLAKY_FAILED));
	printf(", last in run %lld", (long long)sqlite3_column_int64(s, FLAKY_LAST));
	report_print(s, ": ", FLAKY_COMMAND);
	putchar('\n');
}

static const struct query flakiness = {
	{ "SELECT " LABEL " AS label" FLAKY(SQL_COLUMN) " FROM task t"
	  " WHERE " IS_SUCCESS " OR " IS_FAILED
	  " GROUP BY t.key HAVING times > 0 ORDER BY times DESC, last DESC, label", NULL },
	print_flakiness
};

int report_flaky(const struct journal_db *db, struct report_verdict *verdict, struct error *err)
{
	struct about about = { .run = 0 };
	int result = ask(db, &one_run, 0, &about, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	past_close(about.past);
	if (result != 0)
		return -1;
	return ask(db, &flakiness, 0, NULL, err);
}
