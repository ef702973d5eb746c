#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shquote.h"
#include "base/units.h"
#include "journal/journal_past.h"

enum { TEXT_SIZE = SHQUOTE_LIMIT * 4 + 1, TAIL_LINES = 10, SLOWEST = 5 };

/* what is known of one run */
#define RUN_COLUMNS "SELECT id, series, recovery, started, ended, command, host, status, signal," \
	" skipped_succeeded, skipped_failed, id = (SELECT max(id) FROM run)," \
	" input_read FROM run"

enum { RUN_ID, RUN_SERIES, RUN_RECOVERY, RUN_STARTED, RUN_ENDED, RUN_COMMAND, RUN_HOST, RUN_STATUS,
	RUN_SIGNAL, RUN_SKIPPED_SUCCEEDED, RUN_SKIPPED_FAILED, RUN_IS_LAST,
	RUN_INPUT_READ };

/* what a task is called */
#define LABEL "coalesce(t.name || ': ', '') || t.command"

/* how a task ended, and what its last attempt tells of it */
#define TASK_COLUMNS "SELECT t.number, " LABEL ", t.outcome, t.attempts, t.duration, a.status," \
	" a.signal, a.error, a.reason, a.stderr_tail, a.oom, nullif(t.run, ?1) FROM task t" \
	" LEFT JOIN attempt a ON a.id = t.last_attempt WHERE "

enum { TASK_NUMBER, TASK_COMMAND, TASK_OUTCOME, TASK_ATTEMPTS, TASK_DURATION, TASK_STATUS,
	TASK_SIGNAL, TASK_ERROR, TASK_REASON, TASK_TAIL, TASK_OOM, TASK_OTHER_RUN };

/* its own, and those that earlier runs of the series have left it with */
#define OF_RUN "t.run = ?1 AND "
#define OF_SERIES "(t.run = ?1 OR t.id IN (SELECT id FROM past WHERE state <> 3)) AND "

/* ---- texts ---- */

static const char *text_of(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text == NULL ? "" : text;
}

static bool is_null(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL;
}

/* A journal comes from anywhere: nothing of it reaches the terminal as it is. */
static void print_plain(const char *label, const char *text, size_t len)
{
	char plain[TEXT_SIZE];

	shquote_plain_cut(plain, sizeof plain, text, len, SHQUOTE_LIMIT);
	printf("%s%s", label, plain);
}

static void print_column(sqlite3_stmt *s, const char *label, int column)
{
	const char *text = text_of(s, column);

	print_plain(label, text, (size_t)sqlite3_column_bytes(s, column));
}

static void print_time(double seconds)
{
	time_t when = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL
	    && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) > 0)
		printf("%s", text);
}

static void format_seconds(double seconds, char text[UNITS_DURATION_SIZE])
{
	units_format_duration((covey_nsec)(seconds * 1e9), text);
}

static void print_tail(sqlite3_stmt *s)
{
	const char *text = sqlite3_column_blob(s, TASK_TAIL), *at, *end;
	size_t len = (size_t)sqlite3_column_bytes(s, TASK_TAIL);
	int lines = 0;

	if (text == NULL)
		return;
	end = text + len - (text[len - 1] == '\n');
	for (at = end; at > text; at--)
		if (at[-1] == '\n' && ++lines == TAIL_LINES)
			break;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline == NULL ? end : newline;

		print_plain("    | ", at, (size_t)(stop - at));
		putchar('\n');
		at = stop + 1;
	}
}

/* ---- queries ---- */

static int database_error(const struct journal_db *db, struct error *err)
{
	return error_set(err, "cannot read the journal: %s", sqlite3_errmsg(db->db));
}

typedef void each_row(sqlite3_stmt *s, void *arg);

/* Calls each for every row of a query about a run. */
static int for_each(const struct journal_db *db, const char *sql, int64_t run, each_row *each,
    void *arg, struct error *err)
{
	sqlite3_stmt *s;
	int code;

	if (journal_db_prepare(db, sql, &s, err) != 0)
		return -1;
	sqlite3_bind_int64(s, 1, run);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(s, arg);
	if (code != SQLITE_DONE)
		database_error(db, err);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? 0 : -1;
}

/* ---- a run ---- */

struct about {
	int64_t run;               /* 0: there is none */
	int64_t series;            /* with what is left of earlier runs; 0: nothing can be */
	struct past *past;         /* of that series, once it has been judged */
	bool ended, in_use;
	bool cut_short;            /* it has ended before its input did */
	int status;
	uint64_t succeeded, flaky, failed, unfinished, skipped_succeeded, skipped_failed;
};

static void print_end(sqlite3_stmt *s, const struct about *about)
{
	if (!about->ended)
		printf("%s", about->in_use && sqlite3_column_int(s, RUN_IS_LAST) ? "running" : "killed");
	else if (!is_null(s, RUN_SIGNAL))
		printf("stopped by %s", units_signal_name(sqlite3_column_int(s, RUN_SIGNAL)));
	else
		printf("exit %d", sqlite3_column_int(s, RUN_STATUS));
}

static void take_quietly(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;

	about->run = sqlite3_column_int64(s, RUN_ID);
	about->ended = !is_null(s, RUN_ENDED);
	about->status = !about->ended || !is_null(s, RUN_SIGNAL) ? -1
	    : sqlite3_column_int(s, RUN_STATUS);
	about->skipped_succeeded = (uint64_t)sqlite3_column_int64(s, RUN_SKIPPED_SUCCEEDED);
	about->skipped_failed = (uint64_t)sqlite3_column_int64(s, RUN_SKIPPED_FAILED);
	about->cut_short = about->ended && sqlite3_column_int(s, RUN_INPUT_READ) == 0;
	/* one that has met all of its input, and left out no failure, has entries of all that counts */
	about->series = !about->ended || about->cut_short || about->skipped_failed > 0
	    ? sqlite3_column_int64(s, RUN_SERIES) : 0;
	if (about->series == about->run)
		about->series = 0;
}

static void take_run(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;
	char took[UNITS_DURATION_SIZE];

	take_quietly(s, about);
	printf("run %lld", (long long)about->run);
	print_column(s, ": ", RUN_COMMAND);
	printf("\n    ");
	print_time(sqlite3_column_double(s, RUN_STARTED));
	print_column(s, " on ", RUN_HOST);
	if (!is_null(s, RUN_RECOVERY)) {
		print_column(s, ", ", RUN_RECOVERY);
		printf(" of run %lld", (long long)sqlite3_column_int64(s, RUN_SERIES));
	}
	printf(": ");
	print_end(s, about);
	if (about->ended) {
		format_seconds(sqlite3_column_double(s, RUN_ENDED)
		    - sqlite3_column_double(s, RUN_STARTED), took);
		printf(" after %s", took);
	}
	putchar('\n');
}

static void take_counts(sqlite3_stmt *s, void *arg)
{
	struct about *about = arg;

	about->succeeded = (uint64_t)sqlite3_column_int64(s, 0);
	about->flaky = (uint64_t)sqlite3_column_int64(s, 1);
	about->failed = (uint64_t)sqlite3_column_int64(s, 2);
	about->unfinished = (uint64_t)sqlite3_column_int64(s, 3);
}

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

static int find_run(const struct journal_db *db, int64_t run, struct about *about,
    each_row *each, struct error *err)
{
	about->in_use = journal_db_in_use(db);
	return for_each(db, RUN_COLUMNS " WHERE id = CASE ?1 WHEN 0 THEN (SELECT max(id) FROM run)"
	    " ELSE ?1 END", run, each, about, err);
}

/* ---- tasks ---- */

static void print_task(sqlite3_stmt *s, const char *what)
{
	printf("task %lld", (long long)sqlite3_column_int64(s, TASK_NUMBER));
	if (!is_null(s, TASK_OTHER_RUN))
		printf(" of run %lld", (long long)sqlite3_column_int64(s, TASK_OTHER_RUN));
	printf(" %s", what);
	print_column(s, ": ", TASK_COMMAND);
}

/* As covey says it: describe.c has more to go by. */
static void print_outcome(sqlite3_stmt *s)
{
	const char *outcome = text_of(s, TASK_OUTCOME);

	if (strcmp(outcome, "exit") == 0)
		printf("exit %d", sqlite3_column_int(s, TASK_STATUS));
	else if (sqlite3_column_int(s, TASK_OOM) != 0)
		printf("killed by the OOM killer");
	else if (strcmp(outcome, "signal") == 0)
		printf("%s", units_signal_name(sqlite3_column_int(s, TASK_SIGNAL)));
	else if (strcmp(outcome, "spawn") == 0)
		print_column(s, "cannot be started: ", TASK_ERROR);
	else if (strcmp(outcome, "timeout") == 0)
		printf("timed out");
	else
		print_column(s, "", TASK_OUTCOME);
}

static void print_failed(sqlite3_stmt *s, void *arg)
{
	char took[UNITS_DURATION_SIZE];

	(void)arg;
	format_seconds(sqlite3_column_double(s, TASK_DURATION), took);
	print_task(s, "failed");
	printf(": ");
	print_outcome(s);
	printf(" (try %d, %s)\n", sqlite3_column_int(s, TASK_ATTEMPTS), took);
	if (!is_null(s, TASK_REASON)) {
		print_column(s, "    reason: ", TASK_REASON);
		putchar('\n');
	}
	print_tail(s);
}

static void print_unfinished(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	print_task(s, "did not finish");
	putchar('\n');
}

static void print_flaky(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	print_task(s, "is flaky");
	printf(": succeeded at try %d\n", sqlite3_column_int(s, TASK_ATTEMPTS));
}

static void print_slow(sqlite3_stmt *s, void *arg)
{
	char took[UNITS_DURATION_SIZE], what[UNITS_DURATION_SIZE + 8];

	(void)arg;
	format_seconds(sqlite3_column_double(s, TASK_DURATION), took);
	snprintf(what, sizeof what, "took %s", took);
	print_task(s, what);
	putchar('\n');
}

static int print_tasks(const struct journal_db *db, int64_t run, struct error *err)
{
	char slowest[600];

	if (for_each(db, TASK_COLUMNS OF_SERIES "t.outcome IN ('exit', 'signal', 'timeout', 'spawn')"
	    " ORDER BY t.number, t.id", run, print_failed, NULL, err) != 0
	    || for_each(db, TASK_COLUMNS OF_SERIES "(t.outcome IS NULL OR t.outcome IN"
	    " ('cancelled', 'deadline')) ORDER BY t.number, t.id", run, print_unfinished, NULL, err) != 0
	    || for_each(db, TASK_COLUMNS OF_RUN "t.outcome = 'success' AND t.attempts > 1"
	    " ORDER BY t.number", run, print_flaky, NULL, err) != 0)
		return -1;
	snprintf(slowest, sizeof slowest, TASK_COLUMNS OF_RUN "t.duration IS NOT NULL"
	    " ORDER BY t.duration DESC, t.number LIMIT %d", SLOWEST);
	return for_each(db, slowest, run, print_slow, NULL, err);
}

static int count_tasks(const struct journal_db *db, struct about *about, struct error *err)
{
	return for_each(db, "SELECT count(*) FILTER (WHERE outcome = 'success'),"
	    " count(*) FILTER (WHERE outcome = 'success' AND attempts > 1),"
	    " count(*) FILTER (WHERE outcome IN ('exit', 'signal', 'timeout', 'spawn')),"
	    " count(*) FILTER (WHERE outcome IS NULL OR outcome IN ('cancelled', 'deadline'))"
	    " FROM task WHERE run = ?1", about->run, take_counts, about, err);
}

/* To be ended with past_close(about->past), whatever it returns. */
static int judge(const struct journal_db *db, struct about *about, struct report_verdict *verdict,
    struct error *err)
{
	uint64_t counts[PAST_NSTATES];

	if (count_tasks(db, about, err) != 0)
		return -1;
	about->past = past_open(db, about->series, about->run, err);
	if (about->past == NULL || past_count(about->past, counts, err) != 0)
		return -1;
	verdict->found = about->run != 0;
	verdict->clean = verdict->found && about->status == 0
	    && about->failed + about->unfinished + about->skipped_failed == 0
	    && counts[PAST_FAILED] + counts[PAST_UNFINISHED] == 0;
	return 0;
}

int report_run(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	struct about about = { .run = 0 };
	int result = find_run(db, run, &about, take_run, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	if (result == 0 && verdict->found) {
		print_counts(&about);
		result = print_tasks(db, about.run, err);
	}
	past_close(about.past);
	return result;
}

/* ---- other forms ---- */

static void print_input(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	fwrite(sqlite3_column_blob(s, 0), 1, (size_t)sqlite3_column_bytes(s, 0), stdout);
	putchar('\0');
}

int report_failed0(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	struct about about = { .run = 0 };
	int result = find_run(db, run, &about, take_quietly, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	if (result == 0)
		result = for_each(db, "SELECT input FROM task t WHERE " OF_SERIES
		    "outcome IS NOT 'success' AND input IS NOT NULL ORDER BY number, id", about.run,
		    print_input, NULL, err);
	past_close(about.past);
	return result;
}

int report_list(const struct journal_db *db, struct report_verdict *verdict, struct error *err)
{
	struct about about = { .run = 0, .in_use = journal_db_in_use(db) };
	int result = for_each(db, RUN_COLUMNS " WHERE id > ?1 ORDER BY id", 0, take_run, &about, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	past_close(about.past);
	return result;
}

/* ---- flakiness ---- */

enum { FLAKY_COMMAND, FLAKY_TIMES, FLAKY_OF, FLAKY_FAILED, FLAKY_LAST };

static void print_flakiness(sqlite3_stmt *s, void *arg)
{
	(void)arg;
	printf("flaky %lld of %lld times", (long long)sqlite3_column_int64(s, FLAKY_TIMES),
	    (long long)sqlite3_column_int64(s, FLAKY_OF));
	if (sqlite3_column_int64(s, FLAKY_FAILED) > 0)
		printf(" (failed %lld)", (long long)sqlite3_column_int64(s, FLAKY_FAILED));
	printf(", last in run %lld", (long long)sqlite3_column_int64(s, FLAKY_LAST));
	print_column(s, ": ", FLAKY_COMMAND);
	putchar('\n');
}

int report_flaky(const struct journal_db *db, struct report_verdict *verdict, struct error *err)
{
	struct about about = { .run = 0 };
	int result = find_run(db, 0, &about, take_quietly, err);

	if (result == 0)
		result = judge(db, &about, verdict, err);
	past_close(about.past);
	if (result != 0)
		return -1;
	return for_each(db, "SELECT command, flaky, times, failed, last FROM (SELECT " LABEL " AS command, key,"
	    " count(*) FILTER (WHERE outcome = 'success' AND attempts > 1) AS flaky,"
	    " count(*) AS times,"
	    " count(*) FILTER (WHERE outcome IN ('exit', 'signal', 'timeout', 'spawn')) AS failed,"
	    " max(run) FILTER (WHERE outcome = 'success' AND attempts > 1) AS last"
	    " FROM task t WHERE outcome IN ('success', 'exit', 'signal', 'timeout', 'spawn')"
	    " GROUP BY key) WHERE flaky > ?1 ORDER BY flaky DESC, last DESC, command", 0,
	    print_flakiness, NULL, err);
}
