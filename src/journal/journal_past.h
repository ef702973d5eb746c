/*
 * journal_past - what a journal says about earlier runs, for runs that continue them
 *
 * A series is a run and all runs that continue it. Within a series, a task is identified by its key
 * and by its occurrence: its number among the tasks with the same key.
 */
#ifndef JOURNAL_JOURNAL_PAST_H
#define JOURNAL_JOURNAL_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal_db.h"
#include "journal/journal_key.h"
#include "journal/journal_task.h"

/* An earlier run. */
struct past_run {
	int64_t id, series;
	double started;         /* seconds since 1970 */
	bool ended;             /* false: it was killed, or is still running */
	bool input_read;
	int status, signal;
	char *command;          /* covey's command line, quoted for a shell */
	char *cwd;
};

void past_run_release(struct past_run *run);

/*
 * Finds the last run with this template, or with any template if it is NULL. Runs with
 * --retry-failed do not count: they took their tasks from the journal. Returns 1; 0: no such run;
 * -1 with a message. The caller releases *run after 1.
 */
int past_find(const struct journal_db *db, const char *template, size_t len, struct past_run *run,
    struct error *err);

/* The argv of the last such run, in one block that the caller frees. NULL with a message. */
const char **past_argv(const struct journal_db *db, struct error *err);

/* The outcomes of a task that failed, for SQL; with others, or none, it did not finish. */
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

/* Counts the series' tasks in each state. Returns 0, or -1 with a message. */
int past_count(const struct past *past, uint64_t counts[PAST_NSTATES], struct error *err);

/* The state of a task; PAST_UNKNOWN: it is not in the series. Returns 0, or -1 with a message. */
int past_state(struct past *past, const struct journal_key *key, int64_t occurrence,
    enum past_state *state, struct error *err);

/*
 * The next task that has not succeeded, in the order of rows. *task and *command are valid until
 * past_rest, which must be called before the transaction ends. Returns 1; 0: no more; -1 with a
 * message.
 */
int past_next(struct past *past, struct journal_task *task, struct covey_command *command,
    struct error *err);
void past_rest(struct past *past);

#endif
