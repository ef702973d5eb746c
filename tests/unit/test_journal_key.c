/* What tasks are known by: every part of it counts, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal/journal_key.h"

static const char *const echo_a[] = { "echo", "a", NULL };

static struct covey_command command_of(const char *const *argv)
{
	struct covey_command command;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	return command;
}

static void is_key(const struct covey_command *command, const char *want)
{
	struct journal_key key = journal_key_of(command);
	char text[2 * JOURNAL_KEY_SIZE + 1];

	for (int i = 0; i < JOURNAL_KEY_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", key.bytes[i]);
	assert_string_equal(text, want);
}

/* Keys are in journals: these have been, and must not change. */
static void known_keys(void **state)
{
	static const char *const env[] = { "A=1", NULL };
	struct covey_command command = command_of(echo_a);

	(void)state;
	is_key(&command, "05ce4ee58cc0735ece364f98fab3a84d");
	command.env = env;
	command.cwd = "/tmp";
	command.stdin_source = COVEY_STDIN_BYTES;
	command.stdin_bytes = "x";
	command.stdin_len = 1;
	is_key(&command, "098d228e62e78151b55ba47b3e0707ef");
}

static void all_differ(void **state)
{
	static const char *const one[] = { "echo a", NULL }, *const joined[] = { "echoa", NULL };
	static const char *const swapped[] = { "a", "echo", NULL };
	static const char *const empty[] = { "echo", "a", "", NULL };
	static const char *const bytes[] = { "echo", "\xff", NULL };
	static const char *const other[] = { "echo", "\xfe", NULL };
	static const char *const a[] = { "a", NULL }, *const none[] = { NULL };
	struct covey_command c[] = {
		command_of(echo_a), command_of(one), command_of(joined), command_of(swapped),
		command_of(empty), command_of(bytes), command_of(other), command_of(echo_a),
		command_of(echo_a), command_of(echo_a), command_of(echo_a), command_of(echo_a),
		command_of(echo_a), command_of(none),
	};
	size_t n = sizeof c / sizeof c[0];

	(void)state;
	c[7].env = a;
	c[8].cwd = "a";
	c[9].stdin_source = COVEY_STDIN_FILE;
	c[9].stdin_path = "a";
	c[10].stdin_source = COVEY_STDIN_BYTES;
	c[10].stdin_bytes = "a";
	c[10].stdin_len = 1;
	c[11] = c[10];
	c[11].stdin_len = 0;
	c[12] = c[9];
	c[12].stdin_path = "b";
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			struct journal_key x = journal_key_of(&c[i]), y = journal_key_of(&c[j]);

			if (memcmp(&x, &y, sizeof x) == 0)
				fail_msg("%zu and %zu have the same key", i, j);
		}
}

/* Of the name alone, and no command can have the same. */
static void names(void **state)
{
	static const char *const argv[] = { "a", NULL };
	struct covey_command command = command_of(argv);
	struct journal_key one = journal_key_of_name("a"), same = journal_key_of_name("a"),
	    other = journal_key_of_name("b"), commands = journal_key_of(&command);

	(void)state;
	assert_memory_equal(&one, &same, sizeof one);
	assert_memory_not_equal(&one, &other, sizeof one);
	assert_memory_not_equal(&one, &commands, sizeof one);
}

static void limits_and_the_like_do_not_count(void **state)
{
	struct covey_command command = command_of(echo_a), same = command;
	struct journal_key one = journal_key_of(&command), other;

	(void)state;
	same.timeout = 5 * COVEY_SEC;
	same.tries = 7;
	same.retry_interval = 3;
	same.user = &same;
	/* what is not used is not looked at */
	same.stdin_path = "x";
	same.stdin_bytes = "y";
	same.stdin_len = 1;
	other = journal_key_of(&same);
	assert_memory_equal(&one, &other, sizeof one);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_keys),
		cmocka_unit_test(all_differ),
		cmocka_unit_test(names),
		cmocka_unit_test(limits_and_the_like_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
