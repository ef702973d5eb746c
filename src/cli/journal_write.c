/*
 * When rows are written. A task's and an attempt's are both inserted once and changed once, and for a
 * task that is over before anybody has asked for them that is twice the work: so what has been queued
 * or started is only remembered, until it is settled or has ended.
 */
#include "journal_write.h"

#include <bsd/stdlib.h>
#include <bsd/sys/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "journal_rows.h"

enum {
	TAIL_BYTES = 64 << 10,   /* of an attempt's stderr */
	MOST_ENTRIES = 256       /* tasks that are only remembered */
};

/* A task without a row. It has not finished, and so what the executor has of it is there. */
struct entry {
	TAILQ_ENTRY(entry) link;
	const struct covey_task *task;
	struct journal_task what;    /* name and input follow; command is NULL: nothing of its own */
};

TAILQ_HEAD(entries, entry);

/* What runs in a slot. */
struct running {
	const struct covey_task *task;   /* NULL: nothing */
	struct entry *entry;         /* NULL: the task has a row */
	int64_t row;
	bool written;                /* that row is there */
	bool pid_due;                /* … without the pid */
	unsigned number;
	pid_t pid;
	double started;
};

struct journal_writer {
	struct rows rows;
	int64_t run, series;
	int64_t task_base;           /* a task's row is this and its number in the executor */
	int64_t next_attempt;
	bool starting;               /* that one's row is there, and it is not known to have started */
	struct entries waiting;      /* tasks that have not been started */
	unsigned nwaiting;
	struct running *running;     /* from slot 1 on */
	unsigned nslots;
	unsigned ndue;               /* attempts without row or pid */
	const struct journal_task *announced;
	struct room words, line;
	char uid[17];
	char tail[TAIL_BYTES];
	bool captures;
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

/* ---- setting up ---- */

struct journal_writer *journal_writer_new(const struct journal_db *db, struct cli_error *err)
{
	struct journal_writer *w = calloc(1, sizeof *w);

	if (w == NULL) {
		cli_error_set(err, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&w->waiting);
	snprintf(w->uid, sizeof w->uid, "%08x%08x", arc4random(), arc4random());
	if (rows_init(&w->rows, db, err) == 0)
		return w;
	journal_writer_free(w);
	return NULL;
}

static void free_entries(struct journal_writer *w)
{
	struct entry *entry;

	while ((entry = TAILQ_FIRST(&w->waiting)) != NULL) {
		TAILQ_REMOVE(&w->waiting, entry, link);
		free(entry);
	}
	for (unsigned i = 0; i < w->nslots; i++)
		free(w->running[i].entry);
}

void journal_writer_free(struct journal_writer *w)
{
	if (w == NULL)
		return;
	free_entries(w);
	rows_release(&w->rows);
	free(w->words.at);
	free(w->line.at);
	free(w->running);
	free(w);
}

/* ---- runs ---- */

static int find_rowids(struct journal_writer *w)
{
	int64_t run = 0, attempt = 0;

	if (rows_ask(&w->rows, "SELECT max(id) FROM run", &run) != 0
	    || rows_ask(&w->rows, "SELECT max(id) FROM task", &w->task_base) != 0
	    || rows_ask(&w->rows, "SELECT max(id) FROM attempt", &attempt) != 0)
		return -1;
	w->run = run + 1;
	w->next_attempt = attempt + 1;
	return 0;
}

static int add_run(struct journal_writer *w, const struct journal_run *run)
{
	sqlite3_stmt *s = w->rows.statements[ROWS_ADD_RUN];
	char host[256] = "", *cwd = getcwd(NULL, 0);
	int result;

	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	if (room_join(&w->words, run->argv) != 0 || room_quote(&w->line, run->argv) != 0) {
		free(cwd);
		return rows_out_of_memory(&w->rows);
	}
	sqlite3_bind_int64(s, 1, w->run);
	sqlite3_bind_int64(s, 2, w->series);
	rows_bind_text(s, 3, run->recovery);
	rows_bind_text(s, 4, w->uid);
	sqlite3_bind_double(s, 5, wall_clock());
	rows_bind_blob(s, 6, w->words.at, w->words.len);
	journal_db_bind_bytes(s, 7, w->line.at, w->line.len);
	rows_bind_blob(s, 8, run->template, run->template_len);
	rows_bind_text(s, 9, cwd);
	rows_bind_text(s, 10, host);
	rows_bind_text(s, 11, covey_version());
	sqlite3_bind_int64(s, 12, getpid());
	result = rows_run(&w->rows, ROWS_ADD_RUN);
	free(cwd);
	return result;
}

int journal_writer_start(struct journal_writer *w, const struct journal_run *run,
    struct cli_error *err)
{
	if (rows_begin(&w->rows) == 0 && find_rowids(w) == 0) {
		w->series = run->series == 0 ? w->run : run->series;
		w->captures = run->captures;
		if (add_run(w, run) == 0 && rows_commit(&w->rows) == 0)
			return 0;
	}
	*err = w->rows.error;
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

int journal_writer_begin(struct journal_writer *w)
{
	return rows_begin(&w->rows);
}

const char *journal_writer_error(const struct journal_writer *w)
{
	return w->rows.error.message;
}

/* ---- tasks ---- */

void journal_writer_announce(struct journal_writer *w, const struct journal_task *task)
{
	w->announced = task;
}

static void bind_stdin(sqlite3_stmt *s, const struct covey_command *command)
{
	if (command->stdin_source == COVEY_STDIN_FILE)
		rows_bind_text(s, 17, command->stdin_path);
	if (command->stdin_source == COVEY_STDIN_BYTES)
		rows_bind_blob(s, 18, command->stdin_len == 0 ? "" : command->stdin_bytes,
		    command->stdin_len);
}

/* What most tasks have not is left NULL. */
static int bind_own(struct journal_writer *w, sqlite3_stmt *s, const struct covey_command *command)
{
	for (int i = 15; i <= 20; i++)
		sqlite3_bind_null(s, i);
	if (command == NULL)
		return 0;
	if (command->env != NULL) {
		if (room_join(&w->line, command->env) != 0)
			return -1;
		/* the room is used again for the command */
		sqlite3_bind_blob64(s, 16, w->line.at, w->line.len, SQLITE_TRANSIENT);
	}
	rows_bind_text(s, 15, command->cwd);
	bind_stdin(s, command);
	if (command->timeout > 0)
		sqlite3_bind_double(s, 19, seconds(command->timeout));
	rows_bind_positive(s, 20, command->tries);
	return 0;
}

/* How it stands: outcome is NULL while it has not ended, attempt while none has. */
struct standing {
	const char *outcome;
	const struct covey_attempt *attempt;
	int64_t row;                 /* the attempt's; 0: it is known already */
};

static void bind_standing(const struct journal_writer *w, sqlite3_stmt *s,
    const struct covey_task *task, const struct standing *standing)
{
	const struct covey_attempt *attempt = standing->attempt;

	rows_bind_number(s, 1, (uint64_t)w->task_base + task->id);
	rows_bind_text(s, 2, standing->outcome);
	if (attempt != NULL || standing->outcome != NULL)
		sqlite3_bind_int64(s, 3, task->attempts);
	else
		sqlite3_bind_null(s, 3);
	rows_bind_positive(s, 4, standing->row);
	if (attempt != NULL)
		sqlite3_bind_double(s, 5, seconds(attempt->ended - attempt->started));
	else
		sqlite3_bind_null(s, 5);
}

static int add_task(struct journal_writer *w, const struct covey_task *task,
    const struct journal_task *what, const struct standing *standing)
{
	sqlite3_stmt *s = w->rows.statements[ROWS_ADD_TASK];

	if (bind_own(w, s, what->command) != 0 || room_join(&w->words, task->argv) != 0
	    || room_quote(&w->line, task->argv) != 0)
		return rows_out_of_memory(&w->rows);
	bind_standing(w, s, task, standing);
	sqlite3_bind_int64(s, 6, w->run);
	rows_bind_number(s, 7, what->number);
	sqlite3_bind_int64(s, 8, w->series);
	rows_bind_blob(s, 9, what->key.bytes, sizeof what->key.bytes);
	sqlite3_bind_int64(s, 10, what->occurrence);
	rows_bind_text(s, 11, what->name);
	rows_bind_blob(s, 12, w->words.at, w->words.len);
	journal_db_bind_bytes(s, 13, w->line.at, w->line.len);
	if (what->input == NULL)
		sqlite3_bind_null(s, 14);
	else
		journal_db_bind_bytes(s, 14, what->input, what->input_len);
	return rows_run(&w->rows, ROWS_ADD_TASK);
}

static bool is_plain(const struct covey_command *command)
{
	return command->env == NULL && command->cwd == NULL && command->timeout == 0
	    && command->tries == 0 && command->stdin_source != COVEY_STDIN_FILE
	    && command->stdin_source != COVEY_STDIN_BYTES;
}

static struct entry *remember(const struct covey_task *task, const struct journal_task *what)
{
	size_t name_size = what->name == NULL ? 0 : strlen(what->name) + 1;
	struct entry *entry = malloc(sizeof *entry + name_size + what->input_len + 1);
	char *at;

	if (entry == NULL)
		return NULL;
	at = (char *)(entry + 1);
	entry->task = task;
	entry->what = *what;
	entry->what.command = NULL;
	if (what->name != NULL)
		entry->what.name = memcpy(at, what->name, name_size);
	if (what->input != NULL)
		entry->what.input = memcpy(at + name_size, what->input, what->input_len);
	return entry;
}

static void queued(struct journal_writer *w, const struct covey_task *task)
{
	const struct journal_task *what = w->announced;
	struct entry *entry;

	w->announced = NULL;
	if (what == NULL || w->rows.failed)
		return;
	if (!is_plain(what->command) || w->nwaiting >= MOST_ENTRIES) {
		add_task(w, task, what, &(struct standing){ .row = 0 });
		return;
	}
	entry = remember(task, what);
	if (entry == NULL) {
		rows_out_of_memory(&w->rows);
		return;
	}
	TAILQ_INSERT_TAIL(&w->waiting, entry, link);
	w->nwaiting++;
}

/* Those that wait are started in their order, so that it is the first most often. */
static struct entry *take_entry(struct journal_writer *w, const struct covey_task *task)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &w->waiting, link)
		if (entry->task == task) {
			TAILQ_REMOVE(&w->waiting, entry, link);
			w->nwaiting--;
			return entry;
		}
	return NULL;
}

/* Frees it, too; NULL: it has a row. */
static int write_entry(struct journal_writer *w, struct entry *entry, const struct standing *standing)
{
	int result = 0;

	if (entry != NULL)
		result = add_task(w, entry->task, &entry->what, standing);
	free(entry);
	return result;
}

static int write_waiting(struct journal_writer *w)
{
	while (!TAILQ_EMPTY(&w->waiting)) {
		struct entry *entry = take_entry(w, TAILQ_FIRST(&w->waiting)->task);

		if (write_entry(w, entry, &(struct standing){ .row = 0 }) != 0)
			return -1;
	}
	return 0;
}

static void end_task(struct journal_writer *w, struct entry *entry, const struct covey_task *task,
    const struct standing *standing)
{
	if (entry != NULL) {
		write_entry(w, entry, standing);
		return;
	}
	bind_standing(w, w->rows.statements[ROWS_END_TASK], task, standing);
	rows_run(&w->rows, ROWS_END_TASK);
}

/* ---- attempts ---- */

static struct running *in_slot(struct journal_writer *w, unsigned slot)
{
	size_t n = slot + 16UL;
	struct running *running;

	if (slot > w->nslots) {
		running = reallocarray(w->running, n, sizeof *running);
		if (running == NULL) {
			rows_out_of_memory(&w->rows);
			return NULL;
		}
		memset(running + w->nslots, 0, (n - w->nslots) * sizeof *running);
		w->running = running;
		w->nslots = (unsigned)n;
	}
	return &w->running[slot - 1];
}

static int add_attempt(struct journal_writer *w, const struct running *running, unsigned slot)
{
	sqlite3_stmt *s = w->rows.statements[ROWS_ADD_ATTEMPT];

	sqlite3_bind_int64(s, 1, running->row);
	rows_bind_number(s, 2, (uint64_t)w->task_base + running->task->id);
	sqlite3_bind_int64(s, 3, running->number);
	sqlite3_bind_int64(s, 4, slot);
	rows_bind_positive(s, 5, running->pid);
	sqlite3_bind_double(s, 6, running->started);
	return rows_run(&w->rows, ROWS_ADD_ATTEMPT);
}

static bool is_due(const struct running *running)
{
	return running->task != NULL && (!running->written || running->pid_due);
}

static void started(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	struct running *running = in_slot(w, attempt->slot);

	if (running == NULL)
		return;
	*running = (struct running){
		.task = event->task, .entry = take_entry(w, event->task), .row = w->next_attempt++,
		.written = w->starting, .pid_due = attempt->pid > 0, .number = attempt->number,
		.pid = attempt->pid, .started = wall_clock(),
	};
	w->starting = false;
	w->ndue += is_due(running);
}

/* What the row does not have. */
static int write_running(struct journal_writer *w, struct running *running, unsigned slot)
{
	sqlite3_stmt *s = w->rows.statements[ROWS_SET_PID];
	int result = 0;

	if (write_entry(w, running->entry, &(struct standing){ .row = 0 }) != 0)
		result = -1;
	running->entry = NULL;
	if (result == 0 && !running->written) {
		result = add_attempt(w, running, slot);
	} else if (result == 0 && running->pid_due) {
		sqlite3_bind_int64(s, 1, running->row);
		sqlite3_bind_int64(s, 2, running->pid);
		result = rows_run(&w->rows, ROWS_SET_PID);
	}
	w->ndue -= is_due(running);
	running->written = true;
	running->pid_due = false;
	return result;
}

static void bind_size(const struct journal_writer *w, sqlite3_stmt *s, int index,
    const struct covey_output *output)
{
	if (w->captures)
		rows_bind_number(s, index, covey_output_size(output) + covey_output_cut(output, NULL));
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
	rows_bind_text(s, 4, covey_outcome_name(attempt->outcome));
	sqlite3_bind_int(s, 5, attempt->status);
	sqlite3_bind_int(s, 6, attempt->signal);
	if (attempt->outcome == COVEY_SPAWN)
		snprintf(error, 128, "%s: %s", attempt->spawn_step == NULL ? "exec"
		    : attempt->spawn_step, strerror(attempt->sys_errno));
	rows_bind_text(s, 7, attempt->outcome == COVEY_SPAWN ? error : NULL);
	sqlite3_bind_double(s, 8, timeval_seconds(&attempt->usage.ru_utime));
	sqlite3_bind_double(s, 9, timeval_seconds(&attempt->usage.ru_stime));
	sqlite3_bind_int64(s, 10, (sqlite3_int64)attempt->usage.ru_maxrss * 1024);
	rows_bind_text(s, 14, attempt->reason);
	sqlite3_bind_int(s, 15, attempt->leaky);
	sqlite3_bind_int(s, 16, attempt->core_dumped);
	sqlite3_bind_int(s, 17, attempt->oom);
}

/* … and what END_ATTEMPT need not be told. */
static void bind_start(const struct journal_writer *w, sqlite3_stmt *s,
    const struct running *running, unsigned slot)
{
	rows_bind_number(s, 19, (uint64_t)w->task_base + running->task->id);
	sqlite3_bind_int64(s, 20, running->number);
	sqlite3_bind_int64(s, 21, slot);
	sqlite3_bind_double(s, 22, running->started);
}

static void ended(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	struct running *running = in_slot(w, attempt->slot);
	struct standing standing = {
		.outcome = attempt->retry ? NULL : covey_outcome_name(attempt->outcome),
		.attempt = attempt,
	};
	enum rows_statement which;
	char error[128];
	sqlite3_stmt *s;

	if (running == NULL || running->task == NULL)
		return;
	which = running->written ? ROWS_END_ATTEMPT : ROWS_ADD_ENDED;
	s = w->rows.statements[which];
	sqlite3_bind_int64(s, 1, running->row);
	bind_end(s, attempt, error);
	bind_outputs(w, s, attempt);
	rows_bind_positive(s, 18, running->pid);
	if (!running->written)
		bind_start(w, s, running, attempt->slot);
	standing.row = running->row;
	if (rows_run(&w->rows, which) == 0)
		end_task(w, running->entry, event->task, &standing);
	else
		free(running->entry);
	w->ndue -= is_due(running);
	*running = (struct running){ .task = NULL };
}

/* What its last attempt has not told: it was never started, or waited for another. */
static void finished(struct journal_writer *w, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	struct standing standing = {
		.outcome = covey_outcome_name(event->outcome), .attempt = attempt,
	};

	if (attempt == NULL || attempt->retry || attempt->outcome != event->outcome)
		end_task(w, take_entry(w, event->task), event->task, &standing);
}

void journal_writer_event(struct journal_writer *w, const struct covey_event *event)
{
	if (w->rows.failed)
		return;
	switch (event->type) {
	case COVEY_QUEUED:
		queued(w, event->task);
		break;
	case COVEY_STARTED:
		started(w, event);
		break;
	case COVEY_ENDED:
		ended(w, event);
		break;
	case COVEY_FINISHED:
		finished(w, event);
		break;
	case COVEY_SLOW:
	case COVEY_DELAYED:
	case COVEY_LIMITED:
	case COVEY_EXPIRED:
		break;
	}
}

/* ---- what is in the file ---- */

static int forget_start(struct journal_writer *w)
{
	if (!w->starting)
		return 0;
	w->starting = false;
	sqlite3_bind_int64(w->rows.statements[ROWS_DROP_ATTEMPT], 1, w->next_attempt);
	return rows_run(&w->rows, ROWS_DROP_ATTEMPT);
}

static int write_due(struct journal_writer *w)
{
	for (unsigned i = 0; i < w->nslots && w->ndue > 0; i++) {
		struct running *running = &w->running[i];

		if (is_due(running) && write_running(w, running, i + 1) != 0)
			return -1;
	}
	return 0;
}

int journal_writer_settle(struct journal_writer *w)
{
	if (w->rows.failed || forget_start(w) != 0 || write_waiting(w) != 0 || write_due(w) != 0)
		return -1;
	return rows_commit(&w->rows);
}

/*
 * One that cannot be started after all, and is not to be seen as one, leaves a row, which the next one
 * takes.
 */
int journal_writer_starting(struct journal_writer *w, const struct covey_task *task, unsigned slot)
{
	struct running next = {
		.task = task, .row = w->next_attempt, .number = task->attempts,
		.started = wall_clock(),
	};

	if (w->rows.failed || write_waiting(w) != 0 || write_due(w) != 0
	    || add_attempt(w, &next, slot) != 0)
		return -1;
	w->starting = true;
	return rows_commit(&w->rows);
}

bool journal_writer_is_behind(const struct journal_writer *w)
{
	return w->rows.begun || w->starting || w->nwaiting > 0 || w->ndue > 0;
}

/* ---- the end ---- */

int journal_writer_end(struct journal_writer *w, const struct journal_run_end *end)
{
	sqlite3_stmt *s = w->rows.statements[ROWS_END_RUN];

	sqlite3_bind_int64(s, 1, w->run);
	sqlite3_bind_double(s, 2, wall_clock());
	sqlite3_bind_int(s, 3, end->input_read);
	if (end->signal == 0)
		sqlite3_bind_int(s, 4, end->status);
	else
		sqlite3_bind_null(s, 4);
	rows_bind_positive(s, 5, end->signal);
	rows_bind_number(s, 6, end->succeeded);
	rows_bind_number(s, 7, end->failed);
	rows_bind_number(s, 8, end->not_started);
	rows_bind_number(s, 9, end->skipped_succeeded);
	rows_bind_number(s, 10, end->skipped_failed);
	return rows_run(&w->rows, ROWS_END_RUN) == 0 ? journal_writer_settle(w) : -1;
}
