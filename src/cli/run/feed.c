#include "cli/run/feed.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "cli/command/compose.h"
#include "cli/command/jsontask.h"
#include "cli/command/origin.h"
#include "cli/input/chain.h"
#include "cli/input/header.h"
#include "cli/run/journal.h"
#include "cli/run/longest.h"
#include "cli/xargs/xargs_feed.h"

/* What INPUT_AGAIN counts for: it is time for something else. */
enum { MANY = 1000 };

struct feed {
	const struct options *options;
	struct xargs_feed *xargs;       /* has its own input and templates; or NULL */
	struct header header;
	struct source *source;
	struct compose *compose;
	struct jsontask task;           /* with --tasks: that of the last record */
	struct longest *longest;        /* --order longest: what was read, or NULL */
	uint64_t place;                 /* … and the place of what was taken, among all that was read */
	feed_left_out *left_out;
	void *left_out_arg;
	bool keeps_item, watching;
	uint64_t ntasks;                /* made of the input */
	uint64_t nsubmitted;
	unsigned nskipped;
	struct journal *journal;        /* or NULL */
	const char **env;               /* of a task whose number the executor does not know */
	char task_variable[40];
	feed_refused *refused;
	void *refused_arg;
	struct error error;
	bool failed;
};

/*
 * What the command line says is checked before anything is read, but the names of a header are part
 * of it.
 */
static int open_both(struct feed *feed, const struct options *options, struct error *err)
{
	if (options->xargs_line != NULL) {
		feed->xargs = xargs_feed_new(options->xargs_line, options->dry_run, err);
		/* for what tasks remember */
		feed->compose = feed->xargs == NULL ? NULL : compose_new(options, &feed->header, err);
		return feed->compose == NULL ? -1 : 0;
	}
	if (options->order == ORDER_LONGEST) {
		feed->longest = longest_new();
		if (feed->longest == NULL)
			return error_set(err, "out of memory");
	}
	if (options->header)
		feed->source = chain_open(options, &feed->header, err);
	if (options->header && feed->source == NULL)
		return -1;
	feed->compose = compose_new(options, &feed->header, err);
	if (feed->compose == NULL)
		return -1;
	if (!options->header)
		feed->source = chain_open(options, &feed->header, err);
	return feed->source == NULL ? -1 : 0;
}

struct feed *feed_new(const struct options *options, struct error *err)
{
	struct feed *feed = calloc(1, sizeof *feed);

	if (feed == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	feed->options = options;
	if (open_both(feed, options, err) != 0) {
		feed_free(feed);
		return NULL;
	}
	/* where a task's number is not the executor's, it has to be remembered */
	feed->keeps_item = compose_keeps_origin(feed->compose) || options->given[OPT_SHARD]
	    || options->shuf || options->results != NULL;
	return feed;
}

void feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	xargs_feed_free(feed->xargs);
	source_close(feed->source);
	longest_free(feed->longest);
	compose_free(feed->compose);
	header_release(&feed->header);
	jsontask_release(&feed->task);
	free(feed->env);
	free(feed);
}

int feed_check(struct feed *feed, struct covey *ex, struct error *err)
{
	return feed->xargs != NULL ? 0 : compose_check(feed->compose, ex, err);
}

/* ---- the next task ---- */

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

static struct origin *make_item(struct feed *feed, const struct covey_command *command,
    const struct record *record, uint64_t number, const char *name)
{
	const struct record *called = record;
	struct record label;
	struct origin *item;

	if (feed->options->tasks != NULL) {
		if (jsontask_label(&feed->task, command, name, &label) != 0)
			return NULL;
		called = &label;
	}
	item = compose_origin(feed->compose, record, number, called, name);
	if (item != NULL)
		item->place = feed->place;
	return item;
}

static int submit(struct feed *feed, struct covey *ex, struct covey_command *command,
    const struct record *record, uint64_t number, const char *name)
{
	struct covey_error why;
	bool keeps_item = feed->keeps_item || name != NULL;

	if (number != feed->nsubmitted + 1 && set_number(feed, command, number) != 0)
		return error_set(&feed->error, "out of memory");
	if (keeps_item)
		command->user = make_item(feed, command, record, number, name);
	if (keeps_item && command->user == NULL)
		return error_set(&feed->error, "out of memory");
	if (covey_submit(ex, command, NULL, &why) == 0) {
		feed->nsubmitted++;
		return 0;
	}
	free(command->user);
	return error_set(&feed->error, "%s", why.message);
}

static enum journal_answer offer(struct feed *feed, const struct covey_command *command,
    const struct record *record, uint64_t number)
{
	enum journal_answer answer = JOURNAL_RUN;

	if (feed->journal != NULL)
		answer = journal_offer(feed->journal, command, record, number,
		    feed->task.line.name);
	if (answer == JOURNAL_BROKEN)
		error_set(&feed->error, "%s", journal_error(feed->journal));
	return answer;
}

static int use_command(struct feed *feed, struct covey *ex, struct covey_command *command,
    const struct record *record, uint64_t number)
{
	/* the journal looks at what it was offered until the task is submitted */
	struct covey_command on_offer = *command;

	switch (offer(feed, &on_offer, record, number)) {
	case JOURNAL_RUN:
		return submit(feed, ex, command, record, number, feed->task.line.name);
	case JOURNAL_SKIP:
		feed->nskipped++;
		if (feed->left_out != NULL)
			feed->left_out(feed->left_out_arg, feed->place);
		return 0;
	case JOURNAL_END:
	case JOURNAL_BROKEN:
		break;
	}
	return -1;
}

static int read_task(struct feed *feed, const struct record *record, struct covey_command *command)
{
	struct error why;

	if (jsontask_read(&feed->task, record, feed->compose, command, &why) == 0)
		return 0;
	return error_set(&feed->error, "%s:%llu: %s", source_name(feed->source),
	    (unsigned long long)record->line, why.message);
}

static int make_command(struct feed *feed, const struct record *record, uint64_t number,
    struct covey_command *command)
{
	if (feed->options->tasks != NULL)
		return read_task(feed, record, command);
	covey_command_init(command, sizeof *command);
	command->argv = compose_argv(feed->compose, record, number, 1);
	return command->argv != NULL ? 0 : error_set(&feed->error, "out of memory");
}

static int use_record(struct feed *feed, struct covey *ex, const struct record *record,
    uint64_t number)
{
	struct covey_command command;

	if (make_command(feed, record, number, &command) != 0)
		return -1;
	return use_command(feed, ex, &command, record, number);
}

/* --order longest: to be taken when all are known. */
static int put_aside(struct feed *feed, const struct record *record, uint64_t number)
{
	struct covey_command command;
	double seconds;

	if (make_command(feed, record, number, &command) != 0)
		return -1;
	if (journal_expect(feed->journal, &command, feed->task.line.name, &seconds) != 0)
		return error_set(&feed->error, "%s", journal_error(feed->journal));
	if (longest_add(feed->longest, record, number, seconds) != 0)
		return error_set(&feed->error, "out of memory");
	feed->nskipped++;
	return 0;
}

static enum covey_next next_of_longest(struct feed *feed, struct covey *ex)
{
	struct record record;
	uint64_t number;

	if (!longest_take(feed->longest, &record, &number, &feed->place))
		return COVEY_NEXT_END;
	return use_record(feed, ex, &record, number) == 0 ? COVEY_NEXT_MORE : fail(feed);
}

/* The input has ended. */
static enum covey_next end(struct feed *feed)
{
	if (feed->longest == NULL)
		return COVEY_NEXT_END;
	longest_sort(feed->longest);
	return COVEY_NEXT_MORE;
}

static uint64_t next_number(struct feed *feed, const struct record *record)
{
	feed->ntasks = record->number != 0 ? record->number : feed->ntasks + 1;
	return feed->ntasks;
}

static enum covey_next take(struct feed *feed, struct covey *ex, const struct record *record)
{
	uint64_t number = next_number(feed, record);
	int result;

	feed->place = record->place;
	result = feed->longest != NULL ? put_aside(feed, record, number)
	    : use_record(feed, ex, record, number);
	return result == 0 ? COVEY_NEXT_MORE : fail(feed);
}

/*
 * A record of another shard. Of batches nobody knows what it would make there, and with --order the
 * journal sees none of ours before the end.
 */
static int pass_over(struct feed *feed, const struct record *record)
{
	struct covey_command command;

	feed->nskipped++;
	if (feed->journal == NULL || feed->options->max_args != 1 || feed->longest != NULL)
		return 0;
	if (make_command(feed, record, next_number(feed, record), &command) != 0)
		return -1;
	if (journal_pass_over(feed->journal, &command, feed->task.line.name) == JOURNAL_SKIP)
		return 0;
	return error_set(&feed->error, "%s", journal_error(feed->journal));
}

static void on_readable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct feed *feed = user;

	(void)events;
	feed->watching = false;
	/* level-triggered: it is watched only while something is wanted */
	if (covey_watch(ex, fd, 0, NULL, NULL, NULL) == 0)
		source_ready(feed->source);
	covey_pull(ex);
}

static enum covey_next later(struct feed *feed, struct covey *ex)
{
	struct covey_error why;

	if (feed->watching)
		return COVEY_NEXT_LATER;
	if (covey_watch(ex, source_fd(feed->source), EPOLLIN, on_readable, feed, &why) != 0) {
		if (why.sys_errno == EPERM) {
			/* a device that is always ready, such as /dev/null or /dev/zero */
			source_ready(feed->source);
			return COVEY_NEXT_MORE;
		}
		error_set(&feed->error, "cannot read '%s': %s", source_name(feed->source),
		    strerror(why.sys_errno));
		return fail(feed);
	}
	feed->watching = true;
	return COVEY_NEXT_LATER;
}

/* A task from the journal. */
static enum covey_next next_recorded(struct feed *feed, struct covey *ex)
{
	struct covey_command command;
	struct record record;
	const char *name;
	uint64_t number;

	switch (journal_next(feed->journal, &command, &record, &number, &name)) {
	case JOURNAL_RUN:
		if (feed->options->tasks != NULL)
			jsontask_recall(&feed->task, &record);
		return submit(feed, ex, &command, &record, number, name) == 0 ? COVEY_NEXT_MORE : fail(feed);
	case JOURNAL_SKIP:
	case JOURNAL_END:
		return COVEY_NEXT_END;
	case JOURNAL_BROKEN:
		break;
	}
	error_set(&feed->error, "%s", journal_error(feed->journal));
	return fail(feed);
}

static enum covey_next next_of_xargs(struct feed *feed, struct covey *ex)
{
	struct covey_command command;
	struct record record = { .line = feed->ntasks + 1 };
	enum covey_next result = xargs_feed_next(feed->xargs, ex, &command, &record, &feed->error);

	feed->failed = xargs_feed_failed(feed->xargs);
	if (result != COVEY_NEXT_MORE || command.argv == NULL)
		return result;
	return use_command(feed, ex, &command, &record, ++feed->ntasks) == 0 ? COVEY_NEXT_MORE
	    : fail(feed);
}

enum covey_next feed_next(struct feed *feed, struct covey *ex)
{
	struct record record;

	if (feed->journal != NULL && journal_has_tasks(feed->journal))
		return next_recorded(feed, ex);
	if (feed->xargs != NULL)
		return next_of_xargs(feed, ex);
	if (feed->longest != NULL && longest_is_sorted(feed->longest))
		return next_of_longest(feed, ex);

	switch (source_next(feed->source, &record, &feed->error)) {
	case INPUT_RECORD:
		return take(feed, ex, &record);
	case INPUT_REFUSED:
		if (feed->refused != NULL)
			feed->refused(feed->refused_arg, feed->error.message);
		return COVEY_NEXT_MORE;
	case INPUT_LATER:
		return later(feed, ex);
	case INPUT_AGAIN:
		feed->nskipped += MANY;
		return COVEY_NEXT_MORE;
	case INPUT_OTHERS:
		return pass_over(feed, &record) == 0 ? COVEY_NEXT_MORE : fail(feed);
	case INPUT_END:
		return end(feed);
	case INPUT_BAD:
		break;
	}
	return fail(feed);
}

void feed_set_journal(struct feed *feed, struct journal *journal)
{
	feed->journal = journal;
	/* then a task's number is not the executor's */
	feed->keeps_item |= feed->options->recovery != RECOVERY_NONE
	    || feed->options->order == ORDER_LONGEST;
}

unsigned feed_skipped(struct feed *feed)
{
	unsigned n = feed->nskipped;

	feed->nskipped = 0;
	return n;
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

bool feed_has_more(const struct feed *feed)
{
	if (feed->xargs != NULL)
		return xargs_feed_has_more(feed->xargs);
	return source_has_more(feed->source)
	    || (feed->longest != NULL && longest_has_more(feed->longest));
}

bool feed_is_used_up(struct feed *feed)
{
	struct record record;
	struct error why;
	enum input_result result = INPUT_AGAIN;

	if (feed->failed || feed->xargs != NULL
	    || (feed->journal != NULL && journal_has_tasks(feed->journal)))
		return false;
	if (feed->longest != NULL)
		return longest_is_sorted(feed->longest) && !longest_has_more(feed->longest);
	for (int i = 0; i < MANY; i++) {
		result = source_next(feed->source, &record, &why);
		if (result == INPUT_LATER ? !source_poll(feed->source)
		    : result != INPUT_AGAIN && result != INPUT_OTHERS)
			break;
	}
	return result == INPUT_END;
}

struct xargs_feed *feed_xargs(const struct feed *feed)
{
	return feed->xargs;
}

const char *feed_error(const struct feed *feed)
{
	return feed->failed ? feed->error.message : NULL;
}

bool feed_prepares(const struct feed *feed)
{
	return compose_uses_slot(feed->compose);
}

const char *const *feed_prepare(struct feed *feed, const struct covey_task *task, unsigned slot)
{
	const struct origin *item = task->user;

	if (item == NULL || !compose_uses_slot(feed->compose))
		return NULL;
	return compose_argv(feed->compose, &item->record, item->number, slot);
}

void feed_finished(const struct covey_task *task)
{
	free(task->user);
}

static int dry_of_xargs(struct feed *feed, const char *const **argv, struct error *err)
{
	struct covey_command command;
	struct record record;
	enum covey_next result;

	do
		result = xargs_feed_next(feed->xargs, NULL, &command, &record, err);
	while (result == COVEY_NEXT_MORE && command.argv == NULL);
	*argv = command.argv;
	if (result == COVEY_NEXT_MORE)
		return 1;
	return xargs_feed_failed(feed->xargs) ? -1 : 0;
}

int feed_dry(struct feed *feed, const char *const **argv, struct error *err)
{
	struct covey_command command;
	struct record record;
	enum input_result result;

	if (feed->xargs != NULL)
		return dry_of_xargs(feed, argv, err);
	do {
		result = source_next(feed->source, &record, err);
		if (result == INPUT_LATER)
			source_wait(feed->source);
	} while (result == INPUT_LATER || result == INPUT_AGAIN || result == INPUT_OTHERS);
	*argv = NULL;
	if (result == INPUT_REFUSED)
		return 1;
	if (result != INPUT_RECORD)
		return result == INPUT_END ? 0 : -1;
	if (make_command(feed, &record, next_number(feed, &record), &command) != 0) {
		*err = feed->error;
		return -1;
	}
	*argv = command.argv;
	return 1;
}
