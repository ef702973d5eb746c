/*
 * mixed - failures and timeouts, commands and functions, in one executor
 *
 *	$ cc -o mixed mixed.c $(pkg-config --cflags --libs covey)
 *	$ ./mixed
 *	fails once: success (2 attempts)
 *	hangs once: success (2 attempts)
 *	always fails: exit: no such table (2 attempts)
 *	sleep infinity: timeout (2 attempts)
 *	sleep 600: deadline (1 attempts)
 */
#include <covey.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fails_once(struct covey_call *call)
{
	return call->attempt == 1 ? covey_fail(call, 1, "connection reset by peer") : 0;
}

static int hangs_once(struct covey_call *call)
{
	while (call->attempt == 1)
		pause();
	return 0;
}

static int always_fails(struct covey_call *call)
{
	return covey_fail(call, 3, "no such table");
}

static void die(const struct covey_error *err)
{
	fprintf(stderr, "mixed: %s\n", err->message);
	exit(1);
}

static void submit_function(struct covey *ex, covey_function_fn *run, const char *name)
{
	struct covey_function function;
	struct covey_error err;

	covey_function_init(&function, sizeof function);
	function.run = run;
	function.name = name;
	if (covey_submit_function(ex, &function, NULL, &err) != 0)
		die(&err);
}

static void submit_command(struct covey *ex, const char *const *argv, covey_nsec timeout)
{
	struct covey_command command;
	struct covey_error err;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	command.timeout = timeout;  /* 0: the executor's */
	if (covey_submit(ex, &command, NULL, &err) != 0)
		die(&err);
}

static void show(const struct covey_result *result)
{
	const char *const *word;

	for (word = result->task->argv; *word != NULL; word++)
		printf("%s%s", word == result->task->argv ? "" : " ", *word);
	printf(": %s", covey_outcome_name(result->outcome));
	if (result->attempt != NULL && result->attempt->reason != NULL)
		printf(": %s", result->attempt->reason);
	printf(" (%u attempts)\n", result->task->attempts);
}

/* Waits for everything that was submitted, shows what came of it, and forgets it. */
static void wait_and_show(struct covey *ex, covey_nsec timeout)
{
	struct covey_results *results;
	struct covey_error err;
	size_t i;

	if (covey_wait(ex, timeout, &results, &err) != 0)
		die(&err);
	for (i = 0; i < results->nsucceeded; i++)
		show(results->succeeded[i]);
	for (i = 0; i < results->nfailed; i++)
		show(results->failed[i]);
	covey_results_free(results);
}

int main(void)
{
	const char *const forever[] = { "sleep", "infinity", NULL };
	const char *const later[] = { "sleep", "600", NULL };
	struct covey_options options;
	struct covey_error err;
	struct covey *ex;

	covey_options_init(&options, sizeof options);
	options.max_tries = 2;
	options.timeout = 2 * COVEY_SEC;           /* of one attempt */
	options.retry_interval = 100 * COVEY_MSEC;
	ex = covey_new(&options, &err);
	if (ex == NULL)
		die(&err);
	submit_function(ex, fails_once, "fails once");
	submit_function(ex, hangs_once, "hangs once");
	submit_function(ex, always_fails, "always fails");
	submit_command(ex, forever, 0);
	wait_and_show(ex, 60 * COVEY_SEC);

	/* the executor is good for more; this is killed when the wait is over, and not tried again */
	submit_command(ex, later, 600 * COVEY_SEC);
	wait_and_show(ex, COVEY_SEC);
	covey_free(ex);
	return 0;
}
