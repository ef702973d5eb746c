/*
 * task - what to run, copied at submit
 *
 * Level 0. A task and all its strings are one block of memory.
 */
#ifndef CV_TASK_H
#define CV_TASK_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "covey.h"

struct cv_task {
	struct covey_task view;          /* what events show */
	covey_nsec retry_interval;       /* 0: the executor's */

	const char *const *env;          /* changes to the environment, or NULL */
	const char *cwd;                 /* or NULL */
	enum covey_stdin stdin_source;
	const char *stdin_path;
	const void *stdin_bytes;
	size_t stdin_len;
	int stdin_fd;

	struct covey_attempt *last;      /* while waiting to be run again: owns what it points to */

	/* the scheduler's */
	TAILQ_ENTRY(cv_task) ready;
	RB_ENTRY(cv_task) delayed;
	covey_nsec due;                  /* when delayed: on the executor's clock */
	bool is_delayed;
	bool cancelled;                  /* not to be run again */
};

/*
 * Copies command. Returns the task, with view.id still 0, or NULL with *err filled in: the command
 * is not valid, or out of memory.
 */
struct cv_task *cv_task_new(const struct covey_command *command, struct covey_error *err);

/* The same for a function. */
struct cv_task *cv_task_new_function(const struct covey_function *function,
    struct covey_error *err);

/* Releases what is kept of the last attempt. */
void cv_task_forget(struct cv_task *task);

void cv_task_free(struct cv_task *task);

#endif
