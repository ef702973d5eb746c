/* What is printed waits for what is on record; for that, descriptor 1 is a file in each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/run/ledger.h"

/* All that a test needs, made for each. */
struct fixture {
	char dir[32], log[64], journal[64], plus[80];
	int saved, out;
	struct covey *ex;
	struct trouble trouble;
	struct outq *q;
	struct sinks sinks;
	struct options options;
	struct ledger r;
};

static const char *const argv[] = { "covey", "x", NULL };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct covey_options options;
	FILE *file = tmpfile();

	if (f == NULL || file == NULL)
		return -1;
	snprintf(f->dir, sizeof f->dir, "/tmp/test_records.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->log, sizeof f->log, "%s/log", f->dir);
	snprintf(f->plus, sizeof f->plus, "+%s", f->log);
	snprintf(f->journal, sizeof f->journal, "%s/journal", f->dir);
	f->out = dup(fileno(file));
	fclose(file);
	fflush(stdout);
	f->saved = dup(STDOUT_FILENO);
	if (f->out < 0 || f->saved < 0 || dup2(f->out, STDOUT_FILENO) < 0)
		return -1;
	covey_options_init(&options, sizeof options);
	f->ex = covey_new(&options, NULL);
	f->q = outq_new(&f->trouble);
	*state = f;
	return f->ex == NULL || f->q == NULL ? -1 : 0;
}

/* What was reported since the last call; or NULL. */
static const char *trouble_of(struct fixture *f)
{
	enum trouble_kind kind;
	const char *what;

	if (!trouble_take(&f->trouble, &kind, &what))
		return NULL;
	assert_int_equal(kind, TROUBLE_RECORDS);
	return what;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_null(trouble_of(f));
	ledger_close(&f->r);
	outq_free(f->q);
	covey_free(f->ex);
	dup2(f->saved, STDOUT_FILENO);
	close(f->saved);
	close(f->out);
	unlink(f->log);
	unlink(f->journal);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int open_records(struct fixture *f, struct error *err)
{
	const struct ledger_setup setup = {
		.options = &f->options, .argv = argv, .q = f->q, .sinks = &f->sinks,
		.trouble = &f->trouble,
	};

	return ledger_open(&f->r, &setup, err);
}

static void open_and_start(struct fixture *f)
{
	struct error err;

	if (open_records(f, &err) != 0 || ledger_start(&f->r, &err) != 0)
		fail_msg("%s", err.message);
}

static off_t printed(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(fstat(f->out, &st), 0);
	return st.st_size;
}

static void print(struct fixture *f)
{
	outq_text(f->q, STDOUT_FILENO, "x", 1);
	outq_flush(f->q);
}

static unsigned lines_of_log(const struct fixture *f)
{
	FILE *file = fopen(f->log, "r");
	unsigned n = 0;
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static void end_task(struct fixture *f)
{
	static const char *const command[] = { "true", NULL };
	struct covey_task task = { .id = 1, .argv = command };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };

	sinks_event(&f->sinks, &(struct covey_event){
		.type = COVEY_ENDED, .task = &task, .attempt = &attempt, .now = covey_now(f->ex),
	});
}

static void without_records_nothing_waits(void **state)
{
	struct fixture *f = *state;
	covey_nsec wait = 77;

	open_and_start(f);
	assert_int_equal(f->sinks.n, 0);
	print(f);
	assert_int_equal(printed(f), 1);
	ledger_settle(&f->r, f->ex);
	ledger_tick(&f->r, f->ex, &wait);
	assert_int_equal(wait, 77);
	ledger_end(&f->r, 0, 0, true);
}

static void what_is_printed_waits_for_the_log(void **state)
{
	struct fixture *f = *state;

	f->options.joblog = f->log;
	open_and_start(f);
	assert_int_equal(f->sinks.n, 1);
	end_task(f);
	print(f);
	assert_int_equal(printed(f), 0);
	assert_int_equal(lines_of_log(f), 1);
	ledger_settle(&f->r, f->ex);
	assert_int_equal(printed(f), 1);
	assert_int_equal(lines_of_log(f), 2);
	/* and again from there on */
	print(f);
	assert_int_equal(printed(f), 1);
	ledger_end(&f->r, 0, 0, true);
	assert_int_equal(printed(f), 2);
}

/* Where covey would wait, it settles first: somebody may be waiting for what is held back. */
static void waiting_settles(void **state)
{
	struct fixture *f = *state;
	covey_nsec wait = COVEY_SEC;

	f->options.joblog = f->log;
	open_and_start(f);
	assert_int_not_equal(covey_next_deadline(f->ex), 0);
	end_task(f);
	print(f);
	ledger_tick(&f->r, f->ex, &wait);
	assert_int_equal(wait, COVEY_SEC);
	assert_int_equal(printed(f), 1);
	assert_int_equal(lines_of_log(f), 2);
}

/* What happens soon after that waits a little, so that more of it is written in one go. */
static void what_follows_closely_waits(void **state)
{
	struct fixture *f = *state;
	covey_nsec wait = -1;
	bool put_off = false;

	f->options.joblog = f->log;
	open_and_start(f);
	/* on a machine that stops for 5 ms at the wrong moment this is seen at another try */
	for (int i = 0; i < 1000 && !put_off; i++) {
		off_t before;

		ledger_settle(&f->r, f->ex);
		before = printed(f);
		end_task(f);
		print(f);
		wait = i % 2 == 0 ? -1 : COVEY_SEC;
		ledger_tick(&f->r, f->ex, &wait);
		put_off = printed(f) == before;
	}
	assert_true(put_off);
	assert_true(wait > 0 && wait <= 5 * COVEY_MSEC);
	wait = 1;
	for (off_t before = printed(f); printed(f) == before;)
		ledger_tick(&f->r, f->ex, &wait);
	assert_int_equal(wait, 1);
	/* and what has no record has nothing to wait for */
	wait = COVEY_SEC;
	for (off_t before = printed(f); printed(f) == before;) {
		print(f);
		ledger_tick(&f->r, f->ex, &wait);
	}
	assert_int_equal(wait, COVEY_SEC);
}

static int attempts_on_record(const struct fixture *f)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	int n;

	assert_int_equal(sqlite3_open(f->journal, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM attempt", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* Starts are on record before they happen, but for a flood of them. */
static void starts_are_on_record(void **state)
{
	static const char *const command[] = { "true", NULL };
	struct fixture *f = *state;
	struct covey_task task = { .argv = command, .attempts = 1 };
	struct covey_attempt attempt = { .number = 1, .pid = 1 };
	unsigned n;

	f->options.journal = f->journal;
	open_and_start(f);
	for (n = 1; n <= 10000; n++) {
		task.id = n;
		attempt.slot = n;
		ledger_starting(&f->r, f->ex, &task, n);
		if (n <= 64)
			assert_int_equal(attempts_on_record(f), n);
		sinks_event(&f->sinks, &(struct covey_event){
			.type = COVEY_STARTED, .task = &task, .attempt = &attempt,
		});
	}
	assert_in_range(attempts_on_record(f), 64, 9999);
	ledger_settle(&f->r, f->ex);
	assert_int_equal(attempts_on_record(f), 10000);
}

static void a_journal_is_a_sink_before_the_log(void **state)
{
	struct fixture *f = *state;

	f->options.journal = f->journal;
	f->options.joblog = f->log;
	open_and_start(f);
	assert_int_equal(f->sinks.n, 2);
	assert_ptr_equal(f->sinks.list[0].self, f->r.journal);
	assert_non_null(journal_run_uid(f->r.journal));
	print(f);
	assert_int_equal(printed(f), 0);
	ledger_settle(&f->r, f->ex);
	assert_int_equal(printed(f), 1);
	ledger_end(&f->r, 0, 0, true);
	assert_int_equal(access(f->journal, F_OK), 0);
}

static void a_run_that_goes_on_appends(void **state)
{
	struct fixture *f = *state;

	f->options.joblog = f->log;
	open_and_start(f);
	end_task(f);
	ledger_end(&f->r, 0, 0, true);
	ledger_close(&f->r);
	f->sinks = (struct sinks){ .n = 0 };
	f->options.recovery = RECOVERY_RESUME;
	open_and_start(f);
	assert_int_equal(lines_of_log(f), 2);
	ledger_close(&f->r);
	f->sinks = (struct sinks){ .n = 0 };
	f->options.recovery = RECOVERY_NONE;
	f->options.joblog = f->plus;
	open_and_start(f);
	assert_int_equal(lines_of_log(f), 2);
}

static void what_cannot_be_opened_or_begun(void **state)
{
	struct fixture *f = *state;
	struct error err;

	f->options.journal = "/nowhere/journal";
	assert_int_equal(open_records(f, &err), -1);
	assert_non_null(strstr(err.message, "'/nowhere/journal'"));
	f->options.journal = NULL;
	f->options.joblog = "/nowhere/log";
	assert_int_equal(open_records(f, &err), -1);
	assert_non_null(strstr(err.message, "'/nowhere/log'"));
	f->options.joblog = "/dev/full";
	assert_int_equal(open_records(f, &err), 0);
	assert_int_equal(ledger_start(&f->r, &err), -1);
	assert_non_null(strstr(err.message, "'/dev/full'"));
}

/* It is said once; from then on nothing is held back for the sake of records that are not. */
static void a_log_that_fails_later(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, little;

	signal(SIGXFSZ, SIG_IGN);
	f->options.joblog = f->log;
	open_and_start(f);
	print(f);
	end_task(f);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){ 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_null(trouble_of(f));
	ledger_settle(&f->r, f->ex);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(trouble_of(f), strerror(EFBIG)));
	outq_flush(f->q);
	assert_int_equal(printed(f), 1);
	print(f);
	assert_int_equal(printed(f), 2);
	ledger_settle(&f->r, f->ex);
	ledger_end(&f->r, 0, 0, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_records_nothing_waits),
		TEST(what_is_printed_waits_for_the_log),
		TEST(waiting_settles),
		TEST(what_follows_closely_waits),
		TEST(starts_are_on_record),
		TEST(a_journal_is_a_sink_before_the_log),
		TEST(a_run_that_goes_on_appends),
		TEST(what_cannot_be_opened_or_begun),
		TEST(a_log_that_fails_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
