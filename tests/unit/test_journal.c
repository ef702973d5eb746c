/* What the command's journal makes of a run: its row, what it counts, and its sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "run_fixture.h"

/* The first row that a query gives, from the eyes of somebody else, with '|' between columns. */
static void says(const struct fixture *f, const char *sql, const char *want)
{
	char got[512] = "";
	sqlite3_stmt *s;
	sqlite3 *db;
	size_t len = 0;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(s); i++)
			len += (size_t)snprintf(got + len, sizeof got - len, "%s%s",
			    i == 0 ? "" : "|", sqlite3_column_type(s, i) == SQLITE_NULL ? "-"
			    : (const char *)sqlite3_column_text(s, i));
	sqlite3_finalize(s);
	sqlite3_close(db);
	assert_string_equal(got, want);
}

static void a_run_has_its_counts(void **state)
{
	static const char sql[] = "SELECT status, input_read, succeeded, failed, not_started,"
	    " skipped_succeeded, skipped_failed FROM run";
	struct fixture *f = *state;

	fixture_start(f, WORDS("echo"));
	fixture_run(f, "a", FIXTURE_SUCCEEDS);
	fixture_run(f, "b", FIXTURE_FAILS);
	fixture_run(f, "c", FIXTURE_FAILS);
	fixture_run(f, "d", FIXTURE_IS_KILLED);
	journal_skip(f->journal, PAST_SUCCEEDED);
	journal_skip(f->journal, PAST_FAILED);
	journal_skip(f->journal, PAST_SUCCEEDED);
	assert_int_equal(journal_skipped(f->journal).succeeded, 2);
	assert_int_equal(journal_skipped(f->journal).failed, 1);
	assert_int_equal(journal_end(f->journal, 7, 0, false), 0);
	says(f, sql, "7|0|1|2|0|2|1");
	/* it may turn out otherwise after that */
	assert_int_equal(journal_end(f->journal, 2, 0, true), 0);
	says(f, sql, "2|1|1|2|0|2|1");
}

/* One that was cancelled while it waited never had an attempt. */
static void some_are_not_started(void **state)
{
	static const char *const argv[] = { "echo", "x", NULL };
	struct fixture *f = *state;
	struct origin origin = { .number = 1 };
	struct covey_task task = { .id = 1, .argv = argv, .tries = 1, .user = &origin };
	struct covey_command command;
	struct sink sink;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	origin.command = &command;
	record_set_one(&origin.record, "x", 1);
	fixture_start(f, WORDS("echo"));
	sink = journal_sink(f->journal);
	sink.event(sink.self, &(struct covey_event){ .type = COVEY_QUEUED, .task = &task });
	sink.event(sink.self, &(struct covey_event){
		.type = COVEY_FINISHED, .task = &task, .outcome = COVEY_CANCELLED,
	});
	assert_int_equal(journal_end(f->journal, 0, 0, true), 0);
	says(f, "SELECT succeeded, failed, not_started FROM run", "0|0|1");
}

/* A task's row has what its origin and its command say. */
static void a_task_has_its_row(void **state)
{
	static const char *const argv[] = { "echo", "x", NULL };
	static const struct span items[] = { { "a", 1 }, { "b c", 3 } };
	struct fixture *f = *state;
	struct plan plan = {
		.number = 5, .name = "n", .occurrence = 2,
		.record = { .items = items, .nitems = 2, .bytes = 4 },
	};

	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	plan.command.cwd = "/usr";
	fixture_start(f, WORDS("echo"));
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	says(f, "SELECT number, name, occurrence, cwd, hex(input), hex(argv) FROM task",
	    "5|n|2|/usr|6100622063|6563686F007800");
}

static void a_run_says_how_it_began(void **state)
{
	static const char sql[] = "SELECT recovery, series FROM run ORDER BY id DESC LIMIT 1";
	struct fixture *f = *state;

	fixture_start(f, WORDS("echo"));
	says(f, sql, "-|1");
	assert_null(journal_past(f->journal));
	assert_null(journal_introduction(f->journal));
	fixture_start(f, WORDS("--resume", "echo"));
	says(f, sql, "resume|1");
	assert_non_null(journal_past(f->journal));
	fixture_start(f, WORDS("--resume-failed", "echo"));
	says(f, sql, "resume-failed|1");
	fixture_start(f, WORDS("--retry-failed"));
	says(f, sql, "retry-failed|1");
	fixture_start(f, WORDS("echo"));
	says(f, sql, "-|5");
}

static void it_says_which_journal_it_is(void **state)
{
	struct fixture *f = *state;
	const struct error why = { "it is broken" };
	struct error err;
	char text[128];

	fixture_open(f, WORDS("echo"));
	snprintf(text, sizeof text, "cannot use the journal '%s': it is broken", f->path);
	assert_int_equal(journal_is_unusable(f->journal, &why, &err), -1);
	assert_string_equal(err.message, text);
	journal_close(f->journal);
	f->options.journal = "/nowhere/journal";
	f->journal = journal_open(&f->options, (const char *const *)f->argv, &err);
	assert_null(f->journal);
	assert_non_null(strstr(err.message, "/nowhere/journal"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(a_run_has_its_counts),
		TEST(some_are_not_started),
		TEST(a_task_has_its_row),
		TEST(a_run_says_how_it_began),
		TEST(it_says_which_journal_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
