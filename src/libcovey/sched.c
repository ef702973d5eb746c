#include "sched.h"

#include <bsd/stdlib.h>
#include <stdlib.h>

static int by_due(const struct cv_task *a, const struct cv_task *b)
{
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return a->view.id < b->view.id ? -1 : a->view.id > b->view.id;
}

/* RB_GENERATE_STATIC needs an __unused that libbsd defines for itself only */
RB_GENERATE_INTERNAL(cv_delayed_tree, cv_task, delayed, by_due, static __attribute__((unused)))

void cv_sched_init(struct cv_sched *sched)
{
	TAILQ_INIT(&sched->retries);
	TAILQ_INIT(&sched->fresh);
	RB_INIT(&sched->delayed);
	sched->nready = sched->ndelayed = 0;
}

static struct cv_task_queue *queue_of(struct cv_sched *sched, const struct cv_task *task)
{
	return task->view.attempts > 0 ? &sched->retries : &sched->fresh;
}

void cv_sched_add(struct cv_sched *sched, struct cv_task *task)
{
	TAILQ_INSERT_TAIL(queue_of(sched, task), task, ready);
	sched->nready++;
}

void cv_sched_put_back(struct cv_sched *sched, struct cv_task *task)
{
	TAILQ_INSERT_HEAD(queue_of(sched, task), task, ready);
	sched->nready++;
}

void cv_sched_delay(struct cv_sched *sched, struct cv_task *task, covey_nsec due)
{
	task->due = due;
	task->is_delayed = true;
	RB_INSERT(cv_delayed_tree, &sched->delayed, task);
	sched->ndelayed++;
}

static void undelay(struct cv_sched *sched, struct cv_task *task)
{
	RB_REMOVE(cv_delayed_tree, &sched->delayed, task);
	task->is_delayed = false;
	sched->ndelayed--;
}

void cv_sched_promote(struct cv_sched *sched, covey_nsec now)
{
	struct cv_task *task;

	while ((task = RB_MIN(cv_delayed_tree, &sched->delayed)) != NULL && task->due <= now) {
		undelay(sched, task);
		cv_sched_add(sched, task);
	}
}

void cv_sched_promote_all(struct cv_sched *sched)
{
	cv_sched_promote(sched, INT64_MAX);
}

void cv_sched_promote_late(struct cv_sched *sched, covey_nsec from)
{
	struct cv_task *task, *next;

	RB_FOREACH_SAFE(task, cv_delayed_tree, &sched->delayed, next) {
		if (task->due < from)
			continue;
		undelay(sched, task);
		cv_sched_add(sched, task);
	}
}

struct cv_task *cv_sched_next(struct cv_sched *sched)
{
	struct cv_task_queue *queue = TAILQ_EMPTY(&sched->retries) ? &sched->fresh
	    : &sched->retries;
	struct cv_task *task = TAILQ_FIRST(queue);

	if (task != NULL) {
		TAILQ_REMOVE(queue, task, ready);
		sched->nready--;
	}
	return task;
}

covey_nsec cv_sched_due(const struct cv_sched *sched)
{
	const struct cv_task *task;

	if (sched->ndelayed == 0)
		return INT64_MAX;
	task = RB_ROOT(&sched->delayed);
	while (RB_LEFT(task, delayed) != NULL)
		task = RB_LEFT(task, delayed);
	return task->due;
}

static struct cv_task *take_ready(struct cv_sched *sched, struct cv_task_queue *queue, uint64_t id)
{
	struct cv_task *task;

	TAILQ_FOREACH(task, queue, ready) {
		if (task->view.id == id) {
			TAILQ_REMOVE(queue, task, ready);
			sched->nready--;
			return task;
		}
	}
	return NULL;
}

struct cv_task *cv_sched_take(struct cv_sched *sched, uint64_t id)
{
	struct cv_task *task;

	RB_FOREACH(task, cv_delayed_tree, &sched->delayed) {
		if (task->view.id == id) {
			undelay(sched, task);
			return task;
		}
	}
	task = take_ready(sched, &sched->retries, id);
	return task != NULL ? task : take_ready(sched, &sched->fresh, id);
}

void cv_slots_init(struct cv_slots *slots)
{
	slots->used = NULL;
	slots->words = slots->first = 0;
}

void cv_slots_release(struct cv_slots *slots)
{
	free(slots->used);
	cv_slots_init(slots);
}

static int add_word(struct cv_slots *slots)
{
	uint64_t *used = reallocarray(slots->used, slots->words + 1, sizeof *used);

	if (used == NULL)
		return -1;
	slots->used = used;
	used[slots->words++] = 0;
	return 0;
}

int cv_slots_take(struct cv_slots *slots)
{
	unsigned word = slots->first, bit;

	while (word < slots->words && slots->used[word] == UINT64_MAX)
		word++;
	slots->first = word;
	if (word == slots->words && add_word(slots) != 0)
		return -1;
	bit = (unsigned)__builtin_ctzll(~slots->used[word]);
	slots->used[word] |= (uint64_t)1 << bit;
	return (int)(word * 64 + bit);
}

void cv_slots_give(struct cv_slots *slots, unsigned slot)
{
	unsigned word = slot / 64;

	slots->used[word] &= ~((uint64_t)1 << slot % 64);
	if (word < slots->first)
		slots->first = word;
}
