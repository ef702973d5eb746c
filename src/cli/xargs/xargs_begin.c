#include "cli/xargs/xargs_begin.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/options_parse.h"
#include "cli/xargs/xargs.h"
#include "cli/xargs/xargs_limits.h"
#include "cli/xargs/xargs_say.h"

extern char **environ;

bool xargs_is_name(const char *argv0)
{
	const char *slash = argv0 == NULL ? NULL : strrchr(argv0, '/');

	return argv0 != NULL && strcmp(slash == NULL ? argv0 : slash + 1, "xargs") == 0;
}

/* What there was to say about it has been said then. */
static int parse_again(int argc, char *const argv[], int first, struct options *o,
    struct error *err)
{
	struct xargs_options x = { .program = argv[0], .supervised = true };
	struct xargs_limits limits;
	FILE *messages = fopen("/dev/null", "we");
	enum xargs_parsed result;

	if (messages == NULL)
		return error_set(err, "cannot open '/dev/null': %s", strerror(errno));
	xargs_limits_get(&limits, environ);
	result = xargs_options_parse(&x, argc, argv, first, &limits, o, messages);
	fclose(messages);
	if (result == XARGS_PARSED_RUN)
		return 0;
	return error_set(err, "its recorded command line cannot be parsed");
}

int xargs_recall(int argc, char *const argv[], struct options *o, struct error *err)
{
	if (argc > 0 && xargs_is_name(argv[0]))
		return options_begin_for_xargs(o, err) != 0 ? -1 : parse_again(argc, argv, 1, o, err);
	switch (options_parse(argc, argv, o, err)) {
	case OPTIONS_RUN:
		return 0;
	case OPTIONS_XARGS:
		return parse_again(argc, argv, o->rest, o, err);
	case OPTIONS_HELP:
	case OPTIONS_HELP_SHORT:
	case OPTIONS_HELP_TABLE:
	case OPTIONS_VERSION:
		return error_set(err, "its recorded command line cannot be parsed");
	case OPTIONS_BAD:
		break;
	}
	return -1;
}

bool xargs_begin(struct xargs_options *x, int argc, char *const argv[], int first,
    struct options *covey, int *status)
{
	struct xargs_limits limits;
	bool called_so = xargs_is_name(argv[0]);

	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	x->by_name = called_so;
	x->program = called_so ? argv[0] : "covey";
	xargs_limits_get(&limits, environ);
	*status = XARGS_STATUS_ERROR;
	if (limits.most <= 0) {
		xargs_say(x, "environment is too large for exec");
		return true;
	}
	switch (xargs_options_parse(x, argc, argv, first, &limits, covey, stderr)) {
	case XARGS_PARSED_RUN:
		break;
	case XARGS_PARSED_HELP:
		xargs_say_help(x);
		*status = XARGS_STATUS_OK;
		return true;
	case XARGS_PARSED_VERSION:
		xargs_say_version();
		*status = XARGS_STATUS_OK;
		return true;
	case XARGS_PARSED_BAD:
		return true;
	}
	if (x->show_limits)
		xargs_say_limits(x, &limits);
	return !x->supervised ? (*status = xargs_run(x), true) : false;
}
