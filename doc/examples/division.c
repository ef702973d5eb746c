/*
 * division - functions as tasks: three divisions, each in a process of its own
 *
 *	$ cc -o division division.c $(pkg-config --cflags --libs covey)
 *	$ ./division
 *	1/2 = 0.5
 *	2/4 = 0.5
 *	1/0: division by zero (2 attempts)
 */
#include <covey.h>

#include <stdio.h>
#include <stdlib.h>

struct division {
	int dividend, divisor;
};

/* Runs in a forked child; what it is to return goes through covey_return. */
static int divide(struct covey_call *call)
{
	const struct division *d = call->arg;
	double quotient;

	if (d->divisor == 0)
		return covey_fail(call, 1, "division by zero");
	quotient = (double)d->dividend / d->divisor;
	return covey_return(call, &quotient, sizeof quotient) == 0 ? 0 : 2;
}

static void submit(struct covey *ex, int dividend, int divisor)
{
	struct division d = { dividend, divisor };
	struct covey_function function;
	struct covey_error err;

	covey_function_init(&function, sizeof function);
	function.run = divide;
	function.name = "divide";
	function.arg = &d;  /* the bytes are copied: d may go */
	function.arg_len = sizeof d;
	if (covey_submit_function(ex, &function, NULL, &err) != 0) {
		fprintf(stderr, "division: %s\n", err.message);
		exit(1);
	}
}

static void show_quotient(const struct covey_result *result)
{
	const struct division *d = result->task->arg;
	double quotient;

	if (covey_output_read(result->attempt->result, 0, &quotient, sizeof quotient)
	    == (ssize_t)sizeof quotient)
		printf("%d/%d = %g\n", d->dividend, d->divisor, quotient);
}

static void show_failure(const struct covey_result *result)
{
	const struct division *d = result->task->arg;
	const struct covey_attempt *attempt = result->attempt;

	/* no attempt: it was never started; no reason: it did not give one, but crashed, say */
	printf("%d/%d: %s (%u attempts)\n", d->dividend, d->divisor,
	    attempt != NULL && attempt->reason != NULL ? attempt->reason
	    : covey_outcome_name(result->outcome), result->task->attempts);
}

int main(void)
{
	struct covey_results *results;
	struct covey_options options;
	struct covey_error err;
	struct covey *ex;
	size_t i;

	covey_options_init(&options, sizeof options);
	options.max_tries = 2;
	options.retry_interval = 100 * COVEY_MSEC;
	ex = covey_new(&options, &err);
	if (ex == NULL) {
		fprintf(stderr, "division: %s\n", err.message);
		return 1;
	}
	submit(ex, 1, 2);
	submit(ex, 2, 4);
	submit(ex, 1, 0);
	if (covey_wait(ex, 0, &results, &err) != 0) {
		fprintf(stderr, "division: %s\n", err.message);
		covey_free(ex);
		return 1;
	}
	for (i = 0; i < results->nsucceeded; i++)
		show_quotient(results->succeeded[i]);
	for (i = 0; i < results->nfailed; i++)
		show_failure(results->failed[i]);
	covey_results_free(results);
	covey_free(ex);
	return 0;
}
