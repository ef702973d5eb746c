/*
 * The template compiler, and expansion. The input's first line is read by read_syntax, its
 * second has the items, with tabs in between; each other line is a word of the command.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "cli/command/template.h"

enum { MAX_WORDS = 64 };

/* The first line: -I's argument and, behind a tab, the most items that a task has. */
static struct placeholder_syntax read_syntax(char *line)
{
	char *tab = strchr(line, '\t');
	struct placeholder_syntax syntax = { .columns = tab == NULL ? 0 : (unsigned)(tab[1] & 7) };

	if (tab != NULL)
		*tab = '\0';
	syntax.replace = *line == '\0' ? NULL : line;
	return syntax;
}


struct command {
	char *words[MAX_WORDS];
	size_t n;
};

static size_t count(const char *const *argv)
{
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	return n;
}

/* The items of a line, with tabs in between, as many as there may be. */
struct items {
	struct span list[8];
	struct record record;
};

static void read_items(struct items *items, char *line, const struct placeholder_syntax *syntax)
{
	size_t most = placeholder_several(syntax) ? syntax->columns : 1;

	items->record = (struct record){ .items = items->list };
	while (line != NULL && items->record.nitems < most) {
		char *item = most > 1 ? strsep(&line, "\t") : line;

		items->list[items->record.nitems++] = (struct span){ item, strlen(item) };
		items->record.bytes += strlen(item);
		if (most == 1)
			break;
	}
}

static bool has_placeholder(const struct command *command, const struct placeholder_syntax *syntax)
{
	struct placeholder found;

	for (size_t i = 0; i < command->n; i++)
		for (const char *p = command->words[i]; *p != '\0'; p++)
			if (placeholder_scan(p, syntax, &found) != 0)
				return true;
	return false;
}

/* Words without placeholders come out as they went in; items that are appended come last. */
static void check_words(const struct command *command, const struct placeholder_syntax *syntax,
    bool append, const char *const *argv, const struct record *record)
{
	bool appended = append && !has_placeholder(command, syntax);
	size_t n = count(argv), nitems = record->nitems;

	if (appended)
		FUZZ_CHECK(n == command->n + nitems);
	else if (nitems == 1 && !placeholder_several(syntax))
		FUZZ_CHECK(n == command->n);
	for (size_t i = 0; appended && i < nitems; i++)
		FUZZ_CHECK(strcmp(argv[command->n + i], record->items[i].text) == 0);
	for (size_t i = 0; i < command->n && !placeholder_several(syntax); i++) {
		struct command one = { .words = { command->words[i] }, .n = 1 };

		if (!has_placeholder(&one, syntax))
			FUZZ_CHECK(strcmp(argv[i], command->words[i]) == 0);
	}
}

static void expand(const struct command *command, const struct placeholder_syntax *syntax,
    bool append, const struct record *record)
{
	struct template_values values = { .record = record, .task = 1234567, .slot = 89 };
	char why[256] = "";
	struct template *t = template_compile((char *const *)command->words, command->n, syntax,
	    append, why, sizeof why);
	const char *const *argv;

	if (t == NULL) {
		FUZZ_CHECK(why[0] != '\0');
		return;
	}
	argv = template_expand(t, &values);
	FUZZ_CHECK(argv != NULL && argv[0] != NULL);
	check_words(command, syntax, append, argv, record);
	if (template_has_fixed_command(t))
		FUZZ_CHECK(strcmp(argv[0], command->words[0]) == 0);
	template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_line(&data, &size), *item = fuzz_line(&data, &size);
	struct placeholder_syntax syntax = read_syntax(line);
	struct command command = { .n = 0 };
	struct items items;

	read_items(&items, item, &syntax);
	do
		command.words[command.n++] = fuzz_line(&data, &size);
	while (size > 0 && command.n < MAX_WORDS);
	expand(&command, &syntax, false, &items.record);
	expand(&command, &syntax, true, &items.record);
	for (size_t i = 0; i < command.n; i++)
		free(command.words[i]);
	free(line);
	free(item);
	return 0;
}
