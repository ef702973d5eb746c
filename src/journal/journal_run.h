/*
 * journal_run - the rows of runs: table run
 */
#ifndef JOURNAL_JOURNAL_RUN_H
#define JOURNAL_JOURNAL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal_rows.h"

/* What is known of a run when it starts. */
struct journal_run {
	int64_t series;               /* the first run that it continues; 0: continues none */
	const char *recovery;         /* "resume" or the like; NULL: continues none */
	const char *const *argv;      /* covey's own */
	const char *template;         /* runs with the same one can continue each other */
	size_t template_len;
	bool captures;                /* its tasks' output goes through covey */
};

/* How it ended. */
struct journal_run_end {
	bool input_read;              /* to its end */
	int status;
	int signal;                   /* that ended it; 0: status counts */
	uint64_t succeeded, failed, not_started;
	uint64_t skipped_succeeded, skipped_failed;
};

struct run_rows {
	struct rows *rows;
	sqlite3_stmt *add, *end;
};

/* Returns 0, or -1 with a message. A struct that is all zero may be released, too. */
int run_rows_init(struct run_rows *r, struct rows *rows, struct error *err);
void run_rows_release(struct run_rows *r);

/* The run starts now; it ends now, and a second call corrects that. Return as rows_run. */
int run_rows_add(struct run_rows *r, int64_t id, const char *uid, const struct journal_run *run);
int run_rows_end(struct run_rows *r, int64_t id, const struct journal_run_end *end);

#endif
