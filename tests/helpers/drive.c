/*
 * drive - an executor from libcovey that can be driven from a shell
 *
 *	drive [OPTION]... < commands             each line is a shell command
 *	drive [OPTION]... -n N COMMAND [ARG]...  the command, N times
 *	drive [OPTION]... -F -n N                a function that does nothing, N times, silently; each
 *	                                         is submitted when a slot is free
 *
 * Prints what the library tells its host, a line per event, and nothing else:
 *
 *	queued 1 / started 1.2 / slow 1.2 / ended 1.2 exit 3 [retry] [leaky] [lost-output] /
 *	delayed 1.2 / stdout 1.2 LINE / stderr 1.2 LINE / finished 1 exit / limited / expired
 *
 * Options: -j workers, -t tries, -i interval, -T timeout, -k kill-after, -D deadline (times in
 * milliseconds), -f FLAG (subreaper, cgroup, keep, export, inherit, pdeathsig, no-pidfd,
 * no-clone3, sole-parent; may be repeated), -c CANCEL (waiting, stop or kill: as soon as the first task has
 * finished), -S (add the start, in nanoseconds of CLOCK_MONOTONIC, to "started"), -m (touch so
 * many MiB of memory first).
 */
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <err.h>

#include "covey.h"

struct drive {
	struct covey_options options;
	bool stamps;
	bool functions;
	bool cancel;
	enum covey_cancel_how how;
	long long repeat;
};

static const struct flag {
	const char *name;
	unsigned bit;
} flags[] = {
	{ "subreaper", COVEY_SUBREAPER },
	{ "cgroup", COVEY_CGROUP },
	{ "keep", COVEY_KEEP_LEFTOVERS },
	{ "export", COVEY_EXPORT },
	{ "inherit", COVEY_INHERIT_OUTPUT },
	{ "pdeathsig", COVEY_DIE_WITH_PARENT },
	{ "no-pidfd", COVEY_NO_PIDFD },
	{ "no-clone3", COVEY_NO_CLONE3 },
	{ "sole-parent", COVEY_SOLE_PARENT },
};

static const char *const cancels[] = {
	[COVEY_CANCEL_WAITING] = "waiting",
	[COVEY_CANCEL_STOP] = "stop",
	[COVEY_CANCEL_KILL] = "kill",
};

static unsigned flag_bit(const char *name)
{
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(flags[i].name, name) == 0)
			return flags[i].bit;
	errx(2, "flag '%s' is unknown", name);
}

static enum covey_cancel_how cancel_how(const char *name)
{
	for (size_t i = 0; i < sizeof cancels / sizeof cancels[0]; i++)
		if (strcmp(cancels[i], name) == 0)
			return (enum covey_cancel_how)i;
	errx(2, "cancel '%s' is unknown", name);
}

static long long number(int option, const char *text)
{
	const char *problem;
	long long n = strtonum(text, 0, INT_MAX, &problem);

	if (problem != NULL)
		errx(2, "-%c '%s' is %s", option, text, problem);
	return n;
}

/* ---- printing events ---- */

static void print_stream(const char *name, const struct covey_event *event,
    const struct covey_output *output)
{
	size_t size = (size_t)covey_output_size(output);
	char *text = calloc(1, size + 1), *next = text;

	if (text == NULL)
		err(1, "out of memory");
	if (size > 0 && covey_output_read(output, 0, text, size) != (ssize_t)size)
		err(1, "output cannot be read");
	for (char *line; (line = strsep(&next, "\n")) != NULL;)
		if (*line != '\0' || next != NULL)
			printf("%s %llu.%u %s\n", name, (unsigned long long)event->task->id,
			    event->attempt->number, line);
	free(text);
}

static void print_ended(const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	print_stream("stdout", event, attempt->out);
	print_stream("stderr", event, attempt->err);
	printf("ended %llu.%u %s", (unsigned long long)event->task->id, attempt->number,
	    covey_outcome_name(attempt->outcome));
	if (attempt->outcome == COVEY_EXIT)
		printf(" %d", attempt->status);
	if (attempt->outcome == COVEY_SIGNAL)
		printf(" SIG%s", sigabbrev_np(attempt->signal));
	if (attempt->outcome == COVEY_SPAWN)
		printf(" %s %d", attempt->spawn_step, attempt->sys_errno);
	printf("%s%s%s%s%s\n", attempt->retry ? " retry" : "", attempt->leaky ? " leaky" : "",
	    attempt->unkillable ? " unkillable" : "", attempt->cut_off ? " cut-off" : "",
	    attempt->output_errno != 0 ? " lost-output" : "");
}

static void print_event(const struct covey_event *event, bool stamps)
{
	unsigned long long id = event->task == NULL ? 0 : (unsigned long long)event->task->id;
	unsigned n = event->attempt == NULL ? 0 : event->attempt->number;

	switch (event->type) {
	case COVEY_QUEUED:
		printf("queued %llu\n", id);
		break;
	case COVEY_STARTED:
		printf("started %llu.%u", id, n);
		if (stamps)
			printf(" %lld", (long long)event->attempt->started);
		putchar('\n');
		break;
	case COVEY_SLOW:
		printf("slow %llu.%u\n", id, n);
		break;
	case COVEY_EXPIRED:
		printf("expired\n");
		break;
	case COVEY_ENDED:
		print_ended(event);
		break;
	case COVEY_DELAYED:
		printf("delayed %llu.%u\n", id, n);
		break;
	case COVEY_FINISHED:
		printf("finished %llu %s\n", id, covey_outcome_name(event->outcome));
		break;
	case COVEY_LIMITED:
		printf("limited\n");
		break;
	}
}

static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	struct drive *drive = user;

	print_event(event, drive->stamps);
	if (event->type != COVEY_FINISHED || !drive->cancel)
		return;
	drive->cancel = false;
	covey_cancel(ex, drive->how);
}

/* ---- what to run ---- */

static void submit(struct covey *ex, const char *const *argv)
{
	struct covey_command command;
	struct covey_error error;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	if (covey_submit(ex, &command, NULL, &error) != 0)
		errx(1, "%s", error.message);
}

/* Memory that the kernel has page tables for, which a fork copies. */
static void touch(size_t size)
{
	char *memory = malloc(size);

	if (memory == NULL)
		err(1, "cannot have %zu bytes", size);
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
}

static int do_nothing(struct covey_call *call)
{
	(void)call;
	return 0;
}

static enum covey_next next_function(struct covey *ex, void *user)
{
	struct drive *drive = user;
	struct covey_function function;
	struct covey_error error;

	if (drive->repeat-- <= 0)
		return COVEY_NEXT_END;
	covey_function_init(&function, sizeof function);
	function.run = do_nothing;
	if (covey_submit_function(ex, &function, NULL, &error) != 0)
		errx(1, "%s", error.message);
	return COVEY_NEXT_MORE;
}

static void submit_lines(struct covey *ex)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		submit(ex, (const char *const[]){ "sh", "-c", line, NULL });
	}
	if (ferror(stdin))
		err(2, "cannot read commands");
	free(line);
}

static void submit_repeated(struct covey *ex, const struct drive *drive, char **words)
{
	const char *argv[64] = { NULL };

	for (size_t i = 0; words[i] != NULL; i++) {
		if (i + 1 == sizeof argv / sizeof argv[0])
			errx(2, "too many words");
		argv[i] = words[i];
	}
	for (long long i = 0; i < drive->repeat; i++)
		submit(ex, argv);
}

static void set(struct drive *drive, int option, const char *arg)
{
	struct covey_options *o = &drive->options;

	switch (option) {
	case 'j': o->max_workers = (unsigned)number(option, arg); break;
	case 't': o->max_tries = (unsigned)number(option, arg); break;
	case 'i': o->retry_interval = number(option, arg) * COVEY_MSEC; break;
	case 'T': o->timeout = number(option, arg) * COVEY_MSEC; break;
	case 'k': o->kill_after = number(option, arg) * COVEY_MSEC; break;
	case 'D': o->deadline = number(option, arg) * COVEY_MSEC; break;
	case 'n': drive->repeat = number(option, arg); break;
	case 'f': o->flags |= flag_bit(arg); break;
	case 'S': drive->stamps = true; break;
	case 'F': drive->functions = true; break;
	case 'm': touch((size_t)number(option, arg) << 20); break;
	case 'c':
		drive->cancel = true;
		drive->how = cancel_how(arg);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct drive drive = { .repeat = 1 };
	struct covey_error error;
	struct covey *ex;
	int c;

	covey_options_init(&drive.options, sizeof drive.options);
	drive.options.retry_interval = 10 * COVEY_MSEC;
	while ((c = getopt(argc, argv, "+j:t:i:T:k:D:n:f:c:SFm:")) != -1)
		set(&drive, c, optarg);
	if (drive.functions)
		drive.options.next = next_function;
	else
		drive.options.on_event = on_event;
	drive.options.user = &drive;
	ex = covey_new(&drive.options, &error);
	if (ex == NULL)
		errx(1, "%s", error.message);
	if (optind == argc && !drive.functions)
		submit_lines(ex);
	else if (!drive.functions)
		submit_repeated(ex, &drive, argv + optind);
	if (covey_run(ex, &error) != 0)
		errx(1, "%s", error.message);
	covey_free(ex);
	return 0;
}
