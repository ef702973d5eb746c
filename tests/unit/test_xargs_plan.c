#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/xargs/xargs_plan.h"
#include "cli/xargs/xargs_read.h"

static char cmd[] = "cmd", *const command[] = { cmd };

static struct xargs_options options(const char *path)
{
	return (struct xargs_options){
		.program = "xargs", .command = command, .ncommand = 1, .delimiter = XARGS_NO_DELIMITER,
		.max_chars = 131072, .max_args = 1, .supervised = true, .arg_file = path,
		.max_kernel = 131072,
	};
}

/* A pipe with these bytes in it, and its path. */
static void pipe_with(int ends[2], const char *bytes, char path[64])
{
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, strlen(bytes)), strlen(bytes));
	snprintf(path, 64, "/proc/self/fd/%d", ends[0]);
}

static void lines_are_commands_and_their_items_records(void **state)
{
	struct xargs_options o;
	struct planner *p;
	struct plan plan;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "a 'b c'\n", path);
	close(ends[1]);
	o = options(path);
	p = xargs_plan_open(&o, true, &err);
	assert_non_null(p);
	for (int i = 0; i < 2; i++) {
		const char *const *argv;

		assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
		argv = plan.command.argv;
		assert_string_equal(argv[0], "cmd");
		assert_string_equal(argv[1], i == 0 ? "a" : "b c");
		assert_null(argv[2]);
		assert_int_equal(plan.number, i + 1);
		assert_int_equal(plan.record.nitems, 1);
		assert_ptr_equal(plan.record.items[0].text, argv[1]);
		/* unless this is run at a terminal, which commands must not read */
		assert_int_equal(plan.command.stdin_source,
		    isatty(0) ? COVEY_STDIN_NULL : COVEY_STDIN_INHERIT);
	}
	assert_int_equal(planner_next(p, &plan, &err), PLAN_END);
	assert_false(planner_has_more(p));
	planner_close(p);
	close(ends[0]);
}

static void it_waits_for_its_input(void **state)
{
	struct xargs_options o;
	struct planner *p;
	struct plan plan;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "", path);
	o = options(path);
	p = xargs_plan_open(&o, false, &err);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_LATER);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_LATER);
	assert_false(planner_poll(p));
	assert_string_equal(planner_name(p), path);
	assert_int_equal(write(ends[1], "a b", 3), 3);
	planner_wait(p);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
	assert_string_equal(plan.command.argv[1], "a");
	assert_int_equal(planner_next(p, &plan, &err), PLAN_LATER);
	close(ends[1]);
	assert_true(planner_poll(p));
	assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
	assert_string_equal(plan.command.argv[1], "b");
	assert_int_equal(planner_next(p, &plan, &err), PLAN_END);
	planner_close(p);
	close(ends[0]);
}

static void bad_input_ends_it_after_what_was_good(void **state)
{
	struct xargs_options o;
	struct planner *p;
	struct plan plan;
	struct error err;
	char path[64];
	int ends[2];

	(void)state;
	pipe_with(ends, "a \"b\n", path);
	close(ends[1]);
	o = options(path);
	o.max_args = 0;
	p = xargs_plan_open(&o, true, &err);
	assert_int_equal(planner_next(p, &plan, &err), PLAN_TASK);
	assert_string_equal(plan.command.argv[1], "a");
	assert_int_equal(planner_next(p, &plan, &err), PLAN_BAD);
	assert_memory_equal(err.message, "unmatched double quote", 22);
	planner_close(p);
	close(ends[0]);
	o.arg_file = "/";
	p = xargs_plan_open(&o, true, &err);
	o.no_run_if_empty = true;
	assert_int_equal(planner_next(p, &plan, &err), PLAN_BAD);
	assert_string_equal(err.message, strerror(EISDIR));
	planner_close(p);
	o.arg_file = "/nowhere/file";
	assert_null(xargs_plan_open(&o, true, &err));
	assert_string_equal(err.message, "cannot open '/nowhere/file': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_commands_and_their_items_records),
		cmocka_unit_test(it_waits_for_its_input),
		cmocka_unit_test(bad_input_ends_it_after_what_was_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
