#include "journal/journal_run.h"

#include <stdlib.h>
#include <unistd.h>

#include "covey.h"
#include "base/wallclock.h"
#include "journal/journal_sql.h"

#define START(X) \
	X(START_SERIES, "series") \
	X(START_RECOVERY, "recovery") \
	X(START_UID, "uid") \
	X(START_STARTED, "started") \
	X(START_ARGV, "argv") \
	X(START_COMMAND, "command") \
	X(START_TEMPLATE, "template") \
	X(START_CWD, "cwd") \
	X(START_HOST, "host") \
	X(START_VERSION, "version") \
	X(START_PID, "pid")

enum { START_ID = 1 START(SQL_NUMBER) };

static const struct journal_sql add_run = {
	"INSERT INTO run (id" START(SQL_COLUMN) ") VALUES (:id" START(SQL_VALUE) ")",
	SQL_PARAMETERS(":id" START(SQL_NAME))
};

#define END(X) \
	X(END_INPUT_READ, "input_read") \
	X(END_STATUS, "status") \
	X(END_SIGNAL, "signal") \
	X(END_SUCCEEDED, "succeeded") \
	X(END_FAILED, "failed") \
	X(END_NOT_STARTED, "not_started") \
	X(END_SKIPPED_SUCCEEDED, "skipped_succeeded") \
	X(END_SKIPPED_FAILED, "skipped_failed")

enum { END_ENDED = 1 END(SQL_NUMBER), END_ID };

static const struct journal_sql end_run = {
	"UPDATE run SET ended = :ended" END(SQL_SET) " WHERE id = :id",
	SQL_PARAMETERS(":ended" END(SQL_NAME), ":id")
};

int run_rows_init(struct run_rows *r, struct rows *rows, struct error *err)
{
	*r = (struct run_rows){ .rows = rows };
	if (journal_sql_prepare(rows->db, &add_run, &r->add, err) != 0)
		return -1;
	return journal_sql_prepare(rows->db, &end_run, &r->end, err);
}

void run_rows_release(struct run_rows *r)
{
	sqlite3_finalize(r->add);
	sqlite3_finalize(r->end);
}

static int add_with(struct run_rows *r, const struct room *words, const struct room *line)
{
	char host[256] = "", *cwd = getcwd(NULL, 0);
	int result;

	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	sqlite3_bind_double(r->add, START_STARTED, wallclock_seconds());
	rows_bind_blob(r->add, START_ARGV, words->at, words->len);
	journal_db_bind_bytes(r->add, START_COMMAND, line->at, line->len);
	rows_bind_text(r->add, START_CWD, cwd);
	rows_bind_text(r->add, START_HOST, host);
	rows_bind_text(r->add, START_VERSION, covey_version());
	sqlite3_bind_int64(r->add, START_PID, getpid());
	result = rows_run(r->rows, r->add);
	free(cwd);
	return result;
}

int run_rows_add(struct run_rows *r, int64_t id, const char *uid, const struct journal_run *run)
{
	struct room words = { .at = NULL }, line = { .at = NULL };
	int result;

	sqlite3_bind_int64(r->add, START_ID, id);
	sqlite3_bind_int64(r->add, START_SERIES, run->series == 0 ? id : run->series);
	rows_bind_text(r->add, START_RECOVERY, run->recovery);
	rows_bind_text(r->add, START_UID, uid);
	rows_bind_blob(r->add, START_TEMPLATE, run->template, run->template_len);
	if (room_join(&words, run->argv) != 0 || room_quote(&line, run->argv) != 0)
		result = rows_out_of_memory(r->rows);
	else
		result = add_with(r, &words, &line);
	free(words.at);
	free(line.at);
	return result;
}

int run_rows_end(struct run_rows *r, int64_t id, const struct journal_run_end *end)
{
	sqlite3_bind_int64(r->end, END_ID, id);
	sqlite3_bind_double(r->end, END_ENDED, wallclock_seconds());
	sqlite3_bind_int(r->end, END_INPUT_READ, end->input_read);
	if (end->signal == 0)
		sqlite3_bind_int(r->end, END_STATUS, end->status);
	else
		sqlite3_bind_null(r->end, END_STATUS);
	rows_bind_positive(r->end, END_SIGNAL, end->signal);
	rows_bind_number(r->end, END_SUCCEEDED, end->succeeded);
	rows_bind_number(r->end, END_FAILED, end->failed);
	rows_bind_number(r->end, END_NOT_STARTED, end->not_started);
	rows_bind_number(r->end, END_SKIPPED_SUCCEEDED, end->skipped_succeeded);
	rows_bind_number(r->end, END_SKIPPED_FAILED, end->skipped_failed);
	return rows_run(r->rows, r->end);
}
