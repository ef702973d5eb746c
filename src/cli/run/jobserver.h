/*
 * jobserver - GNU make's: sharing a number of jobs with other programs
 *
 * A pipe or FIFO holds a byte, a token, for each job that may run but one. Every program has leave
 * for one job, takes a token for each other one that it starts, and puts it back when that has
 * ended. covey is a client of make's, which MAKEFLAGS names, or of its own, which is for what its
 * tasks start.
 *
 * The tokens that covey has taken are in memory that it shares with its guard, so that they go back
 * however the supervisor ends.
 */
#ifndef CLI_RUN_JOBSERVER_H
#define CLI_RUN_JOBSERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "covey.h"
#include "base/error.h"
#include "cli/options/jobserver_option.h"
#include "cli/output/sink.h"

struct jobserver;

/*
 * Joins the jobserver that flags, the value of MAKEFLAGS or NULL, name. To be called before any
 * descriptor is opened, which might be taken for one of make's. Returns 0 with *js, which is NULL
 * if none is named, or -1 with a message if it cannot be used.
 */
int jobserver_join(const char *flags, struct jobserver **js, struct error *err);

/*
 * Makes one for n jobs: a FIFO in the directory, or a pipe where that is NULL. flags as above: what
 * else they say stays. NULL with a message if it cannot be made.
 */
struct jobserver *jobserver_serve(const char *flags, unsigned n, const char *fifo_dir,
    struct error *err);

/* What tasks leave running may keep tokens: those that are missing are not replaced. */
void jobserver_keep_lost(struct jobserver *js);

/* Gives back every token; NULL is allowed. To be called in whichever process is left at the end. */
void jobserver_release(struct jobserver *js);
void jobserver_free(struct jobserver *js);

/* Descriptors for tasks to inherit: how many, and which; and their environment, or NULL. */
size_t jobserver_fds(const struct jobserver *js, const int **fds);
const char *const *jobserver_environ(const struct jobserver *js);

/* As covey_may_start_fn: COVEY_START_NOW, or COVEY_START_WAIT and ex is woken. */
covey_nsec jobserver_may_start(struct jobserver *js, struct covey *ex);

/* Tells it of starts and ends. */
struct sink jobserver_sink(struct jobserver *js);

#endif
