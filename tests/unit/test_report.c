/* How runs stand, by their journal, and what is printed of them. */
#include "journal_fixture.h"

#include <fcntl.h>

#include "report/report.h"

/* ---- what is printed ---- */

struct shown {
	char text[8192];
	size_t len;
	struct report_verdict verdict;
};

typedef int print_report(const struct journal_db *db, int64_t run,
    struct report_verdict *verdict, struct error *err);

static int list(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	(void)run;
	return report_list(db, verdict, err);
}

static int flaky(const struct journal_db *db, int64_t run, struct report_verdict *verdict,
    struct error *err)
{
	(void)run;
	return report_flaky(db, verdict, err);
}

/* What it prints, from a reader's connection. */
static struct shown shown(print_report *print, int64_t run)
{
	struct shown shown = { .len = 0 };
	struct error err = { "" };
	FILE *file = tmpfile();
	struct journal_db db;
	int out, result;

	assert_non_null(file);
	assert_int_equal(journal_db_read(&db, fixture_path, &err), 0);
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	assert_true(out >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
	result = print(&db, run, &shown.verdict, &err);
	fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	close(out);
	journal_db_close(&db);
	rewind(file);
	shown.len = fread(shown.text, 1, sizeof shown.text - 1, file);
	fclose(file);
	if (result != 0)
		fail_msg("%s", err.message);
	return shown;
}

static void has(const struct shown *shown, const char *text)
{
	if (strstr(shown->text, text) == NULL)
		fail_msg("no '%s' in '%s'", text, shown->text);
}

static void has_not(const struct shown *shown, const char *text)
{
	if (strstr(shown->text, text) != NULL)
		fail_msg("'%s' in '%s'", text, shown->text);
}

/* ---- what a journal may hold ---- */

static void change(struct fixture *f, const char *sql)
{
	struct error err = { "" };

	if (journal_db_run(&f->db, sql, &err) != 0)
		fail_msg("%s", err.message);
}

/* The run ends before it has read all of its input; or after that. */
static void stop(struct fixture *f, struct journal_run_end end)
{
	assert_int_equal(journal_writer_end(f->w, &end), 0);
}

static void finish(struct fixture *f, struct journal_run_end end)
{
	end.input_read = true;
	stop(f, end);
}

/* ---- is a run clean? ---- */

static bool is_clean(int64_t run)
{
	struct shown s = shown(report_run, run);

	assert_true(s.verdict.found);
	return s.verdict.clean;
}

static void a_clean_run(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
	/* it has not ended */
	assert_false(is_clean(0));
	finish(f, (struct journal_run_end){ .succeeded = 1 });
	assert_true(is_clean(0));
	s = shown(report_run, 1);
	has(&s, "run 1: covey --journal j 'it'\\''s'\n");
	has(&s, ": exit 0 after ");
	has(&s, "    1 succeeded, 0 failed, 0 not finished\n");
	has(&s, "task 1 took 1.5s: echo a\n");
	has_not(&s, "flaky");
}

static void what_makes_a_run_unclean(void **state)
{
	static const enum covey_outcome outcomes[] = {
		COVEY_EXIT, COVEY_SIGNAL, COVEY_TIMEOUT, COVEY_SPAWN, COVEY_DEADLINE,
		COVEY_CANCELLED,
	};
	static const struct journal_run_end ends[] = {
		{ .status = 1 }, { .signal = 15 }, { .skipped_failed = 1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "a", 0, outcomes[i]);
		finish(f, (struct journal_run_end){ .failed = 1 });
		if (is_clean(0))
			fail_msg("outcome %s", covey_outcome_name(outcomes[i]));
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
		finish(f, ends[i]);
		if (is_clean(0))
			fail_msg("end %zu", i);
	}
}

static void which_run(void **state)
{
	struct fixture *f = *state;
	struct shown s = shown(report_run, 0);

	assert_false(s.verdict.found);
	assert_false(s.verdict.clean);
	assert_string_equal(s.text, "");
	fixture_begin(f, 0);
	finish(f, (struct journal_run_end){ .status = 1 });
	fixture_begin(f, 0);
	finish(f, (struct journal_run_end){ .status = 0 });
	assert_true(is_clean(0));
	assert_false(is_clean(1));
	assert_true(is_clean(2));
	s = shown(report_run, 3);
	assert_false(s.verdict.found);
	s = shown(list, 0);
	assert_true(s.verdict.clean);
	has(&s, "run 1: ");
	has(&s, "exit 1 after");
	has(&s, "run 2: ");
}

static void how_a_run_ended(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	fixture_begin(f, 0);
	finish(f, (struct journal_run_end){ .signal = 2 });
	fixture_begin(f, 0);
	/* the writer holds the lock, and so only the last can be running */
	s = shown(report_run, 1);
	has(&s, ": killed\n");
	s = shown(report_run, 2);
	has(&s, ": stopped by SIGINT after ");
	s = shown(report_run, 3);
	has(&s, ": running\n");
	journal_writer_free(f->w);
	f->w = NULL;
	journal_db_close(&f->db);
	s = shown(report_run, 3);
	has(&s, ": killed\n");
}

/* ---- series ---- */

static void a_series(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	fixture_run(f, 1, "good", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "bad", 0, COVEY_EXIT);
	fixture_run(f, 3, "again", 0, COVEY_EXIT);
	finish(f, (struct journal_run_end){ .status = 123, .failed = 2 });
	/* --resume-failed stopped before the end of its input, and "bad" had no turn */
	fixture_begin(f, 1);
	fixture_run(f, 1, "again", 1, COVEY_SUCCESS);
	stop(f, (struct journal_run_end){ .skipped_succeeded = 1, .skipped_failed = 2 });
	s = shown(report_run, 2);
	assert_false(s.verdict.clean);
	has(&s, ", resume of run 1: ");
	has(&s, "; left out: 1 succeeded before, 2 failed before;"
	    " the input was not read to its end\n");
	has(&s, "task 2 of run 1 failed: echo bad: exit 3 (try 1, 1.5s)\n");
	has_not(&s, "echo again: exit 3");
	s = shown(report_failed0, 2);
	assert_int_equal(s.len, sizeof "bad");
	assert_memory_equal(s.text, "bad", sizeof "bad");
	/* the one before still stands as it stood */
	s = shown(report_failed0, 1);
	assert_int_equal(s.len, sizeof "bad\0again");
	/* a run that read all of its input answers for itself: "bad" is no longer in its input */
	fixture_begin(f, 1);
	finish(f, (struct journal_run_end){ .skipped_succeeded = 2 });
	s = shown(report_run, 3);
	assert_true(s.verdict.clean);
	has_not(&s, "bad");
	/* one that was stopped may not have come to it */
	fixture_begin(f, 1);
	stop(f, (struct journal_run_end){ .skipped_succeeded = 2 });
	s = shown(report_run, 4);
	assert_false(s.verdict.clean);
	has(&s, "task 2 of run 1 failed: echo bad: ");
}

/* ---- tasks ---- */

static void outcomes(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };
	struct shown s;

	fixture_begin(f, 0);
	fixture_run(f, 1, "exit", 0, COVEY_EXIT);
	fixture_run(f, 2, "signal", 0, COVEY_SIGNAL);
	fixture_run(f, 3, "oom", 0, COVEY_SIGNAL);
	fixture_run(f, 4, "timeout", 0, COVEY_TIMEOUT);
	fixture_run(f, 5, "spawn", 0, COVEY_SPAWN);
	fixture_run(f, 6, "cancelled", 0, COVEY_CANCELLED);
	fixture_queue(f, &t, 7, "running", 0);
	fixture_start(f, &t, 1);
	fixture_settle(f);
	change(f, "UPDATE attempt SET signal = 11, core_dumped = 1 WHERE task = 2");
	change(f, "UPDATE attempt SET signal = 9, oom = 1, reason = 'too' || char(10) || 'much'"
	    " WHERE task = 3");
	change(f, "UPDATE attempt SET error = 'exec: not there' WHERE task = 5");
	change(f, "UPDATE task SET name = 'first' WHERE id = 1");
	s = shown(report_run, 0);
	has(&s, "    0 succeeded, 5 failed, 2 not finished\n");
	has(&s, "task 1 failed: first: echo exit: exit 3 (try 1, 1.5s)\n");
	has(&s, "task 2 failed: echo signal: SIGSEGV (core dumped) (try 1, 1.5s)\n");
	has(&s, "task 3 failed: echo oom: killed by the OOM killer (SIGKILL) (try 1, 1.5s)\n");
	has(&s, "    reason: too\\nmuch\n");
	has(&s, "task 4 failed: echo timeout: timed out (try 1, 1.5s)\n");
	has(&s, "task 5 failed: echo spawn: cannot be started: exec: not there (try 1, 1.5s)\n");
	has(&s, "task 6 did not finish: echo cancelled\n");
	has(&s, "task 7 has not finished yet: echo running\n");
}

static void the_tail_of_stderr(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	fixture_run(f, 1, "a", 0, COVEY_EXIT);
	change(f, "UPDATE attempt SET stderr_tail = 'line 0'");
	for (int i = 1; i <= 10; i++)
		change(f, "UPDATE attempt SET stderr_tail = stderr_tail || char(10) || 'line '"
		    " || (length(stderr_tail) / 7 + 1)");
	change(f, "UPDATE attempt SET stderr_tail = stderr_tail || char(27) || char(10)");
	s = shown(report_run, 0);
	/* ten lines, the last with an escape that does no harm; the first of eleven is not shown */
	has(&s, "    | line 1\n    | line 2\n");
	has(&s, "    | line 10\\x1b\n");
	has_not(&s, "line 0");
	change(f, "UPDATE attempt SET stderr_tail = char(10)");
	s = shown(report_run, 0);
	has_not(&s, "    | line");
}

static void the_slowest(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	for (unsigned i = 1; i <= 7; i++)
		fixture_run(f, i, "a", 0, COVEY_SUCCESS);
	change(f, "UPDATE task SET duration = number * 10");
	s = shown(report_run, 0);
	has(&s, "task 7 took 1m10s: echo a\ntask 6 took 1m: echo a\ntask 5 took 50s: echo a\n"
	    "task 4 took 40s: echo a\ntask 3 took 30s: echo a\n");
	has_not(&s, "task 2");
}

static void flakiness(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	for (int64_t run = 1; run <= 3; run++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "often", 0, COVEY_SUCCESS);
		fixture_run(f, 2, "once", 0, run == 3 ? COVEY_EXIT : COVEY_SUCCESS);
		fixture_run(f, 3, "never", 0, COVEY_SUCCESS);
		/* does not count as a time */
		fixture_run(f, 4, "once", 0, COVEY_CANCELLED);
	}
	finish(f, (struct journal_run_end){ .status = 123 });
	change(f, "UPDATE task SET attempts = 2 WHERE input = 'often' AND run < 3"
	    " OR input = 'once' AND run = 2");
	s = shown(flaky, 0);
	assert_false(s.verdict.clean);
	assert_string_equal(s.text, "flaky 2 of 3 times, last in run 2: echo often\n"
	    "flaky 1 of 3 times (failed 1), last in run 2: echo once\n");
	s = shown(report_run, 2);
	has(&s, "    3 succeeded (2 flaky), 0 failed, 1 not finished\n");
	has(&s, "task 1 is flaky: echo often: succeeded at try 2\n");
}

static void inputs(void **state)
{
	struct fixture *f = *state;
	struct shown s;

	fixture_begin(f, 0);
	fixture_run(f, 1, "good", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "", 0, COVEY_EXIT);
	fixture_run(f, 3, "two words", 0, COVEY_CANCELLED);
	fixture_run(f, 4, "none", 0, COVEY_EXIT);
	change(f, "UPDATE task SET input = NULL WHERE number = 4");
	s = shown(report_failed0, 0);
	assert_int_equal(s.len, sizeof "\0two words");
	assert_memory_equal(s.text, "\0two words", s.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_clean_run, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(what_makes_a_run_unclean, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(which_run, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(how_a_run_ended, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(a_series, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(outcomes, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(the_tail_of_stderr, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(the_slowest, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(flakiness, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(inputs, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
