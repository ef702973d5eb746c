/*
 * mock_slots - an executor whose slots a test fills in by hand
 *
 * For the decisions of one phase of a turn, without the other phases: nothing is started, and the
 * clock stands still unless the test sets it. What events say is kept.
 */
#ifndef TESTS_MOCK_SLOTS_H
#define TESTS_MOCK_SLOTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "turn.h"

enum { MOCK_SLOTS = 3, MOCK_EVENTS = 8 };

/* the time at which a mock begins, far from 0, which stands for "never" in places */
#define MOCK_START (1000 * COVEY_SEC)

/* no process has a number like that: they end at 2^22 */
enum { MOCK_PID = 1 << 28 };

struct mock_event {
	enum covey_event_type type;
	enum covey_outcome outcome;      /* of a task that has finished, else of the attempt */
	bool has_attempt, retry;
	char reason[64], backtrace[64];
};

struct mock {
	struct covey ex;
	struct cv_slot slots[MOCK_SLOTS], *list[MOCK_SLOTS];
	struct mock_event events[MOCK_EVENTS];
	unsigned nevents;
};

static inline void mock_copy(char *to, size_t size, const char *text)
{
	to[0] = '\0';
	if (text != NULL)
		strncat(to, text, size - 1);
}

static inline void mock_record(struct covey *ex, const struct covey_event *event, void *user)
{
	struct mock *mock = user;
	struct mock_event *kept = &mock->events[mock->nevents];

	(void)ex;
	assert_true(mock->nevents < MOCK_EVENTS);
	mock->nevents++;
	kept->type = event->type;
	kept->has_attempt = event->attempt != NULL;
	kept->outcome = event->type == COVEY_FINISHED || event->attempt == NULL ? event->outcome
	    : event->attempt->outcome;
	if (event->attempt == NULL)
		return;
	kept->retry = event->attempt->retry;
	mock_copy(kept->reason, sizeof kept->reason, event->attempt->reason);
	mock_copy(kept->backtrace, sizeof kept->backtrace, event->attempt->backtrace);
}

static inline void mock_slot(struct mock *mock, unsigned index)
{
	struct cv_slot *slot = &mock->slots[index];
	int i;

	mock->list[index] = slot;
	slot->ex = &mock->ex;
	slot->index = index;
	slot->attempt.slot = index + 1;
	slot->timer.owner = slot;
	slot->exit_source.fd = -1;
	for (i = 0; i < CV_NSTREAMS; i++)
		slot->captures[i].fd = slot->stream_sources[i].fd = -1;
	for (i = 0; i < CV_NDEADLINES; i++)
		slot->deadlines[i] = INT64_MAX;
	assert_int_equal(cv_slots_take(&mock->ex.free_slots), (int)index);
}

static inline struct mock *mock_new(void)
{
	struct mock *mock = calloc(1, sizeof *mock);
	struct covey *ex = &mock->ex;
	unsigned i;

	assert_non_null(mock);
	ex->options.on_event = mock_record;
	ex->options.user = mock;
	ex->options.events = UINT32_MAX;
	ex->options.run_id = ex->run_id = strdup("mock");
	ex->options.max_workers = MOCK_SLOTS;
	ex->reason_dir_fd = ex->oom_fd = ex->tree.main_fd = ex->tree.own_fd = -1;
	ex->deadline = ex->wait_until = INT64_MAX;
	ex->now = MOCK_START;
	cv_sched_init(&ex->sched);
	cv_slots_init(&ex->free_slots);
	cv_timers_init(&ex->timers);
	TAILQ_INIT(&ex->touched);
	ex->slots = mock->list;
	ex->nslots = MOCK_SLOTS;
	for (i = 0; i < MOCK_SLOTS; i++)
		mock_slot(mock, i);
	return mock;
}

/* An attempt in a slot: the only one, with this child, of a task with this number. */
static inline struct cv_slot *mock_attempt(struct mock *mock, unsigned index, pid_t pid,
    uint64_t task)
{
	static const char *const argv[] = { "mock", NULL };
	struct cv_slot *slot = &mock->slots[index];
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	slot->task = cv_task_new(&command, NULL);
	assert_non_null(slot->task);
	slot->task->view.id = task;
	slot->task->view.tries = slot->task->view.attempts = 1;
	slot->attempt.number = 1;
	slot->attempt.pid = pid;
	slot->serial = ++mock->ex.next_serial;
	mock->ex.running++;
	return slot;
}

/* The attempt leaves its slot without any further ado. */
static inline void mock_leave(struct mock *mock, unsigned index)
{
	cv_task_free(mock->slots[index].task);
	mock->slots[index].task = NULL;
	mock->ex.running--;
}

static inline void mock_free(struct mock *mock)
{
	struct cv_task *task;
	unsigned i;

	cv_sched_promote_all(&mock->ex.sched);
	while ((task = cv_sched_next(&mock->ex.sched)) != NULL)
		cv_task_free(task);
	for (i = 0; i < MOCK_SLOTS; i++) {
		cv_task_free(mock->slots[i].task);
		cv_note_free(mock->slots[i].note);
	}
	cv_slots_release(&mock->ex.free_slots);
	cv_tree_release(&mock->ex.tree);
	free(mock->ex.run_id);
	free(mock);
}

#endif
