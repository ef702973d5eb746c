/*
 * journal - the command's record of its runs, and what is known of the run that is continued
 *
 * journal_open finds out what has been; journal_start puts the new run on record, and the sink takes
 * down what becomes of its tasks. That is in the file after journal_settle, which has to come before
 * anybody else hears of it. Planners ask journal_past and journal_database what was before.
 */
#ifndef CLI_RUN_JOURNAL_H
#define CLI_RUN_JOURNAL_H

#include "covey.h"
#include "base/error.h"
#include "cli/options/options.h"
#include "cli/output/sink.h"
#include "journal/journal_db.h"
#include "journal/journal_past.h"

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

/* ---- what has been ---- */

const struct journal_db *journal_database(const struct journal *j);

/* The tasks of the run that is continued; NULL: none is. */
struct past *journal_past(struct journal *j);

/* Tasks that are left out because of what has become of them. */
struct journal_skipped {
	uint64_t succeeded, failed;
};

/* Another one is. */
void journal_skip(struct journal *j, enum past_state state);
struct journal_skipped journal_skipped(const struct journal *j);

/* Says that the journal cannot be used, and why. Returns -1. */
int journal_is_unusable(const struct journal *j, const struct error *why, struct error *err);

/* ---- what happens ---- */

/* Tasks have a struct origin. */
/*
 * Of what that task has printed, something is lost: see journal_writer_lost. counted: the task has
 * finished already, and counts as failed from now on.
 */
bool journal_lost(struct journal *j, uint64_t task, const char *reason, bool counted);

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

/*
 * The run has ended, with its input read to the end or not, and covey with that status, or of that
 * signal where it is not 0. May be called again to put it right. Returns as journal_settle.
 */
int journal_end(struct journal *j, int status, int sig, bool input_read);

#endif
