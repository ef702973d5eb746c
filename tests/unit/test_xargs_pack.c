/* Lines are written down as "cmd a b;", and what else packing says follows in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xargs/xargs_pack.h"

static char echo[] = "echo", x[] = "x", percent[] = "%", twice[] = "%-%", empty[] = "";
static char *const words[] = { echo, x };

struct writing {
	char text[4096];
	size_t len;
};

static void put(struct writing *w, const char *word)
{
	size_t len = strlen(word);

	assert_true(w->len + len < sizeof w->text);
	memcpy(w->text + w->len, word, len + 1);
	w->len += len;
}

static void put_line(struct writing *w, struct xargs_pack *p)
{
	const char *const *line = xargs_pack_line(p);

	assert_non_null(line);
	for (size_t i = 0; line[i] != NULL; i++) {
		put(w, i == 0 ? "" : " ");
		put(w, *line[i] == '\0' ? "''" : line[i]);
	}
	put(w, ";");
	xargs_pack_clear(p);
	assert_false(xargs_pack_has_items(p));
}

/* Returns false at the end of it all. */
static bool add(struct writing *w, struct xargs_pack *p, const struct xargs_item *item)
{
	static const char *const said[] = {
		[PACK_NO_ROOM] = "no room", [PACK_LIST_TOO_LONG] = "list too long",
		[PACK_COMMAND_TOO_LONG] = "command too long", [PACK_NO_MEMORY] = "no memory",
	};
	enum xargs_packed packed = xargs_pack_add(p, item);

	switch (packed) {
	case PACK_PENDING:
		return true;
	case PACK_COMPLETE:
		put_line(w, p);
		return true;
	case PACK_RUN_FIRST:
		put_line(w, p);
		return add(w, p, item);
	case PACK_NO_ROOM:
	case PACK_LIST_TOO_LONG:
	case PACK_COMMAND_TOO_LONG:
	case PACK_NO_MEMORY:
		break;
	}
	put(w, said[packed]);
	return false;
}

/* items: with blanks in between; a "$" behind one ends its line. What is left over is a line, too. */
static void pack(const struct xargs_pack_options *o, const char *items, const char *wanted)
{
	struct xargs_pack *p = xargs_pack_new(o);
	char *all = strdup(items), *rest = all, *word;
	struct writing w = { .len = 0 };
	bool more = true;

	assert_non_null(p);
	assert_non_null(all);
	while (more && (word = strsep(&rest, " ")) != NULL && (*word != '\0' || rest != NULL)) {
		size_t len = strlen(word);
		bool ends = len > 0 && word[len - 1] == '$';

		word[len - ends] = '\0';
		more = add(&w, p, &(struct xargs_item){ word, len - ends, ends });
	}
	if (more && xargs_pack_has_items(p))
		put_line(&w, p);
	assert_string_equal(w.text, wanted);
	xargs_pack_free(p);
	free(all);
}

static struct xargs_pack_options options(void)
{
	return (struct xargs_pack_options){ .command = words, .ncommand = 1, .max_chars = 131072 };
}

static void all_that_fits_is_one_line(void **state)
{
	struct xargs_pack_options o = options();

	(void)state;
	pack(&o, "a b c", "echo a b c;");
	pack(&o, "", "");
	o.ncommand = 2;
	pack(&o, "a  b", "echo x a '' b;");
}

static void items_are_counted(void **state)
{
	struct xargs_pack_options o = options();

	(void)state;
	o.max_args = 2;
	pack(&o, "a b c d", "echo a b;echo c d;");
	pack(&o, "a b c", "echo a b;echo c;");
	o.max_args = 1;
	pack(&o, "a b", "echo a;echo b;");
	o.max_args = (unsigned long)-1;
	pack(&o, "a b", "echo a b;");
}

static void lines_are_counted(void **state)
{
	struct xargs_pack_options o = options();

	(void)state;
	o.max_lines = 1;
	pack(&o, "a b$ c d e$", "echo a b;echo c d e;");
	o.max_lines = 2;
	pack(&o, "a$ b$ c$ d", "echo a b;echo c d;");
	o.max_args = 1;
	pack(&o, "a b$", "echo a;echo b;");
}

/* Each word counts with its NUL, the command's too. */
static void sizes_end_lines(void **state)
{
	struct xargs_pack_options o = options();

	(void)state;
	o.max_chars = 12;
	pack(&o, "abcdef", "echo abcdef;");
	pack(&o, "abcdefg", "no room");
	pack(&o, "a abcdefg", "echo a;no room");
	pack(&o, "a b c d e", "echo a b c;echo d e;");
	pack(&o, "abc ab c", "echo abc ab;echo c;");
	pack(&o, "   ", "echo '' '' '';");
	o.max_args = 2;
	pack(&o, "a b ccccc d", "echo a b;echo ccccc;echo d;");
	o.exit = true;
	pack(&o, "a b ccccc d", "echo a b;list too long");
	pack(&o, "abcdef", "echo abcdef;");
	pack(&o, "abcdefg", "no room");
	o.max_args = 0;
	/* -x stops nothing that was not counted */
	pack(&o, "a b c d e", "echo a b c;echo d e;");
	o.max_lines = 2;
	pack(&o, "a b c d$", "list too long");
}

static void the_kernel_counts_pointers_too(void **state)
{
	const long pointer = (long)sizeof(char *);
	struct xargs_pack_options o = options();

	(void)state;
	o.max_kernel = 9 + 3 * pointer;
	pack(&o, "a b c d e", "echo a b;echo c d;echo e;");
	o.max_kernel--;
	pack(&o, "a b", "echo a;echo b;");
	/* one item is never too much here */
	o.max_kernel = 1;
	pack(&o, "a b", "echo a;echo b;");
	/* nor is it an error with -x, which is about xargs' own limits */
	o.exit = true;
	o.max_args = 2;
	pack(&o, "a b c", "echo a;echo b;echo c;");
	o.max_kernel = 0;
	pack(&o, "a b c", "echo a b;echo c;");
}

static void the_command_itself_must_fit(void **state)
{
	struct xargs_pack_options o = options();
	struct xargs_pack *p;

	(void)state;
	o.max_chars = 5;
	p = xargs_pack_new(&o);
	assert_true(xargs_pack_fits(p));
	/* no item does, not even an empty one */
	assert_int_equal(xargs_pack_room(p), -1);
	assert_int_equal(xargs_pack_add(p, &(struct xargs_item){ "", 0, true }), PACK_NO_ROOM);
	xargs_pack_free(p);
	o.max_chars = 4;
	p = xargs_pack_new(&o);
	assert_false(xargs_pack_fits(p));
	xargs_pack_free(p);
	xargs_pack_free(NULL);
}

static void room_is_what_an_item_may_have(void **state)
{
	struct xargs_pack_options o = options();
	struct xargs_pack *p;

	(void)state;
	o.max_chars = 12;
	p = xargs_pack_new(&o);
	assert_int_equal(xargs_pack_room(p), 6);
	assert_int_equal(xargs_pack_add(p, &(struct xargs_item){ "ab", 2, true }), PACK_PENDING);
	/* not what is left: the item goes on another line then */
	assert_int_equal(xargs_pack_room(p), 6);
	xargs_pack_free(p);
}

static void an_item_takes_the_replace_strings_place(void **state)
{
	static char *const command[] = { echo, percent, x, twice, empty };
	struct xargs_pack_options o = options();

	(void)state;
	o.command = command;
	o.ncommand = 5;
	o.replace = "%";
	pack(&o, "a b", "echo a x a-a '';echo b x b-b '';");
	/* what is put in is not looked at again */
	pack(&o, "% %%", "echo % x %-% '';echo %% x %%-%% '';");
	o.replace = "nowhere";
	pack(&o, "a", "echo % x %-% '';");
	/* counts do not matter, nor does the kernel */
	o.max_args = 7;
	o.max_lines = 7;
	o.max_kernel = 1;
	pack(&o, "a b", "echo % x %-% '';echo % x %-% '';");
	/* the name is no place for it */
	o.replace = "echo";
	pack(&o, "a", "echo % x %-% '';");
}

static void replacing_makes_lines_too_long(void **state)
{
	static char *const command[] = { echo, percent, x }, *const doubled[] = { echo, twice };
	struct xargs_pack_options o = options();

	(void)state;
	o.command = command;
	o.ncommand = 3;
	o.replace = "%";
	o.max_chars = 5 + 9 + 2;
	pack(&o, "abcdefgh", "echo abcdefgh x;");
	pack(&o, "abcdefghi", "list too long");
	pack(&o, "abcdefghijklmno", "command too long");
	o.max_chars = 4;
	pack(&o, "a", "no room");
	o.command = doubled;
	o.ncommand = 2;
	o.max_chars = 20;
	pack(&o, "abcdef", "echo abcdef-abcdef;");
	pack(&o, "abcdefg", "list too long");
	pack(&o, "abcdefghi", "command too long");
	/* a replace string that is everywhere and nowhere */
	o.replace = "";
	pack(&o, "a", "command too long");
	pack(&o, " ", "command too long");
}

static void replacing_has_more_room_for_the_first(void **state)
{
	static char *const command[] = { echo, percent };
	struct xargs_pack_options o = options();
	struct xargs_pack *p;

	(void)state;
	o.command = command;
	o.ncommand = 2;
	o.replace = "%";
	o.max_chars = 20;
	p = xargs_pack_new(&o);
	assert_int_equal(xargs_pack_room(p), 19);
	assert_int_equal(xargs_pack_add(p, &(struct xargs_item){ "a", 1, true }), PACK_COMPLETE);
	xargs_pack_clear(p);
	assert_int_equal(xargs_pack_room(p), 14);
	xargs_pack_free(p);
}

static void many_items_grow(void **state)
{
	enum { MANY = 20000 };
	struct xargs_pack_options o = options();
	struct xargs_pack *p;
	const char *const *line;

	(void)state;
	p = xargs_pack_new(&o);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(xargs_pack_add(p, &(struct xargs_item){ "ab", 2, true }), PACK_PENDING);
	line = xargs_pack_line(p);
	for (int i = 0; i < MANY; i++)
		assert_string_equal(line[1 + i], "ab");
	assert_null(line[1 + MANY]);
	xargs_pack_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_fits_is_one_line),
		cmocka_unit_test(items_are_counted),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(sizes_end_lines),
		cmocka_unit_test(the_kernel_counts_pointers_too),
		cmocka_unit_test(the_command_itself_must_fit),
		cmocka_unit_test(room_is_what_an_item_may_have),
		cmocka_unit_test(an_item_takes_the_replace_strings_place),
		cmocka_unit_test(replacing_makes_lines_too_long),
		cmocka_unit_test(replacing_has_more_room_for_the_first),
		cmocka_unit_test(many_items_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
