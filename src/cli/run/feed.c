#include "cli/run/feed.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "cli/command/compose.h"
#include "cli/command/origin.h"
#include "cli/command/plan_once.h"
#include "cli/command/plan_source.h"
#include "cli/input/chain.h"
#include "cli/input/header.h"
#include "cli/run/journal.h"
#include "cli/run/plan_history.h"
#include "cli/run/plan_longest.h"
#include "cli/run/plan_recorded.h"
#include "cli/xargs/xargs_plan.h"
#include "journal/journal_median.h"

/* After so many answers without a task the executor gets its turn, so that output keeps flowing. */
enum { MOST_ASKED = 1000 };

struct feed {
	const struct options *options;
	struct header header;
	struct compose *compose;
	struct planner *planner;
	struct journal *journal;        /* or NULL */
	struct journal_median *median;  /* for --order longest, or NULL */
	feed_left_out *left_out;
	void *left_out_arg;
	feed_refused *refused;
	void *refused_arg;
	feed_readable *readable;
	void *readable_arg;
	bool watching;
	bool ended;                     /* the planners have no more */
	bool found;                     /* they have had something */
	bool empty;                     /* they have ended without it */
	uint64_t nsubmitted;
	const char **env;               /* of a task whose number the executor does not know */
	char task_variable[40];
	struct error error;
	bool failed;
};

/* ---- opening and closing ---- */

/*
 * What the command line says is checked before anything is read, but the names of a header are part
 * of it.
 */
static int open_input(struct feed *feed, struct error *err)
{
	const struct options *o = feed->options;
	struct source *source = NULL;

	if (o->header && (source = chain_open(o, &feed->header, err)) == NULL)
		return -1;
	feed->compose = compose_new(o, &feed->header, err);
	if (feed->compose != NULL && source == NULL)
		source = chain_open(o, &feed->header, err);
	if (feed->compose != NULL && source != NULL) {
		feed->planner = plan_source_open(o, feed->compose, source);
		if (feed->planner != NULL)
			return 0;
		error_set(err, "out of memory");
	}
	source_close(source);
	return -1;
}

/* The commands are xargs' own; compose is for tags. */
static int open_xargs(struct feed *feed, struct error *err)
{
	feed->planner = xargs_plan_open(feed->options->xargs_line, feed->options->dry_run, err);
	if (feed->planner == NULL)
		return -1;
	feed->compose = compose_new(feed->options, &feed->header, err);
	return feed->compose == NULL ? -1 : 0;
}

/* The command is run as it is; compose is for tags. */
static int open_once(struct feed *feed, struct error *err)
{
	const struct options *o = feed->options;

	feed->compose = compose_new(o, &feed->header, err);
	if (feed->compose == NULL)
		return -1;
	feed->planner = plan_once_open(o->command, o->ncommand);
	return feed->planner == NULL ? error_no_memory(err) : 0;
}

struct feed *feed_new(const struct options *options, struct error *err)
{
	struct feed *feed = calloc(1, sizeof *feed);
	int result;

	if (feed == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	feed->options = options;
	result = options->xargs_line != NULL ? open_xargs(feed, err)
	    : options->once ? open_once(feed, err) : open_input(feed, err);
	if (result == 0)
		return feed;
	feed_free(feed);
	return NULL;
}

void feed_close(struct feed *feed)
{
	planner_close(feed->planner);
	journal_median_close(feed->median);
	feed->planner = NULL;
	feed->median = NULL;
	feed->ended = true;
}

void feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	feed_close(feed);
	compose_free(feed->compose);
	header_release(&feed->header);
	free(feed->env);
	free(feed);
}

int feed_check(struct feed *feed, struct covey *ex, struct error *err)
{
	/* who stands for another program or for the command fails as that does */
	return feed->options->xargs_line != NULL || feed->options->once ? 0 : compose_check(feed->compose, ex, err);
}

/* ---- the journal's planners ---- */

/* The tasks are the journal's, and the input is not read. */
static int take_from_journal(struct feed *feed, struct error *err)
{
	struct planner *planner = plan_recorded_open(feed->options, feed->compose, feed->journal);

	if (planner == NULL)
		return error_set(err, "out of memory");
	planner_close(feed->planner);
	feed->planner = planner;
	return 0;
}

static int expected_seconds(void *arg, const struct plan *plan, double *seconds, struct error *err)
{
	struct feed *feed = arg;
	struct error why;

	if (journal_median_of(feed->median, &plan->key, seconds, &why) == 0)
		return 0;
	return journal_is_unusable(feed->journal, &why, err);
}

static int put_longest_first(struct feed *feed, struct error *err)
{
	struct planner *planner;
	struct error why;

	feed->median = journal_median_open(journal_database(feed->journal), &why);
	if (feed->median == NULL)
		return journal_is_unusable(feed->journal, &why, err);
	planner = plan_longest_open(feed->planner, expected_seconds, feed);
	if (planner == NULL)
		return error_set(err, "out of memory");
	feed->planner = planner;
	return 0;
}

int feed_use_journal(struct feed *feed, struct journal *journal, struct error *err)
{
	const struct options *o = feed->options;
	struct planner *planner;

	feed->journal = journal;
	if (o->recovery == RECOVERY_RETRY_FAILED)
		return take_from_journal(feed, err);
	if (o->xargs_line == NULL && !o->once)
		plan_source_make_others(feed->planner);
	planner = plan_history_open(feed->planner, o, journal, err);
	if (planner == NULL)
		return -1;
	feed->planner = planner;
	return o->order == ORDER_LONGEST ? put_longest_first(feed, err) : 0;
}

/* ---- submitting ---- */

static enum covey_next fail(struct feed *feed)
{
	feed->failed = true;
	return COVEY_NEXT_END;
}

/* COVEY_TASK is the number in the input, not that among those that are run. */
static int set_number(struct feed *feed, struct covey_command *command, uint64_t number)
{
	const char **env;
	size_t n = 0;

	while (command->env != NULL && command->env[n] != NULL)
		n++;
	env = reallocarray(feed->env, n + 2, sizeof *env);
	if (env == NULL)
		return -1;
	feed->env = env;
	snprintf(feed->task_variable, sizeof feed->task_variable, "COVEY_TASK=%llu",
	    (unsigned long long)number);
	env[0] = feed->task_variable;
	if (n > 0)
		memcpy(env + 1, command->env, n * sizeof *env);
	env[n + 1] = NULL;
	command->env = env;
	return 0;
}

static struct origin *remember(struct feed *feed, const struct plan *plan)
{
	const char *tag;

	return compose_tag(feed->compose, plan, &tag) == 0 ? origin_new(plan, tag) : NULL;
}

static int submit(struct feed *feed, struct covey *ex, const struct plan *plan)
{
	struct origin *origin = remember(feed, plan);
	struct covey_command command = plan->command;
	struct covey_error why;

	if (origin == NULL || (plan->number != feed->nsubmitted + 1
	    && set_number(feed, &command, plan->number) != 0)) {
		free(origin);
		return error_set(&feed->error, "out of memory");
	}
	command.user = origin;
	/* as planned: the number above is no setting of the task's own */
	origin->command = &plan->command;
	if (covey_submit(ex, &command, NULL, &why) != 0) {
		free(origin);
		return error_set(&feed->error, "%s", why.message);
	}
	origin->command = NULL;
	feed->nsubmitted++;
	return 0;
}

/* ---- the next task ---- */

static void on_readable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct feed *feed = user;

	(void)events;
	feed->watching = false;
	/* level-triggered: it is watched only while something is wanted */
	if (covey_watch(ex, fd, 0, NULL, NULL, NULL) == 0)
		planner_ready(feed->planner);
	if (feed->readable != NULL)
		feed->readable(feed->readable_arg);
	else
		covey_pull(ex);
}

/* Has the input watched. False: there is no need to wait; or, where feed->failed is set, no use. */
static bool wait_for_input(struct feed *feed, struct covey *ex)
{
	struct covey_error why;

	if (feed->watching)
		return true;
	if (covey_watch(ex, planner_fd(feed->planner), EPOLLIN, on_readable, feed, &why) == 0) {
		feed->watching = true;
		return true;
	}
	/* epoll takes no device that is always ready, such as /dev/null or /dev/zero */
	if (why.sys_errno == EPERM) {
		planner_ready(feed->planner);
		return false;
	}
	error_set(&feed->error, "cannot read '%s': %s", planner_name(feed->planner),
	    strerror(why.sys_errno));
	feed->failed = true;
	return false;
}

/* Asks the planners, and notes what there is. */
static enum plan_result ask(struct feed *feed, struct plan *plan)
{
	enum plan_result result = planner_next(feed->planner, plan, &feed->error);

	feed->found |= result == PLAN_TASK || result == PLAN_LEFT_OUT || result == PLAN_OTHERS
	    || result == PLAN_REFUSED;
	feed->ended |= result == PLAN_END;
	feed->empty |= result == PLAN_END && !feed->found;
	return result;
}

/* What one plan leads to; COVEY_NEXT_LATER with *again: nothing, ask for the next. */
static enum covey_next pull(struct feed *feed, struct covey *ex, bool *again)
{
	struct plan plan;

	*again = false;
	switch (ask(feed, &plan)) {
	case PLAN_TASK:
		return submit(feed, ex, &plan) == 0 ? COVEY_NEXT_MORE : fail(feed);
	case PLAN_LEFT_OUT:
		if (feed->left_out != NULL)
			feed->left_out(feed->left_out_arg, plan.place);
		break;
	case PLAN_REFUSED:
		if (feed->refused != NULL)
			feed->refused(feed->refused_arg, feed->error.message);
		break;
	case PLAN_OTHERS:
	case PLAN_AGAIN:
		break;
	case PLAN_LATER:
		if (wait_for_input(feed, ex))
			return COVEY_NEXT_LATER;
		if (feed->failed)
			return COVEY_NEXT_END;
		break;
	case PLAN_END:
		return COVEY_NEXT_END;
	case PLAN_BAD:
		return fail(feed);
	}
	*again = true;
	return COVEY_NEXT_LATER;
}

enum covey_next feed_next(struct feed *feed, struct covey *ex)
{
	enum covey_next result;
	bool again;

	if (feed->ended || feed->failed)
		return COVEY_NEXT_END;
	for (int i = 0; i < MOST_ASKED; i++) {
		result = pull(feed, ex, &again);
		if (!again)
			return result;
	}
	covey_pull(ex);
	return COVEY_NEXT_LATER;
}

void feed_on_left_out(struct feed *feed, feed_left_out *left_out, void *arg)
{
	feed->left_out = left_out;
	feed->left_out_arg = arg;
}

void feed_on_refused(struct feed *feed, feed_refused *refused, void *arg)
{
	feed->refused = refused;
	feed->refused_arg = arg;
}

void feed_on_readable(struct feed *feed, feed_readable *readable, void *arg)
{
	feed->readable = readable;
	feed->readable_arg = arg;
}

bool feed_waits(const struct feed *feed)
{
	return feed->watching;
}

bool feed_is_empty(const struct feed *feed)
{
	/* xargs has a rule of its own, and a journal without failures is good news */
	return feed->empty && feed->options->xargs_line == NULL
	    && feed->options->recovery != RECOVERY_RETRY_FAILED;
}

bool feed_has_more(const struct feed *feed)
{
	/* one source of several may have none, and the others are not read */
	return !feed->empty && planner_has_more(feed->planner);
}

bool feed_is_used_up(struct feed *feed)
{
	enum plan_result result = PLAN_AGAIN;
	struct plan plan;
	struct error why;

	if (feed->failed || feed->ended)
		return feed->ended;
	for (int i = 0; i < MOST_ASKED; i++) {
		result = planner_next(feed->planner, &plan, &why);
		if (result == PLAN_LATER ? !planner_poll(feed->planner)
		    : result != PLAN_AGAIN && result != PLAN_OTHERS && result != PLAN_LEFT_OUT)
			break;
	}
	return result == PLAN_END;
}

const char *feed_error(const struct feed *feed)
{
	return feed->failed ? feed->error.message : NULL;
}

/* ---- tasks ---- */

bool feed_prepares(const struct feed *feed)
{
	return compose_uses_slot(feed->compose);
}

const char *const *feed_prepare(struct feed *feed, const struct covey_task *task, unsigned slot)
{
	const struct origin *origin = task->user;

	return compose_argv(feed->compose, &origin->record, origin->number, slot);
}

void feed_finished(const struct covey_task *task)
{
	free(task->user);
}

/* ---- without running anything ---- */

int feed_dry(struct feed *feed, const char *const **argv, struct error *err)
{
	enum plan_result result;
	struct plan plan;

	do {
		result = ask(feed, &plan);
		if (result == PLAN_LATER)
			planner_wait(feed->planner);
	} while (result == PLAN_LATER || result == PLAN_AGAIN || result == PLAN_OTHERS);
	*argv = result == PLAN_TASK ? plan.command.argv : NULL;
	*err = feed->error;
	if (result == PLAN_TASK || result == PLAN_REFUSED)
		return 1;
	return result == PLAN_END ? 0 : -1;
}
