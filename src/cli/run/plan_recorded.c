#include "cli/run/plan_recorded.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command/jsontask.h"

struct plan_recorded {
	struct planner planner;
	const struct options *options;
	const struct compose *compose;
	struct journal *journal;
	struct jsontask task;       /* with --tasks: what the last line says */
	struct span *items;         /* of the last task */
	size_t room;
	struct plan *last;          /* the plan that was given last */
};

static int add_item(struct plan_recorded *p, size_t n, const char *text, size_t len)
{
	struct span *items;

	if (n == p->room) {
		items = reallocarray(p->items, n + 8, sizeof *items);
		if (items == NULL)
			return -1;
		p->items = items;
		p->room = n + 8;
	}
	p->items[n] = (struct span){ text, len };
	return 0;
}

/* The items of a task, between two of which the journal has a NUL. */
static int split_input(struct plan_recorded *p, const struct journal_task *task,
    struct record *record)
{
	const char *at = task->input == NULL ? "" : task->input, *end = at + task->input_len, *stop;

	*record = (struct record){ .bytes = 0 };
	do {
		stop = memchr(at, '\0', (size_t)(end - at));
		stop = stop == NULL ? end : stop;
		if (add_item(p, record->nitems++, at, (size_t)(stop - at)) != 0)
			return -1;
		record->bytes += (size_t)(stop - at);
		at = stop + 1;
	} while (stop < end);
	record->items = p->items;
	return 0;
}

/*
 * The journal names a directory for each task: its own, or that of its run. Where that is the
 * current one, the task needs none, as in a run that reads its input.
 */
static void stay_here(struct covey_command *command)
{
	char *cwd = getcwd(NULL, 0);

	if (cwd != NULL && command->cwd != NULL && strcmp(cwd, command->cwd) == 0)
		command->cwd = NULL;
	free(cwd);
}

static int find_label(struct plan_recorded *p, struct plan *plan)
{
	if (p->options->tasks == NULL || !compose_has_tag(p->compose))
		return 0;
	jsontask_recall(&p->task, &plan->record);
	plan->label = jsontask_label(&p->task, &plan->command, plan->name);
	return plan->label == NULL ? -1 : 0;
}

/* Copies the task, so that the query can end before rows are written. */
static struct plan *make(struct plan_recorded *p, const struct journal_task *task,
    const struct covey_command *command)
{
	struct plan plan = {
		.command = *command, .number = task->number, .name = task->name, .key = task->key,
		.occurrence = task->occurrence,
	};

	stay_here(&plan.command);
	if (split_input(p, task, &plan.record) != 0 || find_label(p, &plan) != 0)
		return NULL;
	return plan_copy(&plan);
}

static enum plan_result take(struct plan_recorded *p, struct error *err)
{
	struct past *past = journal_past(p->journal);
	struct covey_command command;
	struct journal_task task;
	int found = past_next(past, &task, &command, err);

	if (found > 0)
		p->last = make(p, &task, &command);
	past_rest(past);
	if (found == 0)
		return PLAN_END;
	if (found > 0 && p->last == NULL)
		error_set(err, "out of memory");
	return found > 0 && p->last != NULL ? PLAN_TASK : PLAN_BAD;
}

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct plan_recorded *p = (struct plan_recorded *)planner;
	enum plan_result result;
	struct error why;

	free(p->last);
	p->last = NULL;
	result = take(p, &why);
	if (result == PLAN_TASK)
		*plan = *p->last;
	if (result == PLAN_BAD)
		journal_is_unusable(p->journal, &why, err);
	return result;
}

static void close_recorded(struct planner *planner)
{
	struct plan_recorded *p = (struct plan_recorded *)planner;

	jsontask_release(&p->task);
	free(p->items);
	free(p->last);
	free(p);
}

struct planner *plan_recorded_open(const struct options *options, const struct compose *compose,
    struct journal *journal)
{
	static const struct planner_ops ops = { .next = next, .close = close_recorded };
	struct plan_recorded *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	planner_init(&p->planner, &ops, NULL);
	p->options = options;
	p->compose = compose;
	p->journal = journal;
	return &p->planner;
}
