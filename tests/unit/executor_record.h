/*
 * executor_record - each task's events, recorded by a state machine
 *
 * The recorder notes the first thing that is wrong with the order of events that covey.h promises.
 */
#ifndef TESTS_EXECUTOR_RECORD_H
#define TESTS_EXECUTOR_RECORD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bsd/string.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "covey.h"

enum { MAX_TASKS = 200, MAX_SLOTS = 64, MAX_ATTEMPTS = 8, OUTPUT_SIZE = 4096 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum phase { PHASE_NONE, PHASE_QUEUED, PHASE_STARTED, PHASE_ENDED, PHASE_DELAYED, PHASE_FINISHED };

struct seen {
	enum phase phase;
	unsigned started, delayed, slow, place;    /* place: the how many-th to finish */
	bool had_attempt;                          /* in its last event */
	covey_nsec due, delayed_at;
	enum covey_outcome outcome;
	enum covey_outcome outcomes[MAX_ATTEMPTS + 1];  /* of the attempts, by number */
	struct covey_attempt last;                 /* without outputs and reason */
	char reason[100];
	char text[2][OUTPUT_SIZE];                 /* how the last attempt's outputs begin */
	uint64_t size[2], cut[2];
};

struct rig {
	struct covey_options o;
	struct covey_error err;
	struct covey *ex;
	bool freed_early;                          /* tasks may be left without an end */
	struct seen tasks[MAX_TASKS + 1];
	uint64_t slots[MAX_SLOTS + 1];             /* which task is in it */
	unsigned nfinished, nlimited, nexpired;
	covey_nsec last_event, give_up;
	char wrong[200];                           /* the first thing that was */
	void (*hook)(struct rig *rig, const struct covey_event *event);
	void *arg;                                 /* the test's own */
	char dir[64];
	struct sigaction sigchld;
	sigset_t mask;
	struct rlimit nofile;
	int nfds;
	int own_stdout;                            /* where it was moved to, or -1 */
	struct rig *others[2];                     /* closed with it */
};

static inline void wrong(struct rig *rig, const struct covey_event *event, const char *what)
{
	if (rig->wrong[0] == '\0')
		snprintf(rig->wrong, sizeof rig->wrong, "event %d of task %" PRIu64 ": %s",
		    (int)event->type, event->task == NULL ? 0 : event->task->id, what);
}

static inline void keep_output(struct seen *seen, int i, const struct covey_output *output)
{
	ssize_t n = output == NULL ? 0
	    : covey_output_read(output, 0, seen->text[i], OUTPUT_SIZE - 1);

	seen->text[i][n > 0 ? n : 0] = '\0';
	seen->size[i] = covey_output_size(output);
	seen->cut[i] = covey_output_cut(output, NULL);
}

static inline void keep_attempt(struct seen *seen, const struct covey_attempt *attempt)
{
	seen->last = *attempt;
	seen->last.out = seen->last.err = NULL;
	seen->last.reason = NULL;
}

static inline void record_started(struct rig *rig, struct seen *seen,
    const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (seen->phase != PHASE_QUEUED && seen->phase != PHASE_DELAYED)
		wrong(rig, event, "started out of turn");
	if (attempt->number != ++seen->started || event->task->attempts != seen->started)
		wrong(rig, event, "attempts are not numbered one by one");
	if (attempt->slot < 1 || attempt->slot > MAX_SLOTS || rig->slots[attempt->slot] != 0)
		wrong(rig, event, "its slot is taken");
	else
		rig->slots[attempt->slot] = event->task->id;
	seen->slow = 0;
	seen->phase = PHASE_STARTED;
	keep_attempt(seen, attempt);
}

static inline void record_ended(struct rig *rig, struct seen *seen,
    const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (seen->phase != PHASE_STARTED)
		wrong(rig, event, "ended without having been started");
	if (attempt->ended < attempt->started || attempt->started <= 0)
		wrong(rig, event, "it ended before it began");
	if (attempt->slot <= MAX_SLOTS)
		rig->slots[attempt->slot] = 0;
	if (attempt->number <= MAX_ATTEMPTS)
		seen->outcomes[attempt->number] = attempt->outcome;
	seen->phase = PHASE_ENDED;
	keep_attempt(seen, attempt);
	strlcpy(seen->reason, attempt->reason == NULL ? "" : attempt->reason, sizeof seen->reason);
	keep_output(seen, 0, attempt->out);
	keep_output(seen, 1, attempt->err);
}

static inline void record_delayed(struct rig *rig, struct seen *seen,
    const struct covey_event *event)
{
	if (seen->phase != PHASE_ENDED || !seen->last.retry)
		wrong(rig, event, "delayed without a retry");
	if (event->due < event->now)
		wrong(rig, event, "due in the past");
	seen->delayed++;
	seen->due = event->due;
	seen->delayed_at = event->now;
	seen->phase = PHASE_DELAYED;
}

static inline void record_finished(struct rig *rig, struct seen *seen,
    const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	bool waited = seen->phase == PHASE_QUEUED || seen->phase == PHASE_DELAYED;

	if (!waited && !(seen->phase == PHASE_ENDED && !seen->last.retry))
		wrong(rig, event, "finished out of turn");
	if ((attempt == NULL) != (seen->started == 0))
		wrong(rig, event, "the attempt is there if and only if it was never started");
	if (attempt != NULL && attempt->outcome != event->outcome)
		wrong(rig, event, "its outcome is not its attempt's");
	if (attempt != NULL && seen->phase == PHASE_DELAYED && (attempt->out != NULL
	    || attempt->err != NULL || attempt->reason != NULL || attempt->retry
	    || attempt->number != seen->started || attempt->pid != seen->last.pid))
		wrong(rig, event, "not a copy of the last attempt without its outputs");
	seen->had_attempt = attempt != NULL;
	seen->outcome = event->outcome;
	seen->place = ++rig->nfinished;
	seen->phase = PHASE_FINISHED;
}

static inline void record_task(struct rig *rig, const struct covey_event *event)
{
	struct seen *seen = &rig->tasks[event->task->id];

	switch (event->type) {
	case COVEY_QUEUED:
		if (seen->phase != PHASE_NONE)
			wrong(rig, event, "queued twice");
		seen->phase = PHASE_QUEUED;
		break;
	case COVEY_STARTED:
		record_started(rig, seen, event);
		break;
	case COVEY_SLOW:
		if (seen->phase != PHASE_STARTED || seen->slow++ > 0)
			wrong(rig, event, "slow more than once, or when it did not run");
		break;
	case COVEY_ENDED:
		record_ended(rig, seen, event);
		break;
	case COVEY_DELAYED:
		record_delayed(rig, seen, event);
		break;
	case COVEY_FINISHED:
		record_finished(rig, seen, event);
		break;
	case COVEY_LIMITED:
	case COVEY_EXPIRED:
		break;
	}
}

static inline void record(struct covey *ex, const struct covey_event *event, void *user)
{
	struct rig *rig = user;

	(void)ex;
	if (event->now < rig->last_event)
		wrong(rig, event, "the clock went backwards");
	rig->last_event = event->now;
	if (event->type == COVEY_LIMITED)
		rig->nlimited++;
	else if (event->type == COVEY_EXPIRED)
		rig->nexpired++;
	else if (event->task->id < 1 || event->task->id > MAX_TASKS)
		wrong(rig, event, "no such task");
	else
		record_task(rig, event);
	if (rig->hook != NULL)
		rig->hook(rig, event);
}

#endif
