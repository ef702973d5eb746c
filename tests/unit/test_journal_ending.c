/* What is kept of an attempt that has ended, and its row. */
#include <errno.h>

#include "journal_fixture.h"

#include "journal/journal_attempt.h"
#include "journal/journal_ending.h"

#define ATTEMPT "SELECT id, task, number, slot, pid, started, ended, duration, outcome, status," \
	" signal FROM attempt"

/* ---- what is kept ---- */

static struct covey_event ended(const struct covey_task *task, struct covey_attempt *attempt)
{
	return (struct covey_event){ .type = COVEY_ENDED, .task = task, .attempt = attempt };
}

static void without_output(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct covey_task task = { .id = 4, .argv = argv };
	struct covey_attempt attempt = { .number = 2, .outcome = COVEY_SIGNAL, .signal = 9 };
	struct covey_event event = ended(&task, &attempt);
	char *tail = malloc(ENDING_TAIL);
	struct ending e;

	(void)state;
	assert_non_null(tail);
	ending_take(&e, &event, true, tail);
	assert_int_equal(e.task.id, 4);
	assert_int_equal(e.attempt.signal, 9);
	assert_true(e.ended > 1e9);
	assert_true(e.captured);
	assert_int_equal(e.out_bytes + e.err_bytes + e.tail_len, 0);
	free(tail);
}

static void a_copy_stands_alone(void **state)
{
	char word[] = "echo", item[] = "", reason[] = "why", tail[] = "end\0of it";
	const char *argv[] = { word, item, NULL };
	struct ending e = {
		.task = { .id = 7, .argv = argv }, .attempt = { .number = 3, .reason = reason },
		.tail = tail, .tail_len = sizeof tail, .row = 11, .captured = true,
	};
	struct ending *copy = ending_copy(&e);

	(void)state;
	assert_non_null(copy);
	memset(word, 'x', sizeof word - 1);
	memset(reason, 'x', sizeof reason - 1);
	memset(tail, 'x', sizeof tail);
	argv[0] = argv[1] = NULL;
	assert_string_equal(copy->task.argv[0], "echo");
	assert_string_equal(copy->task.argv[1], "");
	assert_null(copy->task.argv[2]);
	assert_string_equal(copy->attempt.reason, "why");
	assert_int_equal(copy->tail_len, sizeof tail);
	assert_memory_equal(copy->tail, "end\0of it", sizeof tail);
	assert_int_equal(copy->task.id, 7);
	assert_int_equal(copy->row, 11);
	free(copy);
}

static void a_copy_of_little(void **state)
{
	static const char *const argv[] = { NULL };
	struct ending e = { .task = { .argv = argv }, .tail = "" };
	struct ending *copy = ending_copy(&e);

	(void)state;
	assert_non_null(copy);
	assert_null(copy->task.argv[0]);
	assert_null(copy->attempt.reason);
	assert_int_equal(copy->tail_len, 0);
	free(copy);
}

/* ---- rows ---- */

struct writer {
	struct rows rows;
	struct attempt_rows attempts;
};

static void open_writer(struct fixture *f, struct writer *w)
{
	struct error err = { "" };

	if (rows_init(&w->rows, &f->db, &err) != 0
	    || attempt_rows_init(&w->attempts, &w->rows, &err) != 0)
		fail_msg("%s", err.message);
}

static void close_writer(struct writer *w)
{
	attempt_rows_release(&w->attempts);
	rows_release(&w->rows);
}

static void committed(struct writer *w, int result)
{
	assert_int_equal(result, 0);
	assert_int_equal(rows_commit(&w->rows), 0);
}

static const struct attempt_row running = {
	.id = 1, .task = 8, .number = 2, .slot = 3, .started = 1000.5,
};

/* The same attempt, with all that can be known of its end. */
static struct ending full(void)
{
	return (struct ending){
		.row = 1, .task_row = 8, .started = 1000.5, .ended = 1004.25, .captured = true,
		.out_bytes = 5, .err_bytes = 6, .tail = "tail", .tail_len = 4,
		.attempt = {
			.number = 2, .slot = 3, .pid = 99,
			.started = COVEY_SEC, .ended = 4 * COVEY_SEC,
			.outcome = COVEY_EXIT, .status = 7, .signal = 8,
			.reason = "why", .leaky = true,
			.usage = {
				.ru_utime = { 1, 500000 }, .ru_stime = { 2, 250000 },
				.ru_maxrss = 10,
			},
		},
	};
}

static void is_full(void)
{
	fixture_says(ATTEMPT, "1|8|2|3|99|1000.5|1004.25|3.0|exit|7|8");
	fixture_says("SELECT error, cpu_user, cpu_system, max_rss, stdout_bytes, stderr_bytes,"
	    " stderr_tail, reason, leaky, core_dumped, oom FROM attempt",
	    "-|1.5|2.25|10240|5|6|tail|why|1|0|0");
}

static void starts_and_ends(void **state)
{
	struct fixture *f = *state;
	struct ending e = full();
	struct writer w;

	open_writer(f, &w);
	committed(&w, attempt_rows_add(&w.attempts, &running));
	fixture_says(ATTEMPT, "1|8|2|3|-|1000.5|-|-|-|-|-");
	committed(&w, attempt_rows_set_pid(&w.attempts, 1, 99));
	fixture_says(ATTEMPT, "1|8|2|3|99|1000.5|-|-|-|-|-");
	committed(&w, attempt_rows_end(&w.attempts, &e, true));
	is_full();
	committed(&w, attempt_rows_drop(&w.attempts, 1));
	fixture_says("SELECT count(*) FROM attempt", "0");
	close_writer(&w);
}

static void is_written_at_once(void **state)
{
	struct fixture *f = *state;
	struct ending e = full();
	struct writer w;

	open_writer(f, &w);
	committed(&w, attempt_rows_end(&w.attempts, &e, false));
	is_full();
	/* an attempt that runs has nothing of the one before, whose row it may take */
	committed(&w, attempt_rows_add(&w.attempts, &running));
	fixture_says(ATTEMPT, "1|8|2|3|-|1000.5|-|-|-|-|-");
	fixture_says("SELECT error, cpu_user, cpu_system, max_rss, stdout_bytes, stderr_bytes,"
	    " stderr_tail, reason, leaky, core_dumped, oom FROM attempt", "-|-|-|-|-|-|-|-|-|-|-");
	close_writer(&w);
}

static void what_is_not_known_is_null(void **state)
{
	struct fixture *f = *state;
	struct ending e = full();
	struct writer w;

	open_writer(f, &w);
	committed(&w, attempt_rows_end(&w.attempts, &e, false));
	/* not captured, nothing on stderr, never started */
	e.captured = false;
	e.tail_len = 0;
	e.attempt.reason = NULL;
	e.attempt.pid = 0;
	e.attempt.leaky = false;
	e.attempt.core_dumped = true;
	e.attempt.outcome = COVEY_SPAWN;
	e.attempt.sys_errno = ENOENT;
	committed(&w, attempt_rows_end(&w.attempts, &e, true));
	fixture_says("SELECT pid, stdout_bytes, stderr_bytes, stderr_tail, reason, outcome, error,"
	    " leaky, core_dumped, oom FROM attempt",
	    "-|-|-|-|-|spawn|exec: No such file or directory|0|1|0");
	e.attempt.spawn_step = "chdir";
	committed(&w, attempt_rows_end(&w.attempts, &e, true));
	fixture_says("SELECT error FROM attempt", "chdir: No such file or directory");
	close_writer(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_output),
		cmocka_unit_test(a_copy_stands_alone),
		cmocka_unit_test(a_copy_of_little),
		cmocka_unit_test_setup_teardown(starts_and_ends, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(is_written_at_once, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_known_is_null, fixture_set_up,
		    fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
