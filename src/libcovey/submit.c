/*
 * Submitting: commands and functions are checked, copied and queued.
 */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "turn.h"

static int check_submit(const struct covey *ex, struct covey_error *err)
{
	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	if (ex->ending != CV_ENDING_NO || ex->cancel_asked)
		return cv_error(err, COVEY_BAD_STATE, 0,
		    ex->ending == CV_ENDING_NO || ex->ending == CV_ENDING_CANCELLED
		    ? "the executor was cancelled" : "the executor's deadline has passed");
	return 0;
}

static void add_task(struct covey *ex, struct cv_task *task, uint64_t *id)
{
	struct covey_event event = { .type = COVEY_QUEUED };

	task->view.id = ++ex->counts.submitted;
	if (task->view.tries == 0)
		task->view.tries = ex->options.max_tries;
	if (task->view.timeout == 0)
		task->view.timeout = ex->options.timeout;
	if (id != NULL)
		*id = task->view.id;
	cv_sched_add(&ex->sched, task);
	ex->due |= !ex->starting;
	event.task = &task->view;
	cv_emit(ex, &event);
}

int covey_submit(struct covey *ex, const struct covey_command *command, uint64_t *id,
    struct covey_error *err)
{
	struct cv_task *task;

	if (check_submit(ex, err) != 0)
		return -1;
	task = cv_task_new(command, err);
	if (task == NULL)
		return -1;
	add_task(ex, task, id);
	return 0;
}

int covey_submit_function(struct covey *ex, const struct covey_function *function, uint64_t *id,
    struct covey_error *err)
{
	struct cv_task *task;

	if (check_submit(ex, err) != 0)
		return -1;
	task = cv_task_new_function(function, err);
	if (task == NULL)
		return -1;
	if (!ex->uses_notes)
		ex->crash_stack = cv_call_prepare();
	ex->uses_notes = true;
	add_task(ex, task, id);
	return 0;
}

int covey_find(struct covey *ex, const char *name, struct covey_error *err)
{
	const char *path;

	if (ex == NULL || name == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "covey_find needs an executor and a name");
	path = cv_path_find(&ex->spawner.path, name, cv_environ_base_search(&ex->environ));
	if (path != NULL && (strchr(name, '/') == NULL || cv_path_executable(path)))
		return 0;
	return cv_error(err, COVEY_SYSTEM, errno, "cannot run '%.100s'", name);
}
