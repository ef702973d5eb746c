#include "cli/options/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cli/options/options_table.h"

enum { WIDTH = 80, HELP_COLUMN = 28 };

static const char synopsis[] =
    "usage: covey [OPTION]... COMMAND [ARG]... [::: ITEM...]... [:::: FILE...]...\n"
    "       covey [OPTION]... -c SCRIPT [::: ITEM...]... [:::: FILE...]...\n"
    "       covey [OPTION]... [< COMMANDS]\n"
    "       covey [OPTION]... --once COMMAND [ARG]...\n";

static const char introduction[] =
    "\n"
    "Run COMMAND once for each item: many at once, each in a process tree of its own,\n"
    "with retries and deadlines. Items are the words after ':::', the lines of FILEs,\n"
    "or otherwise the lines of standard input. The item replaces {} in COMMAND, or is\n"
    "added as the last argument. {.} is the item without its extension, {/} its\n"
    "basename, {//} its directory, {/.} its basename without extension, {#} the\n"
    "number of the task, {%} the number of the slot.\n"
    "\n"
    "With several sources, each item of one source is combined with each item of the\n"
    "others: {1} is the item of the first source, {2/} the basename of the second\n"
    "source's item. A source after ':::+' or '::::+' is linked to the source before\n"
    "it: the first items of both are used together, then the second items, and so on.\n"
    "With neither COMMAND nor SCRIPT, each item is a shell command.\n";

/* ---- -h: one screen ---- */

static const char short_introduction[] =
    "\n"
    "Run COMMAND once for each item, many at once, with retries and deadlines. Items\n"
    "are the words after ':::', the lines of FILEs or of standard input. The item\n"
    "replaces {} in COMMAND, or is added as its last argument; in SCRIPT, {} is the\n"
    "item as one word. With neither, each item is a shell command.\n"
    "\n";

static const char short_ending[] =
    "\n"
    "All options: covey --help. Manual: covey(1). First steps: covey-tutorial(7).\n"
    "From xargs, GNU parallel, retry or timeout: covey-migration(7).\n";

/* the options that are used most, in the words for which one line has room */
static const struct {
	enum option_id id;
	const char *help;
} often[] = {
	{ OPT_NULL, "items end with a NUL byte, as from find -print0" },
	{ OPT_SHELL, "run SCRIPT with the shell; items are data in it" },
	{ OPT_JOBS, "run N tasks at once (default: the usable CPUs)" },
	{ OPT_TRIES, "start a task up to N times until it succeeds" },
	{ OPT_TIMEOUT, "stop an attempt and all its processes after D" },
	{ OPT_KEEP_ORDER, "print outputs in the order of the input" },
	{ OPT_DRY_RUN, "print the commands and run none of them" },
	{ OPT_FAIL_FAST, "stop everything when a task fails" },
	{ OPT_JOURNAL, "record the run in FILE, so that it can be resumed" },
	{ OPT_RESUME, "run what the last run did not finish" },
};

/* ---- --help: everything ---- */

static const char ending[] =
    "\n"
    "A duration D is 90, 90s, 1.5m, 2h, 1d or 250ms; no unit means seconds.\n"
    "\n"
    "Exit status: 0 if every task succeeded, 123 if some task failed, 124 if the\n"
    "deadline passed first, 125 if covey itself failed, 2 if the usage is wrong. If a\n"
    "signal stops covey, covey dies of that signal. With --once, the exit status of\n"
    "COMMAND, 128 + N if signal N killed it, 124 if its time was up.\n"
    "\n"
    "See covey(1).\n";

struct column {
	FILE *out;
	int at;         /* characters on this line so far */
};

static void put(struct column *c, const char *text, int len)
{
	fprintf(c->out, "%.*s", len, text);
	c->at += len;
}

static void pad_to_help(struct column *c)
{
	if (c->at + 2 > HELP_COLUMN) {
		fputc('\n', c->out);
		c->at = 0;
	}
	fprintf(c->out, "%*s", HELP_COLUMN - c->at, "");
	c->at = HELP_COLUMN;
}

/* Puts words of the help column, breaking lines between them. */
static void put_words(struct column *c, const char *text)
{
	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (c->at > HELP_COLUMN && c->at + 1 + len > WIDTH) {
			fputc('\n', c->out);
			c->at = 0;
			pad_to_help(c);
		} else if (c->at > HELP_COLUMN) {
			put(c, " ", 1);
		}
		put(c, text, len);
		text += len;
		text += strspn(text, " ");
	}
}

/* "  -j, -P, --jobs N", with the long names aligned */
static void put_names(struct column *c, const struct option_row *row)
{
	char names[64];
	const char *separator = "";
	int n = 0;

	if (row->letters[0] == '\0')
		put(c, "      ", 6);
	else
		put(c, "  ", 2);
	for (const char *p = row->letters; *p != '\0'; p++, separator = ", ")
		n += snprintf(names + n, sizeof names - (size_t)n, "%s-%c", separator, *p);
	if (row->name != NULL)
		n += snprintf(names + n, sizeof names - (size_t)n, "%s--%s", separator, row->name);
	put(c, names, n);
	if (row->argument == NULL)
		return;
	put(c, row->optional ? "[=" : " ", row->optional ? 2 : 1);
	put(c, row->argument, (int)strlen(row->argument));
	put(c, "]", row->optional);
}

static struct column put_help(FILE *out, const struct option_row *row, const char *help)
{
	struct column c = { .out = out };

	put_names(&c, row);
	pad_to_help(&c);
	put_words(&c, help);
	return c;
}

static void put_option(FILE *out, const struct option_row *row)
{
	struct column c = put_help(out, row, row->help);
	const char *value = options_table_default(row);
	char text[80];

	if (value != NULL) {
		snprintf(text, sizeof text, "(default: %s)", value);
		put_words(&c, text);
	}
	fputc('\n', out);
}

void usage_print_short(FILE *out)
{
	fputs(synopsis, out);
	fputs(short_introduction, out);
	for (size_t i = 0; i < sizeof often / sizeof often[0]; i++) {
		put_help(out, options_table_row(often[i].id), often[i].help);
		fputc('\n', out);
	}
	fputs(short_ending, out);
}

void usage_print(FILE *out)
{
	int group = -1;

	fputs(synopsis, out);
	fputs(introduction, out);
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);

		if ((int)row->group != group)
			fprintf(out, "\n%s:\n", options_table_group_title(row->group));
		group = (int)row->group;
		put_option(out, row);
	}
	fputs(ending, out);
}

static const char *or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

void usage_table(FILE *out)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);

		fprintf(out, "%s\t%s\t%s\t%s\n", or_empty(row->name), row->letters,
		    or_empty(row->argument), or_empty(options_table_default(row)));
	}
}
