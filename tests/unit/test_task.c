#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "task.h"

static const char *const just_true[] = { "true", NULL };

static struct covey_command command(const char *const *argv)
{
	struct covey_command c;

	covey_command_init(&c, sizeof c);
	c.argv = argv;
	return c;
}

static struct cv_task *make(const struct covey_command *c)
{
	struct covey_error err = { .message = "" };
	struct cv_task *task = cv_task_new(c, &err);

	if (task == NULL)
		fail_msg("refused: %s", err.message);
	return task;
}

static void assert_refused(const struct covey_command *c, const char *message)
{
	struct covey_error err = { .code = COVEY_OK, .sys_errno = 99 };

	assert_null(cv_task_new(c, &err));
	assert_int_equal(err.code, COVEY_BAD_ARGUMENT);
	assert_int_equal(err.sys_errno, 0);
	assert_string_equal(err.message, message);
	assert_null(cv_task_new(c, NULL));
}

/* ---- copies ---- */

static void the_least(void **state)
{
	struct covey_command c = command(just_true);
	struct cv_task *task = make(&c);

	(void)state;
	assert_int_equal(task->view.id, 0);
	assert_int_equal(task->view.tries, 0);
	assert_int_equal(task->view.attempts, 0);
	assert_null(task->view.user);
	assert_string_equal(task->view.argv[0], "true");
	assert_null(task->view.argv[1]);
	assert_null(task->env);
	assert_null(task->cwd);
	assert_null(task->stdin_path);
	assert_null(task->stdin_bytes);
	assert_int_equal(task->stdin_source, COVEY_STDIN_NULL);
	assert_int_equal(task->stdin_fd, -1);
	assert_int_equal(task->view.timeout, 0);
	assert_null(task->last);
	assert_false(task->is_delayed);
	cv_task_free(task);
}

/* Everything that can be pointed to, in memory that the test overwrites. */
struct originals {
	char program[8], argument[8], empty[1], set[8], unset[8], cwd[8], path[8], bytes[8];
	const char *argv[4], *env[3];
};

static void fill_in(struct originals *o)
{
	*o = (struct originals){
		.program = "prog", .argument = "-x y", .set = "A=1", .unset = "B", .cwd = "/tmp",
		.path = "/etc/x", .bytes = { 'a', 0, 'b', '\n', 0, (char)0xff, 0, 0 },
	};
	o->argv[0] = o->program;
	o->argv[1] = o->empty;
	o->argv[2] = o->argument;
	o->env[0] = o->set;
	o->env[1] = o->unset;
}

static void everything_is_copied(void **state)
{
	struct originals *o = malloc(sizeof *o);
	struct covey_command c;
	struct cv_task *task;
	int mark;

	(void)state;
	assert_non_null(o);
	fill_in(o);
	c = command(o->argv);
	c.env = o->env;
	c.cwd = o->cwd;
	c.stdin_source = COVEY_STDIN_FILE;
	c.stdin_path = o->path;
	c.timeout = 7 * COVEY_SEC;
	c.tries = 5;
	c.retry_interval = 3 * COVEY_SEC;
	c.user = &mark;
	task = make(&c);
	memset(o, '#', sizeof *o);
	free(o);
	memset(&c, '#', sizeof c);

	assert_string_equal(task->view.argv[0], "prog");
	assert_string_equal(task->view.argv[1], "");
	assert_string_equal(task->view.argv[2], "-x y");
	assert_null(task->view.argv[3]);
	assert_string_equal(task->env[0], "A=1");
	assert_string_equal(task->env[1], "B");
	assert_null(task->env[2]);
	assert_string_equal(task->cwd, "/tmp");
	assert_int_equal(task->stdin_source, COVEY_STDIN_FILE);
	assert_string_equal(task->stdin_path, "/etc/x");
	assert_int_equal(task->view.timeout, 7 * COVEY_SEC);
	assert_int_equal(task->view.tries, 5);
	assert_int_equal(task->retry_interval, 3 * COVEY_SEC);
	assert_ptr_equal(task->view.user, &mark);
	cv_task_free(task);
}

static void stdin_bytes_are_copied_with_their_nuls(void **state)
{
	static const char wanted[] = { 'a', 0, 'b', '\n', 0, (char)0xff, 0, 0 };
	struct originals o;
	struct covey_command c;
	struct cv_task *task;

	(void)state;
	fill_in(&o);
	c = command(o.argv);
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_bytes = o.bytes;
	c.stdin_len = sizeof o.bytes;
	task = make(&c);
	memset(&o, '#', sizeof o);
	assert_int_equal(task->stdin_source, COVEY_STDIN_BYTES);
	assert_int_equal(task->stdin_len, sizeof wanted);
	assert_memory_equal(task->stdin_bytes, wanted, sizeof wanted);
	assert_string_equal(task->view.argv[2], "-x y");
	cv_task_free(task);
}

static void many_stdin_bytes(void **state)
{
	size_t len = 3 << 20;
	unsigned char *bytes = malloc(len);
	struct covey_command c = command(just_true);
	struct cv_task *task;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251);
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_bytes = bytes;
	c.stdin_len = len;
	task = make(&c);
	assert_ptr_not_equal(task->stdin_bytes, bytes);
	assert_memory_equal(task->stdin_bytes, bytes, len);
	cv_task_free(task);
	free(bytes);
}

static void no_stdin_bytes(void **state)
{
	struct covey_command c = command(just_true);
	struct cv_task *task;

	(void)state;
	c.stdin_source = COVEY_STDIN_BYTES;
	task = make(&c);
	assert_int_equal(task->stdin_source, COVEY_STDIN_BYTES);
	assert_int_equal(task->stdin_len, 0);
	cv_task_free(task);
}

static void bytes_that_are_not_asked_for_are_not_looked_at(void **state)
{
	struct covey_command c = command(just_true);
	struct cv_task *task;

	(void)state;
	c.stdin_len = SIZE_MAX;
	task = make(&c);
	assert_null(task->stdin_bytes);
	cv_task_free(task);
}

static void stdin_descriptor(void **state)
{
	struct covey_command c = command(just_true);
	struct cv_task *task;

	(void)state;
	c.stdin_source = COVEY_STDIN_FD;
	c.stdin_fd = 7;
	task = make(&c);
	assert_int_equal(task->stdin_source, COVEY_STDIN_FD);
	assert_int_equal(task->stdin_fd, 7);
	cv_task_free(task);
}

static void an_environment_without_changes(void **state)
{
	static const char *const none[] = { NULL };
	struct covey_command c = command(just_true);
	struct cv_task *task;

	(void)state;
	c.env = none;
	task = make(&c);
	assert_non_null(task->env);
	assert_ptr_not_equal(task->env, none);
	assert_null(task->env[0]);
	cv_task_free(task);
}

static void freed_with_its_last_attempt(void **state)
{
	struct covey_command c = command(just_true);
	struct cv_task *task = make(&c);

	(void)state;
	task->last = calloc(1, sizeof *task->last);
	assert_non_null(task->last);
	cv_task_free(task);  /* leak checkers tell if it were not */
	cv_task_free(NULL);
}

/* ---- refusals ---- */

static void not_set_up(void **state)
{
	static const char message[] = "the command was not set up with covey_command_init";
	struct covey_command c = command(just_true);

	(void)state;
	assert_refused(NULL, message);
	c.size--;
	assert_refused(&c, message);
	c.size += 2;
	assert_refused(&c, message);
	memset(&c, 0, sizeof c);
	c.argv = just_true;
	assert_refused(&c, message);
}

static void empty_argv(void **state)
{
	static const char *const none[] = { NULL };
	struct covey_command c = command(NULL);

	(void)state;
	assert_refused(&c, "the command's argv is empty");
	c.argv = none;
	assert_refused(&c, "the command's argv is empty");
}

static void bad_values(void **state)
{
	struct covey_command c = command(just_true);

	(void)state;
	c.timeout = -1;
	assert_refused(&c, "the command's timeout is negative");
	c = command(just_true);
	c.stdin_source = COVEY_STDIN_FILE;
	assert_refused(&c, "the command's stdin_path is NULL");
	c = command(just_true);
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_len = 1;
	assert_refused(&c, "the command's stdin_bytes is NULL");
}

/* In a child each: a size that overflows unnoticed makes a small block and a long copy into it. */
static void sizes_that_overflow(void **state)
{
	struct covey_command c = command(just_true);

	(void)state;
	c.stdin_source = COVEY_STDIN_BYTES;
	c.stdin_bytes = "x";
	for (size_t less = 0; less < sizeof(struct cv_task); less += 4) {
		pid_t child;
		int status;

		c.stdin_len = SIZE_MAX - less;
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			assert_refused(&c, "the command's stdin_len is too large");
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("stdin_len SIZE_MAX - %zu: wait status %#x", less,
			    (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least),
		cmocka_unit_test(everything_is_copied),
		cmocka_unit_test(stdin_bytes_are_copied_with_their_nuls),
		cmocka_unit_test(many_stdin_bytes),
		cmocka_unit_test(no_stdin_bytes),
		cmocka_unit_test(bytes_that_are_not_asked_for_are_not_looked_at),
		cmocka_unit_test(stdin_descriptor),
		cmocka_unit_test(an_environment_without_changes),
		cmocka_unit_test(freed_with_its_last_attempt),
		cmocka_unit_test(not_set_up),
		cmocka_unit_test(empty_argv),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(sizes_that_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
