#include "feed.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "item.h"
#include "journal.h"
#include "script.h"
#include "source.h"
#include "template.h"
#include "xargs_feed.h"

struct feed {
	const struct options *options;
	struct xargs_feed *xargs;       /* has its own input and templates; or NULL */
	struct source *source;
	struct script *script;
	struct template *template;      /* of the command or script; NULL: records are shell lines */
	struct template *owned;         /* the one that is not the script's */
	struct template *tag;           /* of --tagstring, or NULL */
	struct line_splitter *splitter;
	const char *shell_argv[5];      /* of the last shell line */
	struct covey *ex;               /* to ask whether commands exist; NULL: not yet */
	bool uses_slot, keeps_item, watching;
	uint64_t ntasks;                /* made of the input */
	uint64_t nsubmitted;
	unsigned nskipped;
	struct journal *journal;        /* or NULL */
	const char **env;               /* of a task whose number the executor does not know */
	char task_variable[40];
	feed_refused *refused;
	void *refused_arg;
	struct cli_error error;
	bool failed;
};

static struct template *compile(struct feed *feed, char *const *words, size_t n, bool append,
    struct cli_error *err)
{
	char why[256];
	struct template *t = template_compile(words, n, feed->options->replace, append, why,
	    sizeof why);

	if (t == NULL)
		cli_error_set(err, "%s", why);
	return t;
}

static int compile_script(struct feed *feed, struct cli_error *err)
{
	char why[256];

	feed->script = script_compile(feed->options->script, feed->options->replace, why, sizeof why);
	if (feed->script == NULL)
		return cli_error_set(err, "%s", why);
	feed->template = script_shell(feed->script);
	return 0;
}

static int compile_lines(struct feed *feed, struct cli_error *err)
{
	feed->splitter = line_splitter_new();
	return feed->splitter == NULL ? cli_error_set(err, "out of memory") : 0;
}

static int compile_command(struct feed *feed, struct cli_error *err)
{
	const struct options *o = feed->options;

	if (o->script != NULL)
		return compile_script(feed, err);
	if (o->ncommand == 0)
		return compile_lines(feed, err);
	feed->template = feed->owned = compile(feed, o->command, o->ncommand, true, err);
	return feed->template == NULL ? -1 : 0;
}

static int compile_tag(struct feed *feed, struct cli_error *err)
{
	char *words[1];

	if (feed->options->tagstring == NULL || *feed->options->tagstring == '\0')
		return 0;
	words[0] = (char *)(uintptr_t)feed->options->tagstring;
	feed->tag = compile(feed, words, 1, false, err);
	return feed->tag == NULL ? -1 : 0;
}

struct feed *feed_new(const struct options *options, struct cli_error *err)
{
	struct feed *feed = calloc(1, sizeof *feed);

	if (feed == NULL) {
		cli_error_set(err, "out of memory");
		return NULL;
	}
	feed->options = options;
	if (options->xargs_line != NULL) {
		feed->xargs = xargs_feed_new(options->xargs_line, err);
		if (feed->xargs != NULL)
			return feed;
		feed_free(feed);
		return NULL;
	}
	if (compile_command(feed, err) == 0 && compile_tag(feed, err) == 0)
		feed->source = source_open(options, err);
	if (feed->source == NULL) {
		feed_free(feed);
		return NULL;
	}
	feed->uses_slot = feed->template != NULL && template_uses_slot(feed->template);
	feed->keeps_item = feed->uses_slot || options->tag || feed->tag != NULL;
	return feed;
}

void feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	xargs_feed_free(feed->xargs);
	source_close(feed->source);
	script_free(feed->script);
	template_free(feed->owned);
	template_free(feed->tag);
	line_splitter_free(feed->splitter);
	free(feed->env);
	free(feed);
}

/* ---- can it be run? ---- */

static int cannot_run(const char *name, const struct covey_error *why, struct cli_error *err)
{
	if (strpbrk(name, " \t\n;|&<>$") != NULL && why->sys_errno == ENOENT)
		return cli_error_set(err, "there is no command '%s'; for a shell command line, use "
		    "covey -c '%s'", name, name);
	return cli_error_set(err, "cannot run '%s': %s", name,
	    why->sys_errno == ENOENT ? "there is no such command" : strerror(why->sys_errno));
}

/* covey 'gzip {}': one COMMAND that was meant as a shell command line. */
static int check_line(const struct feed *feed, struct cli_error *err)
{
	static const struct covey_error why = { .sys_errno = ENOENT };
	const char *command = feed->options->command[0];

	if (feed->options->ncommand > 1 || strpbrk(command, " \t\n") == NULL)
		return 0;
	return cannot_run(command, &why, err);
}

int feed_check(struct feed *feed, struct covey *ex, struct cli_error *err)
{
	struct covey_error why;
	struct template *direct;

	feed->ex = ex;
	if (feed->xargs != NULL)
		return 0;
	if (feed->script != NULL) {
		/* a command that is not there is for the shell to complain about */
		direct = script_direct(feed->script);
		if (direct != NULL && template_has_fixed_command(direct)) {
			struct template_values none = { .item = "" };
			const char *const *argv = template_expand(direct, &none);

			if (argv != NULL && covey_find(ex, argv[0], NULL) == 0)
				feed->template = direct;
		}
		return 0;
	}
	if (feed->template == NULL)
		return 0;
	if (!template_has_fixed_command(feed->template))
		return check_line(feed, err);
	if (covey_find(ex, feed->options->command[0], &why) == 0)
		return 0;
	return cannot_run(feed->options->command[0], &why, err);
}

/* ---- the next task ---- */

static const char *const *line_argv(struct feed *feed, const struct record *record)
{
	const char *const *argv = script_split_line(feed->splitter, record->own.text, record->own.len);
	size_t n = 0;

	if (argv != NULL && (feed->ex == NULL || covey_find(feed->ex, argv[0], NULL) == 0))
		return argv;
	feed->shell_argv[n++] = SCRIPT_SHELL;
	feed->shell_argv[n++] = "-c";
	/* sh would take such a line for options */
	if (record->own.text[0] == '-' || record->own.text[0] == '+')
		feed->shell_argv[n++] = "--";
	feed->shell_argv[n++] = record->own.text;
	feed->shell_argv[n] = NULL;
	return feed->shell_argv;
}

static const char *const *argv_for(struct feed *feed, const struct record *record,
    unsigned slot)
{
	struct template_values values = {
		.item = record->own.text, .item_len = record->own.len, .task = feed->ntasks + 1, .slot = slot,
	};

	if (feed->template == NULL)
		return line_argv(feed, record);
	return template_expand(feed->template, &values);
}

/* The tag without the tab that follows it; NULL when memory runs out. */
static const char *tag_for(struct feed *feed, const struct record *record)
{
	struct template_values values = {
		.item = record->own.text, .item_len = record->own.len, .task = feed->ntasks + 1,
	};
	const char *const *words;

	if (feed->tag == NULL)
		return feed->options->tag ? record->own.text : "";
	words = template_expand(feed->tag, &values);
	return words == NULL ? NULL : words[0];
}

/* What the task is to remember, in one block. */
static struct item *remember(struct feed *feed, const struct record *record, uint64_t number)
{
	bool tagged = feed->options->tag || feed->options->tagstring != NULL;
	const char *tag = tagged ? tag_for(feed, record) : "";
	size_t tag_len = tag == NULL ? 0 : strlen(tag);
	struct item *item = tag == NULL ? NULL : malloc(sizeof *item + tag_len + record->own.len + 2);
	char *at;

	if (item == NULL)
		return NULL;
	at = (char *)(item + 1);
	item->number = number;
	item->tag = tagged ? at : NULL;
	item->tag_len = tag_len + 1;
	memcpy(at, tag, tag_len);
	at[tag_len] = '\t';
	item->text = at + tag_len + 1;
	item->len = record->own.len;
	memcpy(at + tag_len + 1, record->own.text, record->own.len + 1);
	return item;
}

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

static int submit(struct feed *feed, struct covey *ex, struct covey_command *command,
    const struct record *record, uint64_t number)
{
	struct covey_error why;

	if (number != feed->nsubmitted + 1 && set_number(feed, command, number) != 0)
		return cli_error_set(&feed->error, "out of memory");
	if (feed->keeps_item && (command->user = remember(feed, record, number)) == NULL)
		return cli_error_set(&feed->error, "out of memory");
	if (covey_submit(ex, command, NULL, &why) == 0) {
		feed->nsubmitted++;
		return 0;
	}
	free(command->user);
	return cli_error_set(&feed->error, "%s", why.message);
}

static enum journal_answer offer(struct feed *feed, const struct covey_command *command,
    const struct record *record)
{
	enum journal_answer answer = JOURNAL_RUN;

	if (feed->journal != NULL)
		answer = journal_offer(feed->journal, command, record, feed->ntasks + 1, NULL);
	if (answer == JOURNAL_BROKEN)
		cli_error_set(&feed->error, "%s", journal_error(feed->journal));
	return answer;
}

static int use_command(struct feed *feed, struct covey *ex, struct covey_command *command,
    const struct record *record)
{
	/* the journal looks at what it was offered until the task is submitted */
	struct covey_command on_offer = *command;

	switch (offer(feed, &on_offer, record)) {
	case JOURNAL_RUN:
		if (submit(feed, ex, command, record, feed->ntasks + 1) != 0)
			return -1;
		break;
	case JOURNAL_SKIP:
		feed->nskipped++;
		break;
	case JOURNAL_END:
	case JOURNAL_BROKEN:
		return -1;
	}
	feed->ntasks++;
	return 0;
}

static int use_record(struct feed *feed, struct covey *ex, const struct record *record)
{
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	command.argv = argv_for(feed, record, 1);
	if (command.argv == NULL)
		return cli_error_set(&feed->error, "out of memory");
	return use_command(feed, ex, &command, record);
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
		cli_error_set(&feed->error, "cannot read '%s': %s", source_name(feed->source),
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
	uint64_t number;

	switch (journal_next(feed->journal, &command, &record, &number)) {
	case JOURNAL_RUN:
		feed->ntasks = number - 1;
		return submit(feed, ex, &command, &record, number) == 0 ? COVEY_NEXT_MORE : fail(feed);
	case JOURNAL_SKIP:
	case JOURNAL_END:
		return COVEY_NEXT_END;
	case JOURNAL_BROKEN:
		break;
	}
	cli_error_set(&feed->error, "%s", journal_error(feed->journal));
	return fail(feed);
}

static enum covey_next next_of_xargs(struct feed *feed, struct covey *ex)
{
	struct covey_command command;
	struct record record = { .line = feed->ntasks + 1 };
	enum covey_next result = xargs_feed_next(feed->xargs, ex, &command, &feed->error);

	feed->failed = xargs_feed_failed(feed->xargs);
	if (result != COVEY_NEXT_MORE || command.argv == NULL)
		return result;
	record_set_one(&record, "", 0);
	return use_command(feed, ex, &command, &record) == 0 ? COVEY_NEXT_MORE : fail(feed);
}

enum covey_next feed_next(struct feed *feed, struct covey *ex)
{
	struct record record;

	if (feed->journal != NULL && journal_has_tasks(feed->journal))
		return next_recorded(feed, ex);
	if (feed->xargs != NULL)
		return next_of_xargs(feed, ex);

	switch (source_next(feed->source, &record, &feed->error)) {
	case INPUT_RECORD:
		return use_record(feed, ex, &record) == 0 ? COVEY_NEXT_MORE : fail(feed);
	case INPUT_REFUSED:
		if (feed->refused != NULL)
			feed->refused(feed->refused_arg, feed->error.message);
		return COVEY_NEXT_MORE;
	case INPUT_LATER:
		return later(feed, ex);
	case INPUT_END:
		return COVEY_NEXT_END;
	case INPUT_BAD:
		break;
	}
	return fail(feed);
}

void feed_set_journal(struct feed *feed, struct journal *journal)
{
	feed->journal = journal;
	/* then a task's number is not the executor's */
	feed->keeps_item |= feed->options->recovery != RECOVERY_NONE;
}

unsigned feed_skipped(struct feed *feed)
{
	unsigned n = feed->nskipped;

	feed->nskipped = 0;
	return n;
}

void feed_on_refused(struct feed *feed, feed_refused *refused, void *arg)
{
	feed->refused = refused;
	feed->refused_arg = arg;
}

bool feed_has_more(const struct feed *feed)
{
	return feed->xargs == NULL && source_has_more(feed->source);
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
	return feed->uses_slot;
}

const char *const *feed_prepare(struct feed *feed, const struct covey_task *task, unsigned slot)
{
	const struct item *item = task->user;
	struct template_values values = { .task = item_number(task), .slot = slot };

	if (!feed->uses_slot || item == NULL)
		return NULL;
	values.item = item->text;
	values.item_len = item->len;
	return template_expand(feed->template, &values);
}

void feed_finished(const struct covey_task *task)
{
	free(task->user);
}

int feed_dry(struct feed *feed, const char *const **argv, struct cli_error *err)
{
	struct record record;
	enum input_result result;

	while ((result = source_next(feed->source, &record, err)) == INPUT_LATER)
		source_wait(feed->source);
	*argv = NULL;
	if (result == INPUT_REFUSED)
		return 1;
	if (result != INPUT_RECORD)
		return result == INPUT_END ? 0 : -1;
	*argv = argv_for(feed, &record, 1);
	feed->ntasks++;
	return *argv == NULL ? cli_error_set(err, "out of memory") : 1;
}
