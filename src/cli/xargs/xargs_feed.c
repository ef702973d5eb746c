#include "cli/xargs/xargs_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cli/xargs/xargs.h"
#include "cli/xargs/xargs_say.h"
#include "cli/xargs/xargs_source.h"

struct xargs_feed {
	const struct xargs_options *options;
	struct xargs_source *source;
	enum covey_stdin stdin_source;
	bool watching, failed;
	int fatal;            /* the status of the failure that ended it, or 0 */
};

struct xargs_feed *xargs_feed_new(const struct xargs_options *o, bool patient,
    struct error *err)
{
	struct xargs_feed *f = calloc(1, sizeof *f);

	if (f == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	f->options = o;
	f->source = xargs_source_open(o, patient);
	if (f->source == NULL) {
		error_set(err, "cannot open '%s': %s",
		    o->arg_file == NULL ? "standard input" : o->arg_file, strerror(errno));
		free(f);
		return NULL;
	}
	/* a tree is no foreground process group: reading the terminal would stop it for good */
	if (o->arg_file != NULL && !isatty(STDIN_FILENO))
		f->stdin_source = COVEY_STDIN_INHERIT;
	return f;
}

void xargs_feed_free(struct xargs_feed *f)
{
	if (f == NULL)
		return;
	xargs_source_close(f->source);
	free(f);
}

bool xargs_feed_failed(const struct xargs_feed *f)
{
	return f->failed;
}

bool xargs_feed_has_more(const struct xargs_feed *f)
{
	return xargs_source_has_more(f->source);
}

/* ---- the next task ---- */

static enum covey_next fail(struct xargs_feed *f, struct error *err, const char *why)
{
	error_set(err, "%s", why);
	f->failed = true;
	return COVEY_NEXT_END;
}

static void on_readable(struct covey *ex, int fd, unsigned events, void *user)
{
	struct xargs_feed *f = user;

	(void)events;
	f->watching = false;
	/* level-triggered: it is watched only while something is wanted */
	if (covey_watch(ex, fd, 0, NULL, NULL, NULL) == 0)
		xargs_source_ready(f->source);
	covey_pull(ex);
}

static enum covey_next later(struct xargs_feed *f, struct covey *ex, struct error *err)
{
	struct covey_error why;

	if (f->watching)
		return COVEY_NEXT_LATER;
	if (covey_watch(ex, xargs_source_fd(f->source), EPOLLIN, on_readable, f, &why) == 0) {
		f->watching = true;
		return COVEY_NEXT_LATER;
	}
	if (why.sys_errno != EPERM)
		return fail(f, err, why.message);
	/* a device that is always ready, such as /dev/null */
	xargs_source_ready(f->source);
	return COVEY_NEXT_MORE;
}

enum covey_next xargs_feed_next(struct xargs_feed *f, struct covey *ex,
    struct covey_command *command, struct record *record, struct error *err)
{
	int read_errno;

	covey_command_init(command, sizeof *command);
	command->stdin_source = f->stdin_source;
	switch (xargs_source_next(f->source, &command->argv)) {
	case XARGS_NEXT_LINE:
		xargs_source_ran(f->source);
		if (xargs_source_record(f->source, command->argv, record) != 0)
			return fail(f, err, "out of memory");
		return COVEY_NEXT_MORE;
	case XARGS_NEXT_NUL:
		xargs_say(f->options, "%s", xargs_nul_warning);
		return COVEY_NEXT_MORE;
	case XARGS_NEXT_LATER:
		return later(f, ex, err);
	case XARGS_NEXT_BAD:
		return fail(f, err, xargs_source_error(f->source));
	case XARGS_NEXT_END:
		break;
	}
	read_errno = xargs_source_read_errno(f->source);
	return read_errno == 0 ? COVEY_NEXT_END : fail(f, err, strerror(read_errno));
}

/* ---- what became of them ---- */

static int fatal_status(const struct covey_event *event, const char **why)
{
	const struct covey_attempt *attempt = event->attempt;

	if (attempt == NULL)
		return 0;
	if (event->outcome == COVEY_EXIT && attempt->status == 255) {
		*why = "an exit status of 255";
		return XARGS_STATUS_GAVE_UP;
	}
	if (event->outcome == COVEY_SIGNAL) {
		*why = "a signal";
		return XARGS_STATUS_SIGNALED;
	}
	if (event->outcome != COVEY_SPAWN)
		return 0;
	*why = "a command that cannot be run";
	if (attempt->sys_errno == E2BIG)
		return XARGS_STATUS_ERROR;
	return attempt->sys_errno == ENOENT ? XARGS_STATUS_NOT_FOUND : XARGS_STATUS_CANNOT_RUN;
}

const char *xargs_feed_finished(struct xargs_feed *f, const struct covey_event *event)
{
	const char *why = NULL;
	int status = fatal_status(event, &why);

	if (f->fatal == 0)
		f->fatal = status;
	return why;
}

int xargs_feed_status(const struct xargs_feed *f, const struct verdict *verdict)
{
	struct verdict tasks = *verdict;
	int status;

	/* the failure of a command hides what is wrong with the input, as with xargs */
	tasks.bad_input &= verdict->failed == 0;
	status = verdict_status(&tasks);
	if (status == STATUS_BROKEN)
		return XARGS_STATUS_ERROR;
	return status == STATUS_FAILED && f->fatal != 0 ? f->fatal : status;
}
