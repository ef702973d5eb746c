/*
 * journal_write - rows for a run, its tasks and their attempts, as events bring them
 *
 * They are in the file when they are settled, together: whoever lets others know what happened has
 * that done before. After an error nothing more is written, and all that follows fails with the same
 * message.
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

/* The run has begun, and is in the file. Returns 0, or -1 with a message. */
int journal_writer_start(struct journal_writer *w, const struct journal_run *run,
    struct error *err);

/* The run's number; and its name, as COVEY_RUN has it. */
int64_t journal_writer_run(const struct journal_writer *w);
const char *journal_writer_uid(const struct journal_writer *w);

/*
 * That task has been queued; it must last until it has finished, and what is said of it until this
 * returns.
 */
void journal_writer_queued(struct journal_writer *w, const struct covey_task *task,
    const struct journal_task *what);

/*
 * An attempt is about to be started in that slot: it is in the file, with all that happened before.
 * An attempt that starts untold has a row when it is settled. Returns as journal_writer_settle.
 */
int journal_writer_starting(struct journal_writer *w, const struct covey_task *task, unsigned slot);

/* Takes notice of what became of a task that was queued. */
void journal_writer_event(struct journal_writer *w, const struct covey_event *event);

/* What happened is in the file. Returns 0, or -1; journal_writer_error says why. */
int journal_writer_settle(struct journal_writer *w);
const char *journal_writer_error(const struct journal_writer *w);

/* Is there anything to settle? */
bool journal_writer_is_behind(const struct journal_writer *w);

/* The run has ended; may be called again to put it right. Returns as journal_writer_settle. */
int journal_writer_end(struct journal_writer *w, const struct journal_run_end *end);

#endif
