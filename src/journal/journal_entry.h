/*
 * journal_entry - tasks: remembered until they need a row, and their rows
 */
#ifndef JOURNAL_JOURNAL_ENTRY_H
#define JOURNAL_JOURNAL_ENTRY_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "journal/journal_rows.h"
#include "journal/journal_task.h"

/* A task without a row. It has not finished, and so what the executor has of it is there. */
struct entry {
	TAILQ_ENTRY(entry) link;
	const struct covey_task *task;
	struct journal_task what;    /* name and input follow; command is NULL: nothing of its own */
};

/* For free(3). NULL: memory is out. */
struct entry *entry_new(const struct covey_task *task, const struct journal_task *what);

/* Has it nothing of its own, and may be remembered? */
bool entry_is_plain(const struct covey_command *command);

/* Whose tasks, and room to put their rows together. */
struct task_rows {
	struct rows *rows;
	sqlite3_stmt *add, *set;
	int64_t run, series;
	int64_t base;                /* a task's row is this and its number in the executor */
	struct room words, line;
};

/* The caller fills in run, series and base. Returns 0, or -1 with a message. */
int task_rows_init(struct task_rows *t, struct rows *rows, struct error *err);
/* All zero may be released, too. */
void task_rows_release(struct task_rows *t);

/* How a task stands: outcome is NULL while it has not ended, attempt while none has. */
struct standing {
	const char *outcome;
	const struct covey_attempt *attempt;
	int64_t row;                 /* the attempt's; 0: it is known already */
};

/* Its row is inserted; and changed. Return as rows_run. */
int task_rows_add(struct task_rows *t, const struct covey_task *task,
    const struct journal_task *what, const struct standing *standing);
int task_rows_set(struct task_rows *t, const struct covey_task *task,
    const struct standing *standing);

#endif
