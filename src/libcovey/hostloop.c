/*
 * An executor and its host's event loop: the host turns the executor, and the executor watches
 * descriptors for the host.
 */
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "executor.h"

/* ---- turning ---- */

static int check_step(const struct covey *ex, struct covey_error *err)
{
	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	if (ex->in_turn || ex->emitting > 0)
		return cv_error(err, COVEY_BAD_STATE, 0,
		    "a callback cannot call covey_step or covey_run on its own executor");
	return 0;
}

static int step(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	int result;

	if (check_step(ex, err) != 0)
		return -1;
	ex->in_turn = true;
	result = cv_turn(ex, max_wait, err);
	ex->in_turn = false;
	return result;
}

/* The host may have changed handlers and threads since the last turn. */
static void enter(struct covey *ex)
{
	if (ex == NULL)
		return;
	if ((ex->options.flags & COVEY_FIXED_HANDLERS) == 0)
		cv_spawner_look_again(&ex->spawner);
	if (ex->adopts)
		cv_tree_enter(&ex->tree);
}

int covey_step(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	enter(ex);
	return step(ex, max_wait, err);
}

int covey_run(struct covey *ex, struct covey_error *err)
{
	int result;

	enter(ex);
	do
		result = step(ex, -1, err);
	while (result > 0);
	return result;
}

int covey_fd(const struct covey *ex)
{
	return ex == NULL ? -1 : ex->loop.epoll_fd;
}

covey_nsec covey_next_deadline(struct covey *ex)
{
	covey_nsec patience;

	if (ex == NULL)
		return -1;
	ex->now = cv_now(ex);
	patience = cv_turn_patience(ex);
	return patience == INT64_MAX ? -1 : patience;
}

/* ---- the host's descriptors ---- */

/* Its memory is kept until the turn is over: it may be among the sources that are ready. */
static void drop_watch(struct covey *ex, struct cv_watch *watch)
{
	cv_loop_remove(&ex->loop, &watch->source);
	LIST_REMOVE(watch, entry);
	LIST_INSERT_HEAD(&ex->dropped_watches, watch, entry);
}

void cv_executor_drop_watches(struct covey *ex)
{
	while (!LIST_EMPTY(&ex->watches))
		drop_watch(ex, LIST_FIRST(&ex->watches));
}

static struct cv_watch *find_watch(struct covey *ex, int fd)
{
	struct cv_watch *watch;

	LIST_FOREACH(watch, &ex->watches, entry) {
		if (watch->source.fd == fd)
			return watch;
	}
	return NULL;
}

static struct cv_watch *add_watch(struct covey *ex, int fd, unsigned events,
    struct covey_error *err)
{
	struct cv_watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL) {
		cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot watch descriptor %d", fd);
		return NULL;
	}
	watch->source.fd = fd;
	watch->source.kind = CV_SOURCE_HOST;
	watch->source.owner = watch;
	if (cv_loop_add(&ex->loop, &watch->source, events) != 0) {
		cv_error(err, COVEY_SYSTEM, errno, "cannot watch descriptor %d", fd);
		free(watch);
		return NULL;
	}
	LIST_INSERT_HEAD(&ex->watches, watch, entry);
	return watch;
}

int covey_watch(struct covey *ex, int fd, unsigned events, covey_watch_fn *on_fd, void *user,
    struct covey_error *err)
{
	struct cv_watch *watch;

	if (ex == NULL || fd < 0 || (events != 0 && on_fd == NULL))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "covey_watch needs an executor, a descriptor and a callback");
	watch = find_watch(ex, fd);
	if (events == 0) {
		if (watch != NULL)
			drop_watch(ex, watch);
		return 0;
	}
	if (watch == NULL)
		watch = add_watch(ex, fd, events, err);
	else if (cv_loop_change(&ex->loop, &watch->source, events) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot watch descriptor %d", fd);
	if (watch == NULL)
		return -1;
	watch->on_fd = on_fd;
	watch->user = user;
	return 0;
}
