#include "cli/run/plan_longest.h"

#include <bsd/stdlib.h>
#include <stdlib.h>

struct waiting {
	double seconds;
	size_t place;               /* among those that were taken, from 1 */
	struct plan *plan;
};

struct plan_longest {
	struct planner planner;
	plan_seconds *seconds;
	void *arg;
	struct waiting *waiting;
	size_t n, room;
	size_t given;
	bool sorted;                /* all are there */
};

static int reserve(struct plan_longest *l)
{
	size_t room = l->room == 0 ? 64 : l->room * 2;
	struct waiting *waiting;

	if (l->n < l->room)
		return 0;
	waiting = reallocarray(l->waiting, room, sizeof *waiting);
	if (waiting == NULL)
		return -1;
	l->waiting = waiting;
	l->room = room;
	return 0;
}

static enum plan_result put_aside(struct plan_longest *l, const struct plan *plan, struct error *err)
{
	struct waiting waiting = { .place = l->n + 1 };

	if (l->seconds(l->arg, plan, &waiting.seconds, err) != 0)
		return PLAN_BAD;
	if (reserve(l) == 0)
		waiting.plan = plan_copy(plan);
	if (waiting.plan == NULL) {
		error_set(err, "out of memory");
		return PLAN_BAD;
	}
	l->waiting[l->n++] = waiting;
	return PLAN_AGAIN;
}

/* Of tasks that take as long, the one that was taken first comes first. */
static int by_time(const void *a, const void *b)
{
	const struct waiting *one = a, *other = b;

	if (one->seconds != other->seconds)
		return one->seconds > other->seconds ? -1 : 1;
	return one->place < other->place ? -1 : one->place > other->place;
}

static enum plan_result collect(struct plan_longest *l, struct plan *plan, struct error *err)
{
	enum plan_result result = planner_next(l->planner.below, plan, err);

	switch (result) {
	case PLAN_TASK:
		return put_aside(l, plan, err);
	case PLAN_LEFT_OUT:
		/* it has no place among those that are counted here */
		return PLAN_AGAIN;
	case PLAN_END:
		if (l->n > 1)
			qsort(l->waiting, l->n, sizeof *l->waiting, by_time);
		l->sorted = true;
		return PLAN_AGAIN;
	case PLAN_OTHERS:
	case PLAN_AGAIN:
	case PLAN_LATER:
	case PLAN_REFUSED:
	case PLAN_BAD:
		break;
	}
	return result;
}

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct plan_longest *l = (struct plan_longest *)planner;

	if (!l->sorted)
		return collect(l, plan, err);
	if (l->given > 0) {
		free(l->waiting[l->given - 1].plan);
		l->waiting[l->given - 1].plan = NULL;
	}
	if (l->given == l->n)
		return PLAN_END;
	*plan = *l->waiting[l->given].plan;
	plan->place = l->waiting[l->given].place;
	l->given++;
	return PLAN_TASK;
}

static bool has_more(const struct planner *planner)
{
	const struct plan_longest *l = (const struct plan_longest *)planner;

	return l->given < l->n;
}

static void close_longest(struct planner *planner)
{
	struct plan_longest *l = (struct plan_longest *)planner;

	for (size_t i = 0; i < l->n; i++)
		free(l->waiting[i].plan);
	free(l->waiting);
	free(l);
}

struct planner *plan_longest_open(struct planner *below, plan_seconds *seconds, void *arg)
{
	static const struct planner_ops ops = {
		.next = next, .close = close_longest, .has_more = has_more,
	};
	struct plan_longest *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	planner_init(&l->planner, &ops, below);
	l->seconds = seconds;
	l->arg = arg;
	return &l->planner;
}
