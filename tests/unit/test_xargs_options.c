#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xargs/xargs_limits.h"
#include "cli/xargs/xargs_options.h"
#include "cli/xargs/xargs_read.h"
#include "cli/options/options_parse.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST_WORDS = 20 };

static const struct xargs_limits limits = { .most = 100000, .usual = 50000, .kernel = 90000 };

/* A command line, what it is parsed to, and what is said. */
struct line {
	char text[512];
	char *argv[MOST_WORDS + 1];
	int argc;
	struct xargs_options x;
	struct options covey;
	char *said;
	enum xargs_parsed parsed;
};

/* Words with blanks in between; "_" stands for an empty one. */
static void split(struct line *l, const char *text)
{
	char *rest = l->text, *word;

	snprintf(l->text, sizeof l->text, "%s", text);
	l->argc = 0;
	while ((word = strsep(&rest, " ")) != NULL && *word != '\0') {
		assert_true(l->argc < MOST_WORDS);
		if (strcmp(word, "_") == 0)
			*word = '\0';
		l->argv[l->argc++] = word;
	}
	l->argv[l->argc] = NULL;
}

static void parse(struct line *l, const char *text)
{
	struct error err;
	size_t len;
	FILE *messages;

	memset(l, 0, sizeof *l);
	split(l, text);
	l->x.program = "xargs";
	l->x.by_name = true;
	assert_int_equal(options_begin_for_xargs(&l->covey, &err), 0);
	messages = open_memstream(&l->said, &len);
	assert_non_null(messages);
	l->parsed = xargs_options_parse(&l->x, l->argc, l->argv, 0, &limits, &l->covey, messages);
	fclose(messages);
}

/* One that is accepted, and nothing is said of it. */
static struct xargs_options good(struct line *l, const char *text)
{
	parse(l, text);
	assert_string_equal(l->said, "");
	assert_int_equal(l->parsed, XARGS_PARSED_RUN);
	free(l->said);
	return l->x;
}

static void said(enum xargs_parsed parsed, const char *text, const char *wanted)
{
	struct line l;

	parse(&l, text);
	if (l.parsed != parsed || strcmp(l.said, wanted) != 0)
		fail_msg("'%s': parsed as %d, and said\n%s", text, l.parsed, l.said);
	free(l.said);
}

static void defaults(void **state)
{
	struct line l;
	struct xargs_options x = good(&l, "");

	(void)state;
	assert_int_equal(x.ncommand, 1);
	assert_string_equal(x.command[0], "echo");
	assert_int_equal(x.delimiter, XARGS_NO_DELIMITER);
	assert_int_equal(x.max_procs, 1);
	assert_int_equal(x.max_chars, 50000);
	assert_int_equal(x.max_kernel, 90000);
	assert_true(x.max_args == 0 && x.max_lines == 0 && x.replace == NULL && x.eof == NULL);
	assert_true(x.arg_file == NULL && x.slot_var == NULL);
	assert_false(x.exit || x.no_run_if_empty || x.verbose || x.interactive || x.open_tty
	    || x.show_limits || x.supervised);
}

static void letters_and_names_mean_the_same(void **state)
{
	static const char *const lines[] = {
		"-0a f -n 2 -ors 30 -tx -P3 --process-slot-var V cmd -n",
		"-0 -af -n2 -o -r -s30 -t -x -P 3 --process-slot-var=V -- cmd -n",
		("--null --arg-file f --max-args 2 --open-tty --no-run-if-empty --max-chars 30 --verbose "
		    "--exit --max-procs 3 --process-slot-var V cmd -n"),
		"--nul --arg=f --max-a=2 --op --no --max-c=30 --verb --exi --max-p=3 --proc=V cmd -n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct line l;
		struct xargs_options x = good(&l, lines[i]);

		assert_int_equal(x.delimiter, '\0');
		assert_string_equal(x.arg_file, "f");
		assert_int_equal(x.max_args, 2);
		assert_true(x.open_tty && x.no_run_if_empty && x.verbose && x.exit && !x.interactive);
		assert_int_equal(x.max_chars, 30);
		assert_int_equal(x.max_procs, 3);
		assert_string_equal(x.slot_var, "V");
		assert_int_equal(x.ncommand, 2);
		assert_string_equal(x.command[1], "-n");
	}
}

static void some_arguments_are_attached_or_none(void **state)
{
	struct line l;

	(void)state;
	assert_string_equal(good(&l, "-i").replace, "{}");
	assert_string_equal(good(&l, "-i%").replace, "%");
	assert_string_equal(good(&l, "--replace").replace, "{}");
	assert_string_equal(good(&l, "--replace=%").replace, "%");
	assert_string_equal(good(&l, "--replace=").replace, "");
	assert_string_equal(good(&l, "-I _").replace, "");
	assert_string_equal(good(&l, "-i %").command[0], "%");
	assert_int_equal(good(&l, "-l").max_lines, 1);
	assert_int_equal(good(&l, "-l3").max_lines, 3);
	assert_int_equal(good(&l, "--max-lines=3").max_lines, 3);
	assert_string_equal(good(&l, "-l 3").command[0], "3");
	assert_null(good(&l, "-EX -e").eof);
	assert_null(good(&l, "-EX --eof=").eof);
	assert_null(good(&l, "-E X -E _").eof);
	assert_string_equal(good(&l, "-eX").eof, "X");
	assert_string_equal(good(&l, "--eof=X").eof, "X");
	assert_string_equal(good(&l, "-e X").command[0], "X");
	assert_string_equal(good(&l, "-").command[0], "-");
	assert_null(good(&l, "-a f -a -").arg_file);
}

static void lines_and_replacing_imply_exit(void **state)
{
	struct line l;

	(void)state;
	assert_true(good(&l, "-L2").exit);
	assert_true(good(&l, "-I%").exit);
	assert_false(good(&l, "-n2").exit);
}

static void the_last_of_three_counts(void **state)
{
	static const char both[] =
	    "xargs: warning: options %s and %s are mutually exclusive, ignoring "
	    "previous %s value\n";
	static const struct {
		const char *line, *earlier, *later;
		unsigned long args, lines;
		bool replace;
	} cases[] = {
		{ "-n2 -L3", "--max-args", "-L", 0, 3, false },
		{ "-n2 -l3", "--max-args", "--max-lines/-l", 0, 3, false },
		{ "-L3 -n2", "--max-lines", "--max-args/-n", 2, 0, false },
		{ "-I% -n2", "--replace", "--max-args/-n", 2, 0, false },
		{ "-I% -L3", "--replace", "-L", 0, 3, false },
		{ "-n2 -I%", "--max-args", "--replace/-I/-i", 0, 0, true },
		{ "-n1 -i", "--max-args", "--replace/-I/-i", 0, 0, true },
		{ "-l -I%", "--max-lines", "--replace/-I/-i", 0, 0, true },
	};
	struct line l;
	char wanted[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		parse(&l, cases[i].line);
		snprintf(wanted, sizeof wanted, both, cases[i].earlier, cases[i].later,
		    cases[i].earlier);
		assert_string_equal(l.said, wanted);
		assert_int_equal(l.parsed, XARGS_PARSED_RUN);
		assert_int_equal(l.x.max_args, cases[i].args);
		assert_int_equal(l.x.max_lines, cases[i].lines);
		assert_int_equal(l.x.replace != NULL, cases[i].replace);
		free(l.said);
	}
	/* what says the same twice is no matter */
	assert_non_null(good(&l, "-I% -n1").replace);
	assert_int_equal(good(&l, "-n2 -n3").max_args, 3);
	assert_int_equal(good(&l, "-L2 -l").max_lines, 1);
	assert_int_equal(good(&l, "-0 -d,").delimiter, ',');
	assert_int_equal(good(&l, "-d, -0").delimiter, '\0');
}

static void the_end_string_needs_blanks(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-0 -EX");
	assert_string_equal(l.said, "xargs: warning: the -E option has no effect if -0 or -d is used.\n\n");
	assert_null(l.x.eof);
	free(l.said);
}

static void numbers(void **state)
{
	static const char see[] = "Try 'xargs --help' for more information.\n";
	static const struct {
		const char *line, *said;
	} bad[] = {
		{ "-nx", "invalid number \"x\" for -n option" },
		{ "-n _", "invalid number \"\" for -n option" },
		{ "-n1x", "invalid number \"1x\" for -n option" },
		{ "-n 0x2", "invalid number \"0x2\" for -n option" },
		{ "-n0", "value 0 for -n option should be >= 1" },
		{ "-n-1", "value -1 for -n option should be >= 1" },
		{ "-nx -n1", "invalid number \"x\" for -n option" },
		{ "-L0", "value 0 for -L option should be >= 1" },
		{ "-l0", "value 0 for -l option should be >= 1" },
		{ "--max-lines=x", "invalid number \"x\" for -l option" },
		{ "-P-1", "value -1 for -P option should be >= 0" },
		{ "-P2147483648", "value 2147483648 for -P option should be <= 2147483647" },
		{ "-s1k", "invalid number \"1k\" for -s option" },
	};
	struct line l;
	char wanted[256];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(wanted, sizeof wanted, "xargs: %s\n%s", bad[i].said, see);
		said(XARGS_PARSED_BAD, bad[i].line, wanted);
	}
	assert_int_equal(good(&l, "-n010").max_args, 10);
	assert_int_equal(good(&l, "-n+3").max_args, 3);
	assert_int_equal(good(&l, "-P0").max_procs, 0);
	assert_int_equal(good(&l, "-P2147483647").max_procs, 2147483647);
	assert_true(good(&l, "-n99999999999999999999").max_args == INT64_MAX);
}

static void sizes_bend(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-s0");
	assert_string_equal(l.said, "xargs: value 0 for -s option should be >= 1\n");
	assert_int_equal(l.x.max_chars, 1);
	free(l.said);
	parse(&l, "-s100001");
	assert_string_equal(l.said, "xargs: value 100001 for -s option should be <= 100000\n");
	assert_int_equal(l.x.max_chars, 100000);
	assert_int_equal(l.parsed, XARGS_PARSED_RUN);
	free(l.said);
	assert_int_equal(good(&l, "-s100000").max_chars, 100000);
}

static void what_is_not_understood(void **state)
{
	static const char see[] = "\nTry 'xargs --help' for more information.\n";
	static const struct {
		const char *line, *said;
	} bad[] = {
		{ "-q", "invalid option -- 'q'" }, { "-0q", "invalid option -- 'q'" },
		{ "-n", "option requires an argument -- 'n'" },
		{ "-0s", "option requires an argument -- 's'" },
		{ "--nosuch=3", "unrecognized option '--nosuch=3'" },
		{ "--max-args", "option '--max-args' requires an argument" },
		{ "--null=x", "option '--null' doesn't allow an argument" },
		{ "--max", "option '--max' is ambiguous; possibilities: '--max-lines' '--max-args' "
		    "'--max-chars' '--max-procs'" },
		{ "--n", "option '--n' is ambiguous; possibilities: '--null' '--no-run-if-empty'" },
		{ "--ver=1", "option '--ver=1' is ambiguous; possibilities: '--verbose' '--version'" },
	}, plain[] = {
		{ "--process-slot-var=a=b", "option --process-slot-var may not be set to a value which "
		    "includes `='\n" },
		{ "--process-slot-var=", "failed to unset environment variable : Invalid argument\n" },
		{ "-dab", "Invalid input delimiter specification ab: the delimiter must be either a single "
		    "character or an escape sequence starting with \\.\n" },
		{ "-d\\q", "Invalid escape sequence \\q in input delimiter specification.\n" },
		{ "-d\\400", "Invalid escape sequence \\400 in input delimiter specification; character "
		    "values must not exceed 377.\n" },
		{ "-d\\x100", "Invalid escape sequence \\x100 in input delimiter specification; character "
		    "values must not exceed ff.\n" },
		{ "-d\\12x", "Invalid escape sequence \\12x in input delimiter specification; trailing "
		    "characters x not recognised.\n" },
	};
	char wanted[512];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(wanted, sizeof wanted, "xargs: %s%s", bad[i].said, see);
		said(XARGS_PARSED_BAD, bad[i].line, wanted);
	}
	for (size_t i = 0; i < COUNT(plain); i++) {
		snprintf(wanted, sizeof wanted, "xargs: %s", plain[i].said);
		said(XARGS_PARSED_BAD, plain[i].line, wanted);
	}
	said(XARGS_PARSED_HELP, "-n1 --help -q", "");
	said(XARGS_PARSED_VERSION, "--version --help", "");
}

static void coveys_own(void **state)
{
	struct line l;
	struct xargs_options x = good(&l, "--tries 3 -n1 --timeout=1m -t --process-slot-var=V cmd --tries 9");

	(void)state;
	assert_true(x.supervised);
	assert_int_equal(x.max_args, 1);
	assert_int_equal(x.ncommand, 3);
	assert_int_equal(l.covey.tries, 3);
	assert_true(l.covey.timeout == 60 * COVEY_SEC);
	assert_true(l.covey.verbose);
	assert_string_equal(l.covey.slot_var, "V");
	/* what holds for a later run of the same counts as given */
	assert_int_equal(l.covey.given[OPT_VERBOSE], 't');
	assert_int_equal(l.covey.given[OPT_JOBS], 'P');
	assert_false(good(&l, "--xargs").supervised);
	/* names that begin alike are xargs' */
	assert_false(good(&l, "--max-a 3 --no").supervised);
}

static void of_both_kinds_of_jobs_the_last_one_counts(void **state)
{
	struct line l;

	(void)state;
	good(&l, "--jobs 5 -P2");
	assert_int_equal(l.covey.jobs.n, 2);
	good(&l, "-P2 --jobs 5");
	assert_int_equal(l.covey.jobs.n, 5);
	good(&l, "--tries 2");
	assert_int_equal(l.covey.jobs.n, 1);
	good(&l, "--tries 2 -P0");
	assert_int_equal(l.covey.jobs.how, JOBS_MANY);
}

static void coveys_own_that_are_wrong(void **state)
{
	static const struct {
		const char *line, *said;
	} bad[] = {
		{ "--timeout x", "option '--timeout': 'x' is not a duration" },
		{ "--timeout", "option '--timeout' needs an argument: D" },
		{ "--xargs=2", "option '--xargs' takes no argument" },
		{ "--retri=1 --link", "option '--link' has no meaning for xargs" },
		{ "--retr", "option '--retr' is ambiguous: '--retries', '--retry-interval'" },
		{ "--resume", "option '--resume' needs '--journal'" },
		{ "--retry-on 7", "option '--retry-on' needs '--tries'" },
		{ "--journal j --retry-failed",
		    "option '--retry-failed' takes commands and items" },
		{ "--tries 2 -p", "option '-p' waits for answers" },
		{ "--tries 2 -o", "option '-o' gives commands the terminal" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct line l;
		char wanted[256];

		parse(&l, bad[i].line);
		snprintf(wanted, sizeof wanted, "xargs: %s", bad[i].said);
		assert_int_equal(l.parsed, XARGS_PARSED_BAD);
		if (strncmp(l.said, wanted, strlen(wanted)) != 0)
			fail_msg("'%s': %s", bad[i].line, l.said);
		/* one line, whatever it is */
		assert_ptr_equal(strchr(l.said, '\n'), l.said + strlen(l.said) - 1);
		free(l.said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(letters_and_names_mean_the_same),
		cmocka_unit_test(some_arguments_are_attached_or_none),
		cmocka_unit_test(lines_and_replacing_imply_exit),
		cmocka_unit_test(the_last_of_three_counts),
		cmocka_unit_test(the_end_string_needs_blanks),
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes_bend),
		cmocka_unit_test(what_is_not_understood),
		cmocka_unit_test(coveys_own),
		cmocka_unit_test(of_both_kinds_of_jobs_the_last_one_counts),
		cmocka_unit_test(coveys_own_that_are_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
