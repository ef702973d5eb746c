/*
 * journal_entry - tasks that have no row yet, and the rows of tasks: table task
 */
#ifndef JOURNAL_JOURNAL_ENTRY_H
#define JOURNAL_JOURNAL_ENTRY_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "journal/journal_rows.h"
#include "journal/journal_task.h"

/* A task without a row. */
struct entry {
	TAILQ_ENTRY(entry) link;
	const struct covey_task *task;   /* not a copy */
	struct journal_task what;    /* name and input are copies, command is NULL */
};

/* To be freed with free(3). NULL: out of memory. */
struct entry *entry_new(const struct covey_task *task, const struct journal_task *what);

/* Does it set nothing but its argv? Then an entry holds all that its row needs. */
bool entry_is_plain(const struct covey_command *command);

/* The run whose tasks are written, and buffers for their rows. */
struct task_rows {
	struct rows *rows;
	sqlite3_stmt *add, *set, *lose;
	int64_t run, series;
	int64_t base;                /* a task's row has the id base + its id in the executor */
	struct room words, line;
};

/* The caller fills in run, series and base. Returns 0, or -1 with a message. */
int task_rows_init(struct task_rows *t, struct rows *rows, struct error *err);
/* A struct that is all zero may be released, too. */
void task_rows_release(struct task_rows *t);

/* How far a task is. */
struct standing {
	const char *outcome;         /* NULL: it has not ended */
	const struct covey_attempt *attempt;   /* the last one that ended; NULL: none has */
	int64_t row;                 /* the id of that attempt's row; 0: as before */
};

/* Insert and update a task's row. Return as rows_run. */
int task_rows_add(struct task_rows *t, const struct covey_task *task,
    const struct journal_task *what, const struct standing *standing);
/* A task that has succeeded has lost its output. *changed: it had succeeded, and was not lost yet. */
int task_rows_lost(struct task_rows *t, int64_t row, bool *changed);
int task_rows_set(struct task_rows *t, const struct covey_task *task,
    const struct standing *standing);

#endif
