#include "cli/run/journal.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/shquote.h"
#include "base/units.h"
#include "cli/options/options_parse.h"
#include "cli/xargs/xargs_begin.h"
#include "journal/journal_db.h"
#include "journal/journal_median.h"
#include "journal/journal_past.h"
#include "journal/journal_write.h"

/* Bytes that are put together. */
struct bytes {
	char *at;
	size_t len, size;
};

struct journal {
	const struct options *options;
	const char *const *argv;
	struct journal_db db;
	struct journal_writer *writer;
	struct past *past;             /* what is continued; NULL: nothing */
	struct journal_median *median; /* NULL: nobody has asked yet */
	int64_t series;
	sqlite3_stmt *occurrence;      /* numbers equal tasks; NULL: they are not numbered */
	struct bytes template;
	struct bytes input;            /* of the task on offer, where it has several items */
	struct journal_task task;      /* on offer */
	struct covey_command command;  /* … and where its command came from the journal */
	struct span *items;
	size_t items_size;
	struct journal_skipped skipped;
	uint64_t succeeded, failed, not_started;
	char *introduction;
	struct error error;
};

/* ---- bytes ---- */

/* Adds a text, and the NUL behind it. */
static int add_text(struct bytes *bytes, const char *text, size_t len)
{
	size_t size = bytes->len + len + 1;
	char *at;

	if (size > bytes->size) {
		at = realloc(bytes->at, size * 2);
		if (at == NULL)
			return -1;
		bytes->at = at;
		bytes->size = size * 2;
	}
	memcpy(bytes->at + bytes->len, text, len);
	bytes->at[size - 1] = '\0';
	bytes->len = size;
	return 0;
}

static int add_word(struct bytes *bytes, const char *word)
{
	return add_text(bytes, word, strlen(word));
}

static int add_words(struct bytes *bytes, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (add_word(bytes, words[i]) != 0)
			return -1;
	return 0;
}

static int add_xargs(struct bytes *t, const struct xargs_options *x)
{
	if (add_word(t, "--xargs") != 0
	    || (x->replace != NULL && (add_word(t, "-I") != 0 || add_word(t, x->replace) != 0)))
		return -1;
	return add_words(t, x->command, x->ncommand);
}

/* What the tasks are made by. Where that is the same, so are tasks of the same input. */
static int make_template(struct journal *j)
{
	const struct options *o = j->options;
	struct bytes *t = &j->template;

	if (o->xargs_line != NULL && add_xargs(t, o->xargs_line) != 0)
		return -1;
	if (o->tasks != NULL && add_word(t, "--tasks") != 0)
		return -1;
	if (o->script != NULL && (add_word(t, "-c") != 0 || add_word(t, o->script) != 0))
		return -1;
	if (add_words(t, o->command, o->ncommand) != 0)
		return -1;
	if (o->replace != NULL && (add_word(t, "-I") != 0 || add_word(t, o->replace) != 0))
		return -1;
	/* so that there is an address even where there is nothing */
	return add_word(t, "");
}

/* ---- what has been ---- */

static void format_time(double seconds, char text[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		text[0] = '\0';
}

static void describe_end(const struct past_run *run, char text[64])
{
	if (!run->ended)
		snprintf(text, 64, "killed");
	else if (run->signal != 0)
		snprintf(text, 64, "stopped by %s", units_signal_name(run->signal));
	else
		snprintf(text, 64, "exit %d", run->status);
}

/* Where it was, if not here: the same command may have meant other files there. */
static void describe_place(const struct past_run *run, char *text, size_t size)
{
	char *here = getcwd(NULL, 0), place[SHQUOTE_LIMIT * 4];

	text[0] = '\0';
	if (here != NULL && run->cwd[0] != '\0' && strcmp(here, run->cwd) != 0) {
		shquote_word_cut(place, sizeof place, run->cwd, SHQUOTE_LIMIT);
		snprintf(text, size, ", in %s", place);
	}
	free(here);
}

static int introduce(struct journal *j, const struct past_run *run, struct error *err)
{
	enum options_recovery how = j->options->recovery;
	const char *left_out = " and are left out", *again = " and are run again";
	uint64_t counts[PAST_NSTATES];
	char started[32], end[64], place[SHQUOTE_LIMIT * 4 + 8];

	if (past_count(j->past, counts, err) != 0)
		return -1;
	format_time(run->started, started);
	describe_end(run, end);
	describe_place(run, place, sizeof place);
	if (asprintf(&j->introduction, "%s run %lld (%s, %s%s): %llu succeeded%s, %llu failed%s%s, "
	    "%llu did not finish%s", how == RECOVERY_RETRY_FAILED ? "retrying" : "resuming",
	    (long long)run->id, started, end, place, (unsigned long long)counts[PAST_SUCCEEDED],
	    counts[PAST_SUCCEEDED] == 0 ? "" : left_out, (unsigned long long)counts[PAST_FAILED],
	    counts[PAST_FAILED] == 0 ? "" : how == RECOVERY_RESUME ? left_out : again,
	    counts[PAST_FAILED] > 0 && how == RECOVERY_RESUME ? " (see --resume-failed)" : "",
	    (unsigned long long)counts[PAST_UNFINISHED],
	    how == RECOVERY_RETRY_FAILED && !run->input_read
	    ? "; what it had not read of its input is not in the journal (see --resume-failed)" : "") >= 0)
		return 0;
	j->introduction = NULL;
	return error_set(err, "out of memory");
}

static int continue_run(struct journal *j, const struct past_run *run, struct error *err)
{
	j->series = run->series;
	j->past = past_open(&j->db, run->series, INT64_MAX, err);
	return j->past == NULL ? -1 : introduce(j, run, err);
}

/* There are runs, but none of this command. */
static int refuse(const struct journal *j, const struct past_run *run, struct error *err)
{
	char started[32], command[SHQUOTE_LIMIT * 4];

	format_time(run->started, started);
	/* the line is quoted already */
	snprintf(command, sizeof command, "%.180s%s", run->command,
	    strlen(run->command) > 180 ? "…" : "");
	return error_set(err, "there is nothing to resume in the journal '%s': it has no run of "
	    "this command; its last, run %lld of %s, was '%s'; leave out '--resume' to begin "
	    "a new run", j->options->journal, (long long)run->id, started, command);
}

static int no_run(struct journal *j, struct error *err)
{
	if (j->options->recovery == RECOVERY_RETRY_FAILED)
		return error_set(err, "there is nothing to retry in the journal '%s': it has no run",
		    j->options->journal);
	if (asprintf(&j->introduction, "there is nothing to resume: the journal '%s' has no run yet",
	    j->options->journal) >= 0)
		return 0;
	j->introduction = NULL;
	return error_set(err, "out of memory");
}

static int find_run(struct journal *j, struct error *err)
{
	struct past_run run = { .id = 0 };
	int found = 0, result = 0;

	if (j->options->recovery != RECOVERY_RETRY_FAILED) {
		found = past_find(&j->db, j->template.at, j->template.len, &run, err);
		if (found > 0)
			result = continue_run(j, &run, err);
	}
	if (found == 0) {
		found = past_find(&j->db, NULL, 0, &run, err);
		if (found > 0)
			result = j->options->recovery == RECOVERY_RETRY_FAILED
			    ? continue_run(j, &run, err) : refuse(j, &run, err);
		else if (found == 0)
			result = no_run(j, err);
	}
	past_run_release(&run);
	return found < 0 ? -1 : result;
}

/* ---- opening and closing ---- */

static int open_all(struct journal *j, struct error *err)
{
	struct journal_db_options options = journal_db_options(j->options->journal,
	    j->options->journal_sync == SYNC_FULL);

	if (make_template(j) != 0)
		return error_set(err, "out of memory");
	if (journal_db_open(&j->db, j->options->journal, &options, err) != 0)
		return -1;
	if (j->options->recovery != RECOVERY_NONE && find_run(j, err) != 0)
		return -1;
	j->writer = journal_writer_new(&j->db, err);
	return j->writer == NULL ? -1 : 0;
}

struct journal *journal_open(const struct options *options, const char *const *argv,
    struct error *err)
{
	struct journal *j = calloc(1, sizeof *j);

	if (j == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	j->options = options;
	j->argv = argv;
	j->db.fd = -1;
	if (open_all(j, err) == 0)
		return j;
	journal_close(j);
	return NULL;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	sqlite3_finalize(j->occurrence);
	journal_median_close(j->median);
	past_close(j->past);
	journal_writer_free(j->writer);
	journal_db_close(&j->db);
	free(j->template.at);
	free(j->input.at);
	free(j->items);
	free(j->introduction);
	free(j);
}

static const char *recovery_word(enum options_recovery recovery)
{
	static const char *const words[] = {
		[RECOVERY_NONE] = NULL,
		[RECOVERY_RESUME] = "resume",
		[RECOVERY_RESUME_FAILED] = "resume-failed",
		[RECOVERY_RETRY_FAILED] = "retry-failed",
	};

	return words[recovery];
}

/*
 * The number of a task among its equals. Those that were left out, or are another shard's, are in no
 * table of this run, and so a run that continues another, or is a shard's, counts in a table of its
 * own, which SQLite keeps in a file. Others need not: their entries are there to be counted by whoever
 * wants to know.
 */
static int prepare_occurrence(struct journal *j, struct error *err)
{
	if (j->past == NULL && !j->options->given[OPT_SHARD])
		return 0;
	if (journal_db_run(&j->db, "CREATE TEMP TABLE seen (key BLOB PRIMARY KEY, n INTEGER NOT NULL)"
	    " WITHOUT ROWID", err) != 0)
		return -1;
	return journal_db_prepare(&j->db, "INSERT INTO seen VALUES (?1, 1) ON CONFLICT (key)"
	    " DO UPDATE SET n = n + 1 RETURNING n", &j->occurrence, err);
}

int journal_start(struct journal *j, struct error *err)
{
	struct journal_run run = {
		.series = j->series, .recovery = recovery_word(j->options->recovery), .argv = j->argv,
		.template = j->template.at, .template_len = j->template.len,
		.captures = !j->options->ungroup,
	};
	struct error why;

	if (prepare_occurrence(j, &why) == 0 && journal_writer_start(j->writer, &run, &why) == 0) {
		j->series = j->series == 0 ? journal_writer_run(j->writer) : j->series;
		return 0;
	}
	return error_set(err, "cannot write the journal '%s': %s", j->options->journal,
	    why.message);
}

const char *journal_run_uid(const struct journal *j)
{
	return journal_writer_uid(j->writer);
}

const char *journal_introduction(const struct journal *j)
{
	return j->introduction;
}

/* ---- what is to be run ---- */

static enum journal_answer broken(struct journal *j, const struct error *why)
{
	error_set(&j->error, "cannot use the journal '%s': %s", j->options->journal, why->message);
	return JOURNAL_BROKEN;
}

static int next_occurrence(struct journal *j, struct error *err)
{
	sqlite3_stmt *s = j->occurrence;
	int result = 0;

	if (s == NULL)
		return 0;
	sqlite3_bind_blob(s, 1, j->task.key.bytes, sizeof j->task.key.bytes, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW)
		j->task.occurrence = sqlite3_column_int64(s, 0);
	else
		result = error_set(err, "%s", sqlite3_errmsg(j->db.db));
	sqlite3_reset(s);
	return result;
}

/* One item as it is, several with a NUL in between. */
static int set_input(struct journal *j, const struct record *record)
{
	size_t i;

	j->task.input = record->items[0].text;
	j->task.input_len = record->items[0].len;
	if (record->nitems == 1)
		return 0;
	j->input.len = 0;
	for (i = 0; i < record->nitems; i++)
		if (add_text(&j->input, record->items[i].text, record->items[i].len) != 0)
			return -1;
	j->task.input = j->input.at;
	j->task.input_len = j->input.len - 1;
	return 0;
}

static bool left_out(struct journal *j, enum past_state state)
{
	switch (state) {
	case PAST_SUCCEEDED:
		j->skipped.succeeded++;
		return true;
	case PAST_FAILED:
		if (j->options->recovery != RECOVERY_RESUME)
			return false;
		j->skipped.failed++;
		return true;
	case PAST_UNKNOWN:
	case PAST_UNFINISHED:
	case PAST_NSTATES:
		break;
	}
	return false;
}

static struct journal_key key_of(const struct covey_command *command, const char *name)
{
	return name != NULL ? journal_key_of_name(name) : journal_key_of(command);
}

enum journal_answer journal_offer(struct journal *j, const struct covey_command *command,
    const struct record *record, uint64_t number, const char *name)
{
	enum past_state state = PAST_UNKNOWN;
	struct error why;

	j->task = (struct journal_task){
		.key = key_of(command, name), .number = number, .name = name, .command = command,
	};
	if (set_input(j, record) != 0) {
		error_set(&why, "out of memory");
		return broken(j, &why);
	}
	if (next_occurrence(j, &why) != 0 || (j->past != NULL
	    && past_state(j->past, &j->task.key, j->task.occurrence, &state, &why) != 0))
		return broken(j, &why);
	if (left_out(j, state))
		return JOURNAL_SKIP;
	journal_writer_announce(j->writer, &j->task);
	return JOURNAL_RUN;
}

enum journal_answer journal_pass_over(struct journal *j, const struct covey_command *command,
    const char *name)
{
	struct error why;

	j->task = (struct journal_task){ .key = key_of(command, name) };
	return next_occurrence(j, &why) == 0 ? JOURNAL_SKIP : broken(j, &why);
}

struct journal_skipped journal_skipped(const struct journal *j)
{
	return j->skipped;
}

int journal_expect(struct journal *j, const struct covey_command *command, const char *name,
    double *seconds)
{
	struct journal_key key = key_of(command, name);
	struct error why;

	if (j->median == NULL)
		j->median = journal_median_open(&j->db, &why);
	if (j->median != NULL && journal_median_of(j->median, &key, seconds, &why) == 0)
		return 0;
	broken(j, &why);
	return -1;
}

/* ---- tasks from the journal ---- */

bool journal_has_tasks(const struct journal *j)
{
	return j->options->recovery == RECOVERY_RETRY_FAILED;
}

/* The items of a task, as set_input has put them together. */
static int split_input(struct journal *j, struct record *record)
{
	const char *at = j->task.input == NULL ? "" : j->task.input, *end = at + j->task.input_len;
	size_t n = 0;

	*record = (struct record){ .bytes = 0 };
	for (;;) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));

		if (n == j->items_size) {
			struct span *items = reallocarray(j->items, n + 8, sizeof *items);

			if (items == NULL)
				return -1;
			j->items = items;
			j->items_size = n + 8;
		}
		j->items[n] = (struct span){ at, (size_t)((stop == NULL ? end : stop) - at) };
		record->bytes += j->items[n++].len;
		if (stop == NULL)
			break;
		at = stop + 1;
	}
	record->items = j->items;
	record->nitems = n;
	record->own = j->items[0];
	return 0;
}

/* Which run it was is in the key only where the task itself had a directory. */
static void stay_here(struct covey_command *command)
{
	char *cwd = getcwd(NULL, 0);

	if (cwd != NULL && command->cwd != NULL && strcmp(cwd, command->cwd) == 0)
		command->cwd = NULL;
	free(cwd);
}

enum journal_answer journal_next(struct journal *j, struct covey_command *command,
    struct record *record, uint64_t *number, const char **name)
{
	struct error why;
	int found;

	if (journal_writer_begin(j->writer) != 0)
		return broken(j, &(struct error){ .message = "it cannot be written" });
	found = past_next(j->past, &j->task, &j->command, &why);
	if (found < 0)
		return broken(j, &why);
	if (found == 0)
		return JOURNAL_END;
	if (split_input(j, record) != 0) {
		error_set(&why, "out of memory");
		return broken(j, &why);
	}
	*number = j->task.number;
	*name = j->task.name;
	*command = j->command;
	stay_here(command);
	journal_writer_announce(j->writer, &j->task);
	return JOURNAL_RUN;
}

/* ---- what happens ---- */

static void count(struct journal *j, const struct covey_event *event)
{
	if (event->outcome == COVEY_SUCCESS)
		j->succeeded++;
	else if (event->attempt == NULL)
		j->not_started++;
	else
		j->failed++;
}

static void on_event(void *self, const struct covey_event *event)
{
	struct journal *j = self;

	journal_writer_event(j->writer, event);
	if (event->type == COVEY_FINISHED)
		count(j, event);
}

struct sink journal_sink(struct journal *j)
{
	return (struct sink) {
		.wants = SINK_WANTS(COVEY_QUEUED) | SINK_WANTS(COVEY_STARTED) | SINK_WANTS(COVEY_ENDED)
		    | SINK_WANTS(COVEY_FINISHED),
		.event = on_event, .self = j,
	};
}

static int check(struct journal *j, int result)
{
	if (result != 0)
		error_set(&j->error, "cannot write the journal '%s': %s", j->options->journal,
		    journal_writer_error(j->writer));
	return result;
}

int journal_starting(struct journal *j, const struct covey_task *task, unsigned slot)
{
	if (j->past != NULL)
		past_rest(j->past);
	return check(j, journal_writer_starting(j->writer, task, slot));
}

int journal_settle(struct journal *j)
{
	if (j->past != NULL)
		past_rest(j->past);
	return check(j, journal_writer_settle(j->writer));
}

bool journal_is_behind(const struct journal *j)
{
	return journal_writer_is_behind(j->writer);
}

const char *journal_error(const struct journal *j)
{
	return j->error.message;
}

int journal_end(struct journal *j, int status, int sig, bool input_read)
{
	struct journal_run_end end = {
		.input_read = input_read, .status = status, .signal = sig,
		.succeeded = j->succeeded, .failed = j->failed, .not_started = j->not_started,
		.skipped_succeeded = j->skipped.succeeded, .skipped_failed = j->skipped.failed,
	};

	if (j->past != NULL)
		past_rest(j->past);
	return check(j, journal_writer_end(j->writer, &end));
}

/* ---- the last run's options ---- */

static int inherit(struct options *options, const char *const *argv, struct error *err)
{
	struct options then;
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	if (xargs_recall(argc, (char *const *)(uintptr_t)argv, &then, err) != 0)
		return -1;
	return options_inherit(options, &then, err);
}

int journal_recall(struct options *options, const char ***argv, struct error *err)
{
	struct journal_db db;
	struct error why;
	int result = -1;

	*argv = NULL;
	if (journal_db_read(&db, options->journal, err) != 0)
		return -1;
	*argv = past_argv(&db, &why);
	if (*argv != NULL)
		result = inherit(options, *argv, &why);
	if (result != 0)
		error_set(err, "cannot take up the last run in the journal '%s': %s",
		    options->journal, why.message);
	journal_db_close(&db);
	return result;
}
