#include "journal_write.h"

#include <assert.h>
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shquote.h"

/* of an attempt's stderr */
enum { TAIL_BYTES = 64 << 10 };

enum statement {
	BEGIN,
	COMMIT,
	ADD_RUN,
	END_RUN,
	ADD_TASK,
	END_TASK,
	ADD_ATTEMPT,
	END_ATTEMPT,
	NSTATEMENTS
};

static const char *const statements[] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ADD_RUN] = "INSERT INTO run (id, series, recovery, uid, started, argv, command, template, cwd,"
	    " host, version, pid) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[END_RUN] = "UPDATE run SET ended = ?2, input_read = ?3, status = ?4, signal = ?5,"
	    " succeeded = ?6, failed = ?7, not_started = ?8, skipped_succeeded = ?9,"
	    " skipped_failed = ?10 WHERE id = ?1",
	[ADD_TASK] = "INSERT INTO task (id, run, number, series, key, occurrence, name, argv, command,"
	    " input, cwd, env, stdin_file, stdin, timeout, tries)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[END_TASK] = "UPDATE task SET outcome = ?2, attempts = ?3,"
	    " last_attempt = coalesce(?4, last_attempt), duration = ?5 WHERE id = ?1",
	[ADD_ATTEMPT] = "INSERT INTO attempt (id, task, number, slot, pid, started)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[END_ATTEMPT] = "UPDATE attempt SET ended = ?2, duration = ?3, outcome = ?4, status = ?5,"
	    " signal = ?6, error = ?7, cpu_user = ?8, cpu_system = ?9, max_rss = ?10,"
	    " stdout_bytes = ?11, stderr_bytes = ?12, stderr_tail = ?13, reason = ?14, leaky = ?15,"
	    " core_dumped = ?16, oom = ?17 WHERE id = ?1",
};

static_assert(sizeof statements / sizeof statements[0] == NSTATEMENTS, "one text for each");

/* Memory that grows as needed and is used again and again. */
struct room {
	char *at;
	size_t len, size;
};

struct journal_writer {
	const struct journal_db *db;
	sqlite3_stmt *statements[NSTATEMENTS];
	int64_t run, series;
	int64_t task_base;           /* a task's row is this and its number in the executor */
	int64_t next_attempt;
	int64_t *attempts;           /* the row of what runs in a slot, from slot 1 on */
	unsigned nslots;
	const struct journal_task *announced;
	struct room words, line;
	char uid[17];
	char tail[TAIL_BYTES];
	bool captures, begun, failed;
	struct cli_error error;
};

static double wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(covey_nsec duration)
{
	return (double)duration / 1e9;
}

static double timeval_seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

/* ---- errors ---- */

static int fail(struct journal_writer *w)
{
	w->failed = true;
	w->begun = false;
	return -1;
}

static int out_of_memory(struct journal_writer *w)
{
	cli_error_set(&w->error, "out of memory");
	return fail(w);
}

static int run_statement(struct journal_writer *w, enum statement which)
{
	if (journal_db_step(w->db, w->statements[which], &w->error) == 0)
		return 0;
	return fail(w);
}

int journal_writer_begin(struct journal_writer *w)
{
	if (w->failed)
		return -1;
	if (w->begun)
		return 0;
	if (run_statement(w, BEGIN) != 0)
		return -1;
	w->begun = true;
	return 0;
}

int journal_writer_commit(struct journal_writer *w)
{
	if (w->failed)
		return -1;
	if (!w->begun)
		return 0;
	if (run_statement(w, COMMIT) != 0)
		return -1;
	w->begun = false;
	return 0;
}

const char *journal_writer_error(const struct journal_writer *w)
{
	return w->error.message;
}

/* ---- texts ---- */

static int reserve(struct room *room, size_t size)
{
	char *at;

	if (size <= room->size)
		return 0;
	at = realloc(room->at, size * 2);
	if (at == NULL)
		return -1;
	room->at = at;
	room->size = size * 2;
	return 0;
}

/* The words one after the other, each with the NUL that ends it. */
static int join(struct room *room, const char *const *words)
{
	room->len = 0;
	for (; *words != NULL; words++) {
		size_t len = strlen(*words) + 1;

		if (reserve(room, room->len + len) != 0)
			return -1;
		memcpy(room->at + room->len, *words, len);
		room->len += len;
	}
	return 0;
}

static int quote(struct room *room, const char *const *argv)
{
	room->len = shquote_argv(room->at, room->size, argv);
	if (room->len < room->size)
		return 0;
	if (reserve(room, room->len + 1) != 0)
		return -1;
	shquote_argv(room->at, room->size, argv);
	return 0;
}

/* NULL is bound as NULL. */
static void bind_text(sqlite3_stmt *s, int index, const char *text)
{
	if (text == NULL)
		sqlite3_bind_null(s, index);
	else
		journal_db_bind_bytes(s, index, text, strlen(text));
}

static void bind_blob(sqlite3_stmt *s, int index, const void *data, size_t len)
{
	sqlite3_bind_blob64(s, index, data, len, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *s, int index, uint64_t n)
{
	sqlite3_bind_int64(s, index, (sqlite3_int64)n);
}

/* ---- setting up ---- */

static int prepare_all(struct journal_writer *w, struct cli_error *err)
{
	int i;

	for (i = 0; i < NSTATEMENTS; i++)
		if (journal_db_prepare(w->db, statements[i], &w->statements[i], err) != 0)
			return -1;
	return 0;
}

struct journal_writer *journal_writer_new(const struct journal_db *db, struct cli_error *err)
{
	struct journal_writer *w = calloc(1, sizeof *w);

	if (w == NULL || reserve(&w->line, 256) != 0) {
		cli_error_set(err, "out of memory");
		free(w);
		return NULL;
	}
	w->db = db;
	snprintf(w->uid, sizeof w->uid, "%08x%08x", arc4random(), arc4random());
	if (prepare_all(w, err) == 0)
		return w;
	journal_writer_free(w);
	return NULL;
}

void journal_writer_free(struct journal_writer *w)
{
	int i;

	if (w == NULL)
		return;
	for (i = 0; i < NSTATEMENTS; i++)
		sqlite3_finalize(w->statements[i]);
	free(w->words.at);
	free(w->line.at);
	free(w->attempts);
	free(w);
}

static int last_rowid(struct journal_writer *w, const char *sql, int64_t *rowid)
{
	sqlite3_stmt *s;
	int result = -1;

	if (journal_db_prepare(w->db, sql, &s, &w->error) != 0)
		return fail(w);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*rowid = sqlite3_column_int64(s, 0);
		result = 0;
	} else {
		cli_error_set(&w->error, "%s", sqlite3_errmsg(w->db->db));
		fail(w);
	}
	sqlite3_finalize(s);
	return result;
}

static int find_rowids(struct journal_writer *w)
{
	int64_t run = 0, attempt = 0;

	if (last_rowid(w, "SELECT max(id) FROM run", &run) != 0
	    || last_rowid(w, "SELECT max(id) FROM task", &w->task_base) != 0
	    || last_rowid(w, "SELECT max(id) FROM attempt", &attempt) != 0)
		return -1;
	w->run = run + 1;
	w->next_attempt = attempt + 1;
	return 0;
}

static int add_run(struct journal_writer *w, const struct journal_run *run)
{
	sqlite3_stmt *s = w->statements[ADD_RUN];
	char host[256] = "", *cwd = getcwd(NULL, 0);
	int result;

	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	if (join(&w->words, run->argv) != 0 || quote(&w->line, run->argv) != 0) {
		free(cwd);
		return out_of_memory(w);
	}
	sqlite3_bind_int64(s, 1, w->run);
	sqlite3_bind_int64(s, 2, w->series);
	bind_text(s, 3, run->recovery);
	bind_text(s, 4, w->uid);
	sqlite3_bind_double(s, 5, wall_clock());
	bind_blob(s, 6, w->words.at, w->words.len);
	journal_db_bind_bytes(s, 7, w->line.at, w->line.len);
	bind_blob(s, 8, run->template, run->template_len);
	bind_text(s, 9, cwd);
	bind_text(s, 10, host);
	bind_text(s, 11, covey_version());
	sqlite3_bind_int64(s, 12, getpid());
	result = run_statement(w, ADD_RUN);
	free(cwd);
	return result;
}

int journal_writer_start(struct journal_writer *w, const struct journal_run *run,
    struct cli_error *err)
{
	if (journal_writer_begin(w) == 0 && find_rowids(w) == 0) {
		w->series = run->series == 0 ? w->run : run->series;
		w->captures = run->captures;
		if (add_run(w, run) == 0 && journal_writer_commit(w) == 0)
			return 0;
	}
	*err = w->error;
	return -1;
}

int64_t journal_writer_run(const struct journal_writer *w)
{
	return w->run;
}

const char *journal_writer_uid(const struct journal_writer *w)
{
	return w->uid;
}

/* ---- tasks ---- */

void journal_writer_announce(struct journal_writer *w, const struct journal_task *task)
{
	w->announced = task;
}

static void bind_stdin(sqlite3_stmt *s, const struct covey_command *command)
{
	bind_text(s, 13, command->stdin_source == COVEY_STDIN_FILE ? command->stdin_path : NULL);
	if (command->stdin_source == COVEY_STDIN_BYTES)
		bind_blob(s, 14, command->stdin_len == 0 ? "" : command->stdin_bytes, command->stdin_len);
	else
		sqlite3_bind_null(s, 14);
}

/* What most tasks have not is left NULL. */
static int bind_own(struct journal_writer *w, sqlite3_stmt *s, const struct covey_command *command)
{
	sqlite3_bind_null(s, 12);
	if (command->env != NULL) {
		if (join(&w->line, command->env) != 0)
			return -1;
		/* the room is used again for the command */
		sqlite3_bind_blob64(s, 12, w->line.at, w->line.len, SQLITE_TRANSIENT);
	}
	bind_text(s, 11, command->cwd);
	bind_stdin(s, command);
	if (command->timeout > 0)
		sqlite3_bind_double(s, 15, seconds(command->timeout));
	else
		sqlite3_bind_null(s, 15);
	if (command->tries > 0)
		sqlite3_bind_int64(s, 16, command->tries);
	else
		sqlite3_bind_null(s, 16);
	return 0;
}

static void queued(struct journal_writer *w, const struct covey_task *task)
{
	const struct journal_task *what = w->announced;
	sqlite3_stmt *s = w->statements[ADD_TASK];

	w->announced = NULL;
	if (what == NULL || journal_writer_begin(w) != 0)
		return;
	if (bind_own(w, s, what->command) != 0 || join(&w->words, task->argv) != 0
	    || quote(&w->line, task->argv) != 0) {
		out_of_memory(w);
		return;
	}
	bind_number(s, 1, (uint64_t)w->task_base + task->id);
	sqlite3_bind_int64(s, 2, w->run);
	bind_number(s, 3, what->number);
	sqlite3_bind_int64(s, 4, w->series);
	bind_blob(s, 5, what->key.bytes, sizeof what->key.bytes);
	sqlite3_bind_int64(s, 6, what->occurrence);
	bind_text(s, 7, what->name);
	bind_blob(s, 8, w->words.at, w->words.len);
	journal_db_bind_bytes(s, 9, w->line.at, w->line.len);
	if (what->input == NULL)
		sqlite3_bind_null(s, 10);
	else
		journal_db_bind_bytes(s, 10, what->input, what->input_len);
	run_statement(w, ADD_TASK);
}

/* outcome: NULL while another attempt is to follow. attempt_row: 0 where it is known already. */
static void end_task(struct journal_writer *w, const struct covey_event *event,
    const char *outcome, int64_t attempt_row)
{
	const struct covey_attempt *attempt = event->attempt;
	sqlite3_stmt *s = w->statements[END_TASK];

	bind_number(s, 1, (uint64_t)w->task_base + event->task->id);
	bind_text(s, 2, outcome);
	sqlite3_bind_int64(s, 3, event->task->attempts);
	if (attempt_row > 0)
		sqlite3_bind_int64(s, 4, attempt_row);
	else
		sqlite3_bind_null(s, 4);
	if (attempt != NULL)
		sqlite3_bind_double(s, 5, seconds(attempt->ended - attempt->started));
	else
		sqlite3_bind_null(s, 5);
	run_statement(w, END_TASK);
}

/* ---- attempts ---- */

static int64_t *slot_row(struct journal_writer *w, unsigned slot)
{
	int64_t *attempts;

	if (slot > w->nslots) {
		attempts = reallocarray(w->attempts, slot + 16UL, sizeof *attempts);
		if (attempts == NULL)
			return NULL;
		memset(attempts + w->nslots, 0, (slot + 16UL - w->nslots) * sizeof *attempts);
		w->attempts = attempts;
		w->nslots = slot + 16;
	}
	return &w->attempts[slot - 1];
}

static void started(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	sqlite3_stmt *s = w->statements[ADD_ATTEMPT];
	int64_t *row = slot_row(w, attempt->slot);

	if (row == NULL) {
		out_of_memory(w);
		return;
	}
	*row = w->next_attempt++;
	sqlite3_bind_int64(s, 1, *row);
	bind_number(s, 2, (uint64_t)w->task_base + event->task->id);
	sqlite3_bind_int64(s, 3, attempt->number);
	sqlite3_bind_int64(s, 4, attempt->slot);
	if (attempt->pid > 0)
		sqlite3_bind_int64(s, 5, attempt->pid);
	else
		sqlite3_bind_null(s, 5);
	sqlite3_bind_double(s, 6, wall_clock());
	run_statement(w, ADD_ATTEMPT);
}

static void bind_size(const struct journal_writer *w, sqlite3_stmt *s, int index,
    const struct covey_output *output)
{
	if (w->captures)
		bind_number(s, index, covey_output_size(output) + covey_output_cut(output, NULL));
	else
		sqlite3_bind_null(s, index);
}

static void bind_outputs(struct journal_writer *w, sqlite3_stmt *s,
    const struct covey_attempt *attempt)
{
	ssize_t n = covey_output_tail(attempt->err, w->tail, sizeof w->tail);

	bind_size(w, s, 11, attempt->out);
	bind_size(w, s, 12, attempt->err);
	if (n > 0)
		journal_db_bind_bytes(s, 13, w->tail, (size_t)n);
	else
		sqlite3_bind_null(s, 13);
}

static void bind_end(sqlite3_stmt *s, const struct covey_attempt *attempt, char error[128])
{
	sqlite3_bind_double(s, 2, wall_clock());
	sqlite3_bind_double(s, 3, seconds(attempt->ended - attempt->started));
	bind_text(s, 4, covey_outcome_name(attempt->outcome));
	sqlite3_bind_int(s, 5, attempt->status);
	sqlite3_bind_int(s, 6, attempt->signal);
	if (attempt->outcome == COVEY_SPAWN)
		snprintf(error, 128, "%s: %s", attempt->spawn_step == NULL ? "exec"
		    : attempt->spawn_step, strerror(attempt->sys_errno));
	bind_text(s, 7, attempt->outcome == COVEY_SPAWN ? error : NULL);
	sqlite3_bind_double(s, 8, timeval_seconds(&attempt->usage.ru_utime));
	sqlite3_bind_double(s, 9, timeval_seconds(&attempt->usage.ru_stime));
	sqlite3_bind_int64(s, 10, (sqlite3_int64)attempt->usage.ru_maxrss * 1024);
	bind_text(s, 14, attempt->reason);
	sqlite3_bind_int(s, 15, attempt->leaky);
	sqlite3_bind_int(s, 16, attempt->core_dumped);
	sqlite3_bind_int(s, 17, attempt->oom);
}

static void ended(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	sqlite3_stmt *s = w->statements[END_ATTEMPT];
	int64_t *row = slot_row(w, attempt->slot);
	char error[128];

	if (row == NULL) {
		out_of_memory(w);
		return;
	}
	sqlite3_bind_int64(s, 1, *row);
	bind_end(s, attempt, error);
	bind_outputs(w, s, attempt);
	if (run_statement(w, END_ATTEMPT) == 0)
		end_task(w, event, attempt->retry ? NULL : covey_outcome_name(attempt->outcome), *row);
}

/* What its last attempt has not told: it was never started, or waited for another. */
static void finished(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (attempt == NULL || attempt->retry || attempt->outcome != event->outcome)
		end_task(w, event, covey_outcome_name(event->outcome), 0);
}

void journal_writer_event(struct journal_writer *w, const struct covey_event *event)
{
	if (event->type == COVEY_QUEUED) {
		queued(w, event->task);
		return;
	}
	if (journal_writer_begin(w) != 0)
		return;
	switch (event->type) {
	case COVEY_STARTED:
		started(w, event);
		break;
	case COVEY_ENDED:
		ended(w, event);
		break;
	case COVEY_FINISHED:
		finished(w, event);
		break;
	case COVEY_QUEUED:
	case COVEY_SLOW:
	case COVEY_DELAYED:
	case COVEY_LIMITED:
	case COVEY_EXPIRED:
		break;
	}
}

/* ---- the end ---- */

int journal_writer_end(struct journal_writer *w, const struct journal_run_end *end)
{
	sqlite3_stmt *s = w->statements[END_RUN];

	if (journal_writer_begin(w) != 0)
		return -1;
	sqlite3_bind_int64(s, 1, w->run);
	sqlite3_bind_double(s, 2, wall_clock());
	sqlite3_bind_int(s, 3, end->input_read);
	if (end->signal == 0)
		sqlite3_bind_int(s, 4, end->status);
	else
		sqlite3_bind_null(s, 4);
	if (end->signal != 0)
		sqlite3_bind_int(s, 5, end->signal);
	else
		sqlite3_bind_null(s, 5);
	bind_number(s, 6, end->succeeded);
	bind_number(s, 7, end->failed);
	bind_number(s, 8, end->not_started);
	bind_number(s, 9, end->skipped_succeeded);
	bind_number(s, 10, end->skipped_failed);
	return run_statement(w, END_RUN) == 0 ? journal_writer_commit(w) : -1;
}
