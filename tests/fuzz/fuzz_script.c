/*
 * Shell scripts with placeholders. The input's first line is -I's argument (empty: none); the rest
 * is a script, and then also a shell line.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "quoting.h"
#include "script.h"

/* must not be found in what it is not put into */
static const char item[] = "<item>";

static bool mentions(const char *script, const char *replace)
{
	enum template_field field;

	for (const char *p = script; *p != '\0'; p++)
		if (template_scan(p, replace, &field) != 0)
			return true;
	return false;
}

static void rewrite(const char *script, const char *replace)
{
	struct quoted quoted = { .text = NULL };
	char why[256] = "";

	if (quoting_rewrite(script, replace, &quoted, why, sizeof why) != 0) {
		FUZZ_CHECK(why[0] != '\0' && strlen(why) < sizeof why);
		return;
	}
	FUZZ_CHECK(quoted.text != NULL && quoted.nfields <= TEMPLATE_NFIELDS);
	if (!mentions(script, replace))
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
static void check_call(struct template *shell, const char *script)
{
	struct template_values values = {
		.item = item, .item_len = strlen(item), .task = 1, .slot = 1,
	};
	const char *const *argv = template_expand(shell, &values);

	FUZZ_CHECK(argv != NULL && strcmp(argv[0], SCRIPT_SHELL) == 0);
	FUZZ_CHECK(strcmp(argv[1], "-c") == 0);
	for (size_t i = 2; argv[i] != NULL && strcmp(argv[i], "covey") != 0; i++)
		FUZZ_CHECK(strstr(argv[i], item) == NULL || strstr(script, item) != NULL);
}

static void compile(const char *text, const char *replace)
{
	char why[256] = "";
	struct script *script = script_compile(text, replace, why, sizeof why);

	if (script == NULL) {
		FUZZ_CHECK(why[0] != '\0' && strlen(why) < sizeof why);
		return;
	}
	FUZZ_CHECK(script_shell(script) != NULL);
	check_call(script_shell(script), text);
	if (script_direct(script) != NULL) {
		struct template_values values = { .item = item, .item_len = strlen(item) };

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
	char *replace = fuzz_line(&data, &size), *text = fuzz_string(data, size);
	struct line_splitter *splitter = line_splitter_new();

	if (splitter == NULL)
		abort();
	rewrite(text, *replace == '\0' ? NULL : replace);
	compile(text, *replace == '\0' ? NULL : replace);
	split(splitter, text);
	line_splitter_free(splitter);
	free(replace);
	free(text);
	return 0;
}
