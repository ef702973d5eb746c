/*
 * journal_attempt - the rows of attempts: table attempt
 */
#ifndef JOURNAL_JOURNAL_ATTEMPT_H
#define JOURNAL_JOURNAL_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "journal/journal_ending.h"
#include "journal/journal_rows.h"

struct attempt_rows {
	struct rows *rows;
	sqlite3_stmt *add, *end, *drop, *set_pid, *lose;
};

/* Returns 0, or -1 with a message. A struct that is all zero may be released, too. */
int attempt_rows_init(struct attempt_rows *a, struct rows *rows, struct error *err);
void attempt_rows_release(struct attempt_rows *a);

/* A running attempt. */
struct attempt_row {
	int64_t id, task;            /* the ids of its row and of its task's */
	unsigned number, slot;
	pid_t pid;                   /* 0: not known yet */
	double started;              /* by the wall clock */
};

/*
 * All return as rows_run. attempt_rows_add replaces a row with the same id, which an attempt that
 * could not be started has left.
 */
int attempt_rows_add(struct attempt_rows *a, const struct attempt_row *row);
int attempt_rows_drop(struct attempt_rows *a, int64_t id);
int attempt_rows_set_pid(struct attempt_rows *a, int64_t id, pid_t pid);

/* The last attempt of the task, if it has succeeded, has lost its output. */
int attempt_rows_lost(struct attempt_rows *a, int64_t task, const char *reason);

/* The attempt has ended: completes its row if it has one, else adds it. */
int attempt_rows_end(struct attempt_rows *a, const struct ending *e, bool has_row);

#endif
