/*
 * Shell scripts with placeholders. The input's first line is read by read_syntax; the rest
 * is a script, and then also a shell line.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "cli/command/sh/quoting.h"
#include "cli/command/script.h"

/* must not be found in what it is not put into */
static const char item[] = "<item>";
static const struct span items[] = { { item, 6 }, { item, 6 }, { item, 6 } };
static const struct record one = { .items = items, .nitems = 1, .bytes = 6 };
static const struct record three = { .items = items, .nitems = 3, .bytes = 18 };

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

static bool mentions(const char *script, const struct placeholder_syntax *syntax)
{
	struct placeholder found;

	for (const char *p = script; *p != '\0'; p++)
		if (placeholder_scan(p, syntax, &found) != 0)
			return true;
	return false;
}

static void rewrite(const char *script, const struct placeholder_syntax *syntax)
{
	struct quoted quoted = { .text = NULL };
	char why[256] = "";

	if (quoting_rewrite(script, syntax, &quoted, why, sizeof why) != 0) {
		FUZZ_CHECK(why[0] != '\0' && strlen(why) < sizeof why);
		return;
	}
	FUZZ_CHECK(quoted.text != NULL && quoted.nfields <= QUOTED_MAX);
	if (!mentions(script, syntax))
		FUZZ_CHECK(quoted.nfields == 0 && strcmp(quoted.text, script) == 0);
	/* each value has a variable, and each is referred to */
	for (size_t i = 0; i < quoted.nfields; i++) {
		char name[32];

		snprintf(name, sizeof name, "covey_%zu", i + 1);
		FUZZ_CHECK(strstr(quoted.text, name) != NULL);
	}
	free(quoted.text);
}

/* The promise: whatever the script, the item is not in what the shell reads as code. */
static void check_call(struct template *shell, const char *script, const struct record *record)
{
	struct template_values values = { .record = record, .task = 1, .slot = 1 };
	const char *const *argv = template_expand(shell, &values);

	FUZZ_CHECK(argv != NULL && strcmp(argv[0], SCRIPT_SHELL) == 0);
	FUZZ_CHECK(strcmp(argv[1], "-c") == 0);
	for (size_t i = 2; argv[i] != NULL && strcmp(argv[i], "covey") != 0; i++)
		FUZZ_CHECK(strstr(argv[i], item) == NULL || strstr(script, item) != NULL);
}

static void compile(const char *text, const struct placeholder_syntax *syntax)
{
	const struct record *record = placeholder_several(syntax) ? &three : &one;
	char why[256] = "";
	struct script *script = script_compile(text, syntax, why, sizeof why);

	if (script == NULL) {
		FUZZ_CHECK(why[0] != '\0' && strlen(why) < sizeof why);
		return;
	}
	FUZZ_CHECK(script_shell(script) != NULL);
	check_call(script_shell(script), text, record);
	if (script_direct(script) != NULL) {
		struct template_values values = { .record = record };

		FUZZ_CHECK(template_expand(script_direct(script), &values) != NULL);
	}
	script_free(script);
}

static void split(struct line_splitter *splitter, const char *line)
{
	const char *const *argv = script_split_line(splitter, line, strlen(line));
	size_t total = 0;

	if (argv == NULL)
		return;
	FUZZ_CHECK(argv[0] != NULL && argv[0][0] != '\0');
	for (size_t i = 0; argv[i] != NULL; i++)
		total += strlen(argv[i]);
	/* nothing is expanded, only taken away */
	FUZZ_CHECK(total <= strlen(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_line(&data, &size), *text = fuzz_string(data, size);
	struct placeholder_syntax syntax = read_syntax(line);
	struct line_splitter *splitter = line_splitter_new();

	if (splitter == NULL)
		abort();
	rewrite(text, &syntax);
	compile(text, &syntax);
	split(splitter, text);
	line_splitter_free(splitter);
	free(line);
	free(text);
	return 0;
}
