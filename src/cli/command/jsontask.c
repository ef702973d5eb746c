#include "cli/command/jsontask.h"

#include <stdlib.h>
#include <string.h>

#include "base/shquote.h"

int jsontask_read(struct jsontask *t, const struct record *record, struct compose *compose,
    struct covey_command *command, struct error *err)
{
	struct taskline *line = &t->line;

	taskline_release(line);
	if (taskline_parse(record->items[0].text, record->items[0].len, line, err) != 0)
		return -1;
	*command = line->command;
	if (line->line != NULL)
		command->argv = compose_shell_line(compose, line->line, strlen(line->line));
	return command->argv != NULL ? 0 : error_no_memory(err);
}

void jsontask_recall(struct jsontask *t, const struct record *record)
{
	struct error why;

	taskline_release(&t->line);
	/* where that says nothing of use, there is the command */
	taskline_parse(record->items[0].text, record->items[0].len, &t->line, &why);
}

const char *jsontask_label(struct jsontask *t, const struct covey_command *command,
    const char *name)
{
	size_t size;

	if (name != NULL)
		return name;
	if (t->line.line != NULL)
		return t->line.line;
	size = shquote_argv(NULL, 0, command->argv) + 1;
	free(t->label);
	t->label = malloc(size);
	if (t->label != NULL)
		shquote_argv(t->label, size, command->argv);
	return t->label;
}

void jsontask_release(struct jsontask *t)
{
	taskline_release(&t->line);
	free(t->label);
	t->label = NULL;
}
