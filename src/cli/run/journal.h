/*
 * journal - the command's record of its runs, and what is to be run again of the last one
 *
 * journal_open finds out what has been; journal_start puts the new run on record. Each task is
 * offered before it is submitted; the sink then takes down what becomes of it. That is in the file
 * after journal_settle, which has to come before anybody else hears of it.
 */
#ifndef CLI_RUN_JOURNAL_H
#define CLI_RUN_JOURNAL_H

#include "covey.h"
#include "base/error.h"
#include "cli/input/record.h"
#include "cli/options/options.h"
#include "cli/output/sink.h"

struct journal;

/*
 * Opens, or makes, the journal that the options name, and looks for the run that they continue;
 * argv is the command line, which must last. NULL with a message.
 */
struct journal *journal_open(const struct options *options, const char *const *argv,
    struct error *err);

/* The run begins. Returns 0, or -1 with a message. */
int journal_start(struct journal *j, struct error *err);

/* Ends everything; what was not committed is lost. NULL is allowed. */
void journal_close(struct journal *j);

/* The run's name, as COVEY_RUN has it. */
const char *journal_run_uid(const struct journal *j);

/* Which run is continued, and what is left out of it and why, in a line; NULL: none is. */
const char *journal_introduction(const struct journal *j);

/* What to do with a task. */
enum journal_answer {
	JOURNAL_RUN,      /* submit it, now */
	JOURNAL_SKIP,     /* it has been run */
	JOURNAL_END,      /* from journal_next: there are no more */
	JOURNAL_BROKEN    /* the journal cannot be used: journal_error says why */
};

/* Is that task to be run? number: from 1, in the order of the input. name may be NULL. */
enum journal_answer journal_offer(struct journal *j, const struct covey_command *command,
    const struct record *record, uint64_t number, const char *name);

/* How many seconds that command will take: INFINITY where the journal does not know. 0, or -1. */
int journal_expect(struct journal *j, const struct covey_command *command, const char *name,
    double *seconds);

/*
 * That task is another shard's: it is only counted among equal ones, so that each has the same number
 * in whichever shard it is. JOURNAL_SKIP or JOURNAL_BROKEN.
 */
enum journal_answer journal_pass_over(struct journal *j, const struct covey_command *command,
    const char *name);

/* Do the tasks come from the journal? Then this gives them; all of it lasts until it is submitted. */
bool journal_has_tasks(const struct journal *j);
enum journal_answer journal_next(struct journal *j, struct covey_command *command,
    struct record *record, uint64_t *number, const char **name);

/* Must come before the sinks that take outputs. */
struct sink journal_sink(struct journal *j);

/*
 * An attempt is about to be started; that, and what has happened before, is in the file. One that is
 * started without is not until the next journal_settle. Returns 0, or -1: journal_error says why.
 */
int journal_starting(struct journal *j, const struct covey_task *task, unsigned slot);

/* What has happened is in the file. Returns as above. */
int journal_settle(struct journal *j);

/* Is there anything to settle? */
bool journal_is_behind(const struct journal *j);

const char *journal_error(const struct journal *j);

/* Tasks that were left out, by what had become of them. */
struct journal_skipped {
	uint64_t succeeded, failed;
};
struct journal_skipped journal_skipped(const struct journal *j);

/*
 * The run has ended, with its input read to the end or not, and covey with that status, or of that
 * signal where it is not 0. May be called again to put it right. Returns as journal_settle.
 */
int journal_end(struct journal *j, int status, int sig, bool input_read);

/*
 * --retry-failed: options that were given to the last run, and not now, hold as they were given
 * then. *argv is what *options then points to, and the caller's to free. Returns 0, or -1 with a
 * message.
 */
int journal_recall(struct options *options, const char ***argv, struct error *err);

#endif
