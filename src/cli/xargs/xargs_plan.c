#include "cli/xargs/xargs_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/xargs/xargs_say.h"
#include "cli/xargs/xargs_source.h"

struct xargs_plan {
	struct planner planner;
	const struct xargs_options *options;
	struct xargs_source *source;
	enum covey_stdin stdin_source;
	uint64_t ntasks;
};

static enum plan_result bad(struct error *err, const char *why)
{
	error_set(err, "%s", why);
	return PLAN_BAD;
}

static enum plan_result take_line(struct xargs_plan *p, const char *const *argv, struct plan *plan,
    struct error *err)
{
	covey_command_init(&plan->command, sizeof plan->command);
	plan->command.argv = argv;
	plan->command.stdin_source = p->stdin_source;
	xargs_source_ran(p->source);
	if (xargs_source_record(p->source, argv, &plan->record) != 0)
		return bad(err, "out of memory");
	plan->number = plan->record.line = ++p->ntasks;
	return PLAN_TASK;
}

static enum plan_result next(struct planner *planner, struct plan *plan, struct error *err)
{
	struct xargs_plan *p = (struct xargs_plan *)planner;
	const char *const *argv;
	int read_errno;

	*plan = (struct plan){ .number = 0 };
	switch (xargs_source_next(p->source, &argv)) {
	case XARGS_NEXT_LINE:
		return take_line(p, argv, plan, err);
	case XARGS_NEXT_NUL:
		xargs_say(p->options, "%s", xargs_nul_warning);
		return PLAN_AGAIN;
	case XARGS_NEXT_LATER:
		return PLAN_LATER;
	case XARGS_NEXT_BAD:
		return bad(err, xargs_source_error(p->source));
	case XARGS_NEXT_END:
		break;
	}
	read_errno = xargs_source_read_errno(p->source);
	return read_errno == 0 ? PLAN_END : bad(err, strerror(read_errno));
}

static void close_plan(struct planner *planner)
{
	struct xargs_plan *p = (struct xargs_plan *)planner;

	xargs_source_close(p->source);
	free(p);
}

static bool has_more(const struct planner *planner)
{
	return xargs_source_has_more(((const struct xargs_plan *)planner)->source);
}

static int fd(const struct planner *planner)
{
	return xargs_source_fd(((const struct xargs_plan *)planner)->source);
}

static void ready(struct planner *planner)
{
	xargs_source_ready(((struct xargs_plan *)planner)->source);
}

static const char *name_of(const struct xargs_options *o)
{
	return o->arg_file == NULL ? "standard input" : o->arg_file;
}

static const char *name(const struct planner *planner)
{
	return name_of(((const struct xargs_plan *)planner)->options);
}

struct planner *xargs_plan_open(const struct xargs_options *o, bool patient, struct error *err)
{
	static const struct planner_ops ops = {
		.next = next, .close = close_plan, .has_more = has_more,
		.fd = fd, .ready = ready, .name = name,
	};
	struct xargs_plan *p = calloc(1, sizeof *p);

	if (p == NULL) {
		error_no_memory(err);
		return NULL;
	}
	planner_init(&p->planner, &ops, NULL);
	p->options = o;
	p->source = xargs_source_open(o, patient);
	if (p->source == NULL) {
		error_set(err, "cannot open '%s': %s", name_of(o), strerror(errno));
		free(p);
		return NULL;
	}
	/*
	 * a tree is not the foreground process group: reading the terminal would stop it for good
	 */
	if (o->arg_file != NULL && !isatty(STDIN_FILENO))
		p->stdin_source = COVEY_STDIN_INHERIT;
	return &p->planner;
}
