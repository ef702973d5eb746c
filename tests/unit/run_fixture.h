/*
 * run_fixture - what tests of the command's journal share
 *
 * Options as from a command line, a journal in a directory of its own, and tasks that go through
 * it.
 *
 * To be included after cmocka.h.
 */
#ifndef TESTS_RUN_FIXTURE_H
#define TESTS_RUN_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covey.h"
#include "cli/command/origin.h"
#include "cli/command/plan.h"
#include "cli/options/options_parse.h"
#include "cli/run/journal.h"

enum { FIXTURE_MAX_WORDS = 24 };

struct fixture {
	char dir[40], path[64];
	/* of the run that goes on */
	char *argv[FIXTURE_MAX_WORDS];
	struct options options;
	struct journal *journal;
	struct error err;
	uint64_t ntasks;
};

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline int fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	*state = f;
	if (f == NULL)
		return -1;
	snprintf(f->dir, sizeof f->dir, "/tmp/test_covey.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->path, sizeof f->path, "%s/journal", f->dir);
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	journal_close(f->journal);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* The options of "covey --journal FILE WORD...", which last until the next call. */
static inline void fixture_parse(struct fixture *f, const char *const *words)
{
	static char covey[] = "covey", option[] = "--journal";
	int argc = 3;

	f->argv[0] = covey;
	f->argv[1] = option;
	f->argv[2] = f->path;
	for (; *words != NULL; words++) {
		assert_true(argc < FIXTURE_MAX_WORDS - 1);
		f->argv[argc++] = (char *)(uintptr_t)*words;
	}
	f->argv[argc] = NULL;
	if (options_parse(argc, f->argv, &f->options, &f->err) != OPTIONS_RUN)
		fail_msg("%s", f->err.message);
}

/* Opens the journal for such a run; f->journal is NULL where it refuses, and f->err has why. */
static inline void fixture_open(struct fixture *f, const char *const *words)
{
	journal_close(f->journal);
	fixture_parse(f, words);
	f->journal = journal_open(&f->options, (const char *const *)f->argv, &f->err);
	f->ntasks = 0;
}

static inline void fixture_start(struct fixture *f, const char *const *words)
{
	fixture_open(f, words);
	if (f->journal == NULL || journal_start(f->journal, &f->err) != 0)
		fail_msg("%s", f->err.message);
}

/* How far a task comes. */
enum fixture_end { FIXTURE_SUCCEEDS, FIXTURE_FAILS, FIXTURE_IS_KILLED };

/* A plan as it is, but for the key of its command or name, where it has none. */
static inline void fixture_run_plan(struct fixture *f, const struct plan *planned,
    enum fixture_end end)
{
	struct plan plan = *planned;
	struct sink sink = journal_sink(f->journal);
	struct covey_task task = { .id = ++f->ntasks, .argv = plan.command.argv, .tries = 1 };
	struct covey_attempt attempt = { .number = 1, .slot = 1, .pid = 1234 };
	struct covey_event event = { .type = COVEY_QUEUED, .task = &task };
	struct origin *origin;

	plan.number = plan.number == 0 ? f->ntasks : plan.number;
	plan.key = plan.name != NULL ? journal_key_of_name(plan.name)
	    : journal_key_of(&plan.command);
	task.user = origin = origin_new(&plan, NULL);
	assert_non_null(origin);
	origin->command = &plan.command;
	sink.event(sink.self, &event);
	event.type = COVEY_STARTED;
	event.attempt = &attempt;
	task.attempts = 1;
	sink.event(sink.self, &event);
	if (end != FIXTURE_IS_KILLED) {
		attempt.outcome = end == FIXTURE_SUCCEEDS ? COVEY_SUCCESS : COVEY_EXIT;
		event.outcome = attempt.outcome;
		attempt.status = end == FIXTURE_SUCCEEDS ? 0 : 3;
		event.type = COVEY_ENDED;
		sink.event(sink.self, &event);
		event.type = COVEY_FINISHED;
		sink.event(sink.self, &event);
	}
	if (journal_settle(f->journal) != 0)
		fail_msg("%s", journal_error(f->journal));
	free(origin);
}

/* The task "echo ITEM". */
static inline void fixture_run(struct fixture *f, const char *item, enum fixture_end end)
{
	const char *argv[] = { "echo", item, NULL };
	struct plan plan = { .number = 0 };

	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	record_set_one(&plan.record, item, strlen(item));
	fixture_run_plan(f, &plan, end);
}

/* The run ends, and its journal is closed. */
static inline void fixture_end(struct fixture *f)
{
	if (journal_end(f->journal, 0, 0, true) != 0)
		fail_msg("%s", journal_error(f->journal));
	journal_close(f->journal);
	f->journal = NULL;
}

/* What comes next but PLAN_AGAIN. */
static inline enum plan_result fixture_next(struct planner *planner, struct plan *plan,
    struct error *err)
{
	enum plan_result result;

	do
		result = planner_next(planner, plan, err);
	while (result == PLAN_AGAIN);
	return result;
}

#endif
