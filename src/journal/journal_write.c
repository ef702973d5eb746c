/*
 * When rows are written. A row is inserted at the start of a task or attempt and updated at its
 * end. For a short task that is twice the work of one insertion at the end. So tasks that were
 * queued, and attempts that started or ended, are kept in memory as long as nobody needs their
 * rows. Writing later also means that free slots are filled first.
 */
#include "journal/journal_write.h"

#include <bsd/stdlib.h>
#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wallclock.h"
#include "journal/journal_attempt.h"
#include "journal/journal_ending.h"
#include "journal/journal_entry.h"
#include "journal/journal_rows.h"

/* The number of tasks kept in memory, and how much standard error one of them may have. */
enum { MOST_ENTRIES = 256, MOST_TAIL = 1024 };

TAILQ_HEAD(entries, entry);

/* The attempt in a slot. */
struct running {
	const struct covey_task *task;   /* NULL: the slot is free */
	struct entry *entry;         /* NULL: the task has a row */
	int64_t row;                 /* the id of the attempt's row */
	bool written;                /* the attempt has a row … */
	bool pid_due;                /* … that lacks the pid */
	unsigned number;
	pid_t pid;
	double started;
};

struct journal_writer {
	struct rows rows;
	struct run_rows runs;
	struct task_rows tasks;
	struct attempt_rows attempts;
	int64_t next_attempt;
	uint64_t starting;           /* the task whose attempt has that row already; 0: none */
	unsigned starting_in;        /* the slot of that attempt */
	struct entries waiting;      /* tasks that have not started */
	unsigned nwaiting;
	struct entries over;         /* tasks that have ended, in the order of endings */
	STAILQ_HEAD(, ending) endings;
	unsigned nover;
	struct running *running;     /* by slot, from slot 1 on */
	unsigned nslots;
	unsigned ndue;               /* running attempts that lack a row or the pid */
	char uid[17];
	char tail[ENDING_TAIL];
	bool captures;
};

/* ---- setting up ---- */

struct journal_writer *journal_writer_new(const struct journal_db *db, struct error *err)
{
	struct journal_writer *w = calloc(1, sizeof *w);

	if (w == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&w->waiting);
	TAILQ_INIT(&w->over);
	STAILQ_INIT(&w->endings);
	snprintf(w->uid, sizeof w->uid, "%08x%08x", arc4random(), arc4random());
	if (rows_init(&w->rows, db, err) == 0 && run_rows_init(&w->runs, &w->rows, err) == 0
	    && task_rows_init(&w->tasks, &w->rows, err) == 0
	    && attempt_rows_init(&w->attempts, &w->rows, err) == 0)
		return w;
	journal_writer_free(w);
	return NULL;
}

static void free_list(struct entries *list)
{
	struct entry *entry;

	while ((entry = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, entry, link);
		free(entry);
	}
}

static void free_entries(struct journal_writer *w)
{
	struct ending *ending;

	free_list(&w->waiting);
	free_list(&w->over);
	while ((ending = STAILQ_FIRST(&w->endings)) != NULL) {
		STAILQ_REMOVE_HEAD(&w->endings, link);
		free(ending);
	}
	for (unsigned i = 0; i < w->nslots; i++)
		free(w->running[i].entry);
}

void journal_writer_free(struct journal_writer *w)
{
	if (w == NULL)
		return;
	free_entries(w);
	run_rows_release(&w->runs);
	task_rows_release(&w->tasks);
	attempt_rows_release(&w->attempts);
	rows_release(&w->rows);
	free(w->running);
	free(w);
}

/* ---- runs ---- */

static int find_rowids(struct journal_writer *w)
{
	int64_t run = 0, attempt = 0;

	if (rows_ask(&w->rows, "SELECT max(id) FROM run", &run) != 0
	    || rows_ask(&w->rows, "SELECT max(id) FROM task", &w->tasks.base) != 0
	    || rows_ask(&w->rows, "SELECT max(id) FROM attempt", &attempt) != 0)
		return -1;
	w->tasks.run = run + 1;
	w->next_attempt = attempt + 1;
	return 0;
}

int journal_writer_start(struct journal_writer *w, const struct journal_run *run,
    struct error *err)
{
	if (rows_begin(&w->rows) == 0 && find_rowids(w) == 0) {
		w->tasks.series = run->series == 0 ? w->tasks.run : run->series;
		w->captures = run->captures;
		if (run_rows_add(&w->runs, w->tasks.run, w->uid, run) == 0
		    && rows_commit(&w->rows) == 0)
			return 0;
	}
	*err = w->rows.error;
	return -1;
}

int64_t journal_writer_run(const struct journal_writer *w)
{
	return w->tasks.run;
}

const char *journal_writer_uid(const struct journal_writer *w)
{
	return w->uid;
}

const char *journal_writer_error(const struct journal_writer *w)
{
	return w->rows.error.message;
}

/* ---- tasks ---- */

void journal_writer_queued(struct journal_writer *w, const struct covey_task *task,
    const struct journal_task *what)
{
	struct entry *entry;

	if (w->rows.failed)
		return;
	if (!entry_is_plain(what->command) || w->nwaiting >= MOST_ENTRIES) {
		task_rows_add(&w->tasks, task, what, &(struct standing){ .row = 0 });
		return;
	}
	entry = entry_new(task, what);
	if (entry == NULL) {
		rows_out_of_memory(&w->rows);
		return;
	}
	TAILQ_INSERT_TAIL(&w->waiting, entry, link);
	w->nwaiting++;
}

/* Tasks usually start in the order in which they were queued: the search finds the first. */
static struct entry *take_entry(struct journal_writer *w, const struct covey_task *task)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &w->waiting, link)
		if (entry->task == task) {
			TAILQ_REMOVE(&w->waiting, entry, link);
			w->nwaiting--;
			return entry;
		}
	return NULL;
}

/* Frees the entry. NULL: the task has a row, and nothing is written. */
static int write_entry(struct journal_writer *w, struct entry *entry,
    const struct standing *standing)
{
	int result = 0;

	if (entry != NULL)
		result = task_rows_add(&w->tasks, entry->task, &entry->what, standing);
	free(entry);
	return result;
}

static int write_waiting(struct journal_writer *w)
{
	while (!TAILQ_EMPTY(&w->waiting)) {
		struct entry *entry = take_entry(w, TAILQ_FIRST(&w->waiting)->task);

		if (write_entry(w, entry, &(struct standing){ .row = 0 }) != 0)
			return -1;
	}
	return 0;
}

static void end_task(struct journal_writer *w, struct entry *entry, const struct covey_task *task,
    const struct standing *standing)
{
	if (entry != NULL) {
		write_entry(w, entry, standing);
		return;
	}
	task_rows_set(&w->tasks, task, standing);
}

/* ---- attempts ---- */

static struct running *in_slot(struct journal_writer *w, unsigned slot)
{
	size_t n = slot + 16UL;
	struct running *running;

	if (slot > w->nslots) {
		running = reallocarray(w->running, n, sizeof *running);
		if (running == NULL) {
			rows_out_of_memory(&w->rows);
			return NULL;
		}
		memset(running + w->nslots, 0, (n - w->nslots) * sizeof *running);
		w->running = running;
		w->nslots = (unsigned)n;
	}
	return &w->running[slot - 1];
}

static int add_attempt(struct journal_writer *w, const struct running *running, unsigned slot)
{
	return attempt_rows_add(&w->attempts, &(struct attempt_row){
		.id = running->row, .task = w->tasks.base + (int64_t)running->task->id,
		.number = running->number, .slot = slot, .pid = running->pid,
		.started = running->started,
	});
}

static bool is_due(const struct running *running)
{
	return running->task != NULL && (!running->written || running->pid_due);
}

static void started(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	struct running *running = in_slot(w, attempt->slot);

	if (running == NULL)
		return;
	*running = (struct running){
		.task = event->task, .entry = take_entry(w, event->task), .row = w->next_attempt++,
		.written = w->starting == event->task->id && w->starting_in == attempt->slot,
		.pid_due = attempt->pid > 0, .number = attempt->number,
		.pid = attempt->pid, .started = wallclock_seconds(),
	};
	w->starting = 0;
	w->ndue += is_due(running);
}

/* Writes what the rows of the attempt and its task lack. */
static int write_running(struct journal_writer *w, struct running *running, unsigned slot)
{
	int result = 0;

	if (write_entry(w, running->entry, &(struct standing){ .row = 0 }) != 0)
		result = -1;
	running->entry = NULL;
	if (result == 0 && !running->written)
		result = add_attempt(w, running, slot);
	else if (result == 0 && running->pid_due)
		result = attempt_rows_set_pid(&w->attempts, running->row, running->pid);
	w->ndue -= is_due(running);
	running->written = true;
	running->pid_due = false;
	return result;
}

static void write_end(struct journal_writer *w, const struct ending *e, struct entry *entry,
    bool has_row)
{
	struct standing standing = {
		.outcome = e->attempt.retry ? NULL : covey_outcome_name(e->attempt.outcome),
		.attempt = &e->attempt, .row = e->row,
	};

	if (attempt_rows_end(&w->attempts, e, has_row) == 0)
		end_task(w, entry, &e->task, &standing);
	else
		free(entry);
}

/* Keeps a finished task in memory, as an entry and an ending. */
static void put_off(struct journal_writer *w, const struct ending *e, struct entry *entry)
{
	struct ending *copy = ending_copy(e);

	if (copy == NULL) {
		free(entry);
		rows_out_of_memory(&w->rows);
		return;
	}
	entry->task = &copy->task;
	TAILQ_INSERT_TAIL(&w->over, entry, link);
	STAILQ_INSERT_TAIL(&w->endings, copy, link);
	w->nover++;
}

static int write_over(struct journal_writer *w)
{
	struct ending *ending;

	while ((ending = STAILQ_FIRST(&w->endings)) != NULL) {
		struct entry *entry = TAILQ_FIRST(&w->over);

		STAILQ_REMOVE_HEAD(&w->endings, link);
		TAILQ_REMOVE(&w->over, entry, link);
		w->nover--;
		write_end(w, ending, entry, false);
		free(ending);
	}
	return w->rows.failed ? -1 : 0;
}

static void ended(struct journal_writer *w, const struct covey_event *event)
{
	struct running *running = in_slot(w, event->attempt->slot), was;
	struct ending e;

	if (running == NULL || running->task == NULL)
		return;
	was = *running;
	w->ndue -= is_due(running);
	*running = (struct running){ .task = NULL };
	ending_take(&e, event, w->captures, w->tail);
	e.row = was.row;
	e.task_row = w->tasks.base + (int64_t)event->task->id;
	e.started = was.started;
	if (was.entry != NULL && !was.written && !e.attempt.retry && w->nover < MOST_ENTRIES
	    && e.tail_len <= MOST_TAIL)
		put_off(w, &e, was.entry);
	else
		write_end(w, &e, was.entry, was.written);
}

/* The task did not end with its last attempt: it was never started, or waited for a retry. */
static void finished(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	struct standing standing = {
		.outcome = covey_outcome_name(event->outcome), .attempt = attempt,
	};

	if (attempt != NULL && !attempt->retry && attempt->outcome == event->outcome)
		return;
	if (write_over(w) == 0)
		end_task(w, take_entry(w, event->task), event->task, &standing);
}

void journal_writer_event(struct journal_writer *w, const struct covey_event *event)
{
	if (w->rows.failed)
		return;
	switch (event->type) {
	case COVEY_STARTED:
		started(w, event);
		break;
	case COVEY_ENDED:
		ended(w, event);
		break;
	case COVEY_FINISHED:
		finished(w, event);
		break;
	case COVEY_QUEUED:
	case COVEY_SLOW:
	case COVEY_DELAYED:
	case COVEY_LIMITED:
	case COVEY_EXPIRED:
		break;
	}
}

/* Seldom enough to write everything else first. */
bool journal_writer_lost(struct journal_writer *w, uint64_t task, const char *reason)
{
	int64_t row = w->tasks.base + (int64_t)task;
	bool changed = false;

	if (w->rows.failed || write_over(w) != 0
	    || attempt_rows_lost(&w->attempts, row, reason) != 0
	    || task_rows_lost(&w->tasks, row, &changed) != 0)
		return false;
	return changed;
}

/* ---- writing what is in memory ---- */

static int forget_start(struct journal_writer *w)
{
	if (w->starting == 0)
		return 0;
	w->starting = 0;
	return attempt_rows_drop(&w->attempts, w->next_attempt);
}

static int write_due(struct journal_writer *w)
{
	for (unsigned i = 0; i < w->nslots && w->ndue > 0; i++) {
		struct running *running = &w->running[i];

		if (is_due(running) && write_running(w, running, i + 1) != 0)
			return -1;
	}
	return 0;
}

int journal_writer_settle(struct journal_writer *w)
{
	if (w->rows.failed || write_over(w) != 0 || forget_start(w) != 0 || write_waiting(w) != 0
	    || write_due(w) != 0)
		return -1;
	return rows_commit(&w->rows);
}

/* If the attempt cannot be started after all, the next attempt takes over the row. */
int journal_writer_starting(struct journal_writer *w, const struct covey_task *task, unsigned slot)
{
	struct running next = {
		.task = task, .row = w->next_attempt, .number = task->attempts,
		.started = wallclock_seconds(),
	};

	if (w->rows.failed || write_over(w) != 0 || write_waiting(w) != 0 || write_due(w) != 0
	    || add_attempt(w, &next, slot) != 0)
		return -1;
	w->starting = task->id;
	w->starting_in = slot;
	return rows_commit(&w->rows);
}

bool journal_writer_is_behind(const struct journal_writer *w)
{
	return w->rows.begun || w->starting != 0 || w->nwaiting > 0 || w->ndue > 0
	    || w->nover > 0;
}

/* ---- the end ---- */

int journal_writer_end(struct journal_writer *w, const struct journal_run_end *end)
{
	return run_rows_end(&w->runs, w->tasks.run, end) == 0 ? journal_writer_settle(w) : -1;
}
