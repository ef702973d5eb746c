/*
 * poll_loop - an executor in a program with a poll(2) loop of its own
 *
 * Reads commands from standard input, a line each, and runs them while it goes on reading.
 *
 *	$ cc -o poll_loop poll_loop.c $(pkg-config --cflags --libs covey)
 *	$ printf '%s\n' 'echo one' 'exit 3' 'kill -9 $$' | ./poll_loop
 *	echo one: success
 *	exit 3: exit 3
 *	kill -9 $$: signal 9
 */
#include <covey.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct input {
	char bytes[4096];
	size_t n;
	bool ended;
};

static void die(const char *message)
{
	fprintf(stderr, "poll_loop: %s\n", message);
	exit(1);
}

/* Called by the executor, from covey_step, when a task has finished. */
static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	(void)ex;
	(void)user;
	printf("%s: %s", event->task->argv[2], covey_outcome_name(event->outcome));
	if (event->outcome == COVEY_EXIT || event->outcome == COVEY_SIGNAL)
		printf(" %d", event->attempt->status + event->attempt->signal);  /* one is 0 */
	putchar('\n');
}

static void submit(struct covey *ex, const char *line)
{
	const char *argv[] = { "sh", "-c", line, NULL };
	struct covey_command command;
	struct covey_error err;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	if (covey_submit(ex, &command, NULL, &err) != 0)
		die(err.message);
}

static void read_lines(struct covey *ex, struct input *in)
{
	ssize_t n = read(STDIN_FILENO, in->bytes + in->n, sizeof in->bytes - in->n);
	char *end, *line = in->bytes;

	in->ended = n <= 0;
	in->n += n > 0 ? (size_t)n : 0;
	if (in->ended && in->n > 0)
		in->bytes[in->n++] = '\n';  /* the last line has none */
	while ((end = memchr(line, '\n', in->n)) != NULL) {
		*end = '\0';
		submit(ex, line);
		in->n -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	memmove(in->bytes, line, in->n);
	if (in->n == sizeof in->bytes)
		die("that line is too long");
}

/* How long poll may wait for the executor's sake, in milliseconds; -1: for ever. */
static int patience(struct covey *ex)
{
	covey_nsec due = covey_next_deadline(ex);

	if (due < 0)
		return -1;
	/* rounded up, or the last millisecond would go into turns without anything to do */
	return due / COVEY_MSEC >= INT_MAX ? INT_MAX : (int)((due + COVEY_MSEC - 1) / COVEY_MSEC);
}

int main(void)
{
	struct input input = { .ended = false };
	struct covey_options options;
	struct covey_error err;
	struct covey *ex;
	int left = 0;

	covey_options_init(&options, sizeof options);
	options.on_event = on_event;
	options.events = 1U << COVEY_FINISHED;
	ex = covey_new(&options, &err);
	if (ex == NULL)
		die(err.message);
	while (!input.ended || left > 0) {
		struct pollfd fds[] = {
			{ .fd = covey_fd(ex), .events = POLLIN },
			{ .fd = input.ended ? -1 : STDIN_FILENO, .events = POLLIN },
		};

		if (poll(fds, 2, patience(ex)) < 0 && errno != EINTR)
			die(strerror(errno));
		if (fds[1].revents != 0)
			read_lines(ex, &input);
		/* in any case: it may be due although its descriptor is quiet; 0: it does not wait */
		left = covey_step(ex, 0, &err);
		if (left < 0)
			die(err.message);
	}
	covey_free(ex);
	return 0;
}
