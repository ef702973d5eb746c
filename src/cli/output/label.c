#include "cli/output/label.h"

#include <string.h>

#include "cli/command/origin.h"

static const char *name_of(const struct covey_task *task)
{
	const struct origin *item = task->user;

	return item == NULL ? NULL : item->name;
}

void label_task(char text[LABEL_SIZE], const struct covey_task *task)
{
	const char *name = name_of(task);
	size_t n = 0;

	if (name != NULL) {
		shquote_plain_cut(text, LABEL_NAME * 4 + 4, name, strlen(name), LABEL_NAME);
		n = strlen(text);
		memcpy(text + n, ": ", 3);
		n += 2;
	}
	shquote_argv_cut(text + n, LABEL_SIZE - n, task->argv, SHQUOTE_LIMIT);
}

void label_short(char text[LABEL_SIZE], const struct covey_task *task, size_t limit)
{
	const char *name = name_of(task);

	if (name != NULL)
		shquote_plain_cut(text, LABEL_SIZE, name, strlen(name), limit);
	else
		shquote_argv_cut(text, LABEL_SIZE, task->argv, limit);
}
