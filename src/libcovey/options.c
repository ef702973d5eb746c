/*
 * The defaults, and small public things without state.
 */
#include <signal.h>
#include <string.h>

#include "retry.h"

void covey_options_init(struct covey_options *options, size_t size)
{
	/* a caller built against another version has another size; covey_new will tell it so */
	if (options == NULL || size > sizeof *options)
		return;
	memset(options, 0, size);
	if (size < sizeof *options)
		return;
	options->size = size;
	options->max_workers = 16;
	options->max_tries = 1;
	options->retry_interval = 60 * COVEY_SEC;
	options->backoff = 1;
	cv_retry_default(&options->retry_on);
	options->kill_after = 5 * COVEY_SEC;
	options->stop_signal = SIGTERM;
	options->tail_bytes = 64 * 1024;
	options->spill_bytes = 1024 * 1024;
	options->events = UINT32_MAX;
}

void covey_command_init(struct covey_command *command, size_t size)
{
	if (command == NULL || size > sizeof *command)
		return;
	memset(command, 0, size);
	if (size < sizeof *command)
		return;
	command->size = size;
	command->stdin_source = COVEY_STDIN_NULL;
	command->stdin_fd = -1;
}

struct covey_output *covey_take_output(struct covey_attempt *attempt, int stream)
{
	struct covey_output **from = stream == 1 ? &attempt->out : &attempt->err;
	struct covey_output *output = *from;

	*from = NULL;
	return output;
}

const char *covey_outcome_name(enum covey_outcome outcome)
{
	static const char *const names[] = {
		[COVEY_SUCCESS] = "success", [COVEY_EXIT] = "exit", [COVEY_SIGNAL] = "signal",
		[COVEY_TIMEOUT] = "timeout", [COVEY_SPAWN] = "spawn", [COVEY_DEADLINE] = "deadline",
		[COVEY_CANCELLED] = "cancelled",
	};
	_Static_assert(sizeof names / sizeof *names == COVEY_NOUTCOMES, "a name for each outcome");

	return (unsigned)outcome < COVEY_NOUTCOMES ? names[outcome] : "unknown";
}
