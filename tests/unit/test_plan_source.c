/* Tasks that are made of records: their commands, numbers, places and labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_source.h"
#include "run_fixture.h"
#include "cli/command/compose.h"
#include "cli/command/plan_source.h"
#include "cli/input/shard_source.h"
#include "cli/input/shuffle.h"

/* What a planner is made on. */
struct made {
	struct fixture f;           /* for its options: there is no journal */
	struct header header;
	struct compose *compose;
	struct planner *planner;
	bool closed;
};

/* sharded: of the steps, the first half is another shard's. */
static struct made *make(const char *const *words, const struct fake_step *steps, bool sharded)
{
	static const struct shard second = { .index = 2, .count = 2 };
	struct made *m = calloc(1, sizeof *m);
	struct source *source;

	assert_non_null(m);
	snprintf(m->f.path, sizeof m->f.path, "unused");
	fixture_parse(&m->f, words);
	m->compose = compose_new(&m->f.options, &m->header, &m->f.err);
	if (m->compose == NULL)
		fail_msg("%s", m->f.err.message);
	source = fake_open(steps, &m->closed);
	if (sharded)
		source = shard_source_open(source, &second, SHARD_BY_COUNT);
	m->planner = plan_source_open(&m->f.options, m->compose, source);
	assert_non_null(m->planner);
	return m;
}

static void unmake(struct made *m)
{
	assert_false(m->closed);
	planner_close(m->planner);
	assert_true(m->closed);
	compose_free(m->compose);
	free(m);
}

static void is_task(struct made *m, struct plan *plan, const char *item, uint64_t number)
{
	struct error err = { "" };
	enum plan_result result;

	/* whatever was there before */
	memset(plan, 0xaa, sizeof *plan);
	result = fixture_next(m->planner, plan, &err);
	if (result != PLAN_TASK)
		fail_msg("'%s': result %d: %s", item, (int)result, err.message);
	assert_string_equal(fake_show(&plan->record), item);
	assert_int_equal(plan->number, number);
	assert_int_equal(plan->occurrence, 0);
}

static void is_other(struct made *m, const char *argument, uint64_t number)
{
	struct error err = { "" };
	struct plan plan;

	memset(&plan, 0xaa, sizeof plan);
	assert_int_equal(fixture_next(m->planner, &plan, &err), PLAN_OTHERS);
	assert_int_equal(plan.number, number);
	if (argument == NULL)
		assert_null(plan.command.argv);
	else
		assert_string_equal(plan.command.argv[1], argument);
}

static void is_end(struct made *m)
{
	struct error err = { "" };
	struct plan plan;

	assert_int_equal(fixture_next(m->planner, &plan, &err), PLAN_END);
}

static void records_become_commands(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a" }, { INPUT_REFUSED, "no good" }, { INPUT_AGAIN, NULL },
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "b" }, { INPUT_END, NULL },
	};
	struct made *m = make(WORDS("echo", "{#}", "{}"), steps, false);
	struct error err = { "" };
	struct plan plan;

	(void)state;
	is_task(m, &plan, "a", 1);
	assert_string_equal(plan.command.argv[0], "echo");
	assert_string_equal(plan.command.argv[1], "1");
	assert_string_equal(plan.command.argv[2], "a");
	assert_null(plan.command.argv[3]);
	assert_int_equal(plan.command.size, sizeof plan.command);
	assert_null(plan.name);
	assert_null(plan.label);
	assert_int_equal(plan.place, 0);
	assert_int_equal(planner_next(m->planner, &plan, &err), PLAN_REFUSED);
	assert_string_equal(err.message, "no good");
	assert_int_equal(planner_next(m->planner, &plan, &err), PLAN_AGAIN);
	assert_int_equal(planner_next(m->planner, &plan, &err), PLAN_LATER);
	/* what was refused is no task, and has no number */
	is_task(m, &plan, "b", 2);
	assert_string_equal(plan.command.argv[1], "2");
	is_end(m);
	unmake(m);
}

static void bad_input_passes(void **state)
{
	static const struct fake_step steps[] = { { INPUT_BAD, "broken" } };
	struct made *m = make(WORDS("echo"), steps, false);
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(planner_next(m->planner, &plan, &err), PLAN_BAD);
	assert_string_equal(err.message, "broken");
	unmake(m);
}

static const struct fake_step four[] = {
	{ INPUT_RECORD, "a" }, { INPUT_RECORD, "b" }, { INPUT_RECORD, "c" }, { INPUT_RECORD, "d" },
	{ INPUT_END, NULL },
};

static void other_shards_are_passed_over(void **state)
{
	struct made *m = make(WORDS("echo"), four, true);
	struct plan plan;

	(void)state;
	is_other(m, NULL, 0);
	is_other(m, NULL, 0);
	/* numbers are those of the whole input */
	is_task(m, &plan, "c", 3);
	is_task(m, &plan, "d", 4);
	is_end(m);
	unmake(m);
}

static void or_made_where_somebody_counts(void **state)
{
	struct made *m = make(WORDS("echo"), four, true);
	struct plan plan;

	(void)state;
	plan_source_make_others(m->planner);
	is_other(m, "a", 1);
	is_other(m, "b", 2);
	is_task(m, &plan, "c", 3);
	assert_string_equal(plan.command.argv[1], "c");
	unmake(m);
}

/* What another shard makes a batch of cannot be known. */
static void but_no_batches(void **state)
{
	struct made *m = make(WORDS("-n2", "echo"), four, true);
	struct plan plan;

	(void)state;
	plan_source_make_others(m->planner);
	is_other(m, NULL, 0);
	is_other(m, NULL, 0);
	is_task(m, &plan, "c", 3);
	unmake(m);
}

/* What is shuffled has the place that it comes in. */
static void records_may_have_numbers_and_places(void **state)
{
	bool seen[5] = { false };
	struct made *m = make(WORDS("echo"), four, false);
	struct source *source = shuffle_open(fake_open(four, NULL), 7);
	struct planner *planner = plan_source_open(&m->f.options, m->compose, source);
	struct error err;
	struct plan plan;

	(void)state;
	assert_non_null(planner);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fixture_next(planner, &plan, &err), PLAN_TASK);
		assert_int_equal(plan.number, plan.record.number);
		assert_int_equal(plan.place, plan.record.place);
		assert_in_range(plan.number, 1, 4);
		assert_string_equal(plan.command.argv[1], four[plan.number - 1].items);
		assert_false(seen[plan.number]);
		seen[plan.number] = true;
	}
	assert_int_equal(fixture_next(planner, &plan, &err), PLAN_END);
	planner_close(planner);
	unmake(m);
}

/* ---- tasks ---- */

static void tasks_say_what_they_are(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD,
		    "{\"command\":[\"echo\",\"a b\"],\"name\":\"n\",\"cwd\":\"/tmp\"}" },
		{ INPUT_RECORD, "{\"command\":[\"echo\",\"a b\"]}" },
		{ INPUT_RECORD, "{\"command\":\"echo $x\"}" }, { INPUT_END, NULL },
	};
	struct made *m = make(WORDS("--tasks", "f", "--tag"), steps, false);
	struct plan plan;

	(void)state;
	is_task(m, &plan, steps[0].items, 1);
	assert_string_equal(plan.command.argv[1], "a b");
	assert_string_equal(plan.command.cwd, "/tmp");
	assert_string_equal(plan.name, "n");
	assert_string_equal(plan.label, "n");
	is_task(m, &plan, steps[1].items, 2);
	assert_null(plan.command.cwd);
	assert_null(plan.name);
	assert_string_equal(plan.label, "echo 'a b'");
	is_task(m, &plan, steps[2].items, 3);
	assert_string_equal(plan.command.argv[2], "echo $x");
	assert_string_equal(plan.label, "echo $x");
	is_end(m);
	unmake(m);
	/* a label is for tags only */
	m = make(WORDS("--tasks", "f"), steps, false);
	is_task(m, &plan, steps[0].items, 1);
	assert_string_equal(plan.name, "n");
	assert_null(plan.label);
	unmake(m);
}

/* Lines were checked before, but the file may have been changed since. */
static void bad_lines_have_a_place(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "{\"command\":[\"true\"]}" }, { INPUT_RECORD, "{\"command\":3}" },
		{ INPUT_END, NULL },
	};
	struct made *m = make(WORDS("--tasks", "f"), steps, false);
	char start[64];
	struct plan plan;
	struct error err;

	(void)state;
	snprintf(start, sizeof start, "%s:2: ", planner_name(m->planner));
	is_task(m, &plan, steps[0].items, 1);
	assert_int_equal(planner_next(m->planner, &plan, &err), PLAN_BAD);
	assert_memory_equal(err.message, start, strlen(start));
	assert_true(strlen(err.message) > strlen(start));
	unmake(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_become_commands),
		cmocka_unit_test(bad_input_passes),
		cmocka_unit_test(other_shards_are_passed_over),
		cmocka_unit_test(or_made_where_somebody_counts),
		cmocka_unit_test(but_no_batches),
		cmocka_unit_test(records_may_have_numbers_and_places),
		cmocka_unit_test(tasks_say_what_they_are),
		cmocka_unit_test(bad_lines_have_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
