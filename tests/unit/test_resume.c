/* Which run of a journal is continued, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run_fixture.h"
#include "cli/run/resume.h"
#include "cli/xargs/xargs_options.h"

/* ---- what tasks are made by ---- */

static void template_is(const struct options *o, const char *wanted, size_t len)
{
	struct resume r = { .options = o };

	assert_int_equal(resume_template(&r), 0);
	assert_int_equal(r.template_len, len);
	assert_memory_equal(r.template, wanted, len);
	resume_release(&r);
	assert_null(r.template);
}

/* The words, each with its NUL, and one that is empty; sizeof counts that of the literal. */
#define TEMPLATE_IS(o, text) template_is(o, text "\0", sizeof text "\0" - 1)

static void templates(void **state)
{
	struct fixture *f = *state;
	char word[] = "cmd", *command[] = { word };
	struct xargs_options x = { .command = command, .ncommand = 1 };

	fixture_parse(f, WORDS("echo", "a b", ":::", "x"));
	TEMPLATE_IS(&f->options, "echo\0a b\0");
	fixture_parse(f, WORDS("-c", "echo {}", ":::", "x"));
	TEMPLATE_IS(&f->options, "-c\0echo {}\0");
	fixture_parse(f, WORDS("-I", "@", "echo", "@", ":::", "x"));
	TEMPLATE_IS(&f->options, "echo\0@\0-I\0@\0");
	fixture_parse(f, WORDS("--tasks", "f"));
	TEMPLATE_IS(&f->options, "--tasks\0");
	/* how tasks are run makes no other ones */
	fixture_parse(f, WORDS("-j3", "--tag", "--tries", "2", ":::", "x"));
	TEMPLATE_IS(&f->options, "");
	f->options.xargs_line = &x;
	TEMPLATE_IS(&f->options, "--xargs\0cmd\0");
	x.replace = "%";
	TEMPLATE_IS(&f->options, "--xargs\0-I\0%\0cmd\0");
}

/* ---- which run ---- */

static void run_before(struct fixture *f)
{
	fixture_start(f, WORDS("echo"));
	fixture_run(f, "a", FIXTURE_SUCCEEDS);
	fixture_run(f, "b", FIXTURE_FAILS);
	fixture_run(f, "c", FIXTURE_IS_KILLED);
}

/* The parts of it before and after the time at which the run began. */
static void introduction_is(struct fixture *f, const char *const *words, const char *start,
    const char *end)
{
	const char *text;
	size_t len;

	fixture_open(f, words);
	if (f->journal == NULL)
		fail_msg("%s", f->err.message);
	text = journal_introduction(f->journal);
	assert_non_null(text);
	len = strlen(text);
	assert_true(len > strlen(start) + strlen(end));
	assert_memory_equal(text, start, strlen(start));
	assert_string_equal(text + len - strlen(end), end);
}

static void introductions(void **state)
{
	struct fixture *f = *state;

	run_before(f);
	assert_null(journal_introduction(f->journal));
	/* it does not end: covey was killed */
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 1 (",
	    ", killed): 1 succeeded and are left out, 1 failed and are left out "
	    "(see --resume-failed), 1 did not finish");
	introduction_is(f, WORDS("--resume-failed", "echo"), "resuming run 1 (",
	    ", killed): 1 succeeded and are left out, 1 failed and are run again, "
	    "1 did not finish");
	introduction_is(f, WORDS("--retry-failed"), "retrying run 1 (",
	    ", killed): 1 succeeded and are left out, 1 failed and are run again, 1 did not "
	    "finish; what it had not read of its input is not in the "
	    "journal (see --resume-failed)");
}

static void how_it_ended(void **state)
{
	struct fixture *f = *state;

	fixture_start(f, WORDS("echo"));
	assert_int_equal(journal_end(f->journal, 1, 0, true), 0);
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 1 (",
	    ", exit 1): 0 succeeded, 0 failed, 0 did not finish");
	fixture_start(f, WORDS("echo"));
	assert_int_equal(journal_end(f->journal, 0, 15, true), 0);
	introduction_is(f, WORDS("--retry-failed"), "retrying run 2 (",
	    ", stopped by SIGTERM): 0 succeeded, 0 failed, 0 did not finish");
}

static void where_it_was(void **state)
{
	struct fixture *f = *state;
	char here[4096];

	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir("/usr"), 0);
	fixture_start(f, WORDS("echo"));
	assert_int_equal(journal_end(f->journal, 0, 0, true), 0);
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 1 (",
	    ", exit 0): 0 succeeded, 0 failed, 0 did not finish");
	assert_int_equal(chdir(here), 0);
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 1 (",
	    ", exit 0, in /usr): 0 succeeded, 0 failed, 0 did not finish");
}

static void the_last_run_of_the_same_command(void **state)
{
	struct fixture *f = *state;

	fixture_start(f, WORDS("echo"));
	fixture_start(f, WORDS("echo"));
	fixture_start(f, WORDS("other"));
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 2 (", "0 did not finish");
	introduction_is(f, WORDS("--retry-failed"), "retrying run 3 (", "(see --resume-failed)");
	/* one that was continued is found by the runs that continue it */
	fixture_start(f, WORDS("--resume", "echo"));
	fixture_run(f, "a", FIXTURE_SUCCEEDS);
	introduction_is(f, WORDS("--resume", "echo"), "resuming run 4 (",
	    ": 1 succeeded and are left out, 0 failed, 0 did not finish");
}

/* ---- none ---- */

static void refused(struct fixture *f, const char *const *words, const char *why)
{
	fixture_open(f, words);
	assert_null(f->journal);
	if (strstr(f->err.message, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, f->err.message);
}

static void no_run_to_continue(void **state)
{
	struct fixture *f = *state;
	char text[160];

	snprintf(text, sizeof text, "there is nothing to resume: the journal '%s' has no run yet",
	    f->path);
	fixture_open(f, WORDS("--resume", "echo"));
	assert_non_null(f->journal);
	assert_string_equal(journal_introduction(f->journal), text);
	assert_null(journal_past(f->journal));
	refused(f, WORDS("--retry-failed"), "there is nothing to retry in the journal '");
	fixture_start(f, WORDS("echo", "one"));
	refused(f, WORDS("--resume", "echo", "two"),
	    "it has no run of this command; its last, run 1 of ");
	refused(f, WORDS("--resume", "echo", "two"),
	    " echo one'; leave out '--resume' to begin a new run");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(templates),
		TEST(introductions),
		TEST(how_it_ended),
		TEST(where_it_was),
		TEST(the_last_run_of_the_same_command),
		TEST(no_run_to_continue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
