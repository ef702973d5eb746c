/* Tasks that are taken from the journal: that they come back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run_fixture.h"
#include "cli/command/compose.h"
#include "cli/run/plan_recorded.h"

/* ---- a planner ---- */

static struct header no_header;

static struct planner *open_with(struct fixture *f, const char *const *words,
    struct compose **compose)
{
	struct planner *p;

	fixture_open(f, words);
	if (f->journal == NULL)
		fail_msg("%s", f->err.message);
	*compose = compose_new(&f->options, &no_header, &f->err);
	if (*compose == NULL)
		fail_msg("%s", f->err.message);
	p = plan_recorded_open(&f->options, *compose, f->journal);
	assert_non_null(p);
	return p;
}

static void close_both(struct planner *p, struct compose *compose)
{
	planner_close(p);
	compose_free(compose);
}

static void take(struct planner *p, struct plan *plan)
{
	struct error err = { "" };
	enum plan_result result = planner_next(p, plan, &err);

	if (result != PLAN_TASK)
		fail_msg("result %d: %s", (int)result, err.message);
}

static void is_end(struct planner *p)
{
	struct plan plan;
	struct error err;

	assert_int_equal(planner_next(p, &plan, &err), PLAN_END);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_END);
}

/* A command without anything of its own, of that item; which stands in the plan itself. */
static void set_plan(struct plan *plan, const char *const *argv, const char *item, size_t len)
{
	*plan = (struct plan){ .number = 0 };
	covey_command_init(&plan->command, sizeof plan->command);
	plan->command.argv = argv;
	record_set_one(&plan->record, item, len);
}

static const char *const echo[] = { "echo", "x", NULL };

static void run_input(struct fixture *f, const struct span *items, size_t n)
{
	struct plan plan;

	set_plan(&plan, echo, "", 0);
	plan.record.items = items;
	plan.record.nitems = n;
	for (size_t i = 0; i < n; i++)
		plan.record.bytes += items[i].len;
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
}

/* ---- which ---- */

static void those_that_have_not_succeeded(void **state)
{
	struct fixture *f = *state;
	struct compose *compose;
	struct planner *p;
	struct plan plan;

	fixture_start(f, WORDS("echo"));
	fixture_run(f, "good", FIXTURE_SUCCEEDS);
	fixture_run(f, "bad", FIXTURE_FAILS);
	fixture_run(f, "good", FIXTURE_SUCCEEDS);
	fixture_run(f, "bad", FIXTURE_FAILS);
	fixture_run(f, "killed", FIXTURE_IS_KILLED);
	fixture_end(f);
	p = open_with(f, WORDS("--retry-failed"), &compose);
	take(p, &plan);
	assert_string_equal(plan.command.argv[0], "echo");
	assert_string_equal(plan.command.argv[1], "bad");
	assert_null(plan.command.argv[2]);
	assert_int_equal(plan.number, 2);
	assert_int_equal(plan.occurrence, 1);
	assert_int_equal(plan.place, 0);
	assert_null(plan.name);
	assert_null(plan.label);
	take(p, &plan);
	assert_string_equal(plan.command.argv[1], "bad");
	assert_int_equal(plan.number, 4);
	assert_int_equal(plan.occurrence, 2);
	take(p, &plan);
	assert_string_equal(plan.command.argv[1], "killed");
	assert_int_equal(plan.number, 5);
	is_end(p);
	assert_false(planner_has_more(p));
	close_both(p, compose);
}

/* ---- what they are ---- */

static void items_come_back(void **state)
{
	static const struct {
		struct span items[10];
		size_t n;
	} cases[] = {
		{ { { "a", 1 } }, 1 },
		{ { { "", 0 } }, 1 },
		{ { { "a", 1 }, { "b c", 3 } }, 2 },
		{ { { "", 0 }, { "x", 1 }, { "", 0 } }, 3 },
		{ { { "", 0 }, { "", 0 } }, 2 },
		{ { { "\xff\xfe", 2 }, { "\xc3", 1 } }, 2 },
		/* more than there is room for at first */
		{ { { "0", 1 }, { "1", 1 }, { "2", 1 }, { "3", 1 }, { "4", 1 }, { "5", 1 },
		    { "6", 1 }, { "7", 1 }, { "8", 1 }, { "9", 1 } }, 10 },
	};
	struct fixture *f = *state;
	struct compose *compose;
	struct planner *p;
	struct plan plan;

	fixture_start(f, WORDS("echo"));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		run_input(f, cases[i].items, cases[i].n);
	fixture_end(f);
	p = open_with(f, WORDS("--retry-failed"), &compose);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t bytes = 0;

		take(p, &plan);
		assert_int_equal(plan.record.nitems, cases[i].n);
		for (size_t k = 0; k < cases[i].n; k++) {
			assert_int_equal(plan.record.items[k].len, cases[i].items[k].len);
			assert_string_equal(plan.record.items[k].text, cases[i].items[k].text);
			bytes += cases[i].items[k].len;
		}
		assert_int_equal(plan.record.bytes, bytes);
	}
	is_end(p);
	close_both(p, compose);
}

static void commands_come_back(void **state)
{
	static const char *const argv[] = { "p\xff", "", "a b", NULL };
	static const char *const env[] = { "A=\xfe", "B", NULL };
	struct fixture *f = *state;
	struct journal_key key = journal_key_of_name("n");
	struct compose *compose;
	struct planner *p;
	struct plan plan;

	set_plan(&plan, argv, "x", 1);
	plan.name = "n";
	plan.command.env = env;
	plan.command.stdin_source = COVEY_STDIN_BYTES;
	plan.command.stdin_bytes = "a\0b";
	plan.command.stdin_len = 3;
	plan.command.tries = 4;
	fixture_start(f, WORDS("echo"));
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	fixture_end(f);
	p = open_with(f, WORDS("--retry-failed"), &compose);
	take(p, &plan);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(plan.command.argv[i], argv[i]);
	assert_null(plan.command.argv[3]);
	assert_string_equal(plan.command.env[0], env[0]);
	assert_string_equal(plan.command.env[1], env[1]);
	assert_null(plan.command.env[2]);
	assert_int_equal(plan.command.stdin_source, COVEY_STDIN_BYTES);
	assert_int_equal(plan.command.stdin_len, 3);
	assert_memory_equal(plan.command.stdin_bytes, "a\0b", 3);
	assert_string_equal(plan.name, "n");
	assert_memory_equal(plan.key.bytes, key.bytes, sizeof key.bytes);
	close_both(p, compose);
}

/* Where a task had no directory of its own, it runs in that of its run; but not if that is ours. */
static void directories(void **state)
{
	struct fixture *f = *state;
	char here[4096];
	struct compose *compose;
	struct planner *p;
	struct plan plan;

	set_plan(&plan, echo, "x", 1);
	assert_non_null(getcwd(here, sizeof here));
	fixture_start(f, WORDS("echo"));
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	plan.command.cwd = "/usr";
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	plan.command.cwd = here;
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	fixture_end(f);
	p = open_with(f, WORDS("--retry-failed"), &compose);
	take(p, &plan);
	assert_null(plan.command.cwd);
	take(p, &plan);
	assert_string_equal(plan.command.cwd, "/usr");
	take(p, &plan);
	assert_null(plan.command.cwd);
	close_both(p, compose);
	assert_int_equal(chdir("/"), 0);
	p = open_with(f, WORDS("--retry-failed"), &compose);
	take(p, &plan);
	assert_string_equal(plan.command.cwd, here);
	close_both(p, compose);
	assert_int_equal(chdir(here), 0);
}

/* ---- labels ---- */

static void labels_are_found_in_the_line(void **state)
{
	static const char line[] = "{\"command\":\"echo $x\"}";
	static const char words[] = "{\"command\":[\"echo\",\"x\"]}";
	static const char bad[] = "no json";
	struct fixture *f = *state;
	struct compose *compose;
	struct planner *p;
	struct plan plan;

	fixture_start(f, WORDS("--tasks", "f"));
	run_input(f, &(struct span){ line, sizeof line - 1 }, 1);
	run_input(f, &(struct span){ words, sizeof words - 1 }, 1);
	run_input(f, &(struct span){ bad, sizeof bad - 1 }, 1);
	set_plan(&plan, echo, line, sizeof line - 1);
	plan.name = "n";
	fixture_run_plan(f, &plan, FIXTURE_FAILS);
	fixture_end(f);
	p = open_with(f, WORDS("--retry-failed", "--tag"), &compose);
	/* as recall_options has it */
	f->options.tasks = "f";
	take(p, &plan);
	assert_string_equal(plan.label, "echo $x");
	take(p, &plan);
	assert_string_equal(plan.label, "echo x");
	take(p, &plan);
	assert_string_equal(plan.label, "echo x");
	take(p, &plan);
	assert_string_equal(plan.label, "n");
	is_end(p);
	close_both(p, compose);
}

/* ---- a journal that is broken ---- */

static void a_broken_row_ends_it(void **state)
{
	static const char *const breaks[] = {
		"UPDATE task SET key = x'00'", "UPDATE task SET argv = x''", "DROP TABLE temp.past",
	};
	struct fixture *f = *state;
	struct compose *compose;
	struct planner *p;
	char start[128];
	struct plan plan;
	struct error err;

	snprintf(start, sizeof start, "cannot use the journal '%s': ", f->path);
	fixture_start(f, WORDS("echo"));
	fixture_run(f, "bad", FIXTURE_FAILS);
	fixture_end(f);
	for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
		const struct journal_db *db;

		p = open_with(f, WORDS("--retry-failed"), &compose);
		db = journal_database(f->journal);
		if (journal_db_run(db, "BEGIN", &err) != 0
		    || journal_db_run(db, breaks[i], &err) != 0)
			fail_msg("%s", err.message);
		assert_int_equal(planner_next(p, &plan, &err), PLAN_BAD);
		assert_memory_equal(err.message, start, strlen(start));
		assert_int_equal(journal_db_run(db, "ROLLBACK", &err), 0);
		close_both(p, compose);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(those_that_have_not_succeeded),
		TEST(items_come_back),
		TEST(commands_come_back),
		TEST(directories),
		TEST(labels_are_found_in_the_line),
		TEST(a_broken_row_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
