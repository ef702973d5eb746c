/*
 * The letters and names of xargs are rows of a table; what each does is in take(). The messages are
 * those that getopt_long and xargs print, since scripts and people know them.
 */
#include "cli/xargs/xargs_options.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options_parse.h"
#include "cli/options/options_table.h"
#include "cli/xargs/xargs_delimiter.h"
#include "cli/xargs/xargs_limits.h"
#include "cli/xargs/xargs_read.h"

enum has_argument { NEVER, ALWAYS, ATTACHED_ONLY };

/* Options by their letters; those that have none follow. */
enum { ROW_SHOW_LIMITS = 256, ROW_SLOT_VAR, ROW_HELP, ROW_VERSION };

struct row {
	const char *name;     /* NULL: only the letter */
	int letter;
	enum has_argument argument;
};

/* In the order in which ambiguous names are listed. */
static const struct row rows[] = {
	{ "null", '0', NEVER },
	{ "arg-file", 'a', ALWAYS },
	{ "delimiter", 'd', ALWAYS },
	{ "eof", 'e', ATTACHED_ONLY },
	{ "replace", 'i', ATTACHED_ONLY },
	{ "max-lines", 'l', ATTACHED_ONLY },
	{ "max-args", 'n', ALWAYS },
	{ "open-tty", 'o', NEVER },
	{ "interactive", 'p', NEVER },
	{ "no-run-if-empty", 'r', NEVER },
	{ "max-chars", 's', ALWAYS },
	{ "verbose", 't', NEVER },
	{ "show-limits", ROW_SHOW_LIMITS, NEVER },
	{ "exit", 'x', NEVER },
	{ "max-procs", 'P', ALWAYS },
	{ "process-slot-var", ROW_SLOT_VAR, ALWAYS },
	{ "version", ROW_VERSION, NEVER },
	{ "help", ROW_HELP, NEVER },
	{ NULL, 'E', ALWAYS },
	{ NULL, 'I', ALWAYS },
	{ NULL, 'L', ALWAYS },
};

enum { NROWS = sizeof rows / sizeof rows[0] };

struct parser {
	struct xargs_options *x;
	struct options *covey;
	const struct xargs_limits *limits;
	FILE *messages;
	char *const *argv;
	int argc, next;
};

/* ---- messages ---- */

static void say(const struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct parser *p, const char *format, ...)
{
	va_list args;

	fprintf(p->messages, "%s: ", p->x->program);
	va_start(args, format);
	vfprintf(p->messages, format, args);
	va_end(args);
	putc('\n', p->messages);
}

static enum xargs_parsed see_help(const struct parser *p)
{
	fprintf(p->messages, "Try '%s%s --help' for more information.\n", p->x->program,
	    p->x->by_name ? "" : " --xargs");
	return XARGS_PARSED_BAD;
}

/* ---- numbers ---- */

struct range {
	char letter;
	long min, max;     /* max < min: there is no upper limit */
	bool bends;        /* a number out of range becomes the limit */
};

static bool number(const struct parser *p, const char *text, const struct range *range, long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	if (end == text || *end != '\0') {
		say(p, "invalid number \"%s\" for -%c option", text, range->letter);
		return false;
	}
	if (*value < range->min) {
		say(p, "value %s for -%c option should be >= %ld", text, range->letter, range->min);
		*value = range->min;
		return range->bends;
	}
	if (range->max >= range->min && *value > range->max) {
		say(p, "value %s for -%c option should be <= %ld", text, range->letter, range->max);
		*value = range->max;
		return range->bends;
	}
	return true;
}

static enum xargs_parsed count(const struct parser *p, char letter, const char *text,
    unsigned long *field)
{
	struct range range = { .letter = letter, .min = 1, .max = 0 };
	long value;

	if (!number(p, text, &range, &value))
		return see_help(p);
	*field = (unsigned long)value;
	return XARGS_PARSED_RUN;
}

static enum xargs_parsed max_procs(const struct parser *p, const char *text)
{
	struct range range = { .letter = 'P', .min = 0, .max = XARGS_MAX_PROCS };
	long value;

	if (!number(p, text, &range, &value))
		return see_help(p);
	p->x->max_procs = (unsigned)value;
	/* of this and --jobs the last one counts */
	p->covey->given[OPT_JOBS] = 0;
	return XARGS_PARSED_RUN;
}

static enum xargs_parsed max_chars(const struct parser *p, const char *text)
{
	struct range range = { .letter = 's', .min = 1, .max = p->limits->most, .bends = true };
	long value;

	if (!number(p, text, &range, &value))
		return see_help(p);
	p->x->max_chars = value;
	return XARGS_PARSED_RUN;
}

/* ---- of -I, -L and -n the last one counts ---- */

static void ignore(const struct parser *p, const char *earlier, const char *later)
{
	say(p, "warning: options %s and %s are mutually exclusive, ignoring previous %s value",
	    earlier, later, earlier);
}

static void drop_replace(const struct parser *p, const char *later)
{
	if (p->x->replace != NULL)
		ignore(p, "--replace", later);
	p->x->replace = NULL;
}

static void drop_max_args(const struct parser *p, const char *later)
{
	if (p->x->max_args != 0)
		ignore(p, "--max-args", later);
	p->x->max_args = 0;
}

static void drop_max_lines(const struct parser *p, const char *later)
{
	if (p->x->max_lines != 0)
		ignore(p, "--max-lines", later);
	p->x->max_lines = 0;
}

static enum xargs_parsed set_replace(const struct parser *p, const char *text)
{
	static const char names[] = "--replace/-I/-i";

	drop_max_args(p, names);
	drop_max_lines(p, names);
	p->x->replace = text;
	return XARGS_PARSED_RUN;
}

/* -n1 is what -I does anyway: after it, the same again. */
static enum xargs_parsed set_max_args(const struct parser *p, const char *text)
{
	static const char names[] = "--max-args/-n";
	unsigned long n;

	if (count(p, 'n', text, &n) == XARGS_PARSED_BAD)
		return XARGS_PARSED_BAD;
	drop_max_lines(p, names);
	if (n == 1 && p->x->replace != NULL)
		return XARGS_PARSED_RUN;
	drop_replace(p, names);
	p->x->max_args = n;
	return XARGS_PARSED_RUN;
}

static enum xargs_parsed set_max_lines(const struct parser *p, int letter, const char *text)
{
	const char *names = letter == 'L' ? "-L" : "--max-lines/-l";

	if (text == NULL)
		p->x->max_lines = 1;
	else if (count(p, (char)letter, text, &p->x->max_lines) == XARGS_PARSED_BAD)
		return XARGS_PARSED_BAD;
	drop_max_args(p, names);
	drop_replace(p, names);
	return XARGS_PARSED_RUN;
}

/* ---- the other options ---- */

static enum xargs_parsed set_slot_var(const struct parser *p, const char *name)
{
	if (strchr(name, '=') != NULL)
		say(p, "option --process-slot-var may not be set to a value which includes `='");
	else if (*name == '\0')
		say(p, "failed to unset environment variable : %s", strerror(EINVAL));
	else
		p->x->slot_var = name;
	return p->x->slot_var == name ? XARGS_PARSED_RUN : XARGS_PARSED_BAD;
}

static enum xargs_parsed set_delimiter(const struct parser *p, const char *text)
{
	static const char escape[] = "Invalid escape sequence";
	struct xargs_delimiter delimiter = xargs_delimiter_parse(text);

	switch (delimiter.problem) {
	case DELIMITER_GOOD:
		p->x->delimiter = delimiter.byte;
		return XARGS_PARSED_RUN;
	case DELIMITER_NOT_ONE:
		say(p, "Invalid input delimiter specification %s: the delimiter must be either a single "
		    "character or an escape sequence starting with \\.", text);
		break;
	case DELIMITER_UNKNOWN:
		say(p, "%s %s in input delimiter specification.", escape, text);
		break;
	case DELIMITER_TOO_LARGE:
		say(p,
		    "%s %s in input delimiter specification; character values must not exceed %s.",
		    escape, text, delimiter.base == 16 ? "ff" : "377");
		break;
	case DELIMITER_TRAILING:
		say(p, "%s %s in input delimiter specification; trailing characters %s not recognised.",
		    escape, text, delimiter.rest);
		break;
	}
	return XARGS_PARSED_BAD;
}

/* The variable of an option that is just on or off; NULL for other options. */
static bool *flag_of(struct xargs_options *x, int letter)
{
	switch (letter) {
	case 'o':
		return &x->open_tty;
	case 'r':
		return &x->no_run_if_empty;
	case 't':
		return &x->verbose;
	case 'x':
		return &x->exit;
	case ROW_SHOW_LIMITS:
		return &x->show_limits;
	default:
		return NULL;
	}
}

static enum xargs_parsed take(const struct parser *p, const struct row *row, const char *text)
{
	struct xargs_options *x = p->x;
	bool *flag = flag_of(x, row->letter);

	if (flag != NULL) {
		*flag = true;
		return XARGS_PARSED_RUN;
	}
	switch (row->letter) {
	case '0':
		x->delimiter = '\0';
		break;
	case 'a':
		x->arg_file = strcmp(text, "-") == 0 ? NULL : text;
		break;
	case 'd':
		return set_delimiter(p, text);
	case 'E':
	case 'e':
		x->eof = text != NULL && *text != '\0' ? text : NULL;
		break;
	case 'I':
	case 'i':
		return set_replace(p, text != NULL ? text : "{}");
	case 'L':
	case 'l':
		return set_max_lines(p, row->letter, text);
	case 'n':
		return set_max_args(p, text);
	case 'p':
		x->interactive = x->verbose = true;
		break;
	case 's':
		return max_chars(p, text);
	case 'P':
		return max_procs(p, text);
	case ROW_SLOT_VAR:
		return set_slot_var(p, text);
	case ROW_HELP:
		return XARGS_PARSED_HELP;
	case ROW_VERSION:
		return XARGS_PARSED_VERSION;
	}
	return XARGS_PARSED_RUN;
}

/* ---- letters ---- */

static const struct row *by_letter(char letter)
{
	for (int i = 0; i < NROWS; i++)
		if (letter != '\0' && rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* "-n1", "-n 1", "-0n1"; but "-l 1" is -l, and a command of that name */
static enum xargs_parsed take_letters(struct parser *p, const char *letters)
{
	enum xargs_parsed result = XARGS_PARSED_RUN;

	for (; *letters != '\0' && result == XARGS_PARSED_RUN; letters++) {
		const struct row *row = by_letter(*letters);
		const char *rest = letters[1] != '\0' ? letters + 1 : NULL;

		if (row == NULL) {
			say(p, "invalid option -- '%c'", *letters);
			return see_help(p);
		}
		if (row->argument == ALWAYS && rest == NULL && p->next == p->argc) {
			say(p, "option requires an argument -- '%c'", *letters);
			return see_help(p);
		}
		if (row->argument == ALWAYS && rest == NULL)
			rest = p->argv[p->next++];
		result = take(p, row, row->argument == NEVER ? NULL : rest);
		if (row->argument != NEVER)
			return result;
	}
	return result;
}

/* ---- names ---- */

static void report_ambiguous(const struct parser *p, const char *name, size_t len)
{
	fprintf(p->messages, "%s: option '--%s' is ambiguous; possibilities:", p->x->program, name);
	for (int i = 0; i < NROWS; i++)
		if (rows[i].name != NULL && strncmp(rows[i].name, name, len) == 0)
			fprintf(p->messages, " '--%s'", rows[i].name);
	putc('\n', p->messages);
}

/* The row of that name, or NULL; *candidates: how many rows the name may stand for. */
static const struct row *by_name(const char *name, size_t len, unsigned *candidates)
{
	const struct row *found = NULL;

	*candidates = 0;
	for (int i = 0; i < NROWS; i++) {
		if (rows[i].name == NULL || strncmp(rows[i].name, name, len) != 0)
			continue;
		found = &rows[i];
		++*candidates;
		if (rows[i].name[len] == '\0') {
			*candidates = 1;
			break;
		}
	}
	return found;
}

/* An option of covey's; *known: there is one of that name, or several. */
static enum xargs_parsed take_coveys(struct parser *p, const char *word, size_t len, bool *known)
{
	struct error err;
	enum option_id id = options_table_by_name(word, len, &err);

	*known = id != OPT_COUNT || options_table_is_prefix(word, len);
	if (id == OPT_XARGS && word[len] == '\0')
		return XARGS_PARSED_RUN;
	if (id == OPT_COUNT) {
		if (*known)
			say(p, "%s", err.message);
		return XARGS_PARSED_BAD;
	}
	p->x->supervised = true;
	if (options_take_for_xargs(p->covey, word, p->argv, p->argc, &p->next, &err) == 0)
		return XARGS_PARSED_RUN;
	say(p, "%s", err.message);
	return XARGS_PARSED_BAD;
}

static enum xargs_parsed take_name(struct parser *p, const char *name)
{
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	unsigned candidates;
	const struct row *row = by_name(name, len, &candidates);

	if (row == NULL) {
		bool known;
		enum xargs_parsed result = take_coveys(p, name, len, &known);

		if (known)
			return result;
		say(p, "unrecognized option '--%s'", name);
	} else if (candidates > 1) {
		report_ambiguous(p, name, len);
	} else if (row->argument == NEVER && value != NULL) {
		say(p, "option '--%s' doesn't allow an argument", row->name);
	} else if (row->argument == ALWAYS && value == NULL && p->next == p->argc) {
		say(p, "option '--%s' requires an argument", row->name);
	} else {
		if (row->argument == ALWAYS && value == NULL)
			value = p->argv[p->next++];
		return take(p, row, value);
	}
	return see_help(p);
}

/* ---- all of it ---- */

static enum xargs_parsed take_words(struct parser *p)
{
	enum xargs_parsed result = XARGS_PARSED_RUN;

	while (result == XARGS_PARSED_RUN && p->next < p->argc) {
		const char *word = p->argv[p->next];

		if (word[0] != '-' || word[1] == '\0')
			break;
		p->next++;
		if (strcmp(word, "--") == 0)
			break;
		result = word[1] == '-' ? take_name(p, word + 2) : take_letters(p, word + 1);
	}
	return result;
}

/* What both have. */
static void set_coveys(const struct parser *p)
{
	struct options *o = p->covey;

	if (p->x->verbose) {
		o->verbose = true;
		o->given[OPT_VERBOSE] = 't';
	}
	if (o->given[OPT_JOBS] == 0) {
		o->jobs = (struct options_jobs){
			p->x->max_procs == 0 ? JOBS_MANY : JOBS_NUMBER, p->x->max_procs,
		};
		o->given[OPT_JOBS] = 'P';
	}
	o->slot_var = p->x->slot_var;
}

static enum xargs_parsed settle(const struct parser *p)
{
	static char echo[] = "echo";
	static char *const usual[] = { echo };
	struct xargs_options *x = p->x;
	struct error err;

	x->command = p->next < p->argc ? p->argv + p->next : usual;
	x->ncommand = p->next < p->argc ? (size_t)(p->argc - p->next) : 1;
	if (x->eof != NULL && x->delimiter != XARGS_NO_DELIMITER) {
		say(p, "warning: the -E option has no effect if -0 or -d is used.\n");
		x->eof = NULL;
	}
	if (x->replace != NULL || x->max_lines != 0)
		x->exit = true;
	if (!x->supervised)
		return XARGS_PARSED_RUN;
	set_coveys(p);
	if (x->interactive)
		error_set(&err,
		    "option '-p' waits for answers, and covey's own options cannot wait "
		    "for anybody");
	else if (x->open_tty)
		error_set(&err,
		    "option '-o' gives commands the terminal, which covey's own options "
		    "keep from them");
	else if (options_finish_for_xargs(p->covey, &err) == 0)
		return XARGS_PARSED_RUN;
	say(p, "%s", err.message);
	return XARGS_PARSED_BAD;
}

enum xargs_parsed xargs_options_parse(struct xargs_options *x, int argc, char *const argv[],
    int first, const struct xargs_limits *limits, struct options *covey, FILE *messages)
{
	struct parser p = {
		.x = x, .covey = covey, .limits = limits, .messages = messages, .argv = argv,
		.argc = argc, .next = first,
	};
	enum xargs_parsed result;

	*x = (struct xargs_options){
		.program = x->program, .by_name = x->by_name, .supervised = x->supervised,
		.delimiter = XARGS_NO_DELIMITER, .max_procs = 1, .max_chars = limits->usual,
		.max_kernel = limits->kernel,
	};
	result = take_words(&p);
	return result == XARGS_PARSED_RUN ? settle(&p) : result;
}
