/* Plans as values: copies of them, and what a chain of planners answers as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_planner.h"
#include "cli/command/plan.h"

/* ---- copies ---- */

/* A text in a block of its own, so that a sanitizer sees who reads it after it was freed. */
static char *own(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	return copy;
}

static void words_are(const char *const *words, const char *one, const char *other)
{
	assert_string_equal(words[0], one);
	assert_string_equal(words[1], other);
	assert_null(words[2]);
}

static void a_copy_has_everything_of_its_own(void **state)
{
	char *words[] = {
		own("echo"), own("a b"), own("A=1"), own("B"), own("/tmp"), own("/etc/hosts"),
		own("x"), own("yz"), own("name"), own("label"),
	};
	const char *argv[] = { words[0], words[1], NULL }, *env[] = { words[2], words[3], NULL };
	struct span items[] = { { words[6], 1 }, { words[7], 2 } };
	struct plan plan = {
		.record = {
			.items = items, .nitems = 2, .bytes = 3, .line = 4, .number = 5, .place = 6,
		},
		.number = 7, .place = 8, .name = words[8], .label = words[9], .key = { "key" },
		.occurrence = 9,
	}, *copy;
	int user;

	(void)state;
	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	plan.command.env = env;
	plan.command.cwd = words[4];
	plan.command.stdin_source = COVEY_STDIN_FILE;
	plan.command.stdin_path = words[5];
	plan.command.timeout = 10;
	plan.command.tries = 11;
	plan.command.retry_interval = 12;
	plan.command.user = &user;
	copy = plan_copy(&plan);
	assert_non_null(copy);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		free(words[i]);
	memset(argv, 0, sizeof argv);
	memset(env, 0, sizeof env);
	memset(items, 0, sizeof items);
	words_are(copy->command.argv, "echo", "a b");
	words_are(copy->command.env, "A=1", "B");
	assert_string_equal(copy->command.cwd, "/tmp");
	assert_string_equal(copy->command.stdin_path, "/etc/hosts");
	assert_null(copy->command.stdin_bytes);
	assert_int_equal(copy->command.stdin_source, COVEY_STDIN_FILE);
	assert_int_equal(copy->command.size, sizeof copy->command);
	assert_int_equal(copy->command.timeout, 10);
	assert_int_equal(copy->command.tries, 11);
	assert_int_equal(copy->command.retry_interval, 12);
	assert_ptr_equal(copy->command.user, &user);
	assert_int_equal(copy->record.nitems, 2);
	assert_int_equal(copy->record.bytes, 3);
	assert_int_equal(copy->record.line, 4);
	assert_int_equal(copy->record.number, 5);
	assert_int_equal(copy->record.place, 6);
	assert_string_equal(copy->record.items[0].text, "x");
	assert_int_equal(copy->record.items[0].len, 1);
	assert_string_equal(copy->record.items[1].text, "yz");
	assert_int_equal(copy->record.items[1].len, 2);
	assert_ptr_equal(copy->record.own.text, copy->record.items[0].text);
	assert_int_equal(copy->number, 7);
	assert_int_equal(copy->place, 8);
	assert_string_equal(copy->name, "name");
	assert_string_equal(copy->label, "label");
	assert_string_equal((const char *)copy->key.bytes, "key");
	assert_int_equal(copy->occurrence, 9);
	free(copy);
}

/* Bytes of a journal have no NUL after them; those of a standard input may have some among them. */
static void bytes_are_copied_by_their_length(void **state)
{
	static const char input[] = { 'a', '\0', 'b' };
	char *item = malloc(2);
	const char *argv[] = { "cat", NULL };
	struct span items[] = { { item, 2 }, { "", 0 } };
	struct plan plan = { .record = { .items = items, .nitems = 2, .bytes = 2 } }, *copy;

	(void)state;
	assert_non_null(item);
	memcpy(item, "xy", 2);
	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	plan.command.stdin_source = COVEY_STDIN_BYTES;
	plan.command.stdin_bytes = input;
	plan.command.stdin_len = sizeof input;
	copy = plan_copy(&plan);
	assert_non_null(copy);
	free(item);
	assert_string_equal(copy->record.items[0].text, "xy");
	assert_string_equal(copy->record.items[1].text, "");
	assert_ptr_not_equal(copy->command.stdin_bytes, input);
	assert_int_equal(copy->command.stdin_len, sizeof input);
	assert_memory_equal(copy->command.stdin_bytes, input, sizeof input);
	free(copy);
}

/* What is not there and what is empty stay different. */
static void nothing_and_empty(void **state)
{
	static const char *const none[] = { NULL };
	struct plan plan = { .number = 1 }, *copy;

	(void)state;
	covey_command_init(&plan.command, sizeof plan.command);
	copy = plan_copy(&plan);
	assert_non_null(copy);
	assert_null(copy->command.argv);
	assert_null(copy->command.env);
	assert_null(copy->command.cwd);
	assert_null(copy->command.stdin_path);
	assert_null(copy->command.stdin_bytes);
	assert_null(copy->name);
	assert_null(copy->label);
	assert_int_equal(copy->record.nitems, 0);
	free(copy);
	plan.command.argv = plan.command.env = none;
	plan.command.cwd = plan.name = plan.label = "";
	plan.command.stdin_bytes = "";
	copy = plan_copy(&plan);
	assert_non_null(copy);
	assert_non_null(copy->command.argv);
	assert_null(copy->command.argv[0]);
	assert_non_null(copy->command.env);
	assert_null(copy->command.env[0]);
	assert_string_equal(copy->command.cwd, "");
	assert_string_equal(copy->name, "");
	assert_string_equal(copy->label, "");
	assert_non_null(copy->command.stdin_bytes);
	free(copy);
}

/* An item that stands in the plan's own room is found in the copy's. */
static void a_copy_does_not_point_into_the_plan(void **state)
{
	static const char *const argv[] = { "echo", NULL };
	struct plan plan = { .number = 1 }, *copy, *again;

	(void)state;
	covey_command_init(&plan.command, sizeof plan.command);
	plan.command.argv = argv;
	record_set_one(&plan.record, "item", 4);
	copy = plan_copy(&plan);
	assert_non_null(copy);
	memset(&plan, 0, sizeof plan);
	assert_string_equal(copy->record.items[0].text, "item");
	again = plan_copy(copy);
	assert_non_null(again);
	free(copy);
	assert_string_equal(again->record.items[0].text, "item");
	assert_string_equal(again->command.argv[0], "echo");
	free(again);
}

/* ---- chains ---- */

/* A planner that gives nothing, but has all there can be; each of a chain has its letter. */
struct noted {
	struct planner planner;
	char letter;
	bool has_more;
	int fd;
	unsigned nready;
	char *log;                  /* the letters of those that are closed, in that order */
};

static enum plan_result noted_next(struct planner *planner, struct plan *plan, struct error *err)
{
	return planner->below != NULL ? planner_next(planner->below, plan, err) : PLAN_END;
}

static void noted_close(struct planner *planner)
{
	struct noted *n = (struct noted *)planner;
	size_t len = strlen(n->log);

	n->log[len] = n->letter;
	n->log[len + 1] = '\0';
	/* what planner_close must not look at any more */
	planner->below = planner;
}

static bool noted_has_more(const struct planner *planner)
{
	return ((const struct noted *)planner)->has_more;
}

static int noted_fd(const struct planner *planner)
{
	return ((const struct noted *)planner)->fd;
}

static void noted_ready(struct planner *planner)
{
	((struct noted *)planner)->nready++;
}

static const char *noted_name(const struct planner *planner)
{
	return &((const struct noted *)planner)->letter;
}

/* Three of them, the last one at the bottom; that in the middle has only what it must have. */
static void make_chain(struct noted chain[3], char log[8])
{
	static const struct planner_ops all = {
		.next = noted_next, .close = noted_close, .has_more = noted_has_more,
		.fd = noted_fd, .ready = noted_ready, .name = noted_name,
	};
	static const struct planner_ops least = { .next = noted_next, .close = noted_close };

	log[0] = '\0';
	for (int i = 0; i < 3; i++) {
		chain[i] = (struct noted){ .letter = (char)('a' + i), .fd = 100 + i, .log = log };
		planner_init(&chain[i].planner, i == 1 ? &least : &all,
		    i == 2 ? NULL : &chain[i + 1].planner);
	}
}

static void closing_closes_all(void **state)
{
	struct noted chain[3];
	char log[8];

	(void)state;
	make_chain(chain, log);
	planner_close(&chain[0].planner);
	assert_string_equal(log, "abc");
	planner_close(NULL);
}

static void any_of_them_may_have_more(void **state)
{
	struct noted chain[3];
	char log[8];

	(void)state;
	make_chain(chain, log);
	assert_false(planner_has_more(&chain[0].planner));
	chain[2].has_more = true;
	assert_true(planner_has_more(&chain[0].planner));
	chain[0].has_more = true;
	chain[2].has_more = false;
	assert_true(planner_has_more(&chain[0].planner));
	assert_false(planner_has_more(&chain[1].planner));
}

static void the_input_is_that_of_the_bottom(void **state)
{
	struct noted chain[3];
	char log[8];

	(void)state;
	make_chain(chain, log);
	assert_int_equal(planner_fd(&chain[0].planner), 102);
	assert_int_equal(*planner_name(&chain[0].planner), 'c');
	planner_ready(&chain[0].planner);
	assert_int_equal(chain[2].nready, 1);
	assert_int_equal(chain[0].nready, 0);
	/* one without an input of that kind at the bottom */
	chain[1].planner.below = NULL;
	assert_int_equal(planner_fd(&chain[0].planner), -1);
	assert_string_equal(planner_name(&chain[0].planner), "");
	planner_ready(&chain[0].planner);
	assert_int_equal(chain[0].nready, 0);
}

static void waiting_is_for_the_bottom(void **state)
{
	struct noted chain[3];
	char log[8];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	make_chain(chain, log);
	chain[2].fd = ends[0];
	assert_false(planner_poll(&chain[0].planner));
	assert_int_equal(chain[2].nready, 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_true(planner_poll(&chain[0].planner));
	assert_int_equal(chain[2].nready, 1);
	planner_wait(&chain[0].planner);
	assert_int_equal(chain[2].nready, 2);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_has_everything_of_its_own),
		cmocka_unit_test(bytes_are_copied_by_their_length),
		cmocka_unit_test(nothing_and_empty),
		cmocka_unit_test(a_copy_does_not_point_into_the_plan),
		cmocka_unit_test(closing_closes_all),
		cmocka_unit_test(any_of_them_may_have_more),
		cmocka_unit_test(the_input_is_that_of_the_bottom),
		cmocka_unit_test(waiting_is_for_the_bottom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
