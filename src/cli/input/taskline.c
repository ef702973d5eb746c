#include "cli/input/taskline.h"

#include <bsd/stdlib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* as the option --tries has it */
enum { MOST_TRIES = 1000000 };
/* as units_duration has it */
#define MOST_SECONDS (100.0 * 365 * 86400)

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a decimal point";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static int wrong_type(const char *key, const char *wanted, const json_t *value,
    struct error *err)
{
	return error_set(err, "'%s' must be %s, not %s", key, wanted, type_name(value));
}

/* What the system takes as a string ends at the first NUL. */
static int check_text(const char *what, const json_t *value, struct error *err)
{
	if (strlen(json_string_value(value)) != json_string_length(value))
		return error_set(err, "%s contains a NUL character", what);
	return 0;
}

static int take_text(const char *key, const json_t *value, const char **text,
    struct error *err)
{
	char what[64];

	if (!json_is_string(value))
		return wrong_type(key, "a string", value, err);
	if (json_string_length(value) == 0)
		return error_set(err, "'%s' is empty", key);
	snprintf(what, sizeof what, "'%s'", key);
	if (check_text(what, value, err) != 0)
		return -1;
	*text = json_string_value(value);
	return 0;
}

/* ---- a value for each key ---- */

static int take_argv(struct taskline *task, const json_t *value, struct error *err)
{
	size_t i, n = json_array_size(value);
	char what[64];

	if (n == 0)
		return error_set(err, "'command' is an empty array");
	task->argv = reallocarray(NULL, n + 1, sizeof *task->argv);
	if (task->argv == NULL)
		return error_no_memory(err);
	for (i = 0; i < n; i++) {
		const json_t *word = json_array_get(value, i);

		if (!json_is_string(word))
			return error_set(err, "'command' must be an array of strings, but its word %zu "
			    "is %s", i + 1, type_name(word));
		snprintf(what, sizeof what, "word %zu of 'command'", i + 1);
		if (check_text(what, word, err) != 0)
			return -1;
		task->argv[i] = json_string_value(word);
	}
	task->argv[n] = NULL;
	task->command.argv = task->argv;
	return task->argv[0][0] != '\0' ? 0
	    : error_set(err, "the first word of 'command' is empty");
}

static int take_command(struct taskline *task, const json_t *value, struct error *err)
{
	if (json_is_array(value))
		return take_argv(task, value, err);
	if (!json_is_string(value))
		return wrong_type("command", "a string (a shell line) or an array of strings (a command "
		    "and its arguments)", value, err);
	if (take_text("command", value, &task->line, err) != 0)
		return -1;
	/* a shell would succeed at it */
	return task->line[strspn(task->line, " \t\n")] != '\0' ? 0
	    : error_set(err, "'command' is blank");
}

static int take_name(struct taskline *task, const json_t *value, struct error *err)
{
	return take_text("name", value, &task->name, err);
}

static int take_cwd(struct taskline *task, const json_t *value, struct error *err)
{
	return take_text("cwd", value, &task->command.cwd, err);
}

/* Keys with a NUL are refused by the parser. */
static int check_variable(const char *name, const json_t *value, struct error *err)
{
	char what[160];

	if (name[0] == '\0')
		return error_set(err, "a name in 'env' is empty");
	if (strchr(name, '=') != NULL)
		return error_set(err, "the name '%.100s' in 'env' contains '='", name);
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return error_set(err, "'%.100s' in 'env' must be a string, or null to unset it, "
		    "not %s", name, type_name(value));
	snprintf(what, sizeof what, "'%.100s' in 'env'", name);
	return check_text(what, value, err);
}

/* The variables' texts follow the pointers to them. */
static int take_env(struct taskline *task, const json_t *value, struct error *err)
{
	/* nothing is changed; the iterator is not const, though */
	json_t *object = (json_t *)(uintptr_t)value;
	size_t n = json_object_size(value), bytes = 0;
	const char **env;
	char *at;

	if (!json_is_object(value))
		return wrong_type("env", "an object", value, err);
	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		const json_t *text = json_object_iter_value(i);

		if (check_variable(json_object_iter_key(i), text, err) != 0)
			return -1;
		bytes += strlen(json_object_iter_key(i)) + json_string_length(text) + 2;
	}
	env = task->env = malloc((n + 1) * sizeof *env + bytes);
	if (env == NULL)
		return error_no_memory(err);
	at = (char *)(env + n + 1);
	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		const char *text = json_string_value(json_object_iter_value(i));

		*env++ = at;
		at = stpcpy(at, json_object_iter_key(i));
		if (text != NULL)
			at = stpcpy(stpcpy(at, "="), text);
		at++;
	}
	*env = NULL;
	task->command.env = n == 0 ? NULL : task->env;
	return 0;
}

static int take_stdin(struct taskline *task, const json_t *value, struct error *err)
{
	const json_t *file = json_object_get(value, "file");
	struct covey_command *command = &task->command;

	if (json_is_string(value)) {
		command->stdin_source = COVEY_STDIN_BYTES;
		command->stdin_bytes = json_string_value(value);
		command->stdin_len = json_string_length(value);
		return 0;
	}
	if (!json_is_object(value) || file == NULL || json_object_size(value) != 1)
		return error_set(err, "'stdin' must be a string (the text) or {\"file\": PATH}%s%s",
		    json_is_object(value) ? "" : ", not ", json_is_object(value) ? ""
		    : type_name(value));
	command->stdin_source = COVEY_STDIN_FILE;
	return take_text("file", file, &command->stdin_path, err);
}

static int take_duration(const char *key, const json_t *value, covey_nsec *duration,
    struct error *err)
{
	double seconds = json_number_value(value);

	if (json_is_string(value)) {
		if (check_text("a duration", value, err) != 0
		    || units_duration(json_string_value(value), duration, err) != 0)
			return error_set(err, "'%s': %s", key, err->message);
		return 0;
	}
	if (!json_is_number(value))
		return wrong_type(key, "a string such as \"1.5m\", or a number of seconds", value, err);
	if (seconds < 0 || seconds > MOST_SECONDS)
		return error_set(err, "'%s' must be from 0 seconds to 100 years", key);
	*duration = (covey_nsec)(seconds * (double)COVEY_SEC);
	if (seconds > 0 && *duration == 0)
		*duration = 1;
	return 0;
}

static int take_timeout(struct taskline *task, const json_t *value, struct error *err)
{
	if (take_duration("timeout", value, &task->command.timeout, err) != 0)
		return -1;
	/* for the library that is the one of all */
	return task->command.timeout > 0 ? 0 : error_set(err, "'timeout' is 0");
}

static int take_interval(struct taskline *task, const json_t *value, struct error *err)
{
	if (take_duration("retry_interval", value, &task->command.retry_interval, err) != 0)
		return -1;
	/* likewise, but at once is something to be asked for */
	if (task->command.retry_interval == 0)
		task->command.retry_interval = 1;
	return 0;
}

static int take_tries(struct taskline *task, const json_t *value, struct error *err)
{
	if (!json_is_integer(value))
		return wrong_type("tries", "a whole number", value, err);
	if (json_integer_value(value) < 1 || json_integer_value(value) > MOST_TRIES)
		return error_set(err, "'tries' must be from 1 to %d (all attempts count, the first "
		    "included), not %lld", MOST_TRIES, (long long)json_integer_value(value));
	task->command.tries = (unsigned)json_integer_value(value);
	return 0;
}

/* They are for those who read the journal, which has the whole line. */
static int take_tags(struct taskline *task, const json_t *value, struct error *err)
{
	size_t i;

	(void)task;
	if (!json_is_array(value))
		return wrong_type("tags", "an array of strings", value, err);
	for (i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return error_set(err, "'tags' must be an array of strings, but number %zu of them "
			    "is %s", i + 1, type_name(json_array_get(value, i)));
	return 0;
}

static const struct key {
	const char *name;
	int (*take)(struct taskline *task, const json_t *value, struct error *err);
} keys[] = {
	{ "command", take_command },
	{ "name", take_name },
	{ "env", take_env },
	{ "cwd", take_cwd },
	{ "stdin", take_stdin },
	{ "timeout", take_timeout },
	{ "tries", take_tries },
	{ "retry_interval", take_interval },
	{ "tags", take_tags },
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* ---- the object ---- */

static int take_all(struct taskline *task, struct error *err)
{
	json_t *object = task->json;

	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		const char *name = json_object_iter_key(i);
		const struct key *key = find_key(name);

		if (key == NULL)
			return error_set(err, "unknown key '%.60s'; a task has command, name, env, cwd, "
			    "stdin, timeout, tries, retry_interval and tags", name);
		if (key->take(task, json_object_iter_value(i), err) != 0)
			return -1;
	}
	if (task->line == NULL && task->argv == NULL)
		return error_set(err, "the task has no 'command'");
	return 0;
}

static int not_json(const json_error_t *why, struct error *err)
{
	enum json_error_code code = json_error_code(why);

	if (code == json_error_out_of_memory)
		return error_no_memory(err);
	if (code == json_error_premature_end_of_input)
		return error_set(err,
		    "the line ends within its object: a task is an object of JSON in "
		    "one line");
	if (code == json_error_end_of_input_expected)
		return error_set(err, "unexpected text after the object, at column %d",
		    why->column);
	return error_set(err, "not JSON at column %d: %s", why->column, why->text);
}

int taskline_parse(const char *text, size_t len, struct taskline *task, struct error *err)
{
	json_error_t why;
	json_t *json;

	*task = (struct taskline){ .line = NULL };
	covey_command_init(&task->command, sizeof task->command);
	task->json = json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	if (json == NULL)
		return not_json(&why, err);
	if (!json_is_object(json))
		error_set(err, "a task must be an object, not %s", type_name(json));
	else if (take_all(task, err) == 0)
		return 0;
	taskline_release(task);
	return -1;
}

void taskline_release(struct taskline *task)
{
	json_decref(task->json);
	free(task->argv);
	free(task->env);
	*task = (struct taskline){ .line = NULL };
}
