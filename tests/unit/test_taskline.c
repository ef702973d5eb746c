#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input/taskline.h"

static struct taskline good(const char *text)
{
	struct taskline task;
	struct error err;

	if (taskline_parse(text, strlen(text), &task, &err) != 0)
		fail_msg("%s: %s", text, err.message);
	return task;
}

static void assert_bad_bytes(const char *text, size_t len, const char *why)
{
	struct taskline task;
	struct error err = { "" };

	if (taskline_parse(text, len, &task, &err) == 0)
		fail_msg("%s is taken", text);
	if (strcmp(err.message, why) != 0)
		fail_msg("%s: %s", text, err.message);
	assert_null(task.json);
}

static void the_least(void **state)
{
	struct taskline task = good("{\"command\": \"echo $HOME\"}");

	(void)state;
	assert_string_equal(task.line, "echo $HOME");
	assert_null(task.command.argv);
	assert_null(task.name);
	assert_null(task.command.env);
	assert_null(task.command.cwd);
	assert_int_equal(task.command.stdin_source, COVEY_STDIN_NULL);
	assert_int_equal(task.command.timeout, 0);
	assert_int_equal(task.command.tries, 0);
	assert_int_equal(task.command.retry_interval, 0);
	assert_int_equal(task.command.size, sizeof task.command);
	taskline_release(&task);
	taskline_release(&task);
}

static void everything(void **state)
{
	struct taskline task = good(" {\"tags\": [\"t\"], \"retry_interval\": \"250ms\", \"tries\": 3,"
	    "\"timeout\": 1.5, \"stdin\": \"a\\u0000b\", \"cwd\": \"/d\", \"name\": \"\\u00e9\","
	    "\"env\": {\"A\": \"x=y\", \"B\": null, \"C\": \"\"},"
	    "\"command\": [\"a\", \"\", \"b c\"]} \r");

	(void)state;
	assert_null(task.line);
	assert_string_equal(task.command.argv[0], "a");
	assert_string_equal(task.command.argv[1], "");
	assert_string_equal(task.command.argv[2], "b c");
	assert_null(task.command.argv[3]);
	assert_string_equal(task.name, "é");
	assert_string_equal(task.command.env[0], "A=x=y");
	assert_string_equal(task.command.env[1], "B");
	assert_string_equal(task.command.env[2], "C=");
	assert_null(task.command.env[3]);
	assert_string_equal(task.command.cwd, "/d");
	assert_int_equal(task.command.stdin_source, COVEY_STDIN_BYTES);
	assert_int_equal(task.command.stdin_len, 3);
	assert_memory_equal(task.command.stdin_bytes, "a\0b", 3);
	assert_int_equal(task.command.timeout, 3 * COVEY_SEC / 2);
	assert_int_equal(task.command.tries, 3);
	assert_int_equal(task.command.retry_interval, COVEY_SEC / 4);
	taskline_release(&task);
}

static void standard_input(void **state)
{
	struct taskline task = good("{\"command\": \"x\", \"stdin\": {\"file\": \"in put\"}}");

	(void)state;
	assert_int_equal(task.command.stdin_source, COVEY_STDIN_FILE);
	assert_string_equal(task.command.stdin_path, "in put");
	taskline_release(&task);
	task = good("{\"command\": \"x\", \"stdin\": \"\"}");
	assert_int_equal(task.command.stdin_source, COVEY_STDIN_BYTES);
	assert_int_equal(task.command.stdin_len, 0);
	taskline_release(&task);
}

/* 0 is the executor's, for the library: here it is at once, or an error. */
static void times(void **state)
{
	static const struct {
		const char *text;
		covey_nsec timeout, interval;
	} cases[] = {
		{ "\"timeout\": 90", 90 * COVEY_SEC, 0 },
		{ "\"timeout\": \"90\"", 90 * COVEY_SEC, 0 },
		{ "\"timeout\": \"1.5m\"", 90 * COVEY_SEC, 0 },
		{ "\"timeout\": 0.25", COVEY_SEC / 4, 0 },
		{ "\"timeout\": 1e-12", 1, 0 },
		{ "\"timeout\": 3153600000", 3153600000 * COVEY_SEC, 0 },
		{ "\"retry_interval\": 0", 0, 1 },
		{ "\"retry_interval\": -0.0", 0, 1 },
		{ "\"retry_interval\": \"0s\"", 0, 1 },
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct taskline task;

		snprintf(text, sizeof text, "{\"command\": \"x\", %s}", cases[i].text);
		task = good(text);
		assert_int_equal(task.command.timeout, cases[i].timeout);
		assert_int_equal(task.command.retry_interval, cases[i].interval);
		taskline_release(&task);
	}
}

/* each in an object that has a command already, but for those that begin with a brace */
static const struct {
	const char *text, *why;
} wrong[] = {
	{ "{}", "the task has no 'command'" },
	{ "{\"name\": \"x\"}", "the task has no 'command'" },
	{ "{\"command\": null}", "'command' must be a string (a shell line) or an array of strings (a "
	    "command and its arguments), not null" },
	{ "{\"command\": \"\"}", "'command' is empty" },
	{ "{\"command\": \" \\n\\t\"}", "'command' is blank" },
	{ "{\"command\": []}", "'command' is an empty array" },
	{ "{\"command\": [\"\", \"a\"]}", "the first word of 'command' is empty" },
	{ "{\"command\": [\"a\", 1]}",
	    "'command' must be an array of strings, but its word 2 is a number" },
	{ "{\"command\": [[]]}",
	    "'command' must be an array of strings, but its word 1 is an array" },
	{ "{\"command\": \"a\\u0000\"}", "'command' contains a NUL character" },
	{ "{\"command\": [\"a\", \"b\\u0000c\"]}", "word 2 of 'command' contains a NUL character" },
	{ "{\"command\": \"a\"", "the line ends within its object: a task is an object of JSON in one "
	    "line" },
	{ "{", "the line ends within its object: a task is an object of JSON in one line" },
	{ "{\"command\": \"a\"}}", "unexpected text after the object, at column 17" },
	{ "{\"command\": \"a\", \"command\": \"b\"}",
	    "not JSON at column 26: duplicate object key near '\"command\"'" },
	{ "{'command': 'a'}", "not JSON at column 2: string or '}' expected near '''" },
	{ "[]", NULL },
	{ "\"x\": 1", "unknown key 'x'; a task has command, name, env, cwd, stdin, timeout, tries, "
	    "retry_interval and tags" },
	{ "\"Name\": \"a\"", "unknown key 'Name'; a task has command, name, env, cwd, stdin, timeout, "
	    "tries, retry_interval and tags" },
	{ "\"name\": 1", "'name' must be a string, not a number" },
	{ "\"name\": \"\"", "'name' is empty" },
	{ "\"name\": \"\\u0000\"", "'name' contains a NUL character" },
	{ "\"env\": []", "'env' must be an object, not an array" },
	{ "\"env\": {\"\": \"x\"}", "a name in 'env' is empty" },
	{ "\"env\": {\"A=B\": \"x\"}", "the name 'A=B' in 'env' contains '='" },
	{ "\"env\": {\"A\": 1}", "'A' in 'env' must be a string, or null to unset it, not a number" },
	{ "\"env\": {\"A\": \"\\u0000\"}", "'A' in 'env' contains a NUL character" },
	{ "\"cwd\": \"\"", "'cwd' is empty" },
	{ "\"cwd\": {}", "'cwd' must be a string, not an object" },
	{ "\"stdin\": 1", "'stdin' must be a string (the text) or {\"file\": PATH}, not a number" },
	{ "\"stdin\": {}", "'stdin' must be a string (the text) or {\"file\": PATH}" },
	{ "\"stdin\": {\"file\": \"a\", \"x\": 1}", "'stdin' must be a string (the text) or "
	    "{\"file\": PATH}" },
	{ "\"stdin\": {\"file\": \"\"}", "'file' is empty" },
	{ "\"stdin\": {\"file\": \"a\\u0000\"}", "'file' contains a NUL character" },
	{ "\"timeout\": 0", "'timeout' is 0" },
	{ "\"timeout\": \"0\"", "'timeout' is 0" },
	{ "\"timeout\": -1", "'timeout' must be from 0 seconds to 100 years" },
	{ "\"timeout\": 3153600001", "'timeout' must be from 0 seconds to 100 years" },
	{ "\"timeout\": 1e300", "'timeout' must be from 0 seconds to 100 years" },
	{ "\"timeout\": \"1x\"",
	    "'timeout': '1x' is not a duration such as 90, 90s, 1.5m, 2h, 1d or 250ms" },
	{ "\"timeout\": \"1\\u0000s\"", "'timeout': a duration contains a NUL character" },
	{ "\"retry_interval\": true", "'retry_interval' must be a string such as \"1.5m\", or a number "
	    "of seconds, not true" },
	{ "\"tries\": 0", "'tries' must be from 1 to 1000000 (all attempts count, the first included), "
	    "not 0" },
	{ "\"tries\": 1000001", "'tries' must be from 1 to 1000000 (all attempts count, the first "
	    "included), not 1000001" },
	{ "\"tries\": 1.0", "'tries' must be a whole number, not a number with a decimal point" },
	{ "\"tries\": \"3\"", "'tries' must be a whole number, not a string" },
	{ "\"tags\": \"a\"", "'tags' must be an array of strings, not a string" },
	{ "\"tags\": [\"a\", null]",
	    "'tags' must be an array of strings, but number 2 of them is null" },
};

static void what_is_wrong(void **state)
{
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		bool whole = wrong[i].text[0] == '{' || wrong[i].text[0] == '[';

		snprintf(text, sizeof text, whole ? "%s" : "{\"command\": \"a\", %s}", wrong[i].text);
		assert_bad_bytes(text, strlen(text), wrong[i].why == NULL
		    ? "a task must be an object, not an array" : wrong[i].why);
	}
}

static void bytes(void **state)
{
	struct taskline task;
	struct error err;

	(void)state;
	assert_int_equal(taskline_parse("{\"command\": \"\xff\"}", 16, &task, &err), -1);
	assert_non_null(strstr(err.message, "unable to decode byte 0xff"));
	assert_int_equal(taskline_parse("{\"command\": \"a\0\"}", 17, &task, &err), -1);
	assert_int_equal(taskline_parse("", 0, &task, &err), -1);
	/* a message is one line, whatever was in the input */
	assert_int_equal(taskline_parse("{\"a\\n\\u001b[31m\": 1}", 20, &task, &err), -1);
	assert_null(strpbrk(err.message, "\n\033"));
}

static void nested_too_deep(void **state)
{
	char *text = malloc(100001);
	struct taskline task;
	struct error err;

	(void)state;
	assert_non_null(text);
	memset(text, '[', 100000);
	text[100000] = '\0';
	memcpy(text, "{\"tags\":", 8);
	assert_int_equal(taskline_parse(text, 100000, &task, &err), -1);
	assert_non_null(strstr(err.message, "maximum parsing depth"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least),
		cmocka_unit_test(everything),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(times),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(bytes),
		cmocka_unit_test(nested_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
