/*
 * journal_write - writes the rows of a run, its tasks and their attempts from events
 *
 * Rows are written late, and journal_writer_settle commits all that are missing. The caller settles
 * before it tells anybody what happened. After an error nothing more is written, and every later
 * call fails with the same message.
 */
#ifndef JOURNAL_JOURNAL_WRITE_H
#define JOURNAL_JOURNAL_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/journal_db.h"
#include "journal/journal_run.h"
#include "journal/journal_task.h"

struct journal_writer;

/* NULL with a message. The database must outlive the writer. */
struct journal_writer *journal_writer_new(const struct journal_db *db, struct error *err);
void journal_writer_free(struct journal_writer *w);

/* Commits the row of a run that starts. Returns 0, or -1 with a message. */
int journal_writer_start(struct journal_writer *w, const struct journal_run *run,
    struct error *err);

/* The run's number; its unique name, for COVEY_RUN. */
int64_t journal_writer_run(const struct journal_writer *w);
const char *journal_writer_uid(const struct journal_writer *w);

/* A task has been queued. *task must stay valid until it has finished, *what until this returns. */
void journal_writer_queued(struct journal_writer *w, const struct covey_task *task,
    const struct journal_task *what);

/*
 * Commits a row for an attempt that is about to start in that slot, and all that happened before.
 * The call is optional: without it journal_writer_settle writes the row. Returns as that does.
 */
int journal_writer_starting(struct journal_writer *w, const struct covey_task *task, unsigned slot);

/* Something happened to a task that was queued. */
void journal_writer_event(struct journal_writer *w, const struct covey_event *event);

/*
 * Of an output of that task, by the executor's count, something is lost: what is written of the task
 * and its last attempt is a success no more, but COVEY_LOST with that reason. True: it was one.
 */
bool journal_writer_lost(struct journal_writer *w, uint64_t task, const char *reason);

/* Commits all that happened. Returns 0, or -1 with a message in journal_writer_error. */
int journal_writer_settle(struct journal_writer *w);
const char *journal_writer_error(const struct journal_writer *w);

/* Has anything happened that is not committed? */
bool journal_writer_is_behind(const struct journal_writer *w);

/* The run has ended; a second call corrects how. Settles, and returns as that does. */
int journal_writer_end(struct journal_writer *w, const struct journal_run_end *end);

#endif
