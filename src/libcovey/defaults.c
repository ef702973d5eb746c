/*
 * The defaults of what a caller fills in. Structs that callers allocate grow at their end: no more
 * is written than the caller has.
 */
#include <signal.h>
#include <string.h>

#include "retry.h"

void covey_options_init(struct covey_options *options, size_t size)
{
	struct covey_options all = {
		.max_workers = 16, .max_tries = 1, .retry_interval = 60 * COVEY_SEC, .backoff = 1,
		.kill_after = 5 * COVEY_SEC, .stop_signal = SIGTERM, .tail_bytes = 64 * 1024,
		.spill_bytes = 1024 * 1024, .events = UINT32_MAX,
	};

	/* a caller built against a newer header has a larger one; covey_new will tell it so */
	if (options == NULL || size > sizeof *options)
		return;
	cv_retry_default(&all.retry_on);
	all.size = size;
	memcpy(options, &all, size);
}

void covey_command_init(struct covey_command *command, size_t size)
{
	struct covey_command all = {
		.size = size, .stdin_source = COVEY_STDIN_NULL, .stdin_fd = -1,
	};

	if (command != NULL && size <= sizeof *command)
		memcpy(command, &all, size);
}

void covey_function_init(struct covey_function *function, size_t size)
{
	struct covey_function all = { .size = size };

	if (function != NULL && size <= sizeof *function)
		memcpy(function, &all, size);
}
