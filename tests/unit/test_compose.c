/* From a command line and a record to what is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/compose.h"
#include "covey.h"
#include "cli/options/options_parse.h"

enum { MAX_WORDS = 16 };

/* ---- a command line ---- */

struct composed {
	char *argv[MAX_WORDS + 2];
	struct options options;
	struct header header;
	struct compose *compose;    /* NULL: err says why */
	struct error err;
};

static struct composed *compose_line(const char *const *words, const char *const *names)
{
	struct composed *c = calloc(1, sizeof *c);
	int argc = 1;

	assert_non_null(c);
	c->argv[0] = (char[]){ "covey" };
	for (; words[argc - 1] != NULL; argc++)
		c->argv[argc] = (char *)words[argc - 1];
	if (options_parse(argc, c->argv, &c->options, &c->err) != OPTIONS_RUN)
		fail_msg("%s", c->err.message);
	for (; names != NULL && *names != NULL; names++)
		assert_int_equal(header_add(&c->header, &(struct span){ *names, strlen(*names) }, 1), 0);
	c->compose = compose_new(&c->options, &c->header, &c->err);
	return c;
}

static void free_line(struct composed *c)
{
	compose_free(c->compose);
	header_release(&c->header);
	free(c);
}

#define LINE(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A record of items with "|" in between, in a block that free releases. */
static struct record *record_of(const char *items)
{
	char *copy = strdup(items), *rest = copy, *item;
	struct span spans[8];
	struct record record = { .items = spans, .line = 1 }, *made;

	assert_non_null(copy);
	while ((item = strsep(&rest, "|")) != NULL) {
		spans[record.nitems++] = (struct span){ item, strlen(item) };
		record.bytes += strlen(item);
	}
	made = record_copy(&record);
	assert_non_null(made);
	free(copy);
	return made;
}

static void expect_argv(struct composed *c, const char *items, const char *const *wanted)
{
	struct record *record = record_of(items);
	const char *const *argv;
	size_t n = 0;

	if (c->compose == NULL)
		fail_msg("%s", c->err.message);
	argv = compose_argv(c->compose, record, 12, 3);
	assert_non_null(argv);
	for (; wanted[n] != NULL; n++) {
		assert_non_null(argv[n]);
		assert_string_equal(argv[n], wanted[n]);
	}
	assert_null(argv[n]);
	free(record);
}

/* ---- commands ---- */

static void commands(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *items, *argv[9];
	} cases[] = {
		{ { "echo", ":::" }, "a", { "echo", "a" } },
		{ { "echo", "x", ":::" }, "a b", { "echo", "x", "a b" } },
		{ { "echo", "{.}{#}{%}", ":::" }, "a.b", { "echo", "a123" } },
		{ { "-I", "@", "echo", "{}", "@", ":::" }, "a", { "echo", "{}", "a" } },
		{ { "echo", ":::", "x", ":::", "y" }, "a|b", { "echo", "a", "b" } },
		{ { "echo", "{2}-{1}", ":::", "x", ":::", "y" }, "a|b", { "echo", "b-a" } },
		{ { "-n2", "echo", "{2}", "{1}", ":::", "x" }, "a", { "echo", "a" } },
		{ { "-C,", "echo", "{2}", "{7}", ":::", "x" }, "a|b|c", { "echo", "b" } },
		{ { "-a", "x", "-a", "y", "echo" }, "a|b", { "echo", "a", "b" } },
		/* two to a task, of two sources */
		{ { "-n2", "echo", "{4}", ":::", "x", ":::", "y" }, "a|b|c|d", { "echo", "d" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct composed *c = compose_line(cases[i].words, NULL);

		expect_argv(c, cases[i].items, cases[i].argv);
		free_line(c);
	}
}

static void with_names(void **state)
{
	struct composed *c = compose_line(LINE("--header", "echo", "{b c/}", "{a}", "{ d}", ":::", "x"),
	    LINE("a", "b c"));

	(void)state;
	expect_argv(c, "1|x/2", LINE("echo", "2", "1", "{ d}"));
	expect_argv(c, "1|", LINE("echo", "", "1", "{ d}"));
	free_line(c);
}

static void scripts(void **state)
{
	struct composed *c = compose_line(LINE("-c", "echo {2} >{1}", ":::", "x", ":::", "y"), NULL);

	(void)state;
	/* a hostile item is an argument, and the script is the same for each */
	expect_argv(c, "$(a)|`b`", LINE("/bin/sh", "-c",
	    "covey_1=$1 covey_2=$2; shift 2; echo \"${covey_1}\" >\"${covey_2}\"", "covey",
	    "`b`", "$(a)", "$(a)", "`b`"));
	free_line(c);
}

/* Without a command, items are lines of shell. */
static void lines(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *items, *argv[9];
	} cases[] = {
		{ { ":::" }, "gzip a", { "gzip", "a" } },
		{ { ":::" }, "gzip 'a b' c", { "gzip", "a b", "c" } },
		{ { ":::" }, "a; b", { "/bin/sh", "-c", "a; b" } },
		{ { ":::" }, "-x $a", { "/bin/sh", "-c", "--", "-x $a" } },
		{ { ":::" }, "+x $a", { "/bin/sh", "-c", "--", "+x $a" } },
		{ { ":::" }, "", { "/bin/sh", "-c", "" } },
		{ { ":::", "x", ":::", "y" }, "gzip|a b", { "gzip", "a", "b" } },
		{ { ":::", "x", ":::", "y" }, "echo $x|a", { "/bin/sh", "-c", "echo $x a" } },
		{ { "-I", "@", ":::", "x", ":::", "y" }, "gzip|@", { "gzip", "@" } },
		/* which belong to nobody but the shell: there is no template */
		{ { ":::" }, "gzip {}", { "/bin/sh", "-c", "gzip {}" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct composed *c = compose_line(cases[i].words, NULL);

		expect_argv(c, cases[i].items, cases[i].argv);
		free_line(c);
	}
}

static void refusals(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *why;
	} cases[] = {
		{ { "echo", "{1}", "{2}", ":::" }, "'{2}' stands for nothing: a task has one item; for more, "
		    "add another ':::', -n or --colsep" },
		{ { "-n2", "echo", "{1}", "{3}", ":::" },
		    "'{3}' stands for nothing: a task has no more than 2 items" },
		{ { "-n2", "echo", "{1}", "{5}", ":::", "x", ":::", "y" },
		    "'{5}' stands for nothing: a task has no more than 4 items" },
		{ { "--tagstring", "{1} {2}", "echo", ":::" }, "'{2}' stands for nothing: a task has one "
		    "item; for more, add another ':::', -n or --colsep" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct composed *c = compose_line(cases[i].words, NULL);

		assert_null(c->compose);
		assert_string_equal(c->err.message, cases[i].why);
		free_line(c);
	}
	compose_free(NULL);
}

/* ---- can it be run? ---- */

static void checking(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *why;    /* NULL: it can */
	} cases[] = {
		{ { "sh", ":::" }, NULL },
		{ { "/bin/sh", ":::" }, NULL },
		{ { "no-such-command", ":::" }, "cannot run 'no-such-command': there is no such command" },
		{ { "./none", ":::" }, "cannot run './none': there is no such command" },
		{ { "/", ":::" }, "cannot run '/': Permission denied" },
		{ { "sh -x", ":::" }, "there is no command 'sh -x'; for a shell command line, use covey -c "
		    "'sh -x'" },
		{ { "gzip {}", ":::" }, "there is no command 'gzip {}'; for a shell command line, use covey "
		    "-c 'gzip {}'" },
		/* its name is not known yet */
		{ { "{}", ":::" }, NULL },
		{ { "no-{}", ":::" }, NULL },
		/* a shell will say so */
		{ { "-c", "no-such-command {}", ":::" }, NULL },
		{ { ":::" }, NULL },
	};
	struct covey_options options;
	struct covey_error why;
	struct covey *ex;

	(void)state;
	covey_options_init(&options, sizeof options);
	ex = covey_new(&options, &why);
	assert_non_null(ex);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct composed *c = compose_line(cases[i].words, NULL);

		assert_non_null(c->compose);
		if (compose_check(c->compose, ex, &c->err) != (cases[i].why == NULL ? 0 : -1))
			fail_msg("'%s': '%s'", cases[i].words[0], c->err.message);
		if (cases[i].why != NULL)
			assert_string_equal(c->err.message, cases[i].why);
		free_line(c);
	}
	covey_free(ex);
}

/* A script or line that is one simple command runs directly only if that command is there. */
static void direct_or_by_shell(void **state)
{
	struct covey_options options;
	struct covey_error why;
	struct covey *ex;
	struct composed *c;

	(void)state;
	covey_options_init(&options, sizeof options);
	ex = covey_new(&options, &why);
	assert_non_null(ex);
	c = compose_line(LINE("-c", "cat -- {}", ":::"), NULL);
	assert_int_equal(compose_check(c->compose, ex, &c->err), 0);
	expect_argv(c, "a b", LINE("cat", "--", "a b"));
	free_line(c);
	c = compose_line(LINE("-c", "nosuch {}", ":::"), NULL);
	assert_int_equal(compose_check(c->compose, ex, &c->err), 0);
	expect_argv(c, "a", LINE("/bin/sh", "-c", "covey_1=$1; nosuch \"${covey_1}\"", "covey", "a"));
	free_line(c);
	c = compose_line(LINE(":::"), NULL);
	assert_int_equal(compose_check(c->compose, ex, &c->err), 0);
	expect_argv(c, "cat a", LINE("cat", "a"));
	expect_argv(c, "nosuch a", LINE("/bin/sh", "-c", "nosuch a"));
	free_line(c);
	covey_free(ex);
}

/* ---- tags ---- */

/* label: NULL, or what stands for the items; tag: NULL, or what is expected. */
static void expect_tag(struct composed *c, const char *items, const char *label, const char *tag)
{
	struct record *record = record_of(items);
	const struct plan plan = { .record = *record, .number = 12, .label = label };
	const char *found;

	assert_int_equal(compose_tag(c->compose, &plan, &found), 0);
	if (tag == NULL)
		assert_null(found);
	else
		assert_string_equal(found, tag);
	free(record);
}

static void tags(void **state)
{
	static const struct {
		const char *words[MAX_WORDS], *items, *tag;
	} cases[] = {
		{ { "echo", ":::" }, "a", NULL },
		{ { "echo", "{%}", ":::" }, "a", NULL },
		{ { "--tag", "echo", ":::" }, "a b", "a b" },
		{ { "--tag", "echo", ":::" }, "", "" },
		{ { "--tag", "echo", ":::", "x", ":::", "y" }, "a|b c", "a b c" },
		{ { "--tag", "-I", "@", "echo", ":::", "x", ":::", "y" }, "a|b", "a b" },
		{ { "--tagstring", "{2}{#}", "echo", ":::", "x", ":::", "y" }, "a|b", "b12" },
		{ { "--tagstring", "{}.", "echo", ":::", "x", ":::", "y" }, "a|b", "a b." },
		{ { "--tagstring", "x", "echo", ":::" }, "a", "x" },
		{ { "--tagstring", "", "echo", ":::" }, "a", "" },
		{ { "--tag", ":::" }, "echo x", "echo x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct composed *c = compose_line(cases[i].words, NULL);

		assert_non_null(c->compose);
		assert_int_equal(compose_has_tag(c->compose), cases[i].tag != NULL);
		expect_tag(c, cases[i].items, NULL, cases[i].tag);
		free_line(c);
	}
}

static void labels_stand_for_items(void **state)
{
	struct composed *c = compose_line(LINE("--tag", "echo", ":::"), NULL);

	(void)state;
	expect_tag(c, "{\"command\": \"x\"}", "nightly", "nightly");
	free_line(c);
	c = compose_line(LINE("--tagstring", "<{}>", "echo", ":::"), NULL);
	expect_tag(c, "a", "nightly", "<nightly>");
	free_line(c);
}

static void slots(void **state)
{
	struct composed *c = compose_line(LINE("echo", "{%}", ":::"), NULL);

	(void)state;
	assert_true(compose_uses_slot(c->compose));
	free_line(c);
	c = compose_line(LINE("echo", "{#}", ":::"), NULL);
	assert_false(compose_uses_slot(c->compose));
	free_line(c);
	c = compose_line(LINE(":::"), NULL);
	assert_false(compose_uses_slot(c->compose));
	free_line(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(with_names),
		cmocka_unit_test(scripts),
		cmocka_unit_test(lines),
		cmocka_unit_test(refusals),
		cmocka_unit_test(checking),
		cmocka_unit_test(direct_or_by_shell),
		cmocka_unit_test(tags),
		cmocka_unit_test(labels_stand_for_items),
		cmocka_unit_test(slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
