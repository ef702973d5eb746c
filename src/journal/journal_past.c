#include "journal/journal_past.h"

#include <assert.h>
#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/wallclock.h"
#include "journal/journal_sql.h"

struct past {
	const struct journal_db *db;
	int64_t next;
	sqlite3_stmt *lookup, *walk;
	const char **words;       /* argv, then env, of the task that past_next returned last */
};

/* ---- runs ---- */

static char *column_copy(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return strdup(text == NULL ? "" : text);
}

#define RUN(X) \
	X(RUN_SERIES, "series") \
	X(RUN_STARTED, "started") \
	X(RUN_ENDED, "ended") \
	X(RUN_INPUT_READ, "input_read") \
	X(RUN_STATUS, "status") \
	X(RUN_SIGNAL, "signal") \
	X(RUN_COMMAND, "command") \
	X(RUN_CWD, "cwd")

enum { RUN_ID RUN(SQL_NUMBER) };
enum { FIND_TEMPLATE = 1 };

static const struct journal_sql find_run = {
	"SELECT id" RUN(SQL_COLUMN) " FROM run WHERE recovery IS NOT 'retry-failed'"
	" AND (:template IS NULL OR template = :template) ORDER BY id DESC LIMIT 1",
	SQL_PARAMETERS(":template")
};

static int read_run(sqlite3_stmt *s, struct past_run *run, struct error *err)
{
	*run = (struct past_run){
		.id = sqlite3_column_int64(s, RUN_ID),
		.series = sqlite3_column_int64(s, RUN_SERIES),
		.started = sqlite3_column_double(s, RUN_STARTED),
		.ended = sqlite3_column_type(s, RUN_ENDED) != SQLITE_NULL,
		.input_read = sqlite3_column_int(s, RUN_INPUT_READ) != 0,
		.status = sqlite3_column_int(s, RUN_STATUS),
		.signal = sqlite3_column_int(s, RUN_SIGNAL),
		.command = column_copy(s, RUN_COMMAND), .cwd = column_copy(s, RUN_CWD),
	};
	if (run->command != NULL && run->cwd != NULL)
		return 1;
	past_run_release(run);
	return error_set(err, "out of memory");
}

void past_run_release(struct past_run *run)
{
	free(run->command);
	free(run->cwd);
	*run = (struct past_run){ .id = 0 };
}

static int database_error(const struct journal_db *db, struct error *err)
{
	return error_set(err, "cannot read the journal: %s", sqlite3_errmsg(db->db));
}

int past_find(const struct journal_db *db, const char *template, size_t len, struct past_run *run,
    struct error *err)
{
	sqlite3_stmt *s;
	int result = 0;

	if (journal_sql_prepare(db, &find_run, &s, err) != 0)
		return -1;
	if (template != NULL)
		sqlite3_bind_blob64(s, FIND_TEMPLATE, template, len, SQLITE_STATIC);
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		result = read_run(s, run, err);
		break;
	case SQLITE_DONE:
		break;
	default:
		result = database_error(db, err);
		break;
	}
	sqlite3_finalize(s);
	return result;
}

/* Counts the words in a block. False: the block is damaged, as it does not end in NUL. */
static bool count_words(const char *block, size_t len, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < len; i++)
		*n += block[i] == '\0';
	return len == 0 || block[len - 1] == '\0';
}

/* Stores the addresses of the block's words, and NULL after them. Returns the next free place. */
static const char **split(const char **words, const char *block, size_t len)
{
	for (size_t at = 0; at < len; at += strlen(block + at) + 1)
		*words++ = block + at;
	*words++ = NULL;
	return words;
}

static const char **copy_argv(const char *block, size_t len, struct error *err)
{
	const char **words;
	size_t n;

	if (!count_words(block, len, &n) || n == 0) {
		error_set(err, "the command line of its last run is damaged");
		return NULL;
	}
	words = malloc((n + 1) * sizeof *words + len);
	if (words == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	split(words, memcpy(words + n + 1, block, len), len);
	return words;
}

enum { ARGV_ARGV };

/* With --retry-failed, a command line need not have all options. */
static const struct journal_sql find_argv = {
	"SELECT argv FROM run WHERE recovery IS NOT 'retry-failed' ORDER BY id DESC LIMIT 1", NULL
};

const char **past_argv(const struct journal_db *db, struct error *err)
{
	const char **words = NULL;
	sqlite3_stmt *s;

	if (journal_sql_prepare(db, &find_argv, &s, err) != 0)
		return NULL;
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		words = copy_argv(sqlite3_column_blob(s, ARGV_ARGV),
		    (size_t)sqlite3_column_bytes(s, ARGV_ARGV), err);
		break;
	case SQLITE_DONE:
		error_set(err, "the journal has no run");
		break;
	default:
		database_error(db, err);
		break;
	}
	sqlite3_finalize(s);
	return words;
}

/* ---- what has become of tasks ---- */

/* enum past_state, for SQL */
#define UNFINISHED "1"
#define FAILED "2"
#define SUCCEEDED "3"

static_assert(PAST_UNFINISHED == 1 && PAST_FAILED == 2 && PAST_SUCCEEDED == 3, "as above");

/*
 * The last row of a task says what has become of it; but one success counts, wherever it is. This
 * is found out once and kept in a temporary table: an index for it would cost every task another
 * page to write. For the same reason the first run of a series does not count equal tasks, and they
 * are counted here.
 */
static const char make_past[] =
    "CREATE TEMP TABLE past (key BLOB, occurrence INTEGER, id INTEGER NOT NULL,"
    " state INTEGER NOT NULL, PRIMARY KEY (key, occurrence)) WITHOUT ROWID;";

enum { FILL_SERIES = 1, FILL_LAST };

static const struct journal_sql fill_past = {
	"INSERT INTO past (key, occurrence, id, state) SELECT key, occurrence, id,"
	" CASE WHEN outcome = 'success' THEN " SUCCEEDED
	" WHEN outcome IN " PAST_FAILED_OUTCOMES " THEN " FAILED " ELSE " UNFINISHED " END FROM ("
	"SELECT key, occurrence, id, outcome, row_number() OVER (PARTITION BY key, occurrence"
	" ORDER BY outcome IS 'success' DESC, id DESC) AS place FROM ("
	"SELECT key, id, outcome, CASE occurrence WHEN 0 THEN"
	" row_number() OVER (PARTITION BY run, key ORDER BY id) ELSE occurrence END AS occurrence"
	" FROM task WHERE series = :series AND run <= :last)) WHERE place = 1",
	SQL_PARAMETERS(":series", ":last")
};

/* for past_next */
static const char index_past[] =
    "CREATE INDEX temp.past_id ON past (id) WHERE " PAST_NOT_SUCCEEDED;

static int fill(const struct journal_db *db, int64_t series, int64_t last, struct error *err)
{
	sqlite3_stmt *s;
	int result;

	if (journal_db_run(db, make_past, err) != 0
	    || journal_sql_prepare(db, &fill_past, &s, err) != 0)
		return -1;
	sqlite3_bind_int64(s, FILL_SERIES, series);
	sqlite3_bind_int64(s, FILL_LAST, last);
	result = journal_db_step(db, s, err);
	sqlite3_finalize(s);
	return result != 0 ? -1 : journal_db_run(db, index_past, err);
}

enum { COUNT_STATE, COUNT_NUMBER };

static const struct journal_sql count_past = {
	"SELECT state, count(*) FROM past GROUP BY state", NULL
};

int past_count(const struct past *past, uint64_t counts[PAST_NSTATES], struct error *err)
{
	sqlite3_stmt *s;
	int code;

	memset(counts, 0, PAST_NSTATES * sizeof *counts);
	if (journal_sql_prepare(past->db, &count_past, &s, err) != 0)
		return -1;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		counts[sqlite3_column_int(s, COUNT_STATE)] =
		    (uint64_t)sqlite3_column_int64(s, COUNT_NUMBER);
	if (code != SQLITE_DONE)
		database_error(past->db, err);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? 0 : -1;
}

enum { LOOKUP_STATE };
enum { LOOKUP_KEY = 1, LOOKUP_OCCURRENCE };

static const struct journal_sql look_up = {
	"SELECT state FROM past WHERE key = :key AND occurrence = :occurrence",
	SQL_PARAMETERS(":key", ":occurrence")
};

int past_state(struct past *past, const struct journal_key *key, int64_t occurrence,
    enum past_state *state, struct error *err)
{
	sqlite3_stmt *s = past->lookup;
	int code;

	sqlite3_bind_blob(s, LOOKUP_KEY, key->bytes, sizeof key->bytes, SQLITE_STATIC);
	sqlite3_bind_int64(s, LOOKUP_OCCURRENCE, occurrence);
	code = sqlite3_step(s);
	*state = code == SQLITE_ROW ? (enum past_state)sqlite3_column_int(s, LOOKUP_STATE)
	    : PAST_UNKNOWN;
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : database_error(past->db, err);
}

/* ---- tasks to run again ---- */

/* A path of a task that holds wherever the task is run again. */
#define ABSOLUTE(path) "CASE WHEN substr(" path ", 1, 1) IN ('/', x'2f') THEN " path \
	" ELSE coalesce(r.cwd || '/', '') || " path " END"

#define TASK(X) \
	X(TASK_NUMBER, "t.number") \
	X(TASK_KEY, "t.key") \
	X(TASK_OCCURRENCE, "p.occurrence") \
	X(TASK_NAME, "t.name") \
	X(TASK_ARGV, "t.argv") \
	X(TASK_INPUT, "t.input") \
	X(TASK_CWD, "CASE WHEN t.cwd IS NULL THEN r.cwd ELSE " ABSOLUTE("t.cwd") " END") \
	X(TASK_ENV, "t.env") \
	X(TASK_STDIN_FILE, \
	    "CASE WHEN t.stdin_file IS NOT NULL THEN " ABSOLUTE("t.stdin_file") " END") \
	X(TASK_STDIN, "t.stdin") \
	X(TASK_TIMEOUT, "t.timeout") \
	X(TASK_TRIES, "t.tries") \
	X(TASK_RETRY_INTERVAL, "t.retry_interval")

enum { TASK_ID TASK(SQL_NUMBER) };
enum { WALK_AFTER = 1 };

static const struct journal_sql walk = {
	"SELECT t.id" TASK(SQL_COLUMN)
	" FROM past p JOIN task t ON t.id = p.id JOIN run r ON r.id = t.run"
	" WHERE p.id > :after AND p." PAST_NOT_SUCCEEDED " ORDER BY p.id LIMIT 1",
	SQL_PARAMETERS(":after")
};

static const char *column_text(sqlite3_stmt *s, int column, size_t *len)
{
	const char *text = sqlite3_column_blob(s, column);

	*len = (size_t)sqlite3_column_bytes(s, column);
	/* for an empty value SQLite returns NULL */
	return text == NULL && sqlite3_column_type(s, column) != SQLITE_NULL ? "" : text;
}

/* sqlite3_column_text also puts a NUL after a BLOB, which the column may be. */
static const char *column_string(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

static int damaged(const struct past *past, struct error *err)
{
	return error_set(err, "row %lld of its table 'task' is damaged", (long long)past->next);
}

static int read_words(struct past *past, struct covey_command *command, struct error *err)
{
	size_t argv_len, env_len, argc, envc;
	const char *argv = column_text(past->walk, TASK_ARGV, &argv_len);
	const char *env = column_text(past->walk, TASK_ENV, &env_len);
	const char **words;

	if (!count_words(argv, argv_len, &argc) || argc == 0
	    || !count_words(env, env_len, &envc))
		return damaged(past, err);
	words = reallocarray(past->words, argc + envc + 2, sizeof *words);
	if (words == NULL)
		return error_set(err, "out of memory");
	past->words = words;
	command->argv = words;
	words = split(words, argv, argv_len);
	if (env != NULL) {
		command->env = words;
		split(words, env, env_len);
	}
	return 0;
}

static void read_stdin(sqlite3_stmt *s, struct covey_command *command)
{
	command->stdin_path = column_string(s, TASK_STDIN_FILE);
	command->stdin_bytes = column_text(s, TASK_STDIN, &command->stdin_len);
	if (command->stdin_path != NULL)
		command->stdin_source = COVEY_STDIN_FILE;
	else if (command->stdin_bytes != NULL)
		command->stdin_source = COVEY_STDIN_BYTES;
}

static int read_task(struct past *past, struct journal_task *task, struct covey_command *command,
    struct error *err)
{
	sqlite3_stmt *s = past->walk;
	size_t key_len;
	const char *key = column_text(s, TASK_KEY, &key_len);

	past->next = sqlite3_column_int64(s, TASK_ID);
	covey_command_init(command, sizeof *command);
	if (read_words(past, command, err) != 0)
		return -1;
	read_stdin(s, command);
	command->cwd = column_string(s, TASK_CWD);
	command->timeout = nsec_of(sqlite3_column_double(s, TASK_TIMEOUT));
	command->tries = (unsigned)sqlite3_column_int64(s, TASK_TRIES);
	command->retry_interval = nsec_of(sqlite3_column_double(s, TASK_RETRY_INTERVAL));
	*task = (struct journal_task){
		.occurrence = sqlite3_column_int64(s, TASK_OCCURRENCE),
		.number = (uint64_t)sqlite3_column_int64(s, TASK_NUMBER),
		.name = column_string(s, TASK_NAME), .command = command,
	};
	task->input = column_text(s, TASK_INPUT, &task->input_len);
	if (key_len != sizeof task->key.bytes)
		return damaged(past, err);
	memcpy(task->key.bytes, key, key_len);
	return 1;
}

int past_next(struct past *past, struct journal_task *task, struct covey_command *command,
    struct error *err)
{
	sqlite3_stmt *s = past->walk;

	sqlite3_reset(s);
	sqlite3_bind_int64(s, WALK_AFTER, past->next);
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		return read_task(past, task, command, err);
	case SQLITE_DONE:
		return 0;
	default:
		return database_error(past->db, err);
	}
}

void past_rest(struct past *past)
{
	sqlite3_reset(past->walk);
}

/* ---- opening and closing ---- */

struct past *past_open(const struct journal_db *db, int64_t series, int64_t last,
    struct error *err)
{
	struct past *past = calloc(1, sizeof *past);

	if (past == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	past->db = db;
	if (fill(db, series, last, err) == 0
	    && journal_sql_prepare(db, &look_up, &past->lookup, err) == 0
	    && journal_sql_prepare(db, &walk, &past->walk, err) == 0)
		return past;
	past_close(past);
	return NULL;
}

void past_close(struct past *past)
{
	if (past == NULL)
		return;
	sqlite3_finalize(past->lookup);
	sqlite3_finalize(past->walk);
	(void)journal_db_run(past->db, "DROP TABLE IF EXISTS temp.past", &(struct error){ "" });
	free(past->words);
	free(past);
}
