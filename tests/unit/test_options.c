#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/options_table.h"
#include "cli/options/options_parse.h"
#include "cli/options/usage.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST_WORDS = 40 };

/* A command line after "covey", NULL-terminated by the rest of the array. */
struct line {
	const char *words[MOST_WORDS];
};

#define LINE(...) (&(const struct line){ { __VA_ARGS__ } })

static enum options_result parse(const struct line *line, struct options *o, struct error *err)
{
	/* static: the options point into it */
	static const char *argv[MOST_WORDS + 2];
	int argc = 1;

	argv[0] = "covey";
	for (; argc <= MOST_WORDS && line->words[argc - 1] != NULL; argc++)
		argv[argc] = line->words[argc - 1];
	argv[argc] = NULL;
	err->message[0] = '\0';
	return options_parse(argc, (char *const *)argv, o, err);
}

static struct options good(const struct line *line)
{
	struct options o;
	struct error err;

	if (parse(line, &o, &err) != OPTIONS_RUN)
		fail_msg("%s …: %s", line->words[0], err.message);
	assert_string_equal(err.message, "");
	return o;
}

static void assert_bad(const struct line *line, const char *message)
{
	struct options o;
	struct error err;

	if (parse(line, &o, &err) != OPTIONS_BAD)
		fail_msg("%s … was accepted, instead of: %s", line->words[0], message);
	assert_string_equal(err.message, message);
}

/* ---- defaults ---- */

static void defaults(void **state)
{
	struct options o = good(LINE(NULL));

	(void)state;
	assert_int_equal(o.sources.n, 0);
	assert_int_equal(o.max_args, 1);
	assert_int_equal(o.delimiter, '\n');
	assert_false(o.empty_items);
	assert_int_equal(o.ncommand, 0);
	assert_null(o.script);
	assert_null(o.replace);
	assert_int_equal(o.jobs.how, JOBS_PERCENT);
	assert_int_equal(o.jobs.n, 100);
	assert_int_equal(o.tries, 1);
	assert_int_equal(o.retry_interval, COVEY_SEC);
	assert_true(o.backoff == 1);
	assert_int_equal(o.max_interval, 0);
	assert_true(o.jitter == 0);
	assert_null(o.retry_match);
	assert_int_equal(o.timeout, 0);
	assert_int_equal(o.slow, 0);
	assert_int_equal(o.kill_after, 5 * COVEY_SEC);
	assert_int_equal(o.deadline, 0);
	assert_int_equal(o.stop_signal, SIGTERM);
	assert_null(o.tagstring);
	assert_int_equal(o.max_output, 0);
	assert_int_equal(o.halt.when, HALT_NEVER);
	assert_int_equal(o.progress, PROGRESS_AUTO);
	for (int i = 0; i < OPT_COUNT; i++)
		assert_int_equal(o.given[i], 0);
}

static void no_argv_at_all(void **state)
{
	char *const argv[] = { NULL };
	struct options o;
	struct error err;

	(void)state;
	assert_int_equal(options_parse(0, argv, &o, &err), OPTIONS_RUN);
	assert_int_equal(o.ncommand, 0);
}

/* ---- each option ---- */

static void flags(void **state)
{
	static const struct {
		const char *word;
		size_t field;
		enum option_id id;
		char given;
	} cases[] = {
		{ "-r", offsetof(struct options, no_run_if_empty), OPT_NO_RUN_IF_EMPTY, 'r' },
		{ "--no-run-if-empty", offsetof(struct options, no_run_if_empty),
		    OPT_NO_RUN_IF_EMPTY,
		    '-' },
		{ "-k", offsetof(struct options, keep_order), OPT_KEEP_ORDER, 'k' },
		{ "--keep-order", offsetof(struct options, keep_order), OPT_KEEP_ORDER, '-' },
		{ "-u", offsetof(struct options, ungroup), OPT_UNGROUP, 'u' },
		{ "--ungroup", offsetof(struct options, ungroup), OPT_UNGROUP, '-' },
		{ "--line-buffer", offsetof(struct options, line_buffer), OPT_LINE_BUFFER, '-' },
		{ "--lb", offsetof(struct options, line_buffer), OPT_LINE_BUFFER, '-' },
		{ "--tag", offsetof(struct options, tag), OPT_TAG, '-' },
		{ "-t", offsetof(struct options, verbose), OPT_VERBOSE, 't' },
		{ "--verbose", offsetof(struct options, verbose), OPT_VERBOSE, '-' },
		{ "--dry-run", offsetof(struct options, dry_run), OPT_DRY_RUN, '-' },
		{ "-q", offsetof(struct options, quiet), OPT_QUIET, 'q' },
		{ "--quiet", offsetof(struct options, quiet), OPT_QUIET, '-' },
		{ "--keep-leftovers", offsetof(struct options, keep_leftovers), OPT_KEEP_LEFTOVERS,
		    '-' },
	};
	struct options none = good(LINE(NULL));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o = good(LINE(cases[i].word));

		assert_false(*(bool *)((char *)&none + cases[i].field));
		assert_true(*(bool *)((char *)&o + cases[i].field));
		assert_int_equal(o.given[cases[i].id], cases[i].given);
	}
}

static void input(void **state)
{
	struct options o;

	(void)state;
	o = good(LINE("-0"));
	assert_int_equal(o.delimiter, '\0');
	assert_true(o.empty_items);
	assert_int_equal(o.given[OPT_NULL], '0');
	o = good(LINE("--null"));
	assert_int_equal(o.delimiter, '\0');
	assert_int_equal(o.given[OPT_NULL], '-');
	o = good(LINE("-d", ","));
	assert_int_equal(o.delimiter, ',');
	assert_true(o.empty_items);
	assert_int_equal(o.given[OPT_NULL], 0);
	o = good(LINE("-d\\n"));
	assert_int_equal(o.delimiter, '\n');
	assert_true(o.empty_items);
	o = good(LINE("--delimiter=\\x1f"));
	assert_int_equal(o.delimiter, 0x1f);
	o = good(LINE("-a", "list"));
	assert_string_equal(o.sources.list[0].path, "list");
	o = good(LINE("--arg-file=-"));
	assert_string_equal(o.sources.list[0].path, "-");
}

static void jobs(void **state)
{
	static const struct {
		struct line line;
		enum options_jobs_how how;
		unsigned n;
	} cases[] = {
		{ { { "-j", "4" } }, JOBS_NUMBER, 4 }, { { { "-j4" } }, JOBS_NUMBER, 4 },
		{ { { "-P4" } }, JOBS_NUMBER, 4 }, { { { "--jobs=1000000" } }, JOBS_NUMBER,
		    1000000 },
		{ { { "--jobs", "50%" } }, JOBS_PERCENT, 50 }, { { { "-j250%" } }, JOBS_PERCENT,
		    250 },
		{ { { "-j0" } }, JOBS_MANY, 0 }, { { { "-j0", "-P2" } }, JOBS_NUMBER, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o = good(&cases[i].line);

		assert_int_equal(o.jobs.how, cases[i].how);
		assert_int_equal(o.jobs.n, cases[i].n);
	}
}

static void retries(void **state)
{
	struct options o = good(LINE("--tries=5", "--retry-interval", "250ms", "--backoff=1.5",
	    "--max-interval=1m", "--jitter=20%", "--retry-on=75,timeout", "--retry-on=SEGV",
	    "--no-retry-on=1-2", "--retry-match=^(a|b)+$"));

	(void)state;
	assert_int_equal(o.tries, 5);
	assert_int_equal(o.retry_interval, 250 * COVEY_MSEC);
	assert_true(o.backoff == 1.5);
	assert_int_equal(o.max_interval, 60 * COVEY_SEC);
	assert_true(o.jitter == 0.2);
	assert_int_equal(o.given[OPT_RETRY_ON], '-');
	assert_int_equal(o.retry_on.words, 1u << COVEY_TIMEOUT);
	assert_int_equal(o.retry_on.statuses[75 / 32], 1u << 75 % 32);
	assert_int_equal(o.retry_on.signals[0], 1u << SIGSEGV);
	assert_int_equal(o.no_retry_on.statuses[0], 1u << 1 | 1u << 2);
	assert_string_equal(o.retry_match, "^(a|b)+$");
}

static void tries_and_retries(void **state)
{
	(void)state;
	assert_int_equal(good(LINE("--retries=2")).tries, 3);
	assert_int_equal(good(LINE("--retries=0")).tries, 1);
	assert_int_equal(good(LINE("--tries=3", "--retries=2")).tries, 3);
	assert_int_equal(good(LINE("--retries=999999")).tries, 1000000);
	/* one try, but said so: scripts put variables there */
	assert_int_equal(good(LINE("--tries=1", "--backoff=2")).tries, 1);
	assert_int_equal(good(LINE("--retries=0", "--backoff=2")).tries, 1);
}

static void times(void **state)
{
	struct options o = good(LINE("--timeout=1.5m", "--slow=30", "--kill-after=0",
	    "--signal=int", "--deadline=2h"));

	(void)state;
	assert_int_equal(o.timeout, 90 * COVEY_SEC);
	assert_int_equal(o.slow, 30 * COVEY_SEC);
	assert_int_equal(o.kill_after, 0);
	assert_int_equal(o.stop_signal, SIGINT);
	assert_int_equal(o.deadline, 7200 * COVEY_SEC);
	o = good(LINE("--timeout=0", "--deadline=0"));
	assert_int_equal(o.timeout, 0);
	assert_int_equal(o.deadline, 0);
}

static void output_and_watching(void **state)
{
	struct options o = good(LINE("-I", "%", "--tagstring=", "--max-output=64K",
	    "--progress=plain", "--halt=soon,done=50%"));

	(void)state;
	assert_string_equal(o.replace, "%");
	assert_string_equal(o.tagstring, "");
	assert_int_equal(o.max_output, 65536);
	assert_int_equal(o.progress, PROGRESS_PLAIN);
	assert_int_equal(o.halt.when, HALT_SOON);
	assert_int_equal(o.halt.why, HALT_DONE);
	assert_true(o.halt.percent);
	assert_int_equal(o.halt.limit, 50);
}

/* The enums have the order of the words in the table. */
static void choices(void **state)
{
	struct options o = good(LINE(NULL));

	(void)state;
	assert_int_equal(o.shard_by, SHARD_BY_HASH);
	assert_int_equal(o.order, ORDER_INPUT);
	assert_int_equal(o.journal_sync, SYNC_NORMAL);
	assert_int_equal(good(LINE("--progress=auto")).progress, PROGRESS_AUTO);
	assert_int_equal(good(LINE("--progress=bar")).progress, PROGRESS_BAR);
	assert_int_equal(good(LINE("--progress=plain")).progress, PROGRESS_PLAIN);
	assert_int_equal(good(LINE("--progress=none")).progress, PROGRESS_NONE);
	assert_int_equal(good(LINE("--shard=1/2", "--shard-by=hash")).shard_by, SHARD_BY_HASH);
	assert_int_equal(good(LINE("--shard=1/2", "--shard-by=count")).shard_by, SHARD_BY_COUNT);
	assert_int_equal(good(LINE("--order=input")).order, ORDER_INPUT);
	assert_int_equal(good(LINE("--journal=j", "--order=longest")).order, ORDER_LONGEST);
	assert_int_equal(good(LINE("--journal=j", "--journal-sync=normal")).journal_sync,
	    SYNC_NORMAL);
	assert_int_equal(good(LINE("--journal=j", "--journal-sync=full")).journal_sync, SYNC_FULL);
}

static void recovery(void **state)
{
	(void)state;
	assert_int_equal(good(LINE("--journal=j")).recovery, RECOVERY_NONE);
	assert_int_equal(good(LINE("--journal=j", "--resume")).recovery, RECOVERY_RESUME);
	assert_int_equal(good(LINE("--journal=j", "--resume-failed")).recovery,
	    RECOVERY_RESUME_FAILED);
	assert_int_equal(good(LINE("--journal=j", "--retry-failed")).recovery,
	    RECOVERY_RETRY_FAILED);
	assert_bad(LINE("--journal=j", "--resume", "--retry-failed"),
	    "options '--resume' and '--retry-failed' cannot be used together");
}

static void fail_fast_is_a_halt(void **state)
{
	struct options o = good(LINE("--fail-fast"));

	(void)state;
	assert_int_equal(o.halt.when, HALT_NOW);
	assert_int_equal(o.halt.why, HALT_FAIL);
	assert_false(o.halt.percent);
	assert_int_equal(o.halt.limit, 1);
}

/* ---- how options are written ---- */

static void clusters(void **state)
{
	struct options o = good(LINE("-k0tj3", "-qa", "f"));

	(void)state;
	assert_true(o.keep_order && o.given[OPT_NULL] && o.verbose && o.quiet);
	assert_int_equal(o.jobs.n, 3);
	assert_string_equal(o.sources.list[0].path, "f");
}

static void arguments_may_begin_with_a_dash(void **state)
{
	struct options o = good(LINE("--halt", "-1", "-I", "--", "-a", "-f", "x"));

	(void)state;
	assert_int_equal(o.halt.why, HALT_SUCCESS);
	assert_string_equal(o.replace, "--");
	assert_string_equal(o.sources.list[0].path, "-f");
	assert_int_equal(o.ncommand, 1);
}

static void the_last_of_several_holds(void **state)
{
	struct options o = good(LINE("--tries=2", "-d,", "--tries=4", "-d;"));

	(void)state;
	assert_int_equal(o.tries, 4);
	assert_int_equal(o.delimiter, ';');
}

static void abbreviations(void **state)
{
	(void)state;
	assert_int_equal(good(LINE("--tri=3")).tries, 3);
	assert_int_equal(good(LINE("--tri", "3")).tries, 3);
	assert_true(good(LINE("--keep-o")).keep_order);
	/* a whole name, though others begin with it */
	assert_true(good(LINE("--tag")).tag);
	/* two names of one option */
	assert_true(good(LINE("--line")).line_buffer);
	assert_bad(LINE("--max=3"),
	    "option '--max' is ambiguous: '--max-args', '--max-interval', '--max-output'");
	assert_bad(LINE("--keep"),
	    "option '--keep' is ambiguous: '--keep-leftovers', '--keep-order'");
	assert_bad(LINE("--ta"),
	    "option '--ta' is ambiguous: '--tasks', '--tag', '--tagstring'");
	/* messages have the whole name */
	assert_bad(LINE("--tri=x"), "option '--tries': 'x' is not a number from 1 to 1000000");
}

static void unknown_options(void **state)
{
	(void)state;
	assert_bad(LINE("--foo"), "unknown option '--foo'; see 'covey --help'");
	assert_bad(LINE("--foo=bar"), "unknown option '--foo'; see 'covey --help'");
	assert_bad(LINE("--=bar"), "unknown option '--'; see 'covey --help'");
	assert_bad(LINE("--timeot=3"),
	    "unknown option '--timeot' (did you mean '--timeout'?); see 'covey --help'");
	assert_bad(LINE("--tires"),
	    "unknown option '--tires' (did you mean '--tries'?); see 'covey --help'");
	assert_bad(LINE("--keep-ordre"),
	    "unknown option '--keep-ordre' (did you mean '--keep-order'?); see 'covey --help'");
	assert_bad(LINE("--job5"),
	    "unknown option '--job5' (did you mean '--jobs'?); see 'covey --help'");
	assert_bad(LINE("--y"), "unknown option '--y'; see 'covey --help'");
	assert_bad(LINE("-x"), "unknown option '-x'; see 'covey --help'");
	assert_bad(LINE("-kxq"), "unknown option '-x'; see 'covey --help'");
	assert_bad(LINE("-\xc3\xa9"), "unknown option '-\xc3\xa9'; see 'covey --help'");
	assert_bad(LINE("-\n"), "unknown option '-\\n'; see 'covey --help'");
	/* names are written exactly so */
	assert_bad(LINE("--NULL"), "unknown option '--NULL'; see 'covey --help'");
}

static void overlong_names_are_unknown(void **state)
{
	char word[4000];
	struct options o;
	struct error err;

	(void)state;
	memset(word, 'a', sizeof word - 1);
	word[0] = word[1] = '-';
	word[sizeof word - 1] = '\0';
	assert_int_equal(parse(LINE(word), &o, &err), OPTIONS_BAD);
	assert_non_null(strstr(err.message, "aaa'; see 'covey --help'"));
}

static void missing_and_needless_arguments(void **state)
{
	(void)state;
	assert_bad(LINE("--tries"), "option '--tries' needs an argument: N");
	assert_bad(LINE("-j"), "option '-j' needs an argument: N");
	assert_bad(LINE("-kI"), "option '-I' needs an argument: R");
	assert_bad(LINE("--progress"),
	    "option '--progress' needs an argument: auto|bar|plain|none");
	assert_bad(LINE("--quiet=yes"), "option '--quiet' takes no argument");
	assert_bad(LINE("--quiet="), "option '--quiet' takes no argument");
	assert_bad(LINE("--version=2"), "option '--version' takes no argument");
	assert_bad(LINE("--help=me"), "option '--help' takes no argument");
}

static void bad_arguments(void **state)
{
	static const struct {
		struct line line;
		const char *message;
	} cases[] = {
		{ { { "--tries=0" } }, "option '--tries': '0' is not a number from 1 to 1000000" },
		{ { { "--tries=" } }, "option '--tries': '' is not a number from 1 to 1000000" },
		{ { { "--retries=-1" } },
		    "option '--retries': '-1' is not a number from 0 to 999999" },
		{ { { "-j", "-k" } }, "option '-j': '-k' is not a number from 0 to 1000000, "
		    "or a percentage of the CPUs from 1% to 100000%" },
		{ { { "--jobs=0%" } }, "option '--jobs': '0%' is not a number from 0 to 1000000, "
		    "or a percentage of the CPUs from 1% to 100000%" },
		{ { { "-P1000001" } }, "option '-P': '1000001' is not a number from 0 to 1000000, "
		    "or a percentage of the CPUs from 1% to 100000%" },
		{ { { "-dab" } }, "option '-d': 'ab' is not a single byte, or an escape such as "
		    "\\t, \\0, \\033 or \\x1f" },
		{ { { "--timeout=5x" } }, "option '--timeout': '5x' is not a duration such as 90, "
		    "90s, 1.5m, 2h, 1d or 250ms" },
		{ { { "--signal=FOO" } }, "option '--signal': 'FOO' is not a signal such as TERM, "
		    "SIGINT, RTMIN+1 or 15" },
		{ { { "--max-output=lots" } },
		    "option '--max-output': 'lots' is not a size such as "
		    "4096, 64K, 1M or 2G" },
		{ { { "--backoff=0.5" } },
		    "option '--backoff': '0.5' is not a number from 1 to 1000, "
		    "such as 1.5" },
		{ { { "--jitter=2" } }, "option '--jitter': '2' is not a number from 0 to 1, or a "
		    "percentage from 0% to 100%" },
		{ { { "--progress=dots" } },
		    "option '--progress': 'dots' is not auto, bar, plain or "
		    "none" },
		{ { { "--halt=now,fail=0" } }, "option '--halt': 'now,fail=0' is not now,fail=N, "
		    "with N from 1 to 1000000000, or from 1% to 100%" },
		{ { { "--retry-on=0" } },
		    "option '--retry-on': '0' is not an exit status from 1 to "
		    "255, or a range such as 1-99" },
		{ { { "-I", "" } }, "option '-I': the argument must not be empty" },
		{ { { "-c", "" } }, "option '-c': the argument must not be empty" },
		{ { { "--arg-file=" } }, "option '--arg-file': the argument must not be empty" },
		{ { { "--retry-match=" } },
		    "option '--retry-match': the argument must not be empty" },
		/* what is wrong stays wrong, whatever comes after */
		{ { { "--tries=x", "--tries=2" } },
		    "option '--tries': 'x' is not a number from 1 to 1000000" },
		{ { { "--tries=x", "--help" } },
		    "option '--tries': 'x' is not a number from 1 to 1000000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_bad(&cases[i].line, cases[i].message);
}

static void bad_regex_names_the_cause(void **state)
{
	struct options o;
	struct error err;

	(void)state;
	assert_int_equal(parse(LINE("--tries=2", "--retry-match=a(b"), &o, &err), OPTIONS_BAD);
	assert_non_null(strstr(err.message,
	    "option '--retry-match': 'a(b' is not an extended regular expression: "));
}

/* ---- the words after the options ---- */

static void parsing_stops_at_the_command(void **state)
{
	struct options o = good(LINE("-k", "grep", "-q", "--foo", "--", "x"));

	(void)state;
	assert_true(o.keep_order);
	assert_false(o.quiet);
	assert_int_equal(o.ncommand, 5);
	assert_string_equal(o.command[0], "grep");
	assert_string_equal(o.command[3], "--");
	assert_string_equal(o.command[4], "x");
}

static void two_dashes_end_the_options(void **state)
{
	struct options o = good(LINE("--", "-k", "x"));

	(void)state;
	assert_false(o.keep_order);
	assert_int_equal(o.ncommand, 2);
	assert_string_equal(o.command[0], "-k");
	assert_int_equal(good(LINE("--")).ncommand, 0);
}

/* What comes then is another command line. */
static void xargs_ends_the_options(void **state)
{
	struct options o;
	struct error err;

	(void)state;
	assert_int_equal(parse(LINE("--tries", "3", "--xargs", "-q", "--tries"), &o, &err),
	    OPTIONS_XARGS);
	assert_int_equal(o.rest, 4);
	assert_int_equal(o.tries, 3);
	assert_false(o.quiet);
	assert_int_equal(parse(LINE("--xargs"), &o, &err), OPTIONS_XARGS);
	assert_int_equal(o.rest, 2);
	/* it is the command's */
	assert_int_equal(good(LINE("echo", "--xargs")).ncommand, 2);
}

static void options_for_xargs(void **state)
{
	static char three[] = "3", minute[] = "1m", *const argv[] = { three, minute };
	struct options o;
	struct error err;
	int next = 0;

	(void)state;
	assert_int_equal(options_begin_for_xargs(&o, &err), 0);
	assert_int_equal(o.tries, 1);
	assert_int_equal(options_take_for_xargs(&o, "retries", argv, 2, &next, &err), 0);
	assert_int_equal(options_take_for_xargs(&o, "timeout", argv, 2, &next, &err), 0);
	assert_int_equal(next, 2);
	assert_int_equal(options_take_for_xargs(&o, "slow=2s", argv, 2, &next, &err), 0);
	assert_int_equal(options_take_for_xargs(&o, "signal", argv, 2, &next, &err), -1);
	assert_string_equal(err.message, "option '--signal' needs an argument: NAME");
	assert_int_equal(options_finish_for_xargs(&o, &err), 0);
	assert_int_equal(o.tries, 4);
	assert_true(o.timeout == 60 * COVEY_SEC && o.slow == 2 * COVEY_SEC);
	assert_int_equal(options_take_for_xargs(&o, "tag", argv, 2, &next, &err), 0);
	assert_int_equal(options_take_for_xargs(&o, "resume", argv, 2, &next, &err), 0);
	assert_int_equal(options_finish_for_xargs(&o, &err), -1);
	assert_string_equal(err.message, "option '--resume' needs '--journal'");
	assert_int_equal(options_take_for_xargs(&o, "journal=j", argv, 2, &next, &err), 0);
	assert_int_equal(options_finish_for_xargs(&o, &err), 0);
	assert_int_equal(o.recovery, RECOVERY_RESUME);
	assert_int_equal(options_take_for_xargs(&o, "link", argv, 2, &next, &err), 0);
	assert_int_equal(options_finish_for_xargs(&o, &err), -1);
	assert_string_equal(err.message, "option '--link' has no meaning for xargs");
}

static void one_dash_is_a_command(void **state)
{
	struct options o = good(LINE("-", "x"));

	(void)state;
	assert_int_equal(o.ncommand, 2);
	assert_string_equal(o.command[0], "-");
}

static void items_follow_three_colons(void **state)
{
	struct options o = good(LINE("-k", "echo", "-n", ":::", "a", "", "-q", "--"));

	(void)state;
	assert_int_equal(o.ncommand, 2);
	assert_string_equal(o.command[1], "-n");
	assert_int_equal(o.sources.n, 1);
	assert_int_equal(o.sources.list[0].nwords, 4);
	assert_string_equal(o.sources.list[0].words[0], "a");
	assert_string_equal(o.sources.list[0].words[1], "");
	assert_string_equal(o.sources.list[0].words[2], "-q");
	assert_string_equal(o.sources.list[0].words[3], "--");
	assert_false(o.quiet);
}

static void items_without_command_and_commands_without_items(void **state)
{
	struct options o = good(LINE(":::", "echo 1", "echo 2"));

	(void)state;
	assert_int_equal(o.ncommand, 0);
	assert_int_equal(o.sources.list[0].nwords, 2);
	assert_string_equal(o.sources.list[0].words[1], "echo 2");
	o = good(LINE("echo", ":::"));
	assert_int_equal(o.ncommand, 1);
	assert_int_equal(o.sources.n, 1);
	assert_null(o.sources.list[0].path);
	assert_int_equal(o.sources.list[0].nwords, 0);
	o = good(LINE("-c", "echo $1", ":::", "x"));
	assert_string_equal(o.script, "echo $1");
	assert_int_equal(o.ncommand, 0);
	assert_int_equal(o.sources.list[0].nwords, 1);
}

static void assert_source(const struct options *o, size_t i, const char *path, const char *word,
    bool linked)
{
	const struct options_source *source = &o->sources.list[i];

	assert_true(i < o->sources.n);
	assert_int_equal(source->linked, linked);
	if (path != NULL)
		assert_string_equal(source->path, path);
	else
		assert_string_equal(source->words[0], word);
}

static void sources_in_their_order(void **state)
{
	struct options o = good(LINE("-a", "f", "-a", "-", "c", "::::", "g", "h", ":::+", "a", "b",
	    "::::+", "i", ":::", "z"));

	(void)state;
	assert_int_equal(o.sources.n, 7);
	assert_source(&o, 0, "f", NULL, false);
	assert_source(&o, 1, "-", NULL, false);
	assert_source(&o, 2, "g", NULL, false);
	assert_source(&o, 3, "h", NULL, false);
	assert_source(&o, 4, NULL, "a", true);
	assert_int_equal(o.sources.list[4].nwords, 2);
	assert_source(&o, 5, "i", NULL, true);
	assert_source(&o, 6, NULL, "z", false);
	assert_int_equal(o.ncommand, 1);
	assert_int_equal(good(LINE("x", "a:::b", ":::::", "::::++")).ncommand, 4);
}

#define EIGHT ":::", ":::", ":::", ":::", ":::", ":::", ":::", ":::"

static void sources_that_cannot_be(void **state)
{
	(void)state;
	assert_bad(LINE("x", ":::+", "a"), "no source of items before ':::+' to link this one to");
	assert_bad(LINE("x", "::::+", "a"),
	    "no source of items before '::::+' to link this one to");
	assert_bad(LINE("x", ":::a"), "':::a' is one word: write '::: a'");
	assert_bad(LINE("x", ":::", "a", "::::+f"), "'::::+f' is one word: write '::::+ f'");
	assert_int_equal(good(LINE("x", "::", ":::", "::", "::1")).ncommand, 2);
	assert_int_equal(good(LINE("-a", "-", "x", "::")).ncommand, 2);
	assert_bad(LINE("x", "::"), "'::' is a word of COMMAND: items go after ':::'; to run COMMAND "
	    "with the word '::', name the source of items, such as '-a -'");
	assert_bad(LINE("x", "::::"), "'::::' needs a file");
	assert_bad(LINE("x", ":::", "a", "::::+"), "'::::+' needs a file");
	assert_bad(LINE("x", "::::", ""), "the name of a file after '::::' is empty");
	assert_bad(LINE("-a", "", "x"), "option '-a': the argument must not be empty");
	assert_bad(LINE("x", "::::", "-", "-"),
	    "standard input, '-', was given as a source of items more than once");
	assert_bad(LINE("-a", "-", "x", "::::", "-"),
	    "standard input, '-', was given as a source of items more than once");
	assert_int_equal(good(LINE("x", EIGHT, EIGHT, EIGHT, EIGHT)).sources.n, 32);
	assert_bad(LINE("x", EIGHT, EIGHT, EIGHT, EIGHT, ":::"),
	    "more than 32 sources of items");
}

/* What users of parallel(1) write must not run the command ":". */
static void a_header_may_have_a_colon(void **state)
{
	struct options o = good(LINE("--header", ":", "echo", "{x}"));

	(void)state;
	assert_true(o.header);
	assert_int_equal(o.ncommand, 2);
	o = good(LINE("--header=:", "echo"));
	assert_true(o.header);
	assert_int_equal(o.ncommand, 1);
	o = good(LINE("--header", "echo", ":"));
	assert_int_equal(o.ncommand, 2);
	assert_bad(LINE("--header=x", "echo"), "option '--header' takes no argument");
}

/* ---- together ---- */

static void conflicts(void **state)
{
	static const struct {
		struct line line;
		const char *message;
	} cases[] = {
		{ { { "-0", "-d," } }, "options '-0' and '-d' cannot be used together" },
		{ { { "--delimiter=,", "--nul" } },
		    "options '--null' and '--delimiter' cannot be used together" },
		{ { { "-uk" } }, "options '-u' and '-k' cannot be used together" },
		{ { { "-u", "--lb" } },
		    "options '-u' and '--line-buffer' cannot be used together" },
		{ { { "--tag", "-u" } }, "options '-u' and '--tag' cannot be used together" },
		{ { { "-u", "--tagstring=x" } },
		    "options '-u' and '--tagstring' cannot be used together" },
		{ { { "--ungroup", "--max-output=1" } },
		    "options '--ungroup' and '--max-output' cannot be used together" },
		{ { { "--halt=1", "--fail-fast" } },
		    "options '--halt' and '--fail-fast' cannot be used together" },
		{ { { "--tries=2", "--retries=2" } },
		    "options '--tries' (2) and '--retries' (2) disagree: "
		    "'--tries' counts the first attempt as well" },
		{ { { "-c", "x", "foo" } }, "option '-c' replaces COMMAND, but 'foo' was given as "
		    "well; items go after ':::'" },
		{ { { "-n2" } }, "option '-n' needs COMMAND or '-c'" },
		{ { { "-C," } }, "option '-C' needs COMMAND or '-c'" },
		{ { { "--header" } }, "option '--header' needs COMMAND or '-c'" },
		{ { { "", "x" } }, "COMMAND is empty" },
		{ { { "--tries=2", "--retry-interval=2m5s" } },
		    "option '--retry-interval': '2m5s' is "
		    "not a duration such as 90, 90s, 1.5m, 2h, 1d or 250ms" },
		{ { { "--tries=2", "--retry-interval=125", "--max-interval=2m" } },
		    "option '--max-interval' must not be shorter than "
		    "'--retry-interval', which is 2m05s" },
		{ { { "--tries=2", "--max-interval=500ms" } },
		    "option '--max-interval' must not be shorter than "
		    "'--retry-interval', which is 1s" },
		{ { { "--retry-interval=1s" } }, "option '--retry-interval' needs '--tries'" },
		{ { { "--backoff=2" } }, "option '--backoff' needs '--tries'" },
		{ { { "--max-interval=9s" } }, "option '--max-interval' needs '--tries'" },
		{ { { "--jitter=0.1" } }, "option '--jitter' needs '--tries'" },
		{ { { "--retry-on=any" } }, "option '--retry-on' needs '--tries'" },
		{ { { "--no-retry-on=any" } }, "option '--no-retry-on' needs '--tries'" },
		{ { { "--retry-match=x" } }, "option '--retry-match' needs '--tries'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_bad(&cases[i].line, cases[i].message);
}

/* ---- options of another command line ---- */

static struct options inherited(const struct line *then, const struct line *now)
{
	struct options from = good(then), o = good(now);
	struct error err = { "" };

	if (options_inherit(&o, &from, &err) != 0)
		fail_msg("%s", err.message);
	return o;
}

#define NOW(...) LINE("--journal", "j", "--retry-failed", __VA_ARGS__)

static void how_tasks_run_is_inherited(void **state)
{
	struct options o = inherited(LINE("-j3", "--tries", "4", "--retry-interval", "2s",
	    "--timeout", "5s", "-k", "--tag", "--retry-match", "x", "--halt", "now,fail=1",
	    "--nice", "5", "cmd"), NOW(NULL));

	(void)state;
	assert_int_equal(o.jobs.n, 3);
	assert_int_equal(o.tries, 4);
	assert_int_equal(o.retry_interval, 2 * COVEY_SEC);
	assert_int_equal(o.timeout, 5 * COVEY_SEC);
	assert_true(o.keep_order && o.tag);
	assert_string_equal(o.retry_match, "x");
	assert_int_equal(o.halt.when, HALT_NOW);
	assert_int_equal(o.nice, 5);
	assert_int_equal(o.recovery, RECOVERY_RETRY_FAILED);
}

static void which_tasks_run_is_not(void **state)
{
	struct options o = inherited(LINE("-0", "-n2", "-a", "items", "-I", "R", "--colsep", ",",
	    "--journal", "old", "--resume", "--joblog", "log", "cmd", "R", ":::", "a"), NOW(NULL));

	(void)state;
	assert_int_equal(o.delimiter, '\n');
	assert_int_equal(o.max_args, 1);
	assert_int_equal(o.ncommand, 0);
	assert_null(o.replace);
	assert_null(o.colsep);
	assert_null(o.joblog);
	assert_string_equal(o.journal, "j");
	assert_int_equal(o.recovery, RECOVERY_RETRY_FAILED);
	/* nothing is read */
	assert_int_equal(o.sources.n, 1);
	assert_int_equal(o.sources.list[0].nwords, 0);
}

static void what_is_said_now_holds(void **state)
{
	struct options o = inherited(LINE("-j3", "--tries", "4", "-k", "--timeout", "5s",
	    "--fail-fast", "cmd"), NOW("-j7", "--retries", "1", "-u", "--halt", "never", NULL));

	(void)state;
	assert_int_equal(o.jobs.n, 7);
	assert_int_equal(o.tries, 2);
	assert_int_equal(o.timeout, 5 * COVEY_SEC);
	/* with which others cannot be used */
	assert_true(o.ungroup && !o.keep_order);
	assert_int_equal(o.given[OPT_FAIL_FAST], 0);
	assert_int_equal(o.halt.when, HALT_NEVER);
}

static void what_does_not_fit_together(void **state)
{
	struct options from = good(LINE("--tries", "2", "--max-interval", "5s", "cmd"));
	struct options o = good(NOW("--retry-interval", "10s"));
	struct error err = { "" };

	(void)state;
	assert_int_equal(options_inherit(&o, &from, &err), -1);
	assert_non_null(strstr(err.message, "'--max-interval' must not be shorter"));
}

static void what_goes_together(void **state)
{
	(void)state;
	assert_true(good(LINE("-u", "--dry-run")).dry_run);
	assert_true(good(LINE("--lb", "-k", "--tag")).line_buffer);
	good(LINE("--tries=2", "--max-interval=1s"));
	good(LINE("--tries=2", "--retry-interval=9s", "--max-interval=0"));
	good(LINE("--tries=2", "--retry-interval=0", "--max-interval=1ms"));
}

static void help_and_version(void **state)
{
	struct options o;
	struct error err;

	(void)state;
	assert_int_equal(parse(LINE("--help"), &o, &err), OPTIONS_HELP);
	assert_int_equal(parse(LINE("-h"), &o, &err), OPTIONS_HELP_SHORT);
	assert_int_equal(parse(LINE("-kh"), &o, &err), OPTIONS_HELP_SHORT);
	assert_int_equal(parse(LINE("--help=table"), &o, &err), OPTIONS_HELP_TABLE);
	assert_int_equal(parse(LINE("--version"), &o, &err), OPTIONS_VERSION);
	assert_int_equal(parse(LINE("--version", "--foo"), &o, &err), OPTIONS_VERSION);
	assert_int_equal(parse(LINE("-0", "-d,", "--help"), &o, &err), OPTIONS_HELP);
	assert_int_equal(parse(LINE("echo", "--help"), &o, &err), OPTIONS_RUN);
}

/* ---- the table and what is printed from it ---- */

static void rows_are_complete_and_distinct(void **state)
{
	enum option_group group = GROUP_INPUT;

	(void)state;
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);
		struct error err;
		bool takes = row->kind != KIND_FLAG && row->kind != KIND_HEADER
		    && row->kind != KIND_HELP && row->kind != KIND_VERSION
		    && row->kind != KIND_VALUE && row->implied == NULL;

		assert_non_null(row->help);
		assert_non_null(row->letters);
		assert_true(row->name != NULL || row->letters[0] != '\0');
		assert_int_equal(row->argument != NULL, takes);
		/* found by all its names, and so no other has any of them */
		if (row->name != NULL)
			assert_int_equal(options_table_by_name(row->name, strlen(row->name), &err),
			    i);
		if (row->alias != NULL)
			assert_int_equal(options_table_by_name(row->alias, strlen(row->alias),
			    &err), i);
		for (const char *p = row->letters; *p != '\0'; p++)
			assert_int_equal(options_table_by_letter(*p), i);
		/* --help has a heading whenever the group changes */
		assert_true(row->group >= group);
		group = row->group;
	}
	assert_int_equal(options_table_by_letter('\0'), OPT_COUNT);
}

static char *printed(void (*print)(FILE *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void help_fits_and_names_everything(void **state)
{
	char *text = printed(usage_print);

	(void)state;
	assert_ptr_equal(strstr(text, "usage: covey "), text);
	assert_non_null(strstr(text,
	    "\n  -j, -P, --jobs N          run N tasks at once, or N% of"));
	assert_non_null(strstr(text, "\n  -I R                      "));
	assert_non_null(strstr(text, "\nExit status: 0 "));
	assert_non_null(strstr(text, "\nSee covey(1).\n"));
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);
		char name[64];

		if (row->name == NULL)
			continue;
		snprintf(name, sizeof name, "--%s%s", row->name,
		    row->argument == NULL ? "" : row->optional ? "[=" : " ");
		if (strstr(text, name) == NULL)
			fail_msg("%s is not in the help", name);
	}
	for (int g = 0; g < GROUP_COUNT; g++)
		assert_non_null(strstr(text, options_table_group_title((enum option_group)g)));
	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
		int len = (int)strcspn(p, "\n");

		if (len > 80 || (len > 0 && p[len - 1] == ' '))
			fail_msg("too long, or a blank at the end: '%.*s'", len, p);
	}
	free(text);
}

static void table_has_a_line_for_each(void **state)
{
	char *text = printed(usage_table);
	int lines = 0;

	(void)state;
	for (const char *p = text; *p != '\0'; p = strchr(p, '\n') + 1) {
		int tabs = 0;

		for (const char *q = p; *q != '\n'; q++)
			tabs += *q == '\t';
		assert_int_equal(tabs, 3);
		lines++;
	}
	assert_int_equal(lines, OPT_COUNT);
	assert_non_null(strstr(text, "\njobs\tjP\tN\tthe usable CPUs\n"));
	assert_non_null(strstr(text, "\n\tI\tR\t{}\n"));
	assert_non_null(strstr(text, "\nkill-after\t\tD\t5s\n"));
	assert_ptr_equal(strstr(text, "null\t0\t\t\n"), text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(no_argv_at_all),
		cmocka_unit_test(flags),
		cmocka_unit_test(input),
		cmocka_unit_test(jobs),
		cmocka_unit_test(retries),
		cmocka_unit_test(tries_and_retries),
		cmocka_unit_test(times),
		cmocka_unit_test(output_and_watching),
		cmocka_unit_test(choices),
		cmocka_unit_test(recovery),
		cmocka_unit_test(fail_fast_is_a_halt),
		cmocka_unit_test(clusters),
		cmocka_unit_test(arguments_may_begin_with_a_dash),
		cmocka_unit_test(the_last_of_several_holds),
		cmocka_unit_test(abbreviations),
		cmocka_unit_test(unknown_options),
		cmocka_unit_test(overlong_names_are_unknown),
		cmocka_unit_test(missing_and_needless_arguments),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(bad_regex_names_the_cause),
		cmocka_unit_test(parsing_stops_at_the_command),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(xargs_ends_the_options),
		cmocka_unit_test(options_for_xargs),
		cmocka_unit_test(one_dash_is_a_command),
		cmocka_unit_test(items_follow_three_colons),
		cmocka_unit_test(items_without_command_and_commands_without_items),
		cmocka_unit_test(sources_in_their_order),
		cmocka_unit_test(sources_that_cannot_be),
		cmocka_unit_test(a_header_may_have_a_colon),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(how_tasks_run_is_inherited),
		cmocka_unit_test(which_tasks_run_is_not),
		cmocka_unit_test(what_is_said_now_holds),
		cmocka_unit_test(what_does_not_fit_together),
		cmocka_unit_test(what_goes_together),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(rows_are_complete_and_distinct),
		cmocka_unit_test(help_fits_and_names_everything),
		cmocka_unit_test(table_has_a_line_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
