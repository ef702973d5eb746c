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

#include "cli/input/item_list.h"

static void expect_item(const struct item_list *held, size_t i, const char *text)
{
	assert_true(i < held->n);
	assert_int_equal(held->items[i].len, strlen(text));
	assert_string_equal(held->items[i].text, text);
}

/* ---- by hand ---- */

static void adding(void **state)
{
	enum { N = 5000 };
	struct item_list held = { .n = 0 };
	char text[300];

	(void)state;
	for (int i = 0; i < N; i++) {
		int len = snprintf(text, sizeof text, "%d%*s", i, i % 250, "");

		assert_int_equal(item_list_add(&held, text, (size_t)len), 0);
	}
	item_list_settle(&held);
	assert_int_equal(held.n, N);
	for (int i = 0; i < N; i++) {
		snprintf(text, sizeof text, "%d%*s", i, i % 250, "");
		expect_item(&held, (size_t)i, text);
	}
	item_list_release(&held);
	assert_int_equal(held.n, 0);
	/* it is empty, and can be used again */
	assert_int_equal(item_list_add(&held, "x", 1), 0);
	item_list_settle(&held);
	expect_item(&held, 0, "x");
	item_list_release(&held);
	item_list_release(&held);
}

/* A copy ends where it is told to, and is a string of its own. */
static void a_part_of_a_text(void **state)
{
	static const char text[] = "abcdef";
	struct item_list held = { .n = 0 };

	(void)state;
	assert_int_equal(item_list_add(&held, text + 1, 2), 0);
	assert_int_equal(item_list_add(&held, text, 0), 0);
	assert_int_equal(item_list_add(&held, text + 5, 1), 0);
	item_list_settle(&held);
	expect_item(&held, 0, "bc");
	expect_item(&held, 1, "");
	expect_item(&held, 2, "f");
	item_list_release(&held);
}

static void settling_again(void **state)
{
	struct item_list held = { .n = 0 };

	(void)state;
	item_list_settle(&held);
	assert_int_equal(item_list_add(&held, "one", 3), 0);
	item_list_settle(&held);
	assert_int_equal(item_list_add(&held, "two", 3), 0);
	item_list_settle(&held);
	expect_item(&held, 0, "one");
	expect_item(&held, 1, "two");
	item_list_release(&held);
}

static void clearing_keeps_the_memory(void **state)
{
	struct item_list held = { .n = 0 };
	const char *text;

	(void)state;
	assert_int_equal(item_list_add(&held, "one", 3), 0);
	assert_int_equal(item_list_add(&held, "two", 3), 0);
	text = held.text.at;
	item_list_clear(&held);
	assert_int_equal(held.n, 0);
	assert_int_equal(item_list_add(&held, "three", 5), 0);
	item_list_settle(&held);
	assert_int_equal(held.n, 1);
	expect_item(&held, 0, "three");
	assert_ptr_equal(held.text.at, text);
	item_list_release(&held);
}

static void taking_the_first(void **state)
{
	struct item_list held = { .n = 0 };
	struct span item;

	(void)state;
	assert_false(item_list_take_first(&held, &item));
	assert_int_equal(item_list_add(&held, "one", 3), 0);
	assert_int_equal(item_list_add(&held, "two", 3), 0);
	item_list_settle(&held);
	assert_true(item_list_take_first(&held, &item));
	assert_string_equal(item.text, "one");
	expect_item(&held, 0, "two");
	assert_int_equal(held.n, 1);
	assert_true(item_list_take_first(&held, &item));
	assert_string_equal(item.text, "two");
	assert_false(item_list_take_first(&held, &item));
	/* what was taken off is released with the rest */
	item_list_release(&held);
}

static void too_long(void **state)
{
	struct item_list held = { .n = 0 };

	(void)state;
	assert_int_equal(item_list_add(&held, "one", 3), 0);
	/* the length is looked at, and not what stands there */
	assert_int_equal(item_list_add(&held, "x", SIZE_MAX), -1);
	assert_int_equal(item_list_add(&held, "x", SIZE_MAX / 2), -1);
	item_list_settle(&held);
	assert_int_equal(held.n, 1);
	expect_item(&held, 0, "one");
	item_list_release(&held);
}

/* ---- loading ---- */

static void words(void **state)
{
	char *const list[] = { (char[]){ "one" }, (char[]){ "" }, (char[]){ "th\nree" } };
	const struct input_options options = {
		.items = list, .nitems = 3, .given = true, .delimiter = '\n',
	};
	struct item_list held = { .n = 0 };
	struct error err;

	(void)state;
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(held.n, 3);
	expect_item(&held, 0, "one");
	expect_item(&held, 1, "");
	expect_item(&held, 2, "th\nree");
	/* words are there anyway */
	assert_ptr_equal(held.items[0].text, list[0]);
	item_list_release(&held);
}

static void no_words(void **state)
{
	const struct input_options options = { .given = true, .delimiter = '\n' };
	struct item_list held = { .n = 0 };
	struct error err;

	(void)state;
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(held.n, 0);
	item_list_release(&held);
}

struct place {
	char dir[64];
	char path[80];
};

static int enter(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	snprintf(p->dir, sizeof p->dir, "/tmp/covey-held-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/file", p->dir);
	*state = p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static void fill(const char *path, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

static void file(void **state)
{
	const struct place *p = *state;
	struct input_options options = { .path = p->path, .delimiter = '\n' };
	struct item_list held = { .n = 0 };
	struct error err;

	fill(p->path, "a\n\nb c\nd", 8);
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(held.n, 3);
	expect_item(&held, 0, "a");
	expect_item(&held, 1, "b c");
	expect_item(&held, 2, "d");
	item_list_release(&held);
	options.empty_records = true;
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(held.n, 4);
	expect_item(&held, 1, "");
	item_list_release(&held);
	fill(p->path, "", 0);
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(held.n, 0);
	item_list_release(&held);
}

/* It has no place to be left out from: nothing has run yet. */
static void a_nul_byte_is_an_error(void **state)
{
	const struct place *p = *state;
	const struct input_options options = { .path = p->path, .delimiter = '\n' };
	struct item_list held = { .n = 0 };
	struct error err;
	char message[200];

	fill(p->path, "a\nb\0c\nd\n", 8);
	assert_int_equal(item_list_load(&held, &options, &err), -1);
	snprintf(message, sizeof message, "%s:2: item with a NUL byte; use -0 if NUL ends each item",
	    p->path);
	assert_string_equal(err.message, message);
	/* nor is what was read before */
	assert_int_equal(held.n, 0);
	assert_null(held.text.at);
}

static void what_cannot_be_read(void **state)
{
	const struct place *p = *state;
	struct input_options options = { .path = p->path, .delimiter = '\n' };
	struct item_list held = { .n = 0 };
	struct error err;

	assert_int_equal(item_list_load(&held, &options, &err), -1);
	assert_non_null(strstr(err.message, "cannot open '"));
	options.path = p->dir;
	assert_int_equal(item_list_load(&held, &options, &err), -1);
	assert_non_null(strstr(err.message, "it is a directory"));
	/* address 0 is not mapped */
	options.path = "/proc/self/mem";
	assert_int_equal(item_list_load(&held, &options, &err), -1);
	assert_non_null(strstr(err.message, "cannot read '/proc/self/mem': "));
	assert_null(held.items);
}

/* It is waited for, to the end. */
static void fifo(void **state)
{
	const struct place *p = *state;
	const struct input_options options = { .path = p->path, .delimiter = '\n' };
	struct item_list held = { .n = 0 };
	struct error err;
	pid_t writer;
	int status;

	assert_int_equal(mkfifo(p->path, 0600), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		int fd = open(p->path, O_WRONLY | O_CLOEXEC);

		for (int i = 1; i <= 20000; i++)
			if (dprintf(fd, "%d\n", i) < 0)
				_exit(1);
		_exit(fd < 0);
	}
	assert_int_equal(item_list_load(&held, &options, &err), 0);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(held.n, 20000);
	expect_item(&held, 19999, "20000");
	item_list_release(&held);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding),
		cmocka_unit_test(a_part_of_a_text),
		cmocka_unit_test(settling_again),
		cmocka_unit_test(clearing_keeps_the_memory),
		cmocka_unit_test(taking_the_first),
		cmocka_unit_test(too_long),
		cmocka_unit_test(words),
		cmocka_unit_test(no_words),
		IN_PLACE(file),
		IN_PLACE(a_nul_byte_is_an_error),
		IN_PLACE(what_cannot_be_read),
		IN_PLACE(fifo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
