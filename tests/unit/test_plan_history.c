/* What a run that continues another leaves out, and how it counts equal tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_planner.h"
#include "run_fixture.h"
#include "cli/run/plan_history.h"

static struct planner *open_on(struct fixture *f, const struct fake_plan *steps, bool *closed)
{
	struct planner *p;

	if (f->journal == NULL)
		fail_msg("%s", f->err.message);
	p = plan_history_open(fake_planner_open(steps, closed), &f->options, f->journal, &f->err);
	if (p == NULL)
		fail_msg("%s", f->err.message);
	return p;
}

static struct journal_key key_of(const char *item)
{
	const char *argv[] = { "echo", item, NULL };
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	return journal_key_of(&command);
}

static void is_next(struct planner *p, enum plan_result wanted, const char *item,
    int64_t occurrence)
{
	struct error err = { "" };
	struct journal_key key = key_of(item);
	struct plan plan;
	enum plan_result result = planner_next(p, &plan, &err);

	if (result != wanted)
		fail_msg("'%s': result %d: %s", item, (int)result, err.message);
	assert_string_equal(plan.command.argv[1], item);
	assert_memory_equal(plan.key.bytes, key.bytes, sizeof key.bytes);
	assert_int_equal(plan.occurrence, occurrence);
}

/* A run in which each state is, and one task is there twice. */
static void run_before(struct fixture *f)
{
	fixture_start(f, WORDS("echo"));
	fixture_run(f, "good", FIXTURE_SUCCEEDS);
	fixture_run(f, "bad", FIXTURE_FAILS);
	fixture_run(f, "killed", FIXTURE_IS_KILLED);
	fixture_run(f, "twice", FIXTURE_SUCCEEDS);
	fixture_run(f, "twice", FIXTURE_FAILS);
	fixture_end(f);
}

static const struct fake_plan all[] = {
	{ PLAN_TASK, "twice", 1 }, { PLAN_TASK, "bad", 2 }, { PLAN_TASK, "new", 3 },
	{ PLAN_TASK, "good", 4 }, { PLAN_TASK, "twice", 5 }, { PLAN_TASK, "killed", 6 },
	{ PLAN_TASK, "twice", 7 }, { PLAN_TASK, "good", 8 }, { PLAN_END, NULL, 0 },
};

static void a_new_run_leaves_nothing_out(void **state)
{
	struct fixture *f = *state;
	bool closed = false;
	struct error err;
	struct plan plan;
	struct planner *p;

	run_before(f);
	fixture_open(f, WORDS("echo"));
	p = open_on(f, all, &closed);
	for (size_t i = 0; all[i].result == PLAN_TASK; i++)
		/* whoever wants to know how many are equal counts entries */
		is_next(p, PLAN_TASK, all[i].item, 0);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_END);
	assert_int_equal(journal_skipped(f->journal).succeeded, 0);
	assert_int_equal(journal_skipped(f->journal).failed, 0);
	planner_close(p);
	assert_true(closed);
}

static void resume_leaves_out_what_was_brought_to_an_end(void **state)
{
	struct fixture *f = *state;
	struct planner *p;

	run_before(f);
	fixture_open(f, WORDS("--resume", "echo"));
	p = open_on(f, all, NULL);
	is_next(p, PLAN_LEFT_OUT, "twice", 1);
	is_next(p, PLAN_LEFT_OUT, "bad", 1);
	is_next(p, PLAN_TASK, "new", 1);
	is_next(p, PLAN_LEFT_OUT, "good", 1);
	is_next(p, PLAN_LEFT_OUT, "twice", 2);
	is_next(p, PLAN_TASK, "killed", 1);
	is_next(p, PLAN_TASK, "twice", 3);
	is_next(p, PLAN_TASK, "good", 2);
	assert_int_equal(journal_skipped(f->journal).succeeded, 2);
	assert_int_equal(journal_skipped(f->journal).failed, 2);
	planner_close(p);
}

static void resume_failed_leaves_out_what_succeeded(void **state)
{
	struct fixture *f = *state;
	struct planner *p;

	run_before(f);
	fixture_open(f, WORDS("--resume-failed", "echo"));
	p = open_on(f, all, NULL);
	is_next(p, PLAN_LEFT_OUT, "twice", 1);
	is_next(p, PLAN_TASK, "bad", 1);
	is_next(p, PLAN_TASK, "new", 1);
	is_next(p, PLAN_LEFT_OUT, "good", 1);
	is_next(p, PLAN_TASK, "twice", 2);
	is_next(p, PLAN_TASK, "killed", 1);
	is_next(p, PLAN_TASK, "twice", 3);
	is_next(p, PLAN_TASK, "good", 2);
	assert_int_equal(journal_skipped(f->journal).succeeded, 2);
	assert_int_equal(journal_skipped(f->journal).failed, 0);
	planner_close(p);
}

/* A task has the same number in whichever shard it is; but one without a command is no task. */
static void other_shards_are_counted(void **state)
{
	static const struct fake_plan steps[] = {
		{ PLAN_OTHERS, "a", 1 }, { PLAN_TASK, "a", 2 }, { PLAN_REFUSED, "why", 0 },
		{ PLAN_LATER, NULL, 0 }, { PLAN_OTHERS, "b", 3 }, { PLAN_TASK, "b", 4 },
		{ PLAN_TASK, "a", 5 }, { PLAN_END, NULL, 0 },
	};
	struct fixture *f = *state;
	struct planner *p;
	struct plan plan;
	struct error err;

	fixture_open(f, WORDS("--shard", "1/2", "echo"));
	p = open_on(f, steps, NULL);
	is_next(p, PLAN_OTHERS, "a", 1);
	is_next(p, PLAN_TASK, "a", 2);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_REFUSED);
	assert_string_equal(err.message, "why");
	assert_int_equal(planner_next(p, &plan, &err), PLAN_LATER);
	is_next(p, PLAN_OTHERS, "b", 1);
	is_next(p, PLAN_TASK, "b", 2);
	is_next(p, PLAN_TASK, "a", 3);
	planner_close(p);
}

/* ---- names ---- */

/* A planner that gives the same task again and again, with whatever a test has put into it. */
struct one {
	struct planner planner;
	struct plan plan;
	enum plan_result result;
};

static enum plan_result one_next(struct planner *planner, struct plan *plan, struct error *err)
{
	const struct one *one = (const struct one *)planner;

	(void)err;
	*plan = one->plan;
	return one->result;
}

static void one_close(struct planner *planner)
{
	(void)planner;
}

static const struct planner_ops one_ops = { .next = one_next, .close = one_close };

static void a_name_is_the_key(void **state)
{
	static const char *const argv[] = { "echo", "x", NULL };
	struct fixture *f = *state;
	struct one one = { .result = PLAN_TASK, .plan.name = "the name" };
	struct journal_key key = journal_key_of_name("the name");
	struct planner *p;
	struct plan plan;
	struct error err;

	planner_init(&one.planner, &one_ops, NULL);
	covey_command_init(&one.plan.command, sizeof one.plan.command);
	one.plan.command.argv = argv;
	fixture_open(f, WORDS("--shard", "1/2", "echo"));
	p = plan_history_open(&one.planner, &f->options, f->journal, &f->err);
	assert_non_null(p);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
	assert_memory_equal(plan.key.bytes, key.bytes, sizeof key.bytes);
	assert_int_equal(plan.occurrence, 1);
	one.result = PLAN_OTHERS;
	assert_int_equal(planner_next(p, &plan, &err), PLAN_OTHERS);
	assert_int_equal(plan.occurrence, 2);
	/* nobody knows its command */
	one.plan.command.argv = NULL;
	assert_int_equal(planner_next(p, &plan, &err), PLAN_OTHERS);
	assert_int_equal(plan.occurrence, 0);
	one.plan.command.argv = argv;
	one.result = PLAN_TASK;
	assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
	assert_int_equal(plan.occurrence, 3);
	planner_close(p);
}

/* ---- a journal that is broken ---- */

static void broken(struct fixture *f, const char *sql, const struct fake_plan *steps)
{
	struct planner *p = open_on(f, steps, NULL);
	char start[128];
	struct plan plan;
	struct error err;

	assert_int_equal(journal_db_run(journal_database(f->journal), sql, &err), 0);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_BAD);
	snprintf(start, sizeof start, "cannot use the journal '%s': ", f->path);
	assert_memory_equal(err.message, start, strlen(start));
	planner_close(p);
}

static void what_it_cannot_look_up_ends_it(void **state)
{
	static const struct fake_plan others[] = { { PLAN_OTHERS, "a", 1 }, { PLAN_END, NULL, 0 } };
	struct fixture *f = *state;
	bool closed = false;
	struct planner *below = fake_planner_open(all, &closed);

	run_before(f);
	fixture_open(f, WORDS("--resume", "echo"));
	broken(f, "DROP TABLE temp.past", all);
	fixture_open(f, WORDS("--resume", "echo"));
	broken(f, "DROP TABLE temp.seen", all);
	fixture_open(f, WORDS("--resume", "echo"));
	broken(f, "DROP TABLE temp.seen", others);
	/* and what it cannot begin with takes nothing */
	assert_int_equal(journal_db_run(journal_database(f->journal),
	    "CREATE TEMP TABLE seen (n)", &f->err), 0);
	assert_null(plan_history_open(below, &f->options, f->journal, &f->err));
	assert_non_null(strstr(f->err.message, "cannot use the journal"));
	assert_false(closed);
	planner_close(below);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(a_new_run_leaves_nothing_out),
		TEST(resume_leaves_out_what_was_brought_to_an_end),
		TEST(resume_failed_leaves_out_what_succeeded),
		TEST(other_shards_are_counted),
		TEST(a_name_is_the_key),
		TEST(what_it_cannot_look_up_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
