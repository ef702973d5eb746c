#include "cli/input/tasks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/input/nameset.h"
#include "cli/input/taskline.h"

struct tasks {
	struct source source;
	struct nameset names;
	bool checked;
};

static enum input_result bad(const struct source *source, const struct record *record,
    const char *why, struct error *err)
{
	error_set(err, "%s:%llu: %s", source_name(source), (unsigned long long)record->line, why);
	return INPUT_BAD;
}

static int add_name(struct tasks *tasks, const char *name, uint64_t line, struct error *err)
{
	uint64_t first;

	switch (nameset_add(&tasks->names, name, line, &first)) {
	case 0:
		return 0;
	case 1:
		return error_set(err, "the task in line %llu has the name '%.200s', too",
		    (unsigned long long)first, name);
	default:
		return error_no_memory(err);
	}
}

static int check_line(struct tasks *tasks, const struct record *record, struct error *err)
{
	struct taskline task;
	int result;

	if (taskline_parse(record->items[0].text, record->items[0].len, &task, err) != 0)
		return -1;
	result = task.name == NULL ? 0 : add_name(tasks, task.name, record->line, err);
	taskline_release(&task);
	return result;
}

/* What editors on other systems put in front of a file. */
static void drop_mark(struct record *record)
{
	const struct span *line = &record->items[0];

	if (record->line == 1 && line->len >= 3 && memcmp(line->text, "\xef\xbb\xbf", 3) == 0)
		record_set_one(record, line->text + 3, line->len - 3);
}

static bool is_blank(const struct span *line)
{
	return strspn(line->text, " \t\r") == line->len;
}

static enum input_result tasks_next(struct source *source, struct record *record,
    struct error *err)
{
	struct tasks *tasks = (struct tasks *)source;
	enum input_result result;

	do {
		result = source_next(source->below, record, err);
		if (result == INPUT_REFUSED)
			return bad(source, record, "the line contains a NUL byte", err);
		if (result != INPUT_RECORD)
			return result;
		drop_mark(record);
	} while (is_blank(&record->items[0]));
	if (!tasks->checked && check_line(tasks, record, err) != 0)
		return bad(source, record, err->message, err);
	return INPUT_RECORD;
}

static void tasks_close(struct source *source)
{
	struct tasks *tasks = (struct tasks *)source;

	source_close(source->below);
	nameset_release(&tasks->names);
	free(tasks);
}

struct source *tasks_open(struct source *below, bool checked)
{
	static const struct source_ops ops = { .next = tasks_next, .close = tasks_close };
	struct tasks *tasks = calloc(1, sizeof *tasks);

	if (tasks == NULL)
		return NULL;
	source_init(&tasks->source, &ops, below);
	tasks->checked = checked;
	return &tasks->source;
}

bool tasks_can_check(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int tasks_check(struct source *source, struct error *err)
{
	enum input_result result;
	struct record record;

	while ((result = source_next(source, &record, err)) != INPUT_END)
		if (result == INPUT_BAD)
			return -1;
		else if (result == INPUT_LATER)
			source_wait(source);
	return 0;
}
