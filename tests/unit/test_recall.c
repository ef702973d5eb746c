/* The options of the last run, as far as they hold for one that retries what failed in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_fixture.h"
#include "cli/run/recall.h"

static void run_of(struct fixture *f, const char *const *words)
{
	fixture_start(f, words);
	fixture_end(f);
}

static void options_hold_that_are_not_given_now(void **state)
{
	struct fixture *f = *state;
	const char **argv;

	run_of(f, WORDS("-j", "7", "--tries", "3", "--tagstring", "t", "echo", "x"));
	fixture_parse(f, WORDS("--retry-failed", "--tries", "5"));
	if (recall_options(&f->options, &argv, &f->err) != 0)
		fail_msg("%s", f->err.message);
	assert_int_equal(f->options.jobs.how, JOBS_NUMBER);
	assert_int_equal(f->options.jobs.n, 7);
	assert_int_equal(f->options.tries, 5);
	assert_string_equal(f->options.tagstring, "t");
	/* it points to what was recalled */
	assert_non_null(argv);
	assert_string_equal(argv[0], "covey");
	assert_int_equal(f->options.recovery, RECOVERY_RETRY_FAILED);
	free(argv);
}

/* A run that only retried has not the whole of the options. */
static void the_last_run_that_had_an_input_counts(void **state)
{
	struct fixture *f = *state;
	const char **argv;

	run_of(f, WORDS("-j", "7", "echo"));
	run_of(f, WORDS("--retry-failed", "-j", "2"));
	fixture_parse(f, WORDS("--retry-failed"));
	assert_int_equal(recall_options(&f->options, &argv, &f->err), 0);
	assert_int_equal(f->options.jobs.n, 7);
	free(argv);
}

static void refused(struct fixture *f, const char *why)
{
	const char **argv;

	fixture_parse(f, WORDS("--retry-failed"));
	assert_int_equal(recall_options(&f->options, &argv, &f->err), -1);
	if (strstr(f->err.message, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, f->err.message);
	free(argv);
}

static void what_cannot_be_recalled(void **state)
{
	struct fixture *f = *state;
	char start[128];

	refused(f, f->path);
	snprintf(start, sizeof start, "cannot take up the last run in the journal '%s': ", f->path);
	fixture_open(f, WORDS("echo"));
	refused(f, start);
	refused(f, "has no run");
	run_of(f, WORDS("echo"));
	fixture_open(f, WORDS("echo"));
	assert_int_equal(journal_db_run(journal_database(f->journal),
	    "UPDATE run SET argv = CAST('covey' || char(0) || '--no-such-option' || char(0) AS"
	    " BLOB)", &f->err), 0);
	refused(f, start);
	refused(f, "no-such-option");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(options_hold_that_are_not_given_now),
		TEST(the_last_run_that_had_an_input_counts),
		TEST(what_cannot_be_recalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
