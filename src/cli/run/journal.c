#include "cli/run/journal.h"

#include <stdlib.h>

#include "cli/command/origin.h"
#include "cli/run/resume.h"
#include "journal/journal_write.h"

struct journal {
	const struct options *options;
	const char *const *argv;
	struct journal_db db;
	struct resume resume;
	struct journal_writer *writer;
	struct journal_skipped skipped;
	uint64_t succeeded, failed, not_started;
	struct error error;
};

/* ---- opening and closing ---- */

static int open_all(struct journal *j, struct error *err)
{
	struct journal_db_options options = journal_db_options(j->options->journal,
	    j->options->journal_sync == SYNC_FULL);

	if (resume_template(&j->resume) != 0)
		return error_set(err, "out of memory");
	if (journal_db_open(&j->db, j->options->journal, &options, err) != 0)
		return -1;
	if (j->options->recovery != RECOVERY_NONE && resume_find(&j->resume, err) != 0)
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
	j->resume = (struct resume){ .options = options, .db = &j->db };
	if (open_all(j, err) == 0)
		return j;
	journal_close(j);
	return NULL;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	journal_writer_free(j->writer);
	resume_release(&j->resume);
	journal_db_close(&j->db);
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

int journal_start(struct journal *j, struct error *err)
{
	struct journal_run run = {
		.series = j->resume.series, .recovery = recovery_word(j->options->recovery),
		.argv = j->argv,
		.template = j->resume.template, .template_len = j->resume.template_len,
		.captures = !j->options->ungroup,
	};
	struct error why;

	if (journal_writer_start(j->writer, &run, &why) == 0)
		return 0;
	return error_set(err, "cannot write the journal '%s': %s", j->options->journal,
	    why.message);
}

const char *journal_run_uid(const struct journal *j)
{
	return journal_writer_uid(j->writer);
}

const char *journal_introduction(const struct journal *j)
{
	return j->resume.introduction;
}

/* ---- what has been ---- */

const struct journal_db *journal_database(const struct journal *j)
{
	return &j->db;
}

struct past *journal_past(struct journal *j)
{
	return j->resume.past;
}

void journal_skip(struct journal *j, enum past_state state)
{
	if (state == PAST_SUCCEEDED)
		j->skipped.succeeded++;
	else
		j->skipped.failed++;
}

struct journal_skipped journal_skipped(const struct journal *j)
{
	return j->skipped;
}

int journal_is_unusable(const struct journal *j, const struct error *why, struct error *err)
{
	return error_set(err, "cannot use the journal '%s': %s", j->options->journal, why->message);
}

/* ---- what happens ---- */

static void count(struct journal *j, const struct covey_event *event)
{
	if (event->outcome == COVEY_SUCCESS)
		j->succeeded++;
	else if (event->attempt == NULL)
		j->not_started++;
	else if (event->outcome != COVEY_CANCELLED)
		j->failed++;
}

/* The executor tells of a task while it is being submitted: its command is there. */
static void queued(struct journal *j, const struct covey_task *task)
{
	const struct origin *origin = task->user;
	struct span input = origin_input(origin);
	const struct journal_task what = {
		.key = origin->key, .occurrence = origin->occurrence, .number = origin->number,
		.name = origin->name, .input = input.text, .input_len = input.len,
		.command = origin->command,
	};

	journal_writer_queued(j->writer, task, &what);
}

bool journal_lost(struct journal *j, uint64_t task, const char *reason, bool counted)
{
	bool was_success = journal_writer_lost(j->writer, task, reason);

	if (was_success && counted) {
		j->succeeded--;
		j->failed++;
	}
	return was_success;
}

static void on_event(void *self, const struct covey_event *event)
{
	struct journal *j = self;

	if (event->type == COVEY_QUEUED)
		queued(j, event->task);
	journal_writer_event(j->writer, event);
	if (event->type == COVEY_FINISHED)
		count(j, event);
}

struct sink journal_sink(struct journal *j)
{
	return (struct sink) {
		.stage = SINK_RECORD,
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
	return check(j, journal_writer_starting(j->writer, task, slot));
}

int journal_settle(struct journal *j)
{
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

	return check(j, journal_writer_end(j->writer, &end));
}
