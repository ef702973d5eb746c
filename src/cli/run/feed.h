/*
 * feed - the next task, when a slot is free
 *
 * Turns records of the input into commands: by template, by script, or each as a shell line.
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
void feed_free(struct feed *feed);

/* Can the command be run at all? Returns 0, or -1 with a message that says what to do. */
int feed_check(struct feed *feed, struct covey *ex, struct error *err);

/* Every task is offered to the journal first, or comes from it. Before the first feed_next. */
struct journal;
void feed_set_journal(struct feed *feed, struct journal *journal);

/* How many were left out, or put aside for later, since this was called last. */
unsigned feed_skipped(struct feed *feed);

/*
 * With --order longest: who is told that the task in that place will not be run, as it has been. The
 * places are those of the input, without gaps; items have them too.
 */
typedef void feed_left_out(void *arg, uint64_t place);
void feed_on_left_out(struct feed *feed, feed_left_out *left_out, void *arg);

/* Who is told of records that are left out. */
typedef void feed_refused(void *arg, const char *why);
void feed_on_refused(struct feed *feed, feed_refused *refused, void *arg);

/* What is different with xargs; NULL without it. */
struct xargs_feed;
struct xargs_feed *feed_xargs(const struct feed *feed);

/* Submits a task, as covey_next_fn. After an error COVEY_NEXT_END; feed_error has it. */
enum covey_next feed_next(struct feed *feed, struct covey *ex);

/* Is there input that was not read? */
bool feed_has_more(const struct feed *feed);

/*
 * Has everything been made a task of? Looks without waiting, and may take a record: only at the end,
 * when nothing is run any more. Where it cannot tell, it has not.
 */
bool feed_is_used_up(struct feed *feed);

/* What was wrong with the input; NULL: nothing. */
const char *feed_error(const struct feed *feed);

/* The argv of an attempt, for templates that name the slot; else NULL. As covey_prepare_fn. */
const char *const *feed_prepare(struct feed *feed, const struct covey_task *task, unsigned slot);
bool feed_prepares(const struct feed *feed);

/* Releases what hangs on a task that has finished. */
void feed_finished(const struct covey_task *task);

/*
 * Gives the commands one after the other without running them, waiting for the input: 1 and *argv
 * (NULL: err says why a record is left out), 0 at the end, -1 with a message. For --dry-run.
 */
int feed_dry(struct feed *feed, const char *const **argv, struct error *err);

#endif
