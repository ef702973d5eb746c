#include "cli/command/plan_once.h"

#include <stdlib.h>

struct plan_once {
	struct planner planner;
	const char **argv;
	bool given;
};

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct plan_once *p = (struct plan_once *)planner;

	(void)err;
	*plan = (struct plan){ .number = 1 };
	if (p->given)
		return PLAN_END;
	p->given = true;
	covey_command_init(&plan->command, sizeof plan->command);
	plan->command.argv = p->argv;
	return PLAN_TASK;
}

static void close_once(struct planner *planner)
{
	struct plan_once *p = (struct plan_once *)planner;

	free(p->argv);
	free(p);
}

static bool has_more(const struct planner *planner)
{
	return !((const struct plan_once *)planner)->given;
}

struct planner *plan_once_open(char *const *words, size_t n)
{
	static const struct planner_ops ops = {
		.next = next, .close = close_once, .has_more = has_more,
	};
	struct plan_once *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	planner_init(&p->planner, &ops, NULL);
	p->argv = calloc(n + 1, sizeof *p->argv);
	if (p->argv == NULL) {
		free(p);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		p->argv[i] = words[i];
	return &p->planner;
}
