#include "cli/command/plan_source.h"

#include <stdlib.h>

#include "cli/command/jsontask.h"

struct plan_source {
	struct planner planner;
	const struct options *options;
	struct compose *compose;
	struct source *source;
	struct jsontask task;       /* with --tasks: that of the last record */
	uint64_t ntasks;
	bool makes_others;
};

static int read_task(struct plan_source *p, struct plan *plan, struct error *err)
{
	struct error why;

	if (jsontask_read(&p->task, &plan->record, p->compose, &plan->command, &why) != 0)
		return error_set(err, "%s:%llu: %s", source_name(p->source),
		    (unsigned long long)plan->record.line, why.message);
	plan->name = p->task.line.name;
	if (!compose_has_tag(p->compose))
		return 0;
	plan->label = jsontask_label(&p->task, &plan->command, plan->name);
	return plan->label != NULL ? 0 : error_no_memory(err);
}

static int make_command(struct plan_source *p, struct plan *plan, struct error *err)
{
	if (p->options->tasks != NULL)
		return read_task(p, plan, err);
	covey_command_init(&plan->command, sizeof plan->command);
	plan->command.argv = compose_argv(p->compose, &plan->record, plan->number, 1);
	return plan->command.argv != NULL ? 0 : error_no_memory(err);
}

static enum plan_result make(struct plan_source *p, struct plan *plan, enum plan_result result,
    struct error *err)
{
	const struct record *record = &plan->record;

	p->ntasks = record->number != 0 ? record->number : p->ntasks + 1;
	plan->number = p->ntasks;
	plan->place = record->place;
	return make_command(p, plan, err) == 0 ? result : PLAN_BAD;
}

/* With -n, it is not known how another shard groups its records: they are no tasks here. */
static enum plan_result pass_over(struct plan_source *p, struct plan *plan, struct error *err)
{
	if (!p->makes_others || p->options->max_args != 1)
		return PLAN_OTHERS;
	return make(p, plan, PLAN_OTHERS, err);
}

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct plan_source *p = (struct plan_source *)planner;

	*plan = (struct plan){ .number = 0 };
	switch (source_next(p->source, &plan->record, err)) {
	case INPUT_RECORD:
		return make(p, plan, PLAN_TASK, err);
	case INPUT_OTHERS:
		return pass_over(p, plan, err);
	case INPUT_REFUSED:
		return PLAN_REFUSED;
	case INPUT_LATER:
		return PLAN_LATER;
	case INPUT_AGAIN:
		return PLAN_AGAIN;
	case INPUT_END:
		return PLAN_END;
	case INPUT_BAD:
		break;
	}
	return PLAN_BAD;
}

static void close_source(struct planner *planner)
{
	struct plan_source *p = (struct plan_source *)planner;

	source_close(p->source);
	jsontask_release(&p->task);
	free(p);
}

static bool has_more(const struct planner *planner)
{
	return source_has_more(((const struct plan_source *)planner)->source);
}

static int fd(const struct planner *planner)
{
	return source_fd(((const struct plan_source *)planner)->source);
}

static void ready(struct planner *planner)
{
	source_ready(((struct plan_source *)planner)->source);
}

static const char *name(const struct planner *planner)
{
	return source_name(((const struct plan_source *)planner)->source);
}

struct planner *plan_source_open(const struct options *options, struct compose *compose,
    struct source *source)
{
	static const struct planner_ops ops = {
		.next = next, .close = close_source, .has_more = has_more,
		.fd = fd, .ready = ready, .name = name,
	};
	struct plan_source *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	planner_init(&p->planner, &ops, NULL);
	p->options = options;
	p->compose = compose;
	p->source = source;
	return &p->planner;
}

void plan_source_make_others(struct planner *planner)
{
	((struct plan_source *)planner)->makes_others = true;
}
