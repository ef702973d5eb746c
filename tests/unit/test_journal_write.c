/* Which rows events make, and when others see them. */
#include <errno.h>

#include "journal_fixture.h"

#define TASKS "SELECT group_concat(number || ' ' || coalesce(outcome, '-') || ' '" \
	" || coalesce(attempts, '-') || ' ' || coalesce(duration, '-'), ', ') FROM task"
#define ATTEMPTS "SELECT group_concat(task || ' ' || number || ' ' || slot || ' '" \
	" || coalesce(pid, '-') || ' ' || coalesce(outcome, '-') || ' '" \
	" || coalesce(status, '-'), ', ') FROM attempt"

static void a_run(void **state)
{
	struct fixture *f = *state;
	struct journal_run_end end = {
		.input_read = true, .status = 123, .succeeded = 1, .failed = 2, .not_started = 3,
		.skipped_succeeded = 4, .skipped_failed = 5,
	};

	fixture_begin(f, 0);
	assert_int_equal(journal_writer_run(f->w), 1);
	assert_int_equal(strlen(journal_writer_uid(f->w)), 16);
	fixture_says("SELECT id, series, recovery, ended, command, hex(argv), status FROM run",
	    "1|1|-|-|covey --journal j 'it'\\''s'|"
	    "636F766579002D2D6A6F75726E616C006A006974277300|-");
	fixture_says("SELECT version FROM run", covey_version());
	assert_int_equal(journal_writer_end(f->w, &end), 0);
	fixture_says("SELECT status, signal, input_read, succeeded, failed, not_started,"
	    " skipped_succeeded, skipped_failed, ended >= started FROM run", "123|-|1|1|2|3|4|5|1");
	/* it is put right */
	end.signal = 15;
	assert_int_equal(journal_writer_end(f->w, &end), 0);
	fixture_says("SELECT status, signal FROM run", "-|15");
	fixture_begin(f, 1);
	fixture_says("SELECT count(*), max(id), max(series), max(recovery) FROM run",
	    "2|2|1|resume");
}

/* What is over before anybody asked is there all the same. */
static void all_at_once(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };

	fixture_begin(f, 0);
	assert_false(journal_writer_is_behind(f->w));
	fixture_queue(f, &t, 1, "a", 0);
	assert_true(journal_writer_is_behind(f->w));
	fixture_start(f, &t, 2);
	fixture_end(f, &t, COVEY_SUCCESS, false);
	assert_true(journal_writer_is_behind(f->w));
	fixture_says("SELECT count(*) FROM task", "0");
	fixture_settle(f);
	assert_false(journal_writer_is_behind(f->w));
	fixture_says(TASKS, "1 success 1 1.5");
	fixture_says(ATTEMPTS, "1 1 2 1001 success 0");
	fixture_says("SELECT last_attempt, occurrence, input, command, hex(argv), run, series"
	    " FROM task", "1|0|a|echo a|6563686F006100|1|1");
	fixture_says("SELECT ended >= started, stdout_bytes, stderr_bytes, stderr_tail, leaky"
	    " FROM attempt", "1|0|0|-|0");
}

/* … and so is each step on its way. */
static void step_by_step(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };

	fixture_begin(f, 0);
	fixture_queue(f, &t, 1, "a", 2);
	fixture_settle(f);
	fixture_says(TASKS, "1 - - -");
	fixture_start(f, &t, 1);
	fixture_settle(f);
	fixture_says(ATTEMPTS, "1 1 1 1001 - -");
	fixture_end(f, &t, COVEY_EXIT, true);
	fixture_settle(f);
	fixture_says(TASKS, "1 - 1 1.5");
	fixture_says(ATTEMPTS, "1 1 1 1001 exit 3");
	fixture_start(f, &t, 3);
	fixture_end(f, &t, COVEY_SUCCESS, false);
	fixture_settle(f);
	fixture_says(TASKS, "1 success 2 1.5");
	fixture_says(ATTEMPTS, "1 1 1 1001 exit 3, 1 2 3 1001 success 0");
	fixture_says("SELECT last_attempt, occurrence FROM task", "2|2");
}

/* A start is in the file before it happens; the pid follows. */
static void starts_first(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } }, other = t;

	fixture_begin(f, 0);
	fixture_queue(f, &other, 1, "a", 0);
	fixture_start(f, &other, 1);
	fixture_queue(f, &t, 2, "b", 0);
	t.view.attempts = 1;
	assert_int_equal(journal_writer_starting(f->w, &t.view, 2), 0);
	t.view.attempts = 0;
	fixture_says(TASKS, "1 - - -, 2 - - -");
	/* others that wait for their rows have them, too */
	fixture_says(ATTEMPTS, "1 1 1 1001 - -, 2 1 2 - - -");
	fixture_start(f, &t, 2);
	assert_true(journal_writer_is_behind(f->w));
	fixture_settle(f);
	fixture_says(ATTEMPTS, "1 1 1 1001 - -, 2 1 2 1002 - -");
	fixture_end(f, &t, COVEY_SUCCESS, false);
	fixture_settle(f);
	fixture_says(ATTEMPTS, "1 1 1 1001 - -, 2 1 2 1002 success 0");
}

/* What could not be started after all is not seen as an attempt. */
static void no_start(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } }, u = t;

	fixture_begin(f, 0);
	fixture_queue(f, &t, 1, "a", 0);
	t.view.attempts = 1;
	assert_int_equal(journal_writer_starting(f->w, &t.view, 1), 0);
	assert_true(journal_writer_is_behind(f->w));
	fixture_settle(f);
	fixture_says("SELECT count(*) FROM attempt", "0");
	/* or another one takes its place at once */
	assert_int_equal(journal_writer_starting(f->w, &t.view, 1), 0);
	assert_int_equal(journal_writer_starting(f->w, &t.view, 4), 0);
	t.view.attempts = 0;
	fixture_start(f, &t, 4);
	fixture_end(f, &t, COVEY_SUCCESS, false);
	fixture_settle(f);
	fixture_says(ATTEMPTS, "1 1 4 1001 success 0");
	assert_false(journal_writer_is_behind(f->w));
	/* … which nobody has told of before */
	for (int settled = 0; settled < 2; settled++) {
		struct fixture_task failing = { .argv = { NULL } }, other = failing;

		fixture_queue(f, &failing, 2 + 2 * (uint64_t)settled, "b", 0);
		failing.view.attempts = 1;
		assert_int_equal(journal_writer_starting(f->w, &failing.view, 1), 0);
		fixture_queue(f, &other, 3 + 2 * (uint64_t)settled, "c", 0);
		fixture_start(f, &other, 1);
		if (settled == 1)
			fixture_settle(f);
		fixture_end(f, &other, COVEY_SUCCESS, false);
		fixture_settle(f);
	}
	fixture_says(ATTEMPTS, "1 1 4 1001 success 0, 3 1 1 1003 success 0, 5 1 1 1005 success 0");
	/* or the same in another slot */
	fixture_queue(f, &u, 6, "d", 0);
	u.view.attempts = 1;
	assert_int_equal(journal_writer_starting(f->w, &u.view, 1), 0);
	u.view.attempts = 0;
	fixture_start(f, &u, 3);
	fixture_settle(f);
	fixture_says("SELECT task, slot, pid FROM attempt ORDER BY id DESC", "6|3|1006");
}

static void never_started(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } }, later = t;

	fixture_begin(f, 0);
	fixture_queue(f, &t, 1, "a", 0);
	fixture_event(f, &t, COVEY_FINISHED, COVEY_CANCELLED);
	fixture_queue(f, &later, 2, "b", 0);
	fixture_settle(f);
	fixture_event(f, &later, COVEY_FINISHED, COVEY_DEADLINE);
	fixture_settle(f);
	fixture_says(TASKS, "1 cancelled 0 -, 2 deadline 0 -");
	fixture_says("SELECT count(*) FROM attempt", "0");
}

/* It waits to be run again, and the run ends. */
static void stopped_between_tries(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };

	fixture_begin(f, 0);
	fixture_queue(f, &t, 1, "a", 0);
	fixture_start(f, &t, 1);
	fixture_end(f, &t, COVEY_EXIT, true);
	fixture_event(f, &t, COVEY_FINISHED, COVEY_CANCELLED);
	fixture_settle(f);
	fixture_says(TASKS, "1 cancelled 1 1.5");
	fixture_says("SELECT last_attempt FROM task", "1");
	fixture_says(ATTEMPTS, "1 1 1 1001 exit 3");
}

static void not_to_be_started(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };

	fixture_begin(f, 0);
	fixture_queue(f, &t, 1, "a", 0);
	t.view.attempts = 1;
	t.attempt = (struct covey_attempt){
		.number = 1, .slot = 1, .sys_errno = ENOENT, .spawn_step = "exec",
	};
	fixture_event(f, &t, COVEY_STARTED, COVEY_SUCCESS);
	fixture_end(f, &t, COVEY_SPAWN, false);
	fixture_settle(f);
	fixture_says("SELECT outcome, error, pid FROM attempt",
	    "spawn|exec: No such file or directory|-");
	fixture_says(TASKS, "1 spawn 1 1.5");
}

static void what_a_task_has_of_its_own(void **state)
{
	static const char *const env[] = { "A=1", "B=\xff", NULL };
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } }, u = t;

	fixture_begin(f, 0);
	covey_command_init(&t.command, sizeof t.command);
	t.command.argv = t.argv;
	t.command.env = env;
	t.command.cwd = "/tmp";
	t.command.stdin_source = COVEY_STDIN_BYTES;
	t.command.stdin_bytes = "in\0put";
	t.command.stdin_len = 6;
	t.command.timeout = 2500 * COVEY_MSEC;
	t.command.tries = 7;
	fixture_queue(f, &t, 1, "a\xff", 0);
	covey_command_init(&u.command, sizeof u.command);
	u.command.argv = u.argv;
	u.command.stdin_source = COVEY_STDIN_FILE;
	u.command.stdin_path = "/dev/zero";
	fixture_queue(f, &u, 2, "", 0);
	fixture_settle(f);
	fixture_says("SELECT hex(env), cwd, hex(stdin), stdin_file, timeout, tries, hex(input),"
	    " typeof(command) FROM task", "413D3100423DFF00|/tmp|696E00707574|-|2.5|7|61FF|text");
	fixture_says("SELECT env, cwd, stdin, stdin_file, timeout, tries, input FROM task"
	    " WHERE number = 2", "-|-|-|/dev/zero|-|-|");
}

/* More than are remembered, in more slots than there were, and everything in its place. */
static void many(void **state)
{
	enum { N = 1000 };
	struct fixture *f = *state;
	struct fixture_task *t = calloc(N, sizeof *t);
	char (*items)[8] = calloc(N, sizeof *items);

	assert_non_null(t);
	assert_non_null(items);
	fixture_begin(f, 0);
	for (unsigned i = 0; i < N; i++) {
		snprintf(items[i], sizeof items[i], "%u", i + 1);
		fixture_queue(f, &t[i], i + 1, items[i], 0);
	}
	/* from both ends, in slots of their own */
	for (unsigned i = 0; i < N; i++)
		fixture_start(f, &t[i % 2 == 0 ? i / 2 : N - 1 - i / 2], i + 1);
	fixture_settle(f);
	fixture_says("SELECT count(*), count(pid), count(outcome), max(slot) FROM attempt",
	    "1000|1000|0|1000");
	for (unsigned i = 0; i < N; i++)
		fixture_end(f, &t[i], i % 3 == 0 ? COVEY_EXIT : COVEY_SUCCESS, false);
	fixture_settle(f);
	fixture_says("SELECT count(*), sum(t.input = t.number), sum(a.id = t.last_attempt),"
	    " sum(a.outcome = t.outcome), sum(a.pid = 1000 + t.number), sum(t.outcome = 'exit')"
	    " FROM task t JOIN attempt a ON a.task = t.id", "1000|1000|1000|1000|1000|334");
	free(t);
	free(items);
}

static void runs_stand_one_behind_the_other(void **state)
{
	struct fixture *f = *state;

	for (int run = 0; run < 3; run++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
		fixture_run(f, 2, "b", 0, COVEY_EXIT);
	}
	fixture_says("SELECT group_concat(id || ' ' || run || ' ' || last_attempt, ', ') FROM task",
	    "1 1 1, 2 1 2, 3 2 3, 4 2 4, 5 3 5, 6 3 6");
}

/* After an error everything fails, with the same message, and nothing is half there. */
static void after_an_error(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } }, u = t;
	struct error err;

	fixture_begin(f, 0);
	fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
	fixture_queue(f, &t, 2, "b", 0);
	fixture_start(f, &t, 1);
	assert_int_equal(journal_db_run(&f->db, "PRAGMA query_only = 1", &err), 0);
	assert_int_equal(journal_writer_settle(f->w), -1);
	assert_non_null(strstr(journal_writer_error(f->w), "readonly"));
	assert_int_equal(journal_db_run(&f->db, "PRAGMA query_only = 0", &err), 0);
	fixture_end(f, &t, COVEY_SUCCESS, false);
	fixture_queue(f, &u, 3, "c", 0);
	assert_int_equal(journal_writer_starting(f->w, &u.view, 2), -1);
	fixture_start(f, &u, 2);
	assert_int_equal(journal_writer_settle(f->w), -1);
	assert_int_equal(journal_writer_end(f->w, &(struct journal_run_end){ .status = 1 }), -1);
	assert_non_null(strstr(journal_writer_error(f->w), "readonly"));
	fixture_says(TASKS, "1 success 1 1.5");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_run),
		TEST(all_at_once),
		TEST(step_by_step),
		TEST(starts_first),
		TEST(no_start),
		TEST(never_started),
		TEST(stopped_between_tries),
		TEST(not_to_be_started),
		TEST(what_a_task_has_of_its_own),
		TEST(many),
		TEST(runs_stand_one_behind_the_other),
		TEST(after_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
