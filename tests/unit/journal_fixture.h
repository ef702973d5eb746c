/* What tests of the journal share: one in a directory of its own, a writer, and events for it. */
#ifndef JOURNAL_FIXTURE_H
#define JOURNAL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covey.h"
#include "journal/journal_db.h"
#include "journal/journal_write.h"

static char fixture_path[64];

struct fixture {
	struct journal_db db;
	struct journal_writer *w;
};

static inline int fixture_set_up(void **state)
{
	struct journal_db_options options = { .durable = false, .shared_memory = true };
	struct fixture *f = calloc(1, sizeof *f);
	struct error err = { "" };

	snprintf(fixture_path, sizeof fixture_path, "/tmp/test_journal.%d", (int)getpid());
	unlink(fixture_path);
	*state = f;
	if (f == NULL || journal_db_open(&f->db, fixture_path, &options, &err) != 0)
		return -1;
	f->w = journal_writer_new(&f->db, &err);
	return f->w == NULL ? -1 : 0;
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	journal_writer_free(f->w);
	journal_db_close(&f->db);
	unlink(fixture_path);
	free(f);
	return 0;
}

/* Begins a run, after the end of the one before; series: 0, or what it continues. */
static inline void fixture_begin(struct fixture *f, int64_t series)
{
	static const char *const argv[] = { "covey", "--journal", "j", "it's", NULL };
	struct journal_run run = {
		.series = series, .recovery = series == 0 ? NULL : "resume", .argv = argv,
		.template = "x", .template_len = 2, .captures = true,
	};
	struct error err = { "" };

	journal_writer_free(f->w);
	f->w = journal_writer_new(&f->db, &err);
	if (f->w == NULL || journal_writer_start(f->w, &run, &err) != 0)
		fail_msg("%s", err.message);
}

/* The first row that a query gives, from the eyes of somebody else, with '|' between columns. */
static inline void fixture_says(const char *sql, const char *want)
{
	char got[4096] = "";
	sqlite3_stmt *s;
	sqlite3 *db;
	size_t len = 0;

	assert_int_equal(sqlite3_open(fixture_path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(s) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(s); i++)
			len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i == 0 ? "" : "|",
			    sqlite3_column_type(s, i) == SQLITE_NULL ? "-"
			    : (const char *)sqlite3_column_text(s, i));
	sqlite3_finalize(s);
	sqlite3_close(db);
	if (strcmp(got, want) != 0)
		fail_msg("%s: wanted '%s', got '%s'", sql, want, got);
}

/* ---- a task, and what becomes of it ---- */

struct fixture_task {
	struct covey_task view;
	struct covey_command command;
	struct covey_attempt attempt;
	const char *argv[3];
};

static inline void fixture_event(struct fixture *f, struct fixture_task *t,
    enum covey_event_type type, enum covey_outcome outcome)
{
	journal_writer_event(f->w, &(struct covey_event){
		.type = type, .task = &t->view, .outcome = outcome,
		.attempt = type == COVEY_QUEUED || t->view.attempts == 0 ? NULL : &t->attempt,
	});
}

/* id: from 1 in each run. */
static inline void fixture_queue(struct fixture *f, struct fixture_task *t, uint64_t id,
    const char *item, int64_t occurrence)
{
	struct journal_task what = {
		.occurrence = occurrence, .number = id, .input = item, .input_len = strlen(item),
	};
	const struct covey_command own = t->command;

	t->argv[0] = "echo";
	t->argv[1] = item;
	t->argv[2] = NULL;
	t->view = (struct covey_task){ .id = id, .argv = t->argv, .tries = 3 };
	if (own.argv == NULL)
		covey_command_init(&t->command, sizeof t->command);
	t->command.argv = t->argv;
	what.key = journal_key_of(&t->command);
	what.command = &t->command;
	journal_writer_queued(f->w, &t->view, &what);
}

static inline void fixture_start(struct fixture *f, struct fixture_task *t, unsigned slot)
{
	t->attempt = (struct covey_attempt){
		.number = ++t->view.attempts, .slot = slot, .pid = 1000 + (pid_t)t->view.id,
	};
	fixture_event(f, t, COVEY_STARTED, COVEY_SUCCESS);
}

static inline void fixture_end(struct fixture *f, struct fixture_task *t, enum covey_outcome outcome,
    bool retry)
{
	t->attempt.outcome = outcome;
	t->attempt.status = outcome == COVEY_EXIT ? 3 : 0;
	t->attempt.retry = retry;
	t->attempt.ended = t->attempt.started + 1500 * COVEY_MSEC;
	fixture_event(f, t, COVEY_ENDED, outcome);
	if (!retry)
		fixture_event(f, t, COVEY_FINISHED, outcome);
}

static inline void fixture_settle(struct fixture *f)
{
	if (journal_writer_settle(f->w) != 0)
		fail_msg("%s", journal_writer_error(f->w));
}

/* All of it at once. */
static inline void fixture_run(struct fixture *f, uint64_t id, const char *item, int64_t occurrence,
    enum covey_outcome outcome)
{
	struct fixture_task t = { .argv = { NULL } };

	fixture_queue(f, &t, id, item, occurrence);
	fixture_start(f, &t, 1);
	fixture_end(f, &t, outcome, false);
	fixture_settle(f);
}

#endif
