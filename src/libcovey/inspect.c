/*
 * What a host asks: of an executor, of an attempt, and what an outcome is called.
 */
#include <bsd/sys/param.h>
#include <string.h>
#include <unistd.h>

#include "turn.h"

covey_nsec covey_now(const struct covey *ex)
{
	return ex == NULL ? 0 : cv_now(ex);
}

void covey_count(const struct covey *ex, struct covey_counts *counts, size_t size)
{
	struct covey_counts all = { 0 };

	if (counts == NULL)
		return;
	if (ex != NULL) {
		all = ex->counts;
		all.queued = ex->sched.nready;
		all.delayed = ex->sched.ndelayed;
		all.running = ex->running;
	}
	memset(counts, 0, size);
	memcpy(counts, &all, MIN(size, sizeof all));
}

bool covey_input_ended(const struct covey *ex)
{
	return ex == NULL || ex->input_ended;
}

void covey_each_running(const struct covey *ex, covey_each_fn *each, void *user)
{
	unsigned i;

	for (i = 0; ex != NULL && each != NULL && i < ex->nslots; i++) {
		if (ex->slots[i]->task != NULL)
			each(&ex->slots[i]->task->view, &ex->slots[i]->attempt, user);
	}
}

struct covey_output *covey_take_output(struct covey_attempt *attempt, int stream)
{
	struct covey_output **from, *output;

	if (attempt == NULL || stream < STDOUT_FILENO || stream > COVEY_RESULT)
		return NULL;
	from = stream == STDOUT_FILENO ? &attempt->out
	    : stream == STDERR_FILENO ? &attempt->err : &attempt->result;
	output = *from;

	*from = NULL;
	return output;
}

const char *covey_outcome_name(enum covey_outcome outcome)
{
	static const char *const names[] = {
		[COVEY_SUCCESS] = "success", [COVEY_EXIT] = "exit", [COVEY_SIGNAL] = "signal",
		[COVEY_TIMEOUT] = "timeout", [COVEY_SPAWN] = "spawn", [COVEY_DEADLINE] = "deadline",
		[COVEY_CANCELLED] = "cancelled", [COVEY_LOST] = "lost",
	};
	_Static_assert(sizeof names / sizeof *names == COVEY_NOUTCOMES, "a name for each outcome");

	return (unsigned)outcome < COVEY_NOUTCOMES ? names[outcome] : "unknown";
}
