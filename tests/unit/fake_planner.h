/*
 * fake_planner - a planner that does what a test has written down
 *
 * A plan of it lasts until the next call and not longer, so that a sanitizer sees who keeps it. To be
 * included after cmocka.h.
 */
#ifndef TESTS_FAKE_PLANNER_H
#define TESTS_FAKE_PLANNER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/plan.h"

struct fake_plan {
	enum plan_result result;
	const char *item;           /* of a task, which is "echo ITEM"; else what is wrong */
	uint64_t number;
};

struct fake_planner {
	struct planner planner;
	const struct fake_plan *steps;  /* the last one is PLAN_END or PLAN_BAD, and is repeated */
	size_t at;
	struct plan *last;
	bool *closed;
};

static inline struct plan *fake_plan_of(const struct fake_plan *step)
{
	const char *argv[] = { "echo", step->item, NULL };
	struct plan plan = { .number = step->number, .place = step->number }, *copy;

	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	record_set_one(&plan.record, step->item, strlen(step->item));
	copy = plan_copy(&plan);
	assert_non_null(copy);
	return copy;
}

static inline enum plan_result fake_planner_next(struct planner *planner, struct plan *plan,
    struct error *err)
{
	struct fake_planner *fake = (struct fake_planner *)planner;
	const struct fake_plan *step = &fake->steps[fake->at];

	free(fake->last);
	fake->last = NULL;
	if (step->result != PLAN_END && step->result != PLAN_BAD)
		fake->at++;
	if (step->item != NULL)
		error_set(err, "%s", step->item);
	if (step->result != PLAN_TASK && step->result != PLAN_OTHERS
	    && step->result != PLAN_LEFT_OUT)
		return step->result;
	fake->last = fake_plan_of(step);
	*plan = *fake->last;
	return step->result;
}

static inline void fake_planner_close(struct planner *planner)
{
	struct fake_planner *fake = (struct fake_planner *)planner;

	if (fake->closed != NULL)
		*fake->closed = true;
	free(fake->last);
	free(fake);
}

/* closed, unless NULL, is set when it is closed. */
static inline struct planner *fake_planner_open(const struct fake_plan *steps, bool *closed)
{
	static const struct planner_ops ops = {
		.next = fake_planner_next, .close = fake_planner_close,
	};
	struct fake_planner *fake = calloc(1, sizeof *fake);

	assert_non_null(fake);
	planner_init(&fake->planner, &ops, NULL);
	fake->steps = steps;
	fake->closed = closed;
	return &fake->planner;
}

#endif
