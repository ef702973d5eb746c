/*
 * uv_loop - an executor in a program that lives in libuv's event loop
 *
 *	$ cc -o uv_loop uv_loop.c $(pkg-config --cflags --libs covey libuv)
 *	$ ./uv_loop
 *	sleep 0.5: success
 *	exit 3: exit
 *	sleep infinity: timeout
 *	meanwhile the loop went on
 */
#include <covey.h>

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* The executor and what makes the loop turn it. */
struct host {
	struct covey *ex;
	uv_poll_t readable;  /* covey_fd is */
	uv_timer_t due;      /* covey_next_deadline has passed */
	uv_timer_t clock;    /* what else the program does */
	unsigned ticks;
};

static void die(const char *message)
{
	fprintf(stderr, "uv_loop: %s\n", message);
	exit(1);
}

static void on_event(struct covey *ex, const struct covey_event *event, void *user)
{
	(void)ex, (void)user;
	printf("%s: %s\n", event->task->argv[2], covey_outcome_name(event->outcome));
}

static void on_due(uv_timer_t *timer);

/* One turn, which does not wait; then the timer is set anew. Call it after each submit as well. */
static void turn(struct host *host)
{
	struct covey_error err;
	covey_nsec due;

	if (covey_step(host->ex, 0, &err) < 0)
		die(err.message);
	due = covey_next_deadline(host->ex);
	if (due < 0)
		uv_timer_stop(&host->due);
	else  /* rounded up, or it would come too early and find nothing to do */
		uv_timer_start(&host->due, on_due, (uint64_t)((due + COVEY_MSEC - 1) / COVEY_MSEC), 0);
}

static void on_due(uv_timer_t *timer)
{
	turn(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	turn(poll->data);
}

/* Once everything has finished, nothing is left that the loop could wait for, and it ends. */
static void on_tick(uv_timer_t *timer)
{
	struct host *host = timer->data;
	struct covey_counts counts;

	host->ticks++;
	covey_count(host->ex, &counts, sizeof counts);
	if (counts.succeeded + counts.failed < counts.submitted)
		return;
	uv_close((uv_handle_t *)&host->readable, NULL);
	uv_close((uv_handle_t *)&host->due, NULL);
	uv_close((uv_handle_t *)&host->clock, NULL);
}

static void submit(struct covey *ex, const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct covey_command command;
	struct covey_error err;

	covey_command_init(&command, sizeof command);
	command.argv = argv;
	if (covey_submit(ex, &command, NULL, &err) != 0)
		die(err.message);
}

int main(void)
{
	struct host host = { .ticks = 0 };
	uv_loop_t *loop = uv_default_loop();
	struct covey_options options;
	struct covey_error err;

	covey_options_init(&options, sizeof options);
	options.on_event = on_event;
	options.events = 1U << COVEY_FINISHED;
	options.timeout = 2 * COVEY_SEC;
	host.ex = covey_new(&options, &err);
	if (host.ex == NULL)
		die(err.message);
	submit(host.ex, "sleep 0.5");
	submit(host.ex, "exit 3");
	submit(host.ex, "sleep infinity");	host.readable.data = host.due.data = host.clock.data = &host;
	if (uv_poll_init(loop, &host.readable, covey_fd(host.ex)) != 0
	    || uv_poll_start(&host.readable, UV_READABLE, on_readable) != 0
	    || uv_timer_init(loop, &host.due) != 0 || uv_timer_init(loop, &host.clock) != 0
	    || uv_timer_start(&host.clock, on_tick, 50, 50) != 0)
		die("the loop cannot be set up");
	turn(&host);
	uv_run(loop, UV_RUN_DEFAULT);
	puts(host.ticks > 1 ? "meanwhile the loop went on" : "the loop was held up");
	covey_free(host.ex);
	return uv_loop_close(loop) == 0 ? 0 : 1;
}
