/*
 * What a feed makes of what planners say. Most tests submit tasks to an executor that takes no
 * turn: nothing runs, and its events show what was submitted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_fixture.h"
#include "cli/run/feed.h"

/* ---- a feed, an executor, and what they say ---- */

struct fed {
	struct fixture f;
	struct feed *feed;
	struct covey *ex;
	uint64_t number, place;     /* of the task that was submitted last */
	char item[64], tag[64];
	bool has_command;
	int status;                 /* of the attempt that has ended last */
	unsigned nqueued;
	char left_out[64], refused[256];
	unsigned nrefused, nreadable;
	int input[2];               /* a pipe */
	char input_path[64];
};

/* The command is there while the task is being submitted, and its origin outlives that. */
static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct fed *fed = user;
	const struct origin *origin = event->task->user;

	(void)ex;
	if (event->type == COVEY_QUEUED) {
		fed->nqueued++;
		fed->number = origin->number;
		fed->place = origin->place;
		fed->has_command = origin->command != NULL;
		snprintf(fed->item, sizeof fed->item, "%s", origin->record.items[0].text);
		snprintf(fed->tag, sizeof fed->tag, "%.*s", (int)origin->tag_len,
		    origin->tag == NULL ? "" : origin->tag);
	}
	if (event->type == COVEY_ENDED)
		fed->status = event->attempt->status;
	if (event->type == COVEY_FINISHED)
		feed_finished(event->task);
}

static void on_left_out(void *arg, uint64_t place)
{
	struct fed *fed = arg;
	size_t len = strlen(fed->left_out);

	snprintf(fed->left_out + len, sizeof fed->left_out - len, "%llu ",
	    (unsigned long long)place);
}

static void on_refused(void *arg, const char *why)
{
	struct fed *fed = arg;

	fed->nrefused++;
	snprintf(fed->refused, sizeof fed->refused, "%s", why);
}

static void on_readable(void *arg)
{
	((struct fed *)arg)->nreadable++;
}

static int set_up(void **state)
{
	struct fed *fed = calloc(1, sizeof *fed);
	void *fixture;

	*state = fed;
	if (fed == NULL || fixture_set_up(&fixture) != 0 || pipe(fed->input) != 0)
		return -1;
	fed->f = *(struct fixture *)fixture;
	free(fixture);
	snprintf(fed->input_path, sizeof fed->input_path, "/proc/self/fd/%d", fed->input[0]);
	return 0;
}

/* Cancels what was submitted, which ends it. The journal is closed last: planners ask it. */
static void close_feed(struct fed *fed)
{
	if (fed->ex != NULL) {
		covey_cancel(fed->ex, COVEY_CANCEL_KILL);
		assert_int_equal(covey_run(fed->ex, NULL), 0);
	}
	feed_free(fed->feed);
	covey_free(fed->ex);
	journal_close(fed->f.journal);
	fed->feed = NULL;
	fed->ex = NULL;
	fed->f.journal = NULL;
}

static int tear_down(void **state)
{
	struct fed *fed = *state;
	void *fixture = calloc(1, sizeof fed->f);

	if (fixture == NULL)
		return -1;
	close_feed(fed);
	close(fed->input[0]);
	close(fed->input[1]);
	memcpy(fixture, &fed->f, sizeof fed->f);
	free(fed);
	return fixture_tear_down(&fixture);
}

/* Without a journal. */
static void open_feed(struct fed *fed, const char *const *words)
{
	struct covey_options options;

	close_feed(fed);
	covey_options_init(&options, sizeof options);
	options.on_event = on_event;
	options.user = fed;
	fed->ex = covey_new(&options, NULL);
	assert_non_null(fed->ex);
	fixture_parse(&fed->f, words);
	fed->feed = feed_new(&fed->f.options, &fed->f.err);
	if (fed->feed == NULL)
		fail_msg("%s", fed->f.err.message);
	feed_on_left_out(fed->feed, on_left_out, fed);
	feed_on_refused(fed->feed, on_refused, fed);
	fed->nqueued = 0;
	fed->left_out[0] = '\0';
}

/* Nobody writes to the pipe any more. */
static void end_input(struct fed *fed)
{
	close(fed->input[1]);
	fed->input[1] = dup(fed->input[0]);
}

static void open_with_journal(struct fed *fed, const char *const *words)
{
	open_feed(fed, words);
	fed->f.journal = journal_open(&fed->f.options, (const char *const *)fed->f.argv,
	    &fed->f.err);
	if (fed->f.journal == NULL || feed_use_journal(fed->feed, fed->f.journal, &fed->f.err) != 0)
		fail_msg("%s", fed->f.err.message);
}

static void run_sql(struct fed *fed, const char *sql)
{
	struct error err;

	if (journal_db_run(journal_database(fed->f.journal), sql, &err) != 0)
		fail_msg("%s", err.message);
}

static void is_submitted(struct fed *fed, const char *item, uint64_t number)
{
	unsigned n = fed->nqueued;
	enum covey_next result = feed_next(fed->feed, fed->ex);

	if (result != COVEY_NEXT_MORE)
		fail_msg("'%s': %d: %s", item, (int)result,
		    feed_error(fed->feed) == NULL ? "no error" : feed_error(fed->feed));
	assert_int_equal(fed->nqueued, n + 1);
	assert_string_equal(fed->item, item);
	assert_int_equal(fed->number, number);
	assert_true(fed->has_command);
}

static void is_end(struct fed *fed)
{
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_END);
	assert_null(feed_error(fed->feed));
}

/* ---- tasks ---- */

static void tasks_are_submitted(void **state)
{
	struct fed *fed = *state;

	open_feed(fed, WORDS("--tag", "echo", ":::", "a", "b"));
	assert_int_equal(feed_check(fed->feed, fed->ex, &fed->f.err), 0);
	assert_false(feed_prepares(fed->feed));
	is_submitted(fed, "a", 1);
	assert_string_equal(fed->tag, "a\t");
	assert_int_equal(fed->place, 0);
	assert_true(feed_has_more(fed->feed));
	is_submitted(fed, "b", 2);
	is_end(fed);
	/* and nobody is asked again */
	is_end(fed);
	assert_true(feed_is_used_up(fed->feed));
	assert_false(feed_has_more(fed->feed));
	assert_int_equal(fed->nqueued, 2);
}

static void used_up_is_what_has_no_task_left(void **state)
{
	struct fed *fed = *state;

	open_feed(fed, WORDS("echo", ":::", "a"));
	is_submitted(fed, "a", 1);
	/* the end is not known yet */
	assert_true(feed_is_used_up(fed->feed));
	open_feed(fed, WORDS("echo", ":::", "a", "b"));
	is_submitted(fed, "a", 1);
	assert_false(feed_is_used_up(fed->feed));
}

static void a_template_may_wait_for_the_slot(void **state)
{
	struct fed *fed = *state;
	struct origin origin = { .number = 5 };
	struct covey_task task = { .id = 1, .user = &origin };
	const char *const *argv;

	open_feed(fed, WORDS("echo", "{%}{#}{}", ":::", "a"));
	assert_true(feed_prepares(fed->feed));
	record_set_one(&origin.record, "x", 1);
	argv = feed_prepare(fed->feed, &task, 3);
	assert_non_null(argv);
	assert_string_equal(argv[1], "35x");
}

/* ---- waiting ---- */

static void it_waits_for_input(void **state)
{
	struct fed *fed = *state;

	open_feed(fed, WORDS("-a", fed->input_path, "echo"));
	feed_on_readable(fed->feed, on_readable, fed);
	assert_false(feed_waits(fed->feed));
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_LATER);
	assert_true(feed_waits(fed->feed));
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_LATER);
	assert_false(feed_is_used_up(fed->feed));
	assert_int_equal(write(fed->input[1], "a\n", 2), 2);
	while (fed->nreadable == 0)
		assert_true(covey_step(fed->ex, -1, NULL) >= 0);
	assert_false(feed_waits(fed->feed));
	is_submitted(fed, "a", 1);
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_LATER);
	assert_true(feed_waits(fed->feed));
	end_input(fed);
	while (fed->nreadable == 1)
		assert_true(covey_step(fed->ex, -1, NULL) >= 0);
	is_end(fed);
}

/* epoll does not take such a device. */
static void a_device_needs_no_waiting(void **state)
{
	struct fed *fed = *state;

	open_feed(fed, WORDS("-a", "/dev/null", "echo"));
	is_end(fed);
	assert_false(feed_waits(fed->feed));
}

/* ---- what is no task ---- */

/* Asks until the end. How often was there something else to do first? */
static unsigned read_all(struct fed *fed)
{
	enum covey_next result;
	unsigned n = 0;

	while ((result = feed_next(fed->feed, fed->ex)) != COVEY_NEXT_END) {
		n += result == COVEY_NEXT_LATER && !feed_waits(fed->feed);
		if (feed_waits(fed->feed))
			assert_true(covey_step(fed->ex, -1, NULL) >= 0);
	}
	return n;
}

/* Each is reported, and the next is asked for at once. */
static void refused_records_are_told(void **state)
{
	static const char lines[] = "a\0b\nc\n";
	struct fed *fed = *state;

	assert_int_equal(write(fed->input[1], lines, sizeof lines - 1), sizeof lines - 1);
	end_input(fed);
	open_feed(fed, WORDS("-a", fed->input_path, "echo"));
	read_all(fed);
	assert_int_equal(fed->nqueued, 1);
	assert_string_equal(fed->item, "c");
	assert_int_equal(fed->number, 1);
	assert_int_equal(fed->nrefused, 1);
	assert_non_null(strstr(fed->refused, "NUL"));
	/* that is no error of the run */
	assert_null(feed_error(fed->feed));
}

/* There is other work than to look for a task: after a while, it comes first. */
static void much_for_nothing_is_interrupted(void **state)
{
	enum { N = 2500 };
	struct fed *fed = *state;
	unsigned nlater;

	for (int i = 0; i < N; i++)
		assert_int_equal(write(fed->input[1], "x\n", 2), 2);
	end_input(fed);
	/* all that is kept by --shuf before the first task can be drawn */
	open_feed(fed, WORDS("--shuf", "--seed", "1", "-a", fed->input_path, "echo"));
	nlater = read_all(fed);
	assert_int_equal(fed->nqueued, N);
	/* 2,500 that are taken, 1,000 at a time */
	assert_in_range(nlater, 2, 3);
}

/* ---- with a journal ---- */

static void what_is_left_out_is_told_and_numbers_stay(void **state)
{
	struct fed *fed = *state;
	const char *const *words = WORDS("--resume", "echo", ":::", "a", "b", "c");

	fixture_start(&fed->f, words);
	fixture_run(&fed->f, "a", FIXTURE_SUCCEEDS);
	fixture_run(&fed->f, "c", FIXTURE_FAILS);
	fixture_end(&fed->f);
	open_with_journal(fed, words);
	assert_false(feed_is_used_up(fed->feed));
	open_with_journal(fed, words);
	is_submitted(fed, "b", 2);
	assert_string_equal(fed->left_out, "0 ");
	/* what is left is left out, and that is all */
	assert_true(feed_is_used_up(fed->feed));
	assert_string_equal(fed->left_out, "0 ");
	open_with_journal(fed, words);
	is_submitted(fed, "b", 2);
	is_end(fed);
	assert_string_equal(fed->left_out, "0 0 ");
}

static void the_journal_may_be_the_input(void **state)
{
	struct fed *fed = *state;

	fixture_start(&fed->f, WORDS("echo", ":::", "a"));
	fixture_run(&fed->f, "a", FIXTURE_SUCCEEDS);
	fixture_run(&fed->f, "b", FIXTURE_FAILS);
	fixture_run(&fed->f, "c", FIXTURE_SUCCEEDS);
	fixture_end(&fed->f);
	open_with_journal(fed, WORDS("--retry-failed"));
	is_submitted(fed, "b", 2);
	is_end(fed);
	/* after the end nobody is asked again, though there would be an answer */
	run_sql(fed, "UPDATE temp.past SET state = 2");
	is_end(fed);
	assert_true(feed_is_used_up(fed->feed));
}

/* Those that are not known come first, then the longest; a place is that of the input. */
static void the_longest_comes_first(void **state)
{
	struct fed *fed = *state;
	const char *const *words = WORDS("--order", "longest", "echo", ":::", "a", "b");

	fixture_start(&fed->f, words);
	fixture_run(&fed->f, "a", FIXTURE_SUCCEEDS);
	fixture_end(&fed->f);
	open_with_journal(fed, words);
	is_submitted(fed, "b", 2);
	assert_int_equal(fed->place, 2);
	is_submitted(fed, "a", 1);
	assert_int_equal(fed->place, 1);
	is_end(fed);
}

static void an_error_is_said_and_ends_it(void **state)
{
	struct fed *fed = *state;
	char message[512];

	open_with_journal(fed, WORDS("--shard", "1/1", "echo", ":::", "a", "b"));
	assert_null(feed_error(fed->feed));
	run_sql(fed, "ALTER TABLE temp.seen RENAME TO hidden");
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_END);
	assert_non_null(feed_error(fed->feed));
	snprintf(message, sizeof message, "%s", feed_error(fed->feed));
	assert_non_null(strstr(message, "cannot use the journal"));
	/* nobody is asked again, though there would be an answer, and the message stays */
	run_sql(fed, "ALTER TABLE temp.hidden RENAME TO seen");
	assert_int_equal(feed_next(fed->feed, fed->ex), COVEY_NEXT_END);
	assert_string_equal(feed_error(fed->feed), message);
	assert_false(feed_is_used_up(fed->feed));
	assert_int_equal(fed->nqueued, 0);
}

/* The executor counts what it is given; a task is told its number in the input. */
static void tasks_know_their_numbers(void **state)
{
	static const char line[] =
	    "{\"command\": \"exit $((COVEY_TASK + X))\", \"env\": {\"X\": \"20\"}}\n";
	struct fed *fed = *state;

	for (int i = 0; i < 4; i++)
		assert_int_equal(write(fed->input[1], line, sizeof line - 1), sizeof line - 1);
	end_input(fed);
	open_feed(fed, WORDS("--shard", "2/2", "--shard-by", "count", "--tasks", fed->input_path));
	while (fed->nqueued == 0) {
		feed_next(fed->feed, fed->ex);
		assert_true(covey_step(fed->ex, 0, NULL) >= 0);
	}
	assert_int_equal(fed->number, 3);
	assert_int_equal(covey_run(fed->ex, NULL), 0);
	assert_int_equal(fed->status, 23);
}

/* ---- without running anything ---- */

static void dry(void **state)
{
	static const char lines[] = "a\nx\0y\nb\n";
	struct fed *fed = *state;
	const char *const *argv;
	struct error err;

	assert_int_equal(write(fed->input[1], lines, sizeof lines - 1), sizeof lines - 1);
	end_input(fed);
	open_feed(fed, WORDS("-a", fed->input_path, "echo"));
	assert_int_equal(feed_dry(fed->feed, &argv, &err), 1);
	assert_string_equal(argv[1], "a");
	assert_int_equal(feed_dry(fed->feed, &argv, &err), 1);
	assert_null(argv);
	assert_non_null(strstr(err.message, "NUL"));
	assert_int_equal(feed_dry(fed->feed, &argv, &err), 1);
	assert_string_equal(argv[1], "b");
	assert_int_equal(feed_dry(fed->feed, &argv, &err), 0);
	assert_null(argv);
}

/* ---- what cannot work ---- */

static void refusals(void **state)
{
	static const struct {
		const char *words[6], *why;
	} cases[] = {
		{ { "-a", "/nowhere/file", "echo" }, "/nowhere/file" },
		{ { "echo", "{1}", "{2}", ":::", "a" }, "'{2}' stands for nothing" },
		{ { "--header", "-a", "/nowhere/file", "echo" }, "/nowhere/file" },
	};
	struct fed *fed = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fixture_parse(&fed->f, cases[i].words);
		assert_null(feed_new(&fed->f.options, &fed->f.err));
		assert_non_null(strstr(fed->f.err.message, cases[i].why));
	}
	open_feed(fed, WORDS("no-such-command", ":::", "a"));
	assert_int_equal(feed_check(fed->feed, fed->ex, &fed->f.err), -1);
	feed_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(tasks_are_submitted),
		TEST(used_up_is_what_has_no_task_left),
		TEST(a_template_may_wait_for_the_slot),
		TEST(it_waits_for_input),
		TEST(a_device_needs_no_waiting),
		TEST(refused_records_are_told),
		TEST(much_for_nothing_is_interrupted),
		TEST(what_is_left_out_is_told_and_numbers_stay),
		TEST(the_journal_may_be_the_input),
		TEST(the_longest_comes_first),
		TEST(an_error_is_said_and_ends_it),
		TEST(tasks_know_their_numbers),
		TEST(dry),
		TEST(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
