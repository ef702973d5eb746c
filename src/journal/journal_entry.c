#include "journal/journal_entry.h"

#include <stdlib.h>
#include <string.h>

static double seconds(covey_nsec duration)
{
	return (double)duration / 1e9;
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
static int bind_own(struct task_rows *t, sqlite3_stmt *s, const struct covey_command *command)
{
	for (int i = 15; i <= 21; i++)
		sqlite3_bind_null(s, i);
	if (command == NULL)
		return 0;
	if (command->env != NULL) {
		if (room_join(&t->line, command->env) != 0)
			return -1;
		/* the room is used again for the command */
		sqlite3_bind_blob64(s, 16, t->line.at, t->line.len, SQLITE_TRANSIENT);
	}
	rows_bind_text(s, 15, command->cwd);
	bind_stdin(s, command);
	if (command->timeout > 0)
		sqlite3_bind_double(s, 19, seconds(command->timeout));
	rows_bind_positive(s, 20, command->tries);
	if (command->retry_interval > 0)
		sqlite3_bind_double(s, 21, seconds(command->retry_interval));
	return 0;
}

static void bind_standing(const struct task_rows *t, sqlite3_stmt *s,
    const struct covey_task *task, const struct standing *standing)
{
	const struct covey_attempt *attempt = standing->attempt;

	rows_bind_number(s, 1, (uint64_t)t->base + task->id);
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

int task_rows_add(struct task_rows *t, const struct covey_task *task,
    const struct journal_task *what, const struct standing *standing)
{
	sqlite3_stmt *s = t->rows->statements[ROWS_ADD_TASK];

	if (bind_own(t, s, what->command) != 0 || room_join(&t->words, task->argv) != 0
	    || room_quote(&t->line, task->argv) != 0)
		return rows_out_of_memory(t->rows);
	bind_standing(t, s, task, standing);
	sqlite3_bind_int64(s, 6, t->run);
	rows_bind_number(s, 7, what->number);
	sqlite3_bind_int64(s, 8, t->series);
	rows_bind_blob(s, 9, what->key.bytes, sizeof what->key.bytes);
	sqlite3_bind_int64(s, 10, what->occurrence);
	rows_bind_text(s, 11, what->name);
	rows_bind_blob(s, 12, t->words.at, t->words.len);
	journal_db_bind_bytes(s, 13, t->line.at, t->line.len);
	if (what->input == NULL)
		sqlite3_bind_null(s, 14);
	else
		journal_db_bind_bytes(s, 14, what->input, what->input_len);
	return rows_run(t->rows, ROWS_ADD_TASK);
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
	bind_standing(t, t->rows->statements[ROWS_END_TASK], task, standing);
	return rows_run(t->rows, ROWS_END_TASK);
}

void task_rows_release(struct task_rows *t)
{
	free(t->words.at);
	free(t->line.at);
}
