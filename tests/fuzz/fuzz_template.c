/*
 * The template compiler, and expansion. The input's first line is -I's argument (empty: none), its
 * second the item; each other line is a word of the command.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "template.h"

enum { MAX_WORDS = 64 };

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

static bool has_placeholder(const struct command *command, const char *replace)
{
	enum template_field field;

	for (size_t i = 0; i < command->n; i++)
		for (const char *p = command->words[i]; *p != '\0'; p++)
			if (template_scan(p, replace, &field) != 0)
				return true;
	return false;
}

/* Words without placeholders come out as they went in; an item that is appended comes last. */
static void check_words(const struct command *command, const char *replace, bool append,
    const char *const *argv, const char *item)
{
	bool appended = append && !has_placeholder(command, replace);
	size_t n = count(argv);

	FUZZ_CHECK(n == command->n + appended);
	if (appended)
		FUZZ_CHECK(strcmp(argv[n - 1], item) == 0);
	for (size_t i = 0; i < command->n; i++) {
		struct command one = { .words = { command->words[i] }, .n = 1 };

		if (!has_placeholder(&one, replace))
			FUZZ_CHECK(strcmp(argv[i], command->words[i]) == 0);
	}
}

static void expand(const struct command *command, const char *replace, bool append,
    const char *item)
{
	struct template_values values = {
		.item = item, .item_len = strlen(item), .task = 1234567, .slot = 89,
	};
	char why[256] = "";
	struct template *t = template_compile(command->words, command->n, replace, append, why,
	    sizeof why);
	const char *const *argv;

	if (t == NULL) {
		FUZZ_CHECK(why[0] != '\0');
		return;
	}
	argv = template_expand(t, &values);
	FUZZ_CHECK(argv != NULL);
	check_words(command, replace, append, argv, item);
	if (template_has_fixed_command(t))
		FUZZ_CHECK(strcmp(argv[0], command->words[0]) == 0);
	template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *replace = fuzz_line(&data, &size), *item = fuzz_line(&data, &size);
	struct command command = { .n = 0 };

	do
		command.words[command.n++] = fuzz_line(&data, &size);
	while (size > 0 && command.n < MAX_WORDS);
	expand(&command, *replace == '\0' ? NULL : replace, false, item);
	expand(&command, *replace == '\0' ? NULL : replace, true, item);
	for (size_t i = 0; i < command.n; i++)
		free(command.words[i]);
	free(replace);
	free(item);
	return 0;
}
