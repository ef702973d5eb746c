/*
 * sched - what runs next, and in which slot
 *
 * Level 1, policy: no system call, no clock; the time is passed in. Retries that are due go ahead
 * of tasks that have not run yet; among equals, first come, first served. The lowest free slot is
 * taken.
 */
#ifndef CV_SCHED_H
#define CV_SCHED_H

#include "task.h"

TAILQ_HEAD(cv_task_queue, cv_task);
RB_HEAD(cv_delayed_tree, cv_task);

struct cv_sched {
	struct cv_task_queue retries;   /* due, in the order in which they became so */
	struct cv_task_queue fresh;     /* not run yet */
	struct cv_delayed_tree delayed;
	size_t nready, ndelayed;
};

void cv_sched_init(struct cv_sched *sched);

/* Adds a task after those of its kind: it is a retry if view.attempts is not 0. */
void cv_sched_add(struct cv_sched *sched, struct cv_task *task);

/* Gives back the task that cv_sched_next returned: it is the next one again. */
void cv_sched_put_back(struct cv_sched *sched, struct cv_task *task);

/* Has the task wait until due. */
void cv_sched_delay(struct cv_sched *sched, struct cv_task *task, covey_nsec due);

/* Makes the delayed tasks ready that are due at now. */
void cv_sched_promote(struct cv_sched *sched, covey_nsec now);

/* Makes every delayed task ready. */
void cv_sched_promote_all(struct cv_sched *sched);

/* Makes the delayed tasks ready that are due at "from" or later, earliest first. */
void cv_sched_promote_late(struct cv_sched *sched, covey_nsec from);

/* Takes the next ready task out, or returns NULL. */
struct cv_task *cv_sched_next(struct cv_sched *sched);

/* When the first delayed task is due; INT64_MAX if there is none. */
covey_nsec cv_sched_due(const struct cv_sched *sched);

/* Takes out the waiting task with this number, or returns NULL. */
struct cv_task *cv_sched_take(struct cv_sched *sched, uint64_t id);

/* Slots, numbered from 0. */
struct cv_slots {
	uint64_t *used;       /* bit maps of 64 */
	unsigned words;
	unsigned first;       /* no free slot in a word before this one */
};

void cv_slots_init(struct cv_slots *slots);
void cv_slots_release(struct cv_slots *slots);

/* Takes the lowest free slot; returns -1 when out of memory. */
int cv_slots_take(struct cv_slots *slots);
void cv_slots_give(struct cv_slots *slots, unsigned slot);

#endif
