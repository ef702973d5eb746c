/*
 * xargs_feed - the command lines of xargs as tasks, and what becomes of them as xargs' exit status
 *
 * For --xargs with options of covey's: feed and run work as ever, and ask here what is different.
 */
#ifndef CLI_XARGS_XARGS_FEED_H
#define CLI_XARGS_XARGS_FEED_H

#include <stdbool.h>

#include "covey.h"
#include "base/error.h"
#include "cli/input/record.h"
#include "cli/output/verdict.h"
#include "cli/xargs/xargs_options.h"

struct xargs_feed;

/*
 * Opens the input; NULL with a message where that cannot be. With patient, reading waits for it, as
 * for --dry-run: xargs_feed_next then never says COVEY_NEXT_LATER.
 */
struct xargs_feed *xargs_feed_new(const struct xargs_options *o, bool patient,
    struct error *err);

/* NULL is allowed. */
void xargs_feed_free(struct xargs_feed *f);

/*
 * Fills in the next command and its items, which last until the next call: COVEY_NEXT_MORE, and argv
 * is not NULL. The other answers are as from covey_next_fn; after an error it is COVEY_NEXT_END.
 */
enum covey_next xargs_feed_next(struct xargs_feed *f, struct covey *ex,
    struct covey_command *command, struct record *record, struct error *err);

/* Has there been one? Then it is in the err of xargs_feed_next. */
bool xargs_feed_failed(const struct xargs_feed *f);

/* Is there input that was not read? */
bool xargs_feed_has_more(const struct xargs_feed *f);

/* A task has finished. Returns why xargs would not start another one, or NULL if it would. */
const char *xargs_feed_finished(struct xargs_feed *f, const struct covey_event *event);

/* The exit status. */
int xargs_feed_status(const struct xargs_feed *f, const struct verdict *verdict);

#endif
