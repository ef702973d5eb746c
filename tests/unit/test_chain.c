/* The whole chain, from a command line to records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_source.h"
#include "cli/input/chain.h"
#include "cli/options/options_parse.h"

enum { MAX_WORDS = 24 };

/* ---- a directory with files of input ---- */

/* A literal, which may have NULs in it, and its length. */
#define DATA(text) text, sizeof(text) - 1

static const struct {
	const char *name, *data;
	size_t len;
} files[] = {
	{ "lines", DATA("one\n\ntwo words\n") },
	{ "table", DATA("A,B\n1,2\n3\n") },
	{ "wide", DATA("A,B\n1,2,3\n4,5\n") },
	{ "tabs", DATA("a\tb c\n1\t2\n") },
	{ "names", DATA("N\nx\ny\n") },
	{ "zero", DATA("a\0b\nc\0") },
	{ "nul", DATA("a\nb\0\nc\n") },
	{ "empty", DATA("") },
	{ "blank", DATA("\n\n") },
	{ "mark", DATA("\xef\xbb\xbfN;M\r\n\xef;2\r\n") },
	{ "ragged", DATA("A\n1,,\n2,x\n3\n") },
};

static void fill(const char *path, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

static char directory[] = "/tmp/covey-source-XXXXXX";

static int enter(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		fill(files[i].name, files[i].data, files[i].len);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(files[i].name);
	assert_int_equal(chdir("/"), 0);
	return rmdir(directory);
}

/* ---- a command line ---- */

struct opened {
	char *argv[MAX_WORDS + 2];
	struct options options;
	struct header header;
	struct source *source;    /* NULL: err says why */
	struct error err;
};

static struct opened *open_line(const char *const *words)
{
	struct opened *o = calloc(1, sizeof *o);
	int argc = 1;

	assert_non_null(o);
	o->argv[0] = (char[]){ "covey" };
	for (; words[argc - 1] != NULL; argc++)
		o->argv[argc] = (char *)words[argc - 1];
	if (options_parse(argc, o->argv, &o->options, &o->err) != OPTIONS_RUN)
		fail_msg("%s", o->err.message);
	o->source = chain_open(&o->options, &o->header, &o->err);
	return o;
}

static void close_line(struct opened *o)
{
	source_close(o->source);
	header_release(&o->header);
	free(o);
}

static void check_line(const char *const *words, const char *const *records)
{
	struct opened *o = open_line(words);

	if (o->source == NULL)
		fail_msg("%s", o->err.message);
	for (; *records != NULL; records++)
		expect_record(o->source, *records);
	expect_result(o->source, INPUT_END, NULL);
	close_line(o);
}

static void command_lines(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *records[8];
	} cases[] = {
		{ { "c", ":::", "a", "b c", "" }, { "a", "b c", "" } },
		{ { "c", ":::" }, { NULL } },
		{ { "-a", "lines", "c" }, { "one", "two words" } },
		{ { "c", "::::", "lines" }, { "one", "two words" } },
		{ { "c", "::::", "empty" }, { NULL } },
		{ { "c", "::::", "blank" }, { NULL } },
		{ { "-d", "\\n", "c", "::::", "lines" }, { "one", "", "two words" } },
		{ { "-0", "c", "::::", "zero" }, { "a", "b\nc" } },
		{ { "-d", " ", "c", "::::", "lines" }, { "one\n\ntwo", "words\n" } },
		/* several */
		{ { "c", ":::", "a", "b", ":::", "1", "2" }, { "a|1", "a|2", "b|1", "b|2" } },
		{ { "c", "::::", "lines", ":::", "1" }, { "one|1", "two words|1" } },
		{ { "c", ":::", "1", "::::", "lines" }, { "1|one", "1|two words" } },
		{ { "c", "::::", "names", "names" },
		    { "N|N", "N|x", "N|y", "x|N", "x|x", "x|y", "y|N" /* and no more room */ } },
		{ { "-a", "lines", "-a", "lines", "c" },
		    { "one|one", "one|two words", "two words|one", "two words|two words" } },
		{ { "-a", "lines", "c", ":::", "1" }, { "one|1", "two words|1" } },
		{ { "c", ":::", "a", "b", ":::+", "1", "2", "3" }, { "a|1", "b|2" } },
		{ { "c", ":::", "a", "b", "::::+", "lines" }, { "a|one", "b|two words" } },
		{ { "--link", "c", ":::", "a", "b", "c", ":::", "1", "2" }, { "a|1", "b|2", "c|1" } },
		{ { "c", ":::", "a", "::::", "empty" }, { NULL } },
		{ { "c", "::::", "empty", ":::", "a" }, { NULL } },
		{ { "-0", "c", ":::", "x", "::::", "zero" }, { "x|a", "x|b\nc" } },
		/* several at a time */
		{ { "-n", "2", "c", ":::", "a", "b", "c" }, { "a|b", "c" } },
		{ { "-n", "2", "c", ":::", "a", "b", ":::+", "1", "2" }, { "a|1|b|2" } },
		/* columns */
		{ { "--colsep", ",", "c", "::::", "table" }, { "A|B", "1|2", "3" } },
		{ { "-C", ",", "-n2", "c", "::::", "table" }, { "A|B|1|2", "3" } },
		{ { "--colsep", ",", "c", ":::", "a,b", ":::", "1,2,3" }, { "a|b|1|2|3" } },
		/* names */
		{ { "--header", "c", "::::", "names" }, { "x", "y" } },
		{ { "--header", "c", "::::", "tabs" }, { "1|2" } },
		{ { "--header", "-C,", "c", "::::", "table" }, { "1|2", "3|" } },
		{ { "--header", "-C,", "c", "::::", "wide" }, { "1|2|3", "4|5" } },
		{ { "--header", "-C,", "-n2", "c", "::::", "table" }, { "1|2|3|" } },
		{ { "--header", "c", ":::", "N", ":::", "M", "1" }, { NULL } },
		{ { "--header", "c", ":::", "N", "1", ":::", "M" }, { NULL } },
		{ { "--header", "c", ":::", "N", "1", "2", ":::", "M", "x" }, { "1|x", "2|x" } },
		{ { "--header", "--link", "c", ":::", "N", "1", "2", "3", ":::", "M", "x", "y" },
		    { "1|x", "2|y", "3|x" } },
		{ { "--header", "-C,", "c", "::::", "table", ":::", "M", "x" }, { "1|2|x", "3||x" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct opened *o = open_line(cases[i].words);
		size_t r;

		if (o->source == NULL)
			fail_msg("case %zu: %s", i, o->err.message);
		for (r = 0; r < 7 && cases[i].records[r] != NULL; r++)
			expect_record(o->source, cases[i].records[r]);
		if (r < 7)
			expect_result(o->source, INPUT_END, NULL);
		close_line(o);
	}
}

static void names_of_columns(void **state)
{
	struct opened *o = open_line((const char *const[]){ "--header", "-C,", "c", "::::", "table", ":::",
	    " X ,Y", "1", NULL });
	static const char *const names[] = { "A", "B", "X", "Y" };

	(void)state;
	assert_non_null(o->source);
	assert_int_equal(o->header.n, 4);
	assert_int_equal(o->header.nsources, 2);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(o->header.names[i].text, names[i]);
	close_line(o);
}

/* As a spreadsheet has written it. */
static void a_byte_order_mark(void **state)
{
	static const char *const lines[][MAX_WORDS] = {
		{ "--header", "-C;", "c", "::::", "mark", NULL },
		{ "--header", "-C;", "c", ":::", "A", "1", "::::", "mark", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct opened *o = open_line(lines[i]);

		if (o->source == NULL)
			fail_msg("%s", o->err.message);
		assert_int_equal(o->header.n, 2 + i);
		assert_string_equal(o->header.names[i].text, "N");
		assert_string_equal(o->header.names[i + 1].text, "M");
		expect_record(o->source, i == 0 ? "\xef|2" : "1|\xef|2");
		expect_result(o->source, INPUT_END, NULL);
		close_line(o);
	}
}

static void what_cannot_be_opened(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *why;
	} cases[] = {
		{ { "c", "::::", "none" }, "cannot open 'none': No such file or directory" },
		{ { "c", ":::", "a", "::::", "none" }, "cannot open 'none': No such file or directory" },
		{ { "c", "::::", "lines", "none" }, "cannot open 'none': No such file or directory" },
		{ { "c", "::::", "." }, "cannot read '.': it is a directory" },
		{ { "c", ":::", "a", "::::", "." }, "cannot read '.': it is a directory" },
		{ { "c", ":::", "a", "::::", "nul" },
		    "nul:2: item with a NUL byte; use -0 if NUL ends each item" },
		{ { "--colsep", "(", "c", ":::", "a" }, "option '--colsep': '(' is not an extended regular "
		    "expression: Unmatched ( or \\(" },
		{ { "--header", "c", ":::" }, "':::' is empty: '--header' needs a first line with names" },
		{ { "--header", "c", "::::", "empty" },
		    "'empty' is empty: '--header' needs a first line with names" },
		{ { "--header", "c", ":::", "N", "1", ":::" },
		    "':::' is empty: '--header' needs a first line with names" },
		{ { "--header", "c", ":::", "N", "1", "::::", "blank" },
		    "'blank' is empty: '--header' needs a first line with names" },
		/* more columns than names, before others: what is in memory is looked at */
		{ { "--header", "-C,", "c", ":::", "N", "1,2,", ":::", "M", "x" },
		    "after ':::': '1,2,' has 2 columns, but the header names 1" },
		{ { "--header", "-C,", "c", ":::", "N", "1", "::::", "ragged", ":::", "M", "x" },
		    "ragged: '2,x' has 2 columns, but the header names 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct opened *o = open_line(cases[i].words);

		assert_null(o->source);
		assert_string_equal(o->err.message, cases[i].why);
		close_line(o);
	}
}

/* ---- the first source may take its time ---- */

/* What a line has too many is told once, and not for each of its combinations. */
static void a_ragged_line(void **state)
{
	struct opened *o = open_line((const char *const[]){ "--header", "-C,", "c", "::::", "ragged",
	    ":::", "M", "x", "y", NULL });

	(void)state;
	assert_non_null(o->source);
	expect_record(o->source, "1|x");
	expect_record(o->source, "1|y");
	expect_result(o->source, INPUT_REFUSED,
	    "ragged:3: 2 columns, but the header names 1");
	expect_record(o->source, "3|x");
	expect_record(o->source, "3|y");
	expect_result(o->source, INPUT_END, NULL);
	close_line(o);
}

static void a_ragged_line_comes_again(void **state)
{
	struct opened *o = open_line((const char *const[]){ "--link", "--header", "-C,", "c", "::::",
	    "ragged", ":::", "M", "p", "q", "r", "s", "t", "u", NULL });

	(void)state;
	assert_non_null(o->source);
	expect_record(o->source, "1|p");
	expect_result(o->source, INPUT_REFUSED,
	    "ragged:3: 2 columns, but the header names 1");
	expect_record(o->source, "3|r");
	expect_record(o->source, "1|s");
	expect_result(o->source, INPUT_REFUSED, "'2,x' has 2 columns, but the header names 1");
	expect_record(o->source, "3|u");
	expect_result(o->source, INPUT_END, NULL);
	close_line(o);
}

static void a_refused_line(void **state)
{
	struct opened *o = open_line((const char *const[]){ "c", "::::", "nul", NULL });

	(void)state;
	assert_string_equal(source_name(o->source), "nul");
	assert_int_equal(source_fd(o->source), -1);
	expect_record(o->source, "a");
	assert_true(source_has_more(o->source));
	expect_result(o->source, INPUT_REFUSED,
	    "nul:2: item with a NUL byte left out; use -0 if NUL ends each item");
	expect_record(o->source, "c");
	expect_result(o->source, INPUT_END, NULL);
	assert_false(source_has_more(o->source));
	close_line(o);
}

static void await_source(struct source *source, const char *record)
{
	expect_result(source, INPUT_LATER, NULL);
	assert_true(source_fd(source) >= 0);
	source_wait(source);
	expect_record(source, record);
}

/* Waiting is told from below through all that is above. */
static void a_fifo(void **state)
{
	struct opened *o;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	o = open_line((const char *const[]){ "-n2", "-C,", "c", "::::", "fifo", ":::", "x", NULL });
	assert_non_null(o->source);
	expect_result(o->source, INPUT_LATER, NULL);
	fd = open("fifo", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a,b\nc\nd", 7), 7);
	await_source(o->source, "a|b|x|c|x");
	expect_result(o->source, INPUT_LATER, NULL);
	assert_true(source_has_more(o->source));
	close(fd);
	source_wait(o->source);
	expect_record(o->source, "d|x");
	expect_result(o->source, INPUT_END, NULL);
	close_line(o);
	unlink("fifo");
}

/* But names are waited for: nothing can be compiled without them. */
static void a_header_from_a_fifo(void **state)
{
	struct opened *o;
	pid_t writer;
	int status;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		int fd = open("fifo", O_WRONLY | O_CLOEXEC);

		_exit(fd < 0 || write(fd, "N\n", 2) != 2 || write(fd, "1\n", 2) != 2);
	}
	o = open_line((const char *const[]){ "--header", "c", "::::", "fifo", NULL });
	assert_non_null(o->source);
	assert_int_equal(o->header.n, 1);
	assert_string_equal(o->header.names[0].text, "N");
	for (;;) {
		struct record record;
		enum input_result result = source_next(o->source, &record, &o->err);

		if (result == INPUT_RECORD) {
			assert_string_equal(record.items[0].text, "1");
			break;
		}
		assert_int_equal(result, INPUT_LATER);
		source_wait(o->source);
	}
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	close_line(o);
	unlink("fifo");
}

static void the_most_sources(void **state)
{
	enum { SOURCES = 8 };
	const char *words[MAX_WORDS] = { "c" }, *const wanted[] = { "x|x|x|x|x|x|x|x", NULL };

	(void)state;
	for (size_t i = 0; i < SOURCES; i++) {
		words[1 + 2 * i] = ":::";
		words[2 + 2 * i] = "x";
	}
	check_line(words, wanted);
	source_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(names_of_columns),
		cmocka_unit_test(a_byte_order_mark),
		cmocka_unit_test(what_cannot_be_opened),
		cmocka_unit_test(a_ragged_line),
		cmocka_unit_test(a_ragged_line_comes_again),
		cmocka_unit_test(a_refused_line),
		cmocka_unit_test(a_fifo),
		cmocka_unit_test(a_header_from_a_fifo),
		cmocka_unit_test(the_most_sources),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
