/*
 * queries - many light commands with retries, as to a server that is too busy now and then
 *
 *	$ cc -o queries queries.c $(pkg-config --cflags --libs covey)
 *	$ ./queries
 *	100 queries: 98 succeeded (22 not at the first try), 2 failed
 *	query 49 failed 3 times: exit 75: the server is busy
 *	query 66 failed 3 times: exit 75: the server is busy
 *
 * Takes the number of queries, and a seed for what fails: ./queries 10000 42
 */
#include <covey.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Stands in for a program that asks something remote: takes some time, and fails in three of ten
 * attempts. What looks random follows from the numbers of query and attempt, and the seed.
 */
static const char script[] =
    "sleep 0.0$(($1 % 10))\n"
    "x=$((($1 + 101 * COVEY_ATTEMPT + 10007 * $2) % 65537))\n"
    "[ $((x * x % 65537 * x % 65537 % 10)) -ge 3 ] && echo \"answer $1\" && exit\n"
    "echo 'the server is busy' >&2\n"
    "exit 75\n";

static void die(const char *message)
{
	fprintf(stderr, "queries: %s\n", message);
	exit(1);
}

static void submit(struct covey *ex, unsigned number, unsigned seed)
{
	char numbers[2][16];
	const char *argv[] = { "sh", "-c", script, "query", numbers[0], numbers[1], NULL };
	struct covey_command command;
	struct covey_error err;

	snprintf(numbers[0], sizeof numbers[0], "%u", number);
	snprintf(numbers[1], sizeof numbers[1], "%u", seed % 1000000);
	covey_command_init(&command, sizeof command);
	command.argv = argv;  /* is copied, and so are the strings */
	if (covey_submit(ex, &command, NULL, &err) != 0)
		die(err.message);
}

/* Which, how often, how, and the last that it had to say. */
static void show_failure(const struct covey_result *result)
{
	const struct covey_attempt *attempt = result->attempt;  /* NULL: was never started */
	char said[200] = "";
	ssize_t n = attempt == NULL ? 0 : covey_output_tail(attempt->err, said, sizeof said - 1);

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	printf("query %s failed %u times: %s", result->task->argv[4], result->task->attempts,
	    covey_outcome_name(result->outcome));
	if (result->outcome == COVEY_EXIT)
		printf(" %d", attempt->status);
	printf(": %s\n", said);
}

static unsigned retried(const struct covey_results *results)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < results->nsucceeded; i++)
		n += results->succeeded[i]->task->attempts > 1;
	return n;
}

int main(int argc, char **argv)
{
	unsigned total = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100;
	unsigned i, seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	struct covey_results *results;
	struct covey_options options;
	struct covey_error err;
	struct covey *ex;

	covey_options_init(&options, sizeof options);
	options.max_workers = 16;
	options.max_tries = 3;
	options.retry_interval = 50 * COVEY_MSEC;  /* what is remote wants seconds */
	options.backoff = 2;
	options.timeout = 60 * COVEY_SEC;          /* of one attempt */
	options.flags = COVEY_EXPORT;              /* COVEY_ATTEMPT, for the script */
	ex = covey_new(&options, &err);
	if (ex == NULL)
		die(err.message);
	for (i = 1; i <= total; i++)
		submit(ex, i, seed);
	if (covey_wait(ex, COVEY_WAIT_DEFAULT, &results, &err) != 0)
		die(err.message);
	printf("%u queries: %zu succeeded (%u not at the first try), %zu failed\n", total,
	    results->nsucceeded, retried(results), results->nfailed);
	for (i = 0; i < results->nfailed; i++)
		show_failure(results->failed[i]);
	covey_results_free(results);
	covey_free(ex);
	return 0;
}
