#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shquote.h"
#include "cli/output/verdict.h"
#include "cli/run/feed.h"
#include "cli/run/run.h"

static int print_command(const char *const *argv)
{
	size_t len = shquote_argv(NULL, 0, argv);
	char *line = malloc(len + 1);
	int result;

	if (line == NULL)
		return -1;
	shquote_argv(line, len + 1, argv);
	result = puts(line) == EOF ? -1 : 0;
	free(line);
	return result;
}

struct run_end run_dry(const struct run_setup *setup)
{
	struct run_end end = { .status = STATUS_OK };
	const char *const *argv;
	struct error err;
	int more;

	while ((more = feed_dry(setup->feed, &argv, &err)) > 0) {
		if (argv == NULL) {
			fprintf(stderr, "covey: %s\n", err.message);
			end.status = STATUS_FAILED;
		} else if (print_command(argv) != 0) {
			break;
		}
	}
	if (more == 0 && feed_is_empty(setup->feed)) {
		if (setup->options->empty == EMPTY_FAIL)
			end.status = STATUS_FAILED;
		if (setup->options->empty != EMPTY_OK && !setup->options->quiet)
			fprintf(stderr, "covey: %s\n", RUN_NOTHING);
	}
	if (more < 0) {
		fprintf(stderr, "covey: %s\n", err.message);
		end.status = STATUS_USAGE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "covey: cannot write to standard output: %s\n", strerror(errno));
		end.status = STATUS_BROKEN;
	}
	if (end.status != STATUS_OK)
		end.status = verdict_error(setup->rules, end.status);
	return end;
}
