/*
 * covey_wait, and the two lists of the tasks that have finished meanwhile. An entry of a list owns
 * its task, with the arguments in it, and the task's last attempt.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "turn.h"

struct entry {
	struct covey_result view;    /* must be first */
	struct cv_task *task;
};

static void free_entry(struct covey_result *result)
{
	struct entry *entry = (struct entry *)result;

	entry->task->last = result->attempt;
	cv_task_free(entry->task);
	free(entry);
}

/* Doubles the list whenever its length is a power of two, so that its room need not be stored. */
static int append(struct covey_result ***list, size_t *n, struct covey_result *result)
{
	if ((*n & (*n - 1)) == 0) {
		struct covey_result **longer = reallocarray(*list, *n == 0 ? 1 : *n * 2,
		    sizeof(struct covey_result *));

		if (longer == NULL)
			return -1;
		*list = longer;
	}
	(*list)[(*n)++] = result;
	return 0;
}

/* Takes over the last attempt, which the task keeps if it waited, and else the slot. */
static int take_attempt(struct entry *entry, struct covey_attempt *attempt)
{
	if (attempt == NULL)
		return 0;
	if (attempt == entry->task->last) {
		entry->task->last = NULL;
		entry->view.attempt = attempt;
		return 0;
	}
	cv_task_forget(entry->task);
	entry->view.attempt = cv_attempt_keep(attempt);
	return entry->view.attempt == NULL ? -1 : 0;
}

void cv_collect_add(struct covey *ex, struct cv_task *task, struct covey_attempt *attempt,
    enum covey_outcome outcome)
{
	struct covey_results *results = ex->results;
	struct entry *entry = calloc(1, sizeof *entry);
	int done = -1;

	if (entry == NULL) {
		ex->results_lost = true;
		cv_task_free(task);
		return;
	}
	entry->view.task = &task->view;
	entry->view.outcome = outcome;
	entry->task = task;
	if (take_attempt(entry, attempt) == 0)
		done = outcome == COVEY_SUCCESS
		    ? append(&results->succeeded, &results->nsucceeded, &entry->view)
		    : append(&results->failed, &results->nfailed, &entry->view);
	if (done == 0)
		return;
	ex->results_lost = true;
	free_entry(&entry->view);
}

static void free_list(struct covey_result **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free_entry(list[i]);
	free(list);
}

void covey_results_free(struct covey_results *results)
{
	if (results == NULL)
		return;
	free_list(results->succeeded, results->nsucceeded);
	free_list(results->failed, results->nfailed);
	free(results);
}

static int check_wait(const struct covey *ex, covey_nsec timeout,
    struct covey_results *const *results, struct covey_error *err)
{
	if (ex == NULL || results == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "covey_wait needs an executor and a place for the results");
	if (ex->in_turn || ex->emitting > 0)
		return cv_error(err, COVEY_BAD_STATE, 0,
		    "a callback cannot call covey_wait on its own executor");
	if (timeout < 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the time to wait is negative");
	return 0;
}

/* Turns until nothing is left, or until has passed. */
static int wait_for_all(struct covey *ex, covey_nsec until, struct covey_error *err)
{
	int result;

	ex->wait_until = until;
	/* a retry that is due after the deadline is run at once, rather than never */
	cv_sched_promote_late(&ex->sched, cv_deadline(ex));
	result = covey_run(ex, err);
	ex->wait_until = INT64_MAX;
	if (ex->ending == CV_ENDING_WAIT) {
		ex->ending = CV_ENDING_NO;
		ex->input_ended = ex->options.next == NULL || ex->next_ended;
	}
	return result;
}

int covey_wait(struct covey *ex, covey_nsec timeout, struct covey_results **results,
    struct covey_error *err)
{
	struct covey_results *all;
	int result;

	if (results != NULL)
		*results = NULL;
	if (check_wait(ex, timeout, results, err) != 0)
		return -1;
	all = calloc(1, sizeof *all);
	if (all == NULL)
		return cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot store results");
	ex->results = all;
	ex->results_lost = false;
	ex->now = cv_now(ex);
	if (timeout == 0)
		timeout = COVEY_WAIT_DEFAULT;
	result = wait_for_all(ex, cv_clock_add(ex->now, timeout), err);
	ex->results = NULL;
	if (result == 0 && ex->results_lost)
		result = cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot store results");
	if (result != 0) {
		covey_results_free(all);
		return -1;
	}
	*results = all;
	return 0;
}
