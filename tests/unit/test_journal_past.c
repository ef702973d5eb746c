/* What has become of tasks in earlier runs, by their content. */
#include "journal_fixture.h"

#include <math.h>

#include "journal/journal_median.h"
#include "journal/journal_past.h"

static struct past *opened(struct fixture *f, int64_t series)
{
	struct error err = { "" };
	struct past *past = past_open(&f->db, series, INT64_MAX, &err);

	if (past == NULL)
		fail_msg("%s", err.message);
	return past;
}

static struct journal_key key_of(const char *item)
{
	const char *argv[] = { "echo", item, NULL };
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	return journal_key_of(&command);
}

static void is_state(struct past *past, const char *item, int64_t occurrence, enum past_state want)
{
	struct journal_key key = key_of(item);
	struct error err = { "" };
	enum past_state got;

	assert_int_equal(past_state(past, &key, occurrence, &got, &err), 0);
	if (got != want)
		fail_msg("%s %d: wanted %d, got %d", item, (int)occurrence, want, got);
}

static void counts_are(struct past *past, uint64_t unfinished, uint64_t failed, uint64_t succeeded)
{
	uint64_t counts[PAST_NSTATES];
	struct error err;

	assert_int_equal(past_count(past, counts, &err), 0);
	assert_int_equal(counts[PAST_UNFINISHED], unfinished);
	assert_int_equal(counts[PAST_FAILED], failed);
	assert_int_equal(counts[PAST_SUCCEEDED], succeeded);
	assert_int_equal(counts[PAST_UNKNOWN], 0);
}

static void states(void **state)
{
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };
	struct past *past;

	fixture_begin(f, 0);
	fixture_run(f, 1, "ok", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "exit", 0, COVEY_EXIT);
	fixture_run(f, 3, "signal", 0, COVEY_SIGNAL);
	fixture_run(f, 4, "timeout", 0, COVEY_TIMEOUT);
	fixture_run(f, 5, "spawn", 0, COVEY_SPAWN);
	fixture_run(f, 6, "cancelled", 0, COVEY_CANCELLED);
	fixture_run(f, 7, "deadline", 0, COVEY_DEADLINE);
	fixture_queue(f, &t, 8, "running", 0);
	fixture_start(f, &t, 1);
	fixture_settle(f);
	past = opened(f, 1);
	is_state(past, "ok", 1, PAST_SUCCEEDED);
	is_state(past, "exit", 1, PAST_FAILED);
	is_state(past, "signal", 1, PAST_FAILED);
	is_state(past, "timeout", 1, PAST_FAILED);
	is_state(past, "spawn", 1, PAST_FAILED);
	is_state(past, "cancelled", 1, PAST_UNFINISHED);
	is_state(past, "deadline", 1, PAST_UNFINISHED);
	is_state(past, "running", 1, PAST_UNFINISHED);
	is_state(past, "new", 1, PAST_UNKNOWN);
	is_state(past, "ok", 2, PAST_UNKNOWN);
	counts_are(past, 3, 4, 1);
	past_close(past);
	past_close(NULL);
}

/* Equal tasks have been counted where a run went on, and are counted where it began. */
static void equal_tasks(void **state)
{
	struct fixture *f = *state;
	struct past *past;

	fixture_begin(f, 0);
	fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "b", 0, COVEY_SUCCESS);
	fixture_run(f, 3, "a", 0, COVEY_EXIT);
	fixture_run(f, 4, "a", 0, COVEY_CANCELLED);
	past = opened(f, 1);
	is_state(past, "a", 1, PAST_SUCCEEDED);
	is_state(past, "a", 2, PAST_FAILED);
	is_state(past, "a", 3, PAST_UNFINISHED);
	is_state(past, "a", 4, PAST_UNKNOWN);
	counts_are(past, 1, 1, 2);
	past_close(past);
	/* the third is brought to success, the second fails again, and there is a fourth */
	fixture_begin(f, 1);
	fixture_run(f, 1, "a", 2, COVEY_EXIT);
	fixture_run(f, 2, "a", 3, COVEY_SUCCESS);
	fixture_run(f, 3, "a", 4, COVEY_EXIT);
	past = opened(f, 1);
	is_state(past, "a", 1, PAST_SUCCEEDED);
	is_state(past, "a", 2, PAST_FAILED);
	is_state(past, "a", 3, PAST_SUCCEEDED);
	is_state(past, "a", 4, PAST_FAILED);
	counts_are(past, 0, 2, 3);
	past_close(past);
}

/* Whatever comes later: a success is one. And what failed is not, if later it was stopped. */
static void the_last_word(void **state)
{
	struct fixture *f = *state;
	struct past *past;

	fixture_begin(f, 0);
	fixture_run(f, 1, "a", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "b", 0, COVEY_EXIT);
	fixture_begin(f, 1);
	fixture_run(f, 1, "a", 1, COVEY_EXIT);
	fixture_run(f, 2, "b", 1, COVEY_CANCELLED);
	/* another series has no say */
	fixture_begin(f, 0);
	fixture_run(f, 1, "b", 0, COVEY_SUCCESS);
	past = opened(f, 1);
	is_state(past, "a", 1, PAST_SUCCEEDED);
	is_state(past, "b", 1, PAST_UNFINISHED);
	past_close(past);
	past = opened(f, 3);
	is_state(past, "a", 1, PAST_UNKNOWN);
	is_state(past, "b", 1, PAST_SUCCEEDED);
	past_close(past);
}

static void is_next(struct past *past, const char *item, uint64_t number, int64_t occurrence)
{
	struct covey_command command;
	struct error err = { "" };
	struct journal_task task;
	struct journal_key key;

	if (past_next(past, &task, &command, &err) != 1)
		fail_msg("%s", err.message);
	assert_string_equal(command.argv[0], "echo");
	assert_string_equal(command.argv[1], item);
	assert_null(command.argv[2]);
	assert_int_equal(task.number, number);
	assert_int_equal(task.occurrence, occurrence);
	assert_int_equal(task.input_len, strlen(item));
	assert_memory_equal(task.input, item, task.input_len);
	key = journal_key_of(task.command);
	/* the directory is that of the run, which is no part of it */
	command.cwd = NULL;
	key = journal_key_of(&command);
	assert_memory_equal(&key, &task.key, sizeof key);
	past_rest(past);
}

static void what_is_left(void **state)
{
	struct fixture *f = *state;
	struct covey_command command;
	struct journal_task task;
	struct error err;
	struct past *past;

	fixture_begin(f, 0);
	fixture_run(f, 1, "ok", 0, COVEY_SUCCESS);
	fixture_run(f, 2, "b\xff", 0, COVEY_EXIT);
	fixture_run(f, 3, "b\xff", 0, COVEY_EXIT);
	fixture_run(f, 4, "", 0, COVEY_CANCELLED);
	fixture_run(f, 5, "later", 0, COVEY_EXIT);
	fixture_begin(f, 1);
	fixture_run(f, 2, "b\xff", 1, COVEY_EXIT);
	fixture_run(f, 5, "later", 1, COVEY_SUCCESS);
	past = opened(f, 1);
	/* in the order of their last entries */
	is_next(past, "b\xff", 3, 2);
	is_next(past, "", 4, 1);
	is_next(past, "b\xff", 2, 1);
	assert_int_equal(past_next(past, &task, &command, &err), 0);
	past_close(past);
}

static void with_all_of_its_own(void **state)
{
	static const char *const env[] = { "A=1", "B=\xff", NULL };
	struct fixture *f = *state;
	struct fixture_task t = { .argv = { NULL } };
	struct covey_command command;
	struct journal_task task;
	struct journal_key key;
	struct error err;
	struct past *past;

	fixture_begin(f, 0);
	covey_command_init(&t.command, sizeof t.command);
	t.command.argv = t.argv;
	t.command.env = env;
	t.command.cwd = "/usr";
	t.command.stdin_source = COVEY_STDIN_BYTES;
	t.command.stdin_bytes = "in\0put";
	t.command.stdin_len = 6;
	t.command.timeout = 2500 * COVEY_MSEC;
	t.command.tries = 7;
	fixture_queue(f, &t, 1, "a", 0);
	fixture_settle(f);
	past = opened(f, 1);
	assert_int_equal(past_next(past, &task, &command, &err), 1);
	key = journal_key_of(&command);
	assert_memory_equal(&key, &task.key, sizeof key);
	assert_string_equal(command.env[1], "B=\xff");
	assert_null(command.env[2]);
	assert_string_equal(command.cwd, "/usr");
	assert_int_equal(command.stdin_len, 6);
	assert_memory_equal(command.stdin_bytes, "in\0put", 6);
	assert_int_equal(command.timeout, 2500 * COVEY_MSEC);
	assert_int_equal(command.tries, 7);
	past_close(past);
}

static void change(struct fixture *f, const char *sql)
{
	struct error err = { "" };

	if (journal_db_run(&f->db, sql, &err) != 0)
		fail_msg("%s", err.message);
}

static void the_last_run(void **state)
{
	struct fixture *f = *state;
	struct error err = { "" };
	struct past_run run;
	const char **argv;

	assert_int_equal(past_find(&f->db, NULL, 0, &run, &err), 0);
	assert_null(past_argv(&f->db, &err));
	assert_string_equal(err.message, "the journal has no run");
	fixture_begin(f, 0);
	assert_int_equal(journal_writer_end(f->w, &(struct journal_run_end){ .signal = 15 }), 0);
	fixture_begin(f, 1);
	assert_int_equal(past_find(&f->db, "x", 2, &run, &err), 1);
	assert_int_equal(run.id, 2);
	assert_int_equal(run.series, 1);
	assert_false(run.ended);
	assert_string_equal(run.command, "covey --journal j 'it'\\''s'");
	past_run_release(&run);
	/* another command's */
	assert_int_equal(past_find(&f->db, "y", 2, &run, &err), 0);
	assert_int_equal(past_find(&f->db, NULL, 0, &run, &err), 1);
	assert_int_equal(run.id, 2);
	past_run_release(&run);
	/* those that took their tasks from the journal have no template of their own */
	change(f, "UPDATE run SET recovery = 'retry-failed' WHERE id = 2");
	assert_int_equal(past_find(&f->db, "x", 2, &run, &err), 1);
	assert_int_equal(run.id, 1);
	assert_true(run.ended);
	assert_int_equal(run.signal, 15);
	past_run_release(&run);
	argv = past_argv(&f->db, &err);
	assert_non_null(argv);
	assert_string_equal(argv[0], "covey");
	assert_string_equal(argv[3], "it's");
	assert_null(argv[4]);
	free(argv);
}

static void a_damaged_task(void **state)
{
	static const char *const changes[] = {
		"UPDATE task SET key = x'00'", "UPDATE task SET argv = ''",
		/* words without their NUL */
		"UPDATE task SET argv = 'echo'", "UPDATE task SET argv = x'610062'",
		"UPDATE task SET argv = 1", "UPDATE task SET env = 'A=1'",
	};
	struct fixture *f = *state;
	struct covey_command command;
	struct journal_task task;
	struct error err;
	struct past *past;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "a", 0, COVEY_EXIT);
		change(f, changes[i]);
		past = opened(f, (int64_t)i + 1);
		if (past_next(past, &task, &command, &err) != -1)
			fail_msg("%s", changes[i]);
		assert_non_null(strstr(err.message, " of its table 'task' is damaged"));
		past_close(past);
	}
}

static void a_damaged_command_line(void **state)
{
	static const char *const changes[] = {
		"UPDATE run SET argv = ''", "UPDATE run SET argv = 'covey'",
		"UPDATE run SET argv = x'610062'", "UPDATE run SET argv = 1",
	};
	struct fixture *f = *state;
	struct error err;

	fixture_begin(f, 0);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		change(f, changes[i]);
		if (past_argv(&f->db, &err) != NULL)
			fail_msg("%s", changes[i]);
		assert_string_equal(err.message, "the command line of its last run is damaged");
	}
}

/* ---- medians ---- */

static void takes(struct journal_median *median, const char *item, double want)
{
	struct journal_key key = key_of(item);
	struct error err;
	double got;

	assert_int_equal(journal_median_of(median, &key, &got, &err), 0);
	if (got != want)
		fail_msg("%s: wanted %f, got %f", item, want, got);
}

static void medians(void **state)
{
	static const double seconds[] = { 9, 1, 5, 2 };
	struct fixture *f = *state;
	struct journal_median *median;
	struct error err;
	char sql[128];

	for (int i = 0; i < 4; i++) {
		fixture_begin(f, 0);
		fixture_run(f, 1, "even", 0, COVEY_SUCCESS);
		fixture_run(f, 2, "odd", 0, i == 0 ? COVEY_EXIT : COVEY_SUCCESS);
		fixture_run(f, 3, "bad", 0, COVEY_EXIT);
		fixture_run(f, 4, "twice", 0, COVEY_SUCCESS);
		fixture_run(f, 5, "twice", 0, COVEY_SUCCESS);
		snprintf(sql, sizeof sql, "UPDATE task SET duration = %f WHERE run = %d",
		    seconds[i], i + 1);
		assert_int_equal(journal_db_run(&f->db, sql, &err), 0);
	}
	fixture_run(f, 6, "once", 0, COVEY_SUCCESS);
	median = journal_median_open(&f->db, &err);
	assert_non_null(median);
	takes(median, "even", 3.5);
	takes(median, "odd", 2);
	takes(median, "twice", 3.5);
	takes(median, "once", 1.5);
	takes(median, "bad", INFINITY);
	takes(median, "new", INFINITY);
	journal_median_close(median);
	journal_median_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(states),
		TEST(equal_tasks),
		TEST(the_last_word),
		TEST(what_is_left),
		TEST(with_all_of_its_own),
		TEST(the_last_run),
		TEST(a_damaged_task),
		TEST(a_damaged_command_line),
		TEST(medians),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
