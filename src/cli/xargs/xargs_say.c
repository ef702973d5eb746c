#include "cli/xargs/xargs_say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covey.h"
#include "cli/xargs/xargs_limits.h"
#include "cli/xargs/xargs_quote.h"
#include "cli/xargs/xargs_source.h"

void xargs_say(const struct xargs_options *o, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", o->program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
}

struct xargs_source *xargs_say_open(const struct xargs_options *o, bool patient)
{
	struct xargs_source *source = xargs_source_open(o, patient);
	const char *why = strerror(errno);

	if (source != NULL)
		return source;
	if (o->arg_file == NULL) {
		xargs_say(o, "%s", why);
		return NULL;
	}
	fprintf(stderr, "%s: Cannot open input file ", o->program);
	xargs_quote_name(stderr, o->arg_file);
	fprintf(stderr, ": %s\n", why);
	return NULL;
}

void xargs_say_limits(const struct xargs_options *o, const struct xargs_limits *limits)
{
	char text[XARGS_LIMITS_SIZE];

	xargs_limits_describe(limits, o->max_chars, text);
	fputs(text, stderr);
	if (!isatty(STDIN_FILENO))
		return;
	fputs("\nWhat you type now are the items, up to the end-of-file key.\n", stderr);
	if (!o->no_run_if_empty)
		fprintf(stderr, "%s runs even if there are none.\n", o->command[0]);
}

/* ---- -p ---- */

static bool read_answer(FILE *tty)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len = getline(&line, &size, tty);
	bool yes;

	if (len > 0 && line[len - 1] == '\n')
		line[len - 1] = '\0';
	/* in the words of the locale */
	yes = len > 0 && rpmatch(line) == 1;
	free(line);
	return yes;
}

enum xargs_answer xargs_say_ask(const struct xargs_options *o, const char *const *argv, FILE **tty)
{
	bool yes;

	xargs_quote_line(stderr, argv);
	if (*tty == NULL && (*tty = fopen("/dev/tty", "re")) == NULL) {
		xargs_say(o, "failed to open /dev/tty for reading: %s", strerror(errno));
		return XARGS_ANSWER_NONE;
	}
	fputs("?...", stderr);
	yes = read_answer(*tty);
	if (feof(*tty) || ferror(*tty)) {
		xargs_say(o, "Failed to read from stdin");
		return XARGS_ANSWER_NONE;
	}
	return yes ? XARGS_ANSWER_YES : XARGS_ANSWER_NO;
}

/* ---- --help, --version ---- */

static const char help[] =
    "Run COMMAND with items from standard input as its last arguments, as GNU xargs\n"
    "does: as many items at once as fit. Blanks and newlines separate items; quotes\n"
    "and backslashes protect them. Without COMMAND, print them with echo.\n"
    "\n"
    "Input:\n"
    "  -0, --null                items end with NUL bytes; nothing else is special\n"
    "  -d, --delimiter=C         items end with the byte C, or an escape such as \\t\n"
    "  -a, --arg-file=FILE       read FILE; COMMAND then has standard input\n"
    "  -E END, -e[END], --eof[=END]\n"
    "                            stop at the item END; without END, at none\n"
    "Command lines:\n"
    "  -I R, -i[R], --replace[=R]\n"
    "                            a line of input replaces R, or {}\n"
    "  -L N, -l[N], --max-lines[=N]\n"
    "                            use N lines of input for each, or one\n"
    "  -n, --max-args=N          use N items for each at most\n"
    "  -s, --max-chars=N         make none longer than N bytes\n"
    "  -x, --exit                stop where that would need a shorter one\n"
    "      --show-limits         print how long they may be\n"
    "Running:\n"
    "  -P, --max-procs=N         run N at once; 0: as many as possible\n"
    "  -r, --no-run-if-empty     without items run nothing\n"
    "  -t, --verbose             print each command before it runs\n"
    "  -p, --interactive         and ask whether to run it\n"
    "  -o, --open-tty            COMMAND has the terminal as standard input\n"
    "      --process-slot-var=V  set V in COMMAND's environment to 0, 1, … by slot\n"
    "      --help, --version     print this, or the version, and exit\n"
    "\n"
    "With one of covey's own long options, such as --tries=3 or --timeout=1m, commands\n"
    "run as covey's do. See 'covey --help'.\n"
    "\n"
    "Exit status: 0 if every command succeeded, 123 if some exited with 1 to 254, 124\n"
    "if one exited with 255, 125 if one was ended by a signal, 126 and 127 if COMMAND\n"
    "cannot be run or is not there, 1 for other errors.\n"
    "\n"
    "See covey-xargs(1).\n";

void xargs_say_help(const struct xargs_options *o)
{
	printf("usage: %s [OPTION]... [COMMAND [ARG]...]\n\n%s", o->program, help);
}

void xargs_say_version(void)
{
	printf("covey %s, as xargs (the options of GNU xargs 4.9)\n", covey_version());
}
