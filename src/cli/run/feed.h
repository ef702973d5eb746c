/*
 * feed - the next task, when a slot is free
 *
 * Pulls a plan out of the chain of planners, and submits it.
 */
#ifndef CLI_RUN_FEED_H
#define CLI_RUN_FEED_H

#include "covey.h"
#include "base/error.h"
#include "cli/options/options.h"

struct feed;

/*
 * Opens the input and compiles the template. NULL with a message: something about them cannot
 * work.
 */
struct feed *feed_new(const struct options *options, struct error *err);

/*
 * Closes the input, and what the planners have open in the journal, which may be closed then. There is
 * no next task any more.
 */
void feed_close(struct feed *feed);
void feed_free(struct feed *feed);

/* Can the command be run at all? Returns 0, or -1 with a message that says what to do. */
int feed_check(struct feed *feed, struct covey *ex, struct error *err);

/*
 * Puts the planners on top that ask the journal, which must outlive the last feed_next. Before the
 * first one. Returns 0, or -1 with a message.
 */
struct journal;
int feed_use_journal(struct feed *feed, struct journal *journal, struct error *err);

/* Is told that the task in that place is left out, because an earlier run has done it. */
typedef void feed_left_out(void *arg, uint64_t place);
void feed_on_left_out(struct feed *feed, feed_left_out *left_out, void *arg);

/* Is told of a record that cannot be used, and why. */
typedef void feed_refused(void *arg, const char *why);
void feed_on_refused(struct feed *feed, feed_refused *refused, void *arg);

/* Is told that there may be more input, after feed_next has said COVEY_NEXT_LATER. */
typedef void feed_readable(void *arg);
void feed_on_readable(struct feed *feed, feed_readable *readable, void *arg);

/*
 * Submits a task, as covey_next_fn. Many records may give no task, as those of other shards do.
 * After a number of them the answer is COVEY_NEXT_LATER, and ex asks again in its next turn. After
 * an error the answer is COVEY_NEXT_END, and feed_error
 * has the message.
 */
enum covey_next feed_next(struct feed *feed, struct covey *ex);

/* Does it wait for its input? Then feed_next has nothing to give. */
bool feed_waits(const struct feed *feed);

/* Was the input read to its end, and there was no item in it, not even for another shard? */
bool feed_is_empty(const struct feed *feed);

/* Is there input that was not read? */
bool feed_has_more(const struct feed *feed);

/*
 * Is no task left in the input? Looks without waiting, and may take a record: to be called only
 * when nothing is run any more. False where that cannot be told.
 */
bool feed_is_used_up(struct feed *feed);

/* What was wrong with the input; NULL: nothing. */
const char *feed_error(const struct feed *feed);

/* The argv of an attempt, for templates that name the slot; else NULL. As covey_prepare_fn. */
const char *const *feed_prepare(struct feed *feed, const struct covey_task *task, unsigned slot);
bool feed_prepares(const struct feed *feed);

/* Frees the origin of a task that has finished. */
void feed_finished(const struct covey_task *task);

/*
 * Gives the commands one after the other without running them, waiting for the input: 1 and *argv
 * (NULL: err says why a record is left out), 0 at the end, -1 with a message. For --dry-run.
 */
int feed_dry(struct feed *feed, const char *const **argv, struct error *err);

#endif
