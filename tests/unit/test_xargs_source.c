/* Each line of the source is written down as "[cmd][a]", and what else it says in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/xargs/xargs_read.h"
#include "cli/xargs/xargs_source.h"

static char cmd[] = "cmd", percent[] = "%", *const one[] = { cmd }, *const two[] = { cmd, percent };

static struct xargs_options options(void)
{
	return (struct xargs_options){
		.program = "xargs", .command = one, .ncommand = 1, .delimiter = XARGS_NO_DELIMITER,
		.max_chars = 131072, .max_kernel = 1 << 20,
	};
}

/* A file that is gone with its descriptor; its path is /proc's. */
struct input {
	int fd;
	char path[64];
};

static struct input input_of(const char *bytes, size_t len)
{
	struct input in;
	FILE *file = tmpfile();

	assert_non_null(file);
	in.fd = dup(fileno(file));
	assert_true(in.fd >= 0);
	fclose(file);
	assert_int_equal(write(in.fd, bytes, len), len);
	assert_int_equal(lseek(in.fd, 0, SEEK_SET), 0);
	snprintf(in.path, sizeof in.path, "/proc/self/fd/%d", in.fd);
	return in;
}

static void put(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);

	assert_true(len + strlen(word) < size);
	memcpy(text + len, word, strlen(word) + 1);
}

/* All of it, where "ran" says whether lines are run. */
static void take_all(struct xargs_source *s, bool ran, char *text, size_t size)
{
	const char *const *argv;

	text[0] = '\0';
	for (;;) {
		switch (xargs_source_next(s, &argv)) {
		case XARGS_NEXT_LINE:
			for (; *argv != NULL; argv++) {
				put(text, size, "[");
				put(text, size, *argv);
				put(text, size, "]");
			}
			put(text, size, ";");
			if (ran)
				xargs_source_ran(s);
			break;
		case XARGS_NEXT_NUL:
			put(text, size, "(NUL)");
			break;
		case XARGS_NEXT_BAD:
			put(text, size, xargs_source_error(s));
			assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_BAD);
			return;
		case XARGS_NEXT_LATER:
			put(text, size, "later");
			return;
		case XARGS_NEXT_END:
			put(text, size, "end");
			assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_END);
			return;
		}
	}
}

static void check_bytes(struct xargs_options o, const char *bytes, size_t len, const char *wanted)
{
	struct input in = input_of(bytes, len);
	struct xargs_source *s;
	char text[4096];

	o.arg_file = in.path;
	s = xargs_source_open(&o, true);
	assert_non_null(s);
	take_all(s, true, text, sizeof text);
	assert_string_equal(text, wanted);
	assert_false(xargs_source_has_more(s));
	xargs_source_close(s);
	close(in.fd);
}

static void check(struct xargs_options o, const char *bytes, const char *wanted)
{
	check_bytes(o, bytes, strlen(bytes), wanted);
}

static void items_become_lines(void **state)
{
	struct xargs_options o = options();

	(void)state;
	check(o, "a b\nc\n", "[cmd][a][b][c];end");
	check_bytes(o, "a\0b c\n", 6, "(NUL)[cmd][a][c];end");
	o.max_args = 2;
	check(o, "a b\nc\n", "[cmd][a][b];[cmd][c];end");
	o.max_chars = 7;
	check(o, "a b c", "[cmd][a];[cmd][b];[cmd][c];end");
	o = options();
	o.delimiter = ',';
	check(o, "a,,\"b", "[cmd][a][][\"b];end");
	o = options();
	o.command = two;
	o.ncommand = 2;
	o.replace = "%";
	check(o, " a b\nc\n", "[cmd][a b];[cmd][c];end");
}

static void no_items_are_one_line_but_not_always(void **state)
{
	struct xargs_options o = options();

	(void)state;
	check(o, "", "[cmd];end");
	check(o, " \n", "[cmd];end");
	o.max_args = 1;
	/* … and where one was run, none is made of what is left */
	check(o, "a\n\n", "[cmd][a];end");
	o.no_run_if_empty = true;
	check(o, "", "end");
	o = options();
	o.replace = "%";
	check(o, "", "end");
}

/* -p: where every line was declined, nothing was run yet. */
static void lines_that_were_not_run_do_not_count(void **state)
{
	struct input in = input_of("a b\n", 4);
	struct xargs_options o = options();
	struct xargs_source *s;
	char text[256];

	(void)state;
	o.arg_file = in.path;
	o.max_args = 1;
	s = xargs_source_open(&o, true);
	take_all(s, false, text, sizeof text);
	assert_string_equal(text, "[cmd][a];[cmd][b];[cmd];end");
	xargs_source_close(s);
	close(in.fd);
}

static void errors_come_behind_what_was_read(void **state)
{
	static const char unmatched[] =
	    "unmatched double quote; by default quotes are special to xargs "
	    "unless you use the -0 option";
	struct xargs_options o = options();
	char wanted[256];

	(void)state;
	snprintf(wanted, sizeof wanted, "[cmd][a];%s", unmatched);
	check(o, "a \"b\n", wanted);
	check(o, "\"b\n", unmatched);
	o.exit = true;
	check(o, "a \"b\n", unmatched);
	o = options();
	check(o, "'b\n",
	    "unmatched single quote; by default quotes are special to xargs unless you use "
	    "the -0 option");
	o.max_chars = 8;
	check(o, "a bbbbbb\n", "[cmd][a];argument line too long");
	check(o, "aaa b", "[cmd][aaa];[cmd][b];end");
	o.max_chars = 3;
	check(o, "a", "cannot fit single argument within argument list size limit");
	check(o, "", "cannot fit single argument within argument list size limit");
	o.max_chars = 8;
	o.max_args = 9;
	o.exit = true;
	check(o, "a b c", "argument list too long");
}

static void the_kernels_limit_is_for_supervised_lines(void **state)
{
	struct xargs_options o = options();

	(void)state;
	o.max_kernel = 1;
	check(o, "a b", "[cmd][a][b];end");
	o.supervised = true;
	check(o, "a b", "[cmd][a];[cmd][b];end");
}

static void records_have_the_items(void **state)
{
	struct input in = input_of("a b\nc\n", 6);
	struct xargs_options o = options();
	const char *const *argv;
	struct xargs_source *s;
	struct record record;

	(void)state;
	o.arg_file = in.path;
	o.max_lines = 1;
	s = xargs_source_open(&o, true);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_int_equal(xargs_source_record(s, argv, &record), 0);
	assert_int_equal(record.nitems, 2);
	assert_int_equal(record.bytes, 2);
	assert_string_equal(record.items[1].text, "b");
	assert_true(xargs_source_has_more(s));
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_int_equal(xargs_source_record(s, argv, &record), 0);
	assert_int_equal(record.nitems, 1);
	assert_int_equal(record.items[0].len, 1);
	xargs_source_ran(s);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_END);
	xargs_source_close(s);
	/* with a replace string it is what takes its place; without any item, an empty one */
	lseek(in.fd, 0, SEEK_SET);
	o = options();
	o.arg_file = in.path;
	o.replace = "%";
	s = xargs_source_open(&o, true);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_int_equal(xargs_source_record(s, argv, &record), 0);
	assert_string_equal(record.items[0].text, "a b");
	xargs_source_close(s);
	o = options();
	o.arg_file = "/dev/null";
	s = xargs_source_open(&o, true);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_int_equal(xargs_source_record(s, argv, &record), 0);
	assert_int_equal(record.nitems, 1);
	assert_int_equal(record.items[0].len, 0);
	xargs_source_close(s);
	close(in.fd);
}

static void an_item_that_did_not_fit_is_more(void **state)
{
	struct input in = input_of("a b", 3);
	struct xargs_options o = options();
	const char *const *argv;
	struct xargs_source *s;

	(void)state;
	o.arg_file = in.path;
	o.max_chars = 7;
	s = xargs_source_open(&o, true);
	assert_true(xargs_source_has_more(s));
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_string_equal(argv[1], "a");
	/* all is read, but not all is run */
	assert_true(xargs_source_has_more(s));
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_string_equal(argv[1], "b");
	assert_false(xargs_source_has_more(s));
	xargs_source_close(s);
	close(in.fd);
}

static void a_pipe_is_read_when_it_is_ready(void **state)
{
	struct xargs_options o = options();
	const char *const *argv;
	struct xargs_source *s;
	char path[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	o.arg_file = path;
	o.max_args = 1;
	s = xargs_source_open(&o, false);
	assert_non_null(s);
	assert_true(xargs_source_fd(s) >= 0);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LATER);
	assert_int_equal(write(ends[1], "a b ", 4), 4);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LATER);
	assert_true(xargs_source_has_more(s));
	xargs_source_ready(s);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_string_equal(argv[1], "a");
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LINE);
	assert_string_equal(argv[1], "b");
	assert_false(xargs_source_has_more(s));
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_LATER);
	close(ends[1]);
	xargs_source_ran(s);
	xargs_source_ready(s);
	assert_int_equal(xargs_source_next(s, &argv), XARGS_NEXT_END);
	xargs_source_close(s);
	close(ends[0]);
}

static void standard_input_is_left_behind_what_was_used(void **state)
{
	struct input in = input_of("a END rest", 10);
	int saved = dup(STDIN_FILENO);
	struct xargs_options o = options();
	struct xargs_source *s;
	char text[64];

	(void)state;
	assert_true(saved >= 0 && dup2(in.fd, STDIN_FILENO) == STDIN_FILENO);
	o.eof = "END";
	s = xargs_source_open(&o, true);
	assert_int_equal(xargs_source_fd(s), -1);
	take_all(s, true, text, sizeof text);
	xargs_source_close(s);
	assert_string_equal(text, "[cmd][a];end");
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_CUR), 6);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
	close(in.fd);
}

static void what_cannot_be_read_ends_it(void **state)
{
	struct xargs_options o = options();
	struct xargs_source *s;
	char text[64];

	(void)state;
	o.arg_file = "/nowhere/file";
	errno = 0;
	assert_null(xargs_source_open(&o, true));
	assert_int_equal(errno, ENOENT);
	o.arg_file = "/";
	s = xargs_source_open(&o, true);
	assert_non_null(s);
	take_all(s, true, text, sizeof text);
	assert_string_equal(text, "[cmd];end");
	assert_int_equal(xargs_source_read_errno(s), EISDIR);
	xargs_source_close(s);
	xargs_source_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_become_lines),
		cmocka_unit_test(no_items_are_one_line_but_not_always),
		cmocka_unit_test(lines_that_were_not_run_do_not_count),
		cmocka_unit_test(errors_come_behind_what_was_read),
		cmocka_unit_test(the_kernels_limit_is_for_supervised_lines),
		cmocka_unit_test(records_have_the_items),
		cmocka_unit_test(an_item_that_did_not_fit_is_more),
		cmocka_unit_test(a_pipe_is_read_when_it_is_ready),
		cmocka_unit_test(standard_input_is_left_behind_what_was_used),
		cmocka_unit_test(what_cannot_be_read_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
