#include "journal/journal_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/wallclock.h"
#include "journal/journal_sql.h"

/* How far a task is; the id is that of its row. */
#define STANDING(X) \
	X(TASK_ATTEMPTS, "attempts") \
	X(TASK_LAST_ATTEMPT, "last_attempt") \
	X(TASK_DURATION, "duration") \
	X(TASK_ID, "id")

/* What a task is. */
#define TASK(X) \
	X(TASK_RUN, "run") \
	X(TASK_NUMBER, "number") \
	X(TASK_SERIES, "series") \
	X(TASK_KEY, "key") \
	X(TASK_OCCURRENCE, "occurrence") \
	X(TASK_NAME, "name") \
	X(TASK_ARGV, "argv") \
	X(TASK_COMMAND, "command") \
	X(TASK_INPUT, "input")

/* What few tasks set. */
#define OWN(X) \
	X(TASK_CWD, "cwd") \
	X(TASK_ENV, "env") \
	X(TASK_STDIN_FILE, "stdin_file") \
	X(TASK_STDIN, "stdin") \
	X(TASK_TIMEOUT, "timeout") \
	X(TASK_TRIES, "tries") \
	X(TASK_RETRY_INTERVAL, "retry_interval")

enum { TASK_OUTCOME = 1 STANDING(SQL_NUMBER) TASK(SQL_NUMBER) OWN(SQL_NUMBER) };

static const struct journal_sql add_task = {
	"INSERT INTO task (outcome" STANDING(SQL_COLUMN) TASK(SQL_COLUMN) OWN(SQL_COLUMN)
	") VALUES (:outcome" STANDING(SQL_VALUE) TASK(SQL_VALUE) OWN(SQL_VALUE) ")",
	SQL_PARAMETERS(":outcome" STANDING(SQL_NAME) TASK(SQL_NAME) OWN(SQL_NAME))
};

static const struct journal_sql set_task = {
	"UPDATE task SET outcome = :outcome, attempts = :attempts,"
	" last_attempt = coalesce(:last_attempt, last_attempt), duration = :duration"
	" WHERE id = :id",
	SQL_PARAMETERS(":outcome" STANDING(SQL_NAME))
};

enum { LOSE_ID = 1 };

static const struct journal_sql lose_task = {
	"UPDATE task SET outcome = 'lost' WHERE id = :id AND outcome = 'success'",
	SQL_PARAMETERS(":id")
};

int task_rows_init(struct task_rows *t, struct rows *rows, struct error *err)
{
	*t = (struct task_rows){ .rows = rows };
	if (journal_sql_prepare(rows->db, &add_task, &t->add, err) != 0)
		return -1;
	if (journal_sql_prepare(rows->db, &lose_task, &t->lose, err) != 0)
		return -1;
	return journal_sql_prepare(rows->db, &set_task, &t->set, err);
}

void task_rows_release(struct task_rows *t)
{
	sqlite3_finalize(t->add);
	sqlite3_finalize(t->set);
	sqlite3_finalize(t->lose);
	free(t->words.at);
	free(t->line.at);
}

static void bind_stdin(sqlite3_stmt *s, const struct covey_command *command)
{
	if (command->stdin_source == COVEY_STDIN_FILE)
		rows_bind_text(s, TASK_STDIN_FILE, command->stdin_path);
	if (command->stdin_source == COVEY_STDIN_BYTES)
		rows_bind_blob(s, TASK_STDIN, command->stdin_len == 0 ? "" : command->stdin_bytes,
		    command->stdin_len);
}

/* What the task does not set is NULL. */
static int bind_own(struct task_rows *t, sqlite3_stmt *s, const struct covey_command *command)
{
	for (int i = TASK_CWD; i <= TASK_RETRY_INTERVAL; i++)
		sqlite3_bind_null(s, i);
	if (command == NULL)
		return 0;
	if (command->env != NULL) {
		if (room_join(&t->line, command->env) != 0)
			return -1;
		/* the buffer is reused for the command */
		sqlite3_bind_blob64(s, TASK_ENV, t->line.at, t->line.len, SQLITE_TRANSIENT);
	}
	rows_bind_text(s, TASK_CWD, command->cwd);
	bind_stdin(s, command);
	if (command->timeout > 0)
		sqlite3_bind_double(s, TASK_TIMEOUT, seconds_of(command->timeout));
	rows_bind_positive(s, TASK_TRIES, command->tries);
	if (command->retry_interval > 0)
		sqlite3_bind_double(s, TASK_RETRY_INTERVAL, seconds_of(command->retry_interval));
	return 0;
}

static void bind_standing(const struct task_rows *t, sqlite3_stmt *s,
    const struct covey_task *task, const struct standing *standing)
{
	const struct covey_attempt *attempt = standing->attempt;

	rows_bind_number(s, TASK_ID, (uint64_t)t->base + task->id);
	rows_bind_text(s, TASK_OUTCOME, standing->outcome);
	if (attempt != NULL || standing->outcome != NULL)
		sqlite3_bind_int64(s, TASK_ATTEMPTS, task->attempts);
	else
		sqlite3_bind_null(s, TASK_ATTEMPTS);
	rows_bind_positive(s, TASK_LAST_ATTEMPT, standing->row);
	if (attempt != NULL)
		sqlite3_bind_double(s, TASK_DURATION,
		    seconds_of(attempt->ended - attempt->started));
	else
		sqlite3_bind_null(s, TASK_DURATION);
}

int task_rows_add(struct task_rows *t, const struct covey_task *task,
    const struct journal_task *what, const struct standing *standing)
{
	sqlite3_stmt *s = t->add;

	if (bind_own(t, s, what->command) != 0 || room_join(&t->words, task->argv) != 0
	    || room_quote(&t->line, task->argv) != 0)
		return rows_out_of_memory(t->rows);
	bind_standing(t, s, task, standing);
	sqlite3_bind_int64(s, TASK_RUN, t->run);
	rows_bind_number(s, TASK_NUMBER, what->number);
	sqlite3_bind_int64(s, TASK_SERIES, t->series);
	rows_bind_blob(s, TASK_KEY, what->key.bytes, sizeof what->key.bytes);
	sqlite3_bind_int64(s, TASK_OCCURRENCE, what->occurrence);
	rows_bind_text(s, TASK_NAME, what->name);
	rows_bind_blob(s, TASK_ARGV, t->words.at, t->words.len);
	journal_db_bind_bytes(s, TASK_COMMAND, t->line.at, t->line.len);
	if (what->input == NULL)
		sqlite3_bind_null(s, TASK_INPUT);
	else
		journal_db_bind_bytes(s, TASK_INPUT, what->input, what->input_len);
	return rows_run(t->rows, s);
}

int task_rows_lost(struct task_rows *t, int64_t row, bool *changed)
{
	sqlite3_bind_int64(t->lose, LOSE_ID, row);
	if (rows_run(t->rows, t->lose) != 0)
		return -1;
	*changed = sqlite3_changes(t->rows->db->db) > 0;
	return 0;
}

bool entry_is_plain(const struct covey_command *command)
{
	return command->env == NULL && command->cwd == NULL && command->timeout == 0
	    && command->tries == 0 && command->retry_interval == 0
	    && command->stdin_source != COVEY_STDIN_FILE
	    && command->stdin_source != COVEY_STDIN_BYTES;
}

struct entry *entry_new(const struct covey_task *task, const struct journal_task *what)
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

int task_rows_set(struct task_rows *t, const struct covey_task *task,
    const struct standing *standing)
{
	bind_standing(t, t->set, task, standing);
	return rows_run(t->rows, t->set);
}
