#include "task.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* How much memory a copy takes, added up piece by piece. */
struct need {
	size_t vectors;  /* pointers */
	size_t bytes;
};

static void need_vector(struct need *need, const char *const *vector)
{
	if (vector == NULL)
		return;
	for (; *vector != NULL; vector++) {
		need->bytes += strlen(*vector) + 1;
		need->vectors++;
	}
	need->vectors++;
}

static void need_string(struct need *need, const char *string)
{
	if (string != NULL)
		need->bytes += strlen(string) + 1;
}

/* Where the next pointer and the next byte of the block go. */
struct place {
	const char **vectors;
	char *bytes;
};

static const void *put_bytes(struct place *place, const void *data, size_t len)
{
	char *copy = place->bytes;

	memcpy(copy, data, len);
	place->bytes += len;
	return copy;
}

static const char *put_string(struct place *place, const char *string)
{
	char *copy = place->bytes;

	if (string == NULL)
		return NULL;
	place->bytes = stpcpy(copy, string) + 1;
	return copy;
}

static const char *const *put_vector(struct place *place, const char *const *vector)
{
	const char *const *copy = place->vectors;

	if (vector == NULL)
		return NULL;
	for (; *vector != NULL; vector++)
		*place->vectors++ = put_string(place, *vector);
	*place->vectors++ = NULL;
	return copy;
}

static int check(const struct covey_command *command, struct covey_error *err)
{
	if (command == NULL || command->size != sizeof *command)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the command was not set up with covey_command_init");
	if (command->argv == NULL || command->argv[0] == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the command's argv is empty");
	if (command->timeout < 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the command's timeout is negative");
	if (command->retry_interval < 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the command's retry_interval is negative");
	if (command->stdin_source == COVEY_STDIN_FILE && command->stdin_path == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the command's stdin_path is NULL");
	if (command->stdin_source == COVEY_STDIN_BYTES && command->stdin_bytes == NULL
	    && command->stdin_len > 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the command's stdin_bytes is NULL");
	return 0;
}

static void copy_to(struct cv_task *task, struct place *place, const struct covey_command *command)
{
	task->view.argv = put_vector(place, command->argv);
	task->env = put_vector(place, command->env);
	task->cwd = put_string(place, command->cwd);
	task->stdin_path = put_string(place, command->stdin_path);
	if (command->stdin_source == COVEY_STDIN_BYTES && command->stdin_len > 0)
		task->stdin_bytes = put_bytes(place, command->stdin_bytes, command->stdin_len);
	task->stdin_source = command->stdin_source;
	task->stdin_len = command->stdin_len;
	task->stdin_fd = command->stdin_fd;
	task->view.timeout = command->timeout;
	task->view.tries = command->tries;
	task->retry_interval = command->retry_interval;
	task->view.user = command->user;
}

/* A block for the task and what was counted; place says where. large names the caller's length. */
static struct cv_task *make(const struct need *need, struct place *place, const char *large,
    struct covey_error *err)
{
	struct cv_task *task;

	if (need->bytes > PTRDIFF_MAX - sizeof *task - need->vectors * sizeof(char *)) {
		cv_error(err, COVEY_BAD_ARGUMENT, 0, "the %s is too large", large);
		return NULL;
	}
	task = malloc(sizeof *task + need->vectors * sizeof(char *) + need->bytes);
	if (task == NULL) {
		cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot store a task");
		return NULL;
	}
	memset(task, 0, sizeof *task);
	place->vectors = (const char **)(task + 1);
	place->bytes = (char *)(place->vectors + need->vectors);
	return task;
}

struct cv_task *cv_task_new(const struct covey_command *command, struct covey_error *err)
{
	struct need need = { 0, 0 };
	struct place place;
	struct cv_task *task;

	if (check(command, err) != 0)
		return NULL;
	need_vector(&need, command->argv);
	need_vector(&need, command->env);
	need_string(&need, command->cwd);
	need_string(&need, command->stdin_path);
	/* the strings are all in memory already, so only the caller's stdin_len can overflow */
	if (command->stdin_source == COVEY_STDIN_BYTES
	    && __builtin_add_overflow(need.bytes, command->stdin_len, &need.bytes)) {
		cv_error(err, COVEY_BAD_ARGUMENT, 0, "the command's stdin_len is too large");
		return NULL;
	}
	task = make(&need, &place, "command's stdin_len", err);
	if (task == NULL)
		return NULL;
	copy_to(task, &place, command);
	return task;
}

static int check_function(const struct covey_function *function, struct covey_error *err)
{
	if (function == NULL || function->size != sizeof *function)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the function was not set up with covey_function_init");
	if (function->run == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the function to run is NULL");
	if (function->arg == NULL && function->arg_len > 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the function's arg is NULL");
	if (function->timeout < 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the function's timeout is negative");
	if (function->retry_interval < 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the function's retry_interval is negative");
	return 0;
}

struct cv_task *cv_task_new_function(const struct covey_function *function, struct covey_error *err)
{
	const char *argv[] = { "function", NULL };
	struct need need = { 0, 0 };
	struct place place;
	struct cv_task *task;

	if (check_function(function, err) != 0)
		return NULL;
	if (function->name != NULL)
		argv[0] = function->name;
	need_vector(&need, argv);
	if (__builtin_add_overflow(need.bytes, function->arg_len, &need.bytes)) {
		cv_error(err, COVEY_BAD_ARGUMENT, 0, "the function's arg_len is too large");
		return NULL;
	}
	/* functions have structs in it */
	need.bytes += alignof(max_align_t);
	task = make(&need, &place, "function's arg_len", err);
	if (task == NULL)
		return NULL;
	task->view.argv = put_vector(&place, argv);
	place.bytes = (char *)(((uintptr_t)place.bytes + alignof(max_align_t) - 1)
	    & ~(uintptr_t)(alignof(max_align_t) - 1));
	if (function->arg_len > 0)
		task->view.arg = put_bytes(&place, function->arg, function->arg_len);
	task->view.arg_len = function->arg_len;
	task->view.run = function->run;
	task->view.tries = function->tries;
	task->view.user = function->user;
	task->view.timeout = function->timeout;
	task->retry_interval = function->retry_interval;
	return task;
}

static void free_last(struct covey_attempt *last)
{
	if (last == NULL)
		return;
	covey_output_free(last->out);
	covey_output_free(last->err);
	covey_output_free(last->result);
	free((char *)(uintptr_t)last->reason);
	free((char *)(uintptr_t)last->backtrace);
	free(last);
}

void cv_task_forget(struct cv_task *task)
{
	free_last(task->last);
	task->last = NULL;
}

void cv_task_free(struct cv_task *task)
{
	if (task != NULL)
		cv_task_forget(task);
	free(task);
}
