/*
 * journal_past - what a journal knows of earlier runs, for those that continue them
 *
 * A series is a run and the runs that have continued it. Within one, a task is known by its key and
 * its number among those of the same key; the last entry tells what has become of it.
 */
#ifndef JOURNAL_JOURNAL_PAST_H
#define JOURNAL_JOURNAL_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal_db.h"
#include "journal/journal_key.h"
#include "journal/journal_task.h"

/* A run that has been. */
struct past_run {
	int64_t id, series;
	double started;         /* seconds since 1970 */
	bool ended;             /* false: it was killed, or still goes on */
	bool input_read;
	int status, signal;
	char *command;          /* covey's own, as a line to paste */
	char *cwd;
};

void past_run_release(struct past_run *run);

/*
 * The last run with that template, or with any where template is NULL; but none that only took its
 * tasks from the journal. Returns 1, 0 if there is none, or -1 with a message.
 */
int past_find(const struct journal_db *db, const char *template, size_t len, struct past_run *run,
    struct error *err);

/* The argv of the last run, NULL-terminated, in one block that the caller frees; NULL: see err. */
const char **past_argv(const struct journal_db *db, struct error *err);

/* Outcomes with which a task has failed; with others, or none, it was not brought to its end. */
#define PAST_FAILED_OUTCOMES "('exit', 'signal', 'timeout', 'spawn')"

enum past_state { PAST_UNKNOWN, PAST_UNFINISHED, PAST_FAILED, PAST_SUCCEEDED, PAST_NSTATES };

struct past;

/*
 * Looks into a series as it was after its run number last, which may be INT64_MAX; one series at a
 * time. NULL with a message. Until past_close, queries can use the temporary table past: its id is
 * that of a task's last row, and PAST_NOT_SUCCEEDED is a condition on its state.
 */
#define PAST_NOT_SUCCEEDED "state <> 3"

struct past *past_open(const struct journal_db *db, int64_t series, int64_t last,
    struct error *err);
void past_close(struct past *past);

/* How many of its tasks are in each state. Returns 0, or -1 with a message. */
int past_count(const struct past *past, uint64_t counts[PAST_NSTATES], struct error *err);

/* Has that task been, and what has become of it? Returns 0, or -1 with a message. */
int past_state(struct past *past, const struct journal_key *key, int64_t occurrence,
    enum past_state *state, struct error *err);

/*
 * The next task, in the order of their entries, that has not succeeded; *task and *command hold
 * until past_rest, which must come before the end of the transaction. Returns 1, 0 at the end, or
 * -1 with a message.
 */
int past_next(struct past *past, struct journal_task *task, struct covey_command *command,
    struct error *err);
void past_rest(struct past *past);

#endif
