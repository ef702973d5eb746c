#include "cli/command/plan.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* ---- planners ---- */

void planner_close(struct planner *planner)
{
	while (planner != NULL) {
		struct planner *below = planner->below;

		planner->ops->close(planner);
		planner = below;
	}
}

bool planner_has_more(const struct planner *planner)
{
	for (; planner != NULL; planner = planner->below)
		if (planner->ops->has_more != NULL && planner->ops->has_more(planner))
			return true;
	return false;
}

static const struct planner *bottom(const struct planner *planner)
{
	while (planner->below != NULL)
		planner = planner->below;
	return planner;
}

int planner_fd(const struct planner *planner)
{
	const struct planner *lowest = bottom(planner);

	return lowest->ops->fd == NULL ? -1 : lowest->ops->fd(lowest);
}

void planner_ready(struct planner *planner)
{
	while (planner->below != NULL)
		planner = planner->below;
	if (planner->ops->ready != NULL)
		planner->ops->ready(planner);
}

const char *planner_name(const struct planner *planner)
{
	const struct planner *lowest = bottom(planner);

	return lowest->ops->name == NULL ? "" : lowest->ops->name(lowest);
}

/* Is the input readable within so many milliseconds? -1: however long it takes. */
static bool wait_for(struct planner *planner, int timeout)
{
	struct pollfd pfd = { .fd = planner_fd(planner), .events = POLLIN };

	if (poll(&pfd, 1, timeout) < (timeout < 0 ? 0 : 1))
		return false;
	planner_ready(planner);
	return true;
}

void planner_wait(struct planner *planner)
{
	wait_for(planner, -1);
}

bool planner_poll(struct planner *planner)
{
	return wait_for(planner, 0);
}

/* ---- copying a plan ---- */

/* A block of memory that is filled; where at is NULL, only its size is counted. */
struct block {
	char *at;
	size_t used;
};

static void *take(struct block *block, const void *data, size_t len)
{
	void *copy = block->at == NULL ? NULL : block->at + block->used;

	if (copy != NULL && len > 0)
		memcpy(copy, data, len);
	block->used += len;
	return copy;
}

static const char *take_text(struct block *block, const char *text)
{
	return text == NULL ? NULL : take(block, text, strlen(text) + 1);
}

static size_t count(const char *const *words)
{
	size_t n = 0;

	while (words != NULL && words[n] != NULL)
		n++;
	return n;
}

/* Takes the pointers only. Their words follow after everything that has to be aligned. */
static const char **take_array(struct block *block, const char *const *words)
{
	return words == NULL ? NULL : take(block, words, (count(words) + 1) * sizeof *words);
}

static void take_words(struct block *block, const char **copy, const char *const *words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		const char *word = take_text(block, words[i]);

		if (copy != NULL)
			copy[i] = word;
	}
}

static void take_items(struct block *block, struct span *copy, const struct record *record)
{
	for (size_t i = 0; i < record->nitems; i++) {
		const char *text = take(block, record->items[i].text, record->items[i].len);

		/* the items of a journal have no NUL after them; those of a copy always have one */
		take(block, "", 1);
		if (copy != NULL)
			copy[i].text = text;
	}
}

/* Copies the plan to the block, or counts the bytes that the copy will take. */
static void fill(struct block *block, const struct plan *plan)
{
	const struct covey_command *c = &plan->command;
	struct plan *copy = take(block, plan, sizeof *plan), unused;
	const char **argv = take_array(block, c->argv), **env = take_array(block, c->env);
	struct span *items = take(block, plan->record.items,
	    plan->record.nitems * sizeof *plan->record.items);

	copy = copy == NULL ? &unused : copy;
	copy->command.argv = argv;
	copy->command.env = env;
	copy->record.items = items;
	take_words(block, argv, c->argv);
	take_words(block, env, c->env);
	take_items(block, items, &plan->record);
	copy->command.cwd = take_text(block, c->cwd);
	copy->command.stdin_path = take_text(block, c->stdin_path);
	if (c->stdin_bytes != NULL)
		copy->command.stdin_bytes = take(block, c->stdin_bytes, c->stdin_len);
	copy->name = take_text(block, plan->name);
	copy->label = take_text(block, plan->label);
	if (items != NULL && plan->record.nitems > 0)
		copy->record.own = items[0];
}

struct plan *plan_copy(const struct plan *plan)
{
	struct block block = { .at = NULL };

	fill(&block, plan);
	block.at = malloc(block.used);
	if (block.at == NULL)
		return NULL;
	block.used = 0;
	fill(&block, plan);
	return (struct plan *)(void *)block.at;
}
