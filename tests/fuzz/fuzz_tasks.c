/*
 * fuzz_tasks - any bytes as a line of --tasks
 *
 * What is refused is refused with a clear message; what is taken can be run as it is, means the same
 * when it is written down otherwise, and nothing else when something is cut off or added.
 */
#include <jansson.h>

#include "fuzz.h"
#include "cli/input/taskline.h"

static void check_vector(const char *const *vector)
{
	for (; *vector != NULL; vector++)
		FUZZ_CHECK((*vector)[0] != '\0' && (*vector)[0] != '=');
}

static void check_stdin(const struct covey_command *command)
{
	switch (command->stdin_source) {
	case COVEY_STDIN_NULL:
		FUZZ_CHECK(command->stdin_path == NULL && command->stdin_bytes == NULL);
		break;
	case COVEY_STDIN_FILE:
		FUZZ_CHECK(command->stdin_path[0] != '\0');
		break;
	case COVEY_STDIN_BYTES:
		FUZZ_CHECK(command->stdin_bytes != NULL);
		break;
	case COVEY_STDIN_FD:
	case COVEY_STDIN_INHERIT:
		FUZZ_CHECK(!"a task has no descriptor of its own");
	}
}

static void check_task(const struct taskline *task)
{
	const struct covey_command *command = &task->command;

	FUZZ_CHECK((task->line == NULL) != (command->argv == NULL));
	FUZZ_CHECK(task->line == NULL || task->line[strspn(task->line, " \t\n")] != '\0');
	FUZZ_CHECK(command->argv == NULL || command->argv[0][0] != '\0');
	FUZZ_CHECK(task->name == NULL || task->name[0] != '\0');
	FUZZ_CHECK(command->cwd == NULL || command->cwd[0] != '\0');
	FUZZ_CHECK(command->timeout >= 0 && command->retry_interval >= 0);
	FUZZ_CHECK(command->tries <= 1000000);
	FUZZ_CHECK(command->user == NULL);
	if (command->env != NULL)
		check_vector(command->env);
	check_stdin(command);
}

static void check_same_text(const char *a, const char *b)
{
	FUZZ_CHECK((a == NULL) == (b == NULL));
	FUZZ_CHECK(a == NULL || strcmp(a, b) == 0);
}

static void check_same_texts(const char *const *a, const char *const *b)
{
	FUZZ_CHECK((a == NULL) == (b == NULL));
	for (; a != NULL && *a != NULL; a++, b++)
		check_same_text(*a, *b);
	FUZZ_CHECK(a == NULL || *b == NULL);
}

static void check_same(const struct taskline *a, const struct taskline *b)
{
	check_same_text(a->line, b->line);
	check_same_text(a->name, b->name);
	check_same_text(a->command.cwd, b->command.cwd);
	check_same_text(a->command.stdin_path, b->command.stdin_path);
	check_same_texts(a->command.argv, b->command.argv);
	check_same_texts(a->command.env, b->command.env);
	FUZZ_CHECK(a->command.stdin_source == b->command.stdin_source);
	FUZZ_CHECK(a->command.stdin_len == b->command.stdin_len);
	FUZZ_CHECK(a->command.stdin_len == 0 || memcmp(a->command.stdin_bytes,
	    b->command.stdin_bytes, a->command.stdin_len) == 0);
	FUZZ_CHECK(a->command.timeout == b->command.timeout);
	FUZZ_CHECK(a->command.tries == b->command.tries);
	FUZZ_CHECK(a->command.retry_interval == b->command.retry_interval);
}

/* Other bytes for the same: in ASCII, and with more blanks. */
static void write_again(const struct taskline *task)
{
	char *text = json_dumps(task->json, JSON_ENSURE_ASCII | JSON_INDENT(1));
	struct taskline again;
	struct error err;

	FUZZ_CHECK(text != NULL);
	FUZZ_CHECK(taskline_parse(text, strlen(text), &again, &err) == 0);
	check_same(task, &again);
	taskline_release(&again);
	free(text);
}

static void refused(const char *text, size_t len)
{
	struct taskline task;
	struct error err = { "" };

	FUZZ_CHECK(taskline_parse(text, len, &task, &err) == -1);
	fuzz_check_message(err.message);
	/* there is nothing to release, but to do so does no harm */
	taskline_release(&task);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct error err = { "" };
	struct taskline task;

	if (taskline_parse((const char *)data, size, &task, &err) == 0) {
		check_task(&task);
		write_again(&task);
		taskline_release(&task);
		taskline_release(&task);
		/* the closing brace is the last that is no blank */
		while (text[size - 1] != '}')
			size--;
		refused(text, size - 1);
		text[size] = '}';
		refused(text, size + 1);
	} else {
		fuzz_check_message(err.message);
		FUZZ_CHECK(task.json == NULL && task.argv == NULL && task.env == NULL);
	}
	free(text);
	return 0;
}
