/*
 * plan - the next task as a value, and the planners that give one after the other
 *
 * What decides about a task before it runs is a chain of planners, each of which takes from the one
 * below it. The one at the bottom makes tasks: of the input, of the command lines of xargs, of a
 * journal. Those above it leave some out, or change their order. To add one, embed a struct planner
 * as the first member, set it up with planner_init, and give it the chain below: planner_close
 * closes all of it.
 */
#ifndef CLI_COMMAND_PLAN_H
#define CLI_COMMAND_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "base/error.h"
#include "cli/input/record.h"
#include "journal/journal_key.h"

/* What a plan points to belongs to the planner, and lasts until the planner is asked again. */
struct plan {
	struct covey_command command;
	struct record record;       /* the items that the command was made of */
	uint64_t number;            /* in the order of the input, from 1 */
	uint64_t place;             /* its turn with --keep-order, from 1; 0: as they come */
	const char *name;           /* of --tasks, or NULL */
	const char *label;          /* stands for the items in a tag; NULL: the items do */
	struct journal_key key;     /* known only where there is a journal */
	int64_t occurrence;         /* among tasks with that key, from 1; 0: not counted */
};

enum plan_result {
	PLAN_TASK,
	PLAN_LEFT_OUT,   /* a task that is not run: it has been run before; its place is known */
	PLAN_OTHERS,     /* a task of another shard; its argv is NULL if not asked for */
	PLAN_AGAIN,      /* nothing yet: ask again */
	PLAN_LATER,      /* nothing now: ask again when planner_fd is readable */
	PLAN_REFUSED,    /* a record that cannot be used: err says why and where; the next may be */
	PLAN_END,
	PLAN_BAD         /* err says what is wrong; reading cannot go on */
};

struct planner;

struct planner_ops {
	/* As planner_next. */
	enum plan_result (*next)(struct planner *planner, struct plan *plan, struct error *err);
	/* Frees this planner; the one below is closed by planner_close. */
	void (*close)(struct planner *planner);
	/* Does it hold anything back? NULL: never. */
	bool (*has_more)(const struct planner *planner);

	/* Of the planner at the bottom; NULL where its input is always ready. */
	int (*fd)(const struct planner *planner);
	void (*ready)(struct planner *planner);
	const char *(*name)(const struct planner *planner);
};

struct planner {
	const struct planner_ops *ops;
	struct planner *below;      /* NULL: this one is at the bottom */
};

/* Sets up the struct planner within another struct; below is NULL at the bottom. */
static inline void planner_init(struct planner *planner, const struct planner_ops *ops,
    struct planner *below)
{
	planner->ops = ops;
	planner->below = below;
}

/* The next task. After PLAN_END and PLAN_BAD the planner is not asked again. */
static inline enum plan_result planner_next(struct planner *planner, struct plan *plan,
    struct error *err)
{
	return planner->ops->next(planner, plan, err);
}

/* Closes the whole chain; NULL is allowed. */
void planner_close(struct planner *planner);

/* Does any planner of the chain hold a task that it has not given yet? */
bool planner_has_more(const struct planner *planner);

/* The descriptor to watch after PLAN_LATER, and that it was found readable. */
int planner_fd(const struct planner *planner);
void planner_ready(struct planner *planner);

/* Waits until there is more, after PLAN_LATER; and the same without waiting: is there already? */
void planner_wait(struct planner *planner);
bool planner_poll(struct planner *planner);

/* The name of the input in messages. */
const char *planner_name(const struct planner *planner);

/*
 * A copy of a plan, with all that it points to, in one block that the caller frees with free. NULL:
 * out of memory.
 */
struct plan *plan_copy(const struct plan *plan);

#endif
