/*
 * The way through: defaults from the table, options one word after the other, the other words,
 * then what cannot be seen from one option alone. Not getopt_long: its messages are not ours, it
 * keeps its place in globals, and it has no suggestions.
 */
#include "options.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "optable.h"
#include "outcomes.h"
#include "units.h"

/* ---- one argument ---- */

static int set_number(const struct option_row *row, const char *text, unsigned *field,
    struct cli_error *err)
{
	long long n = 0;

	if (units_number(text, row->min, row->max, &n, err) != 0)
		return -1;
	*field = (unsigned)n;
	return 0;
}

static int set_nonempty(const char *text, const char **field, struct cli_error *err)
{
	if (text[0] == '\0')
		return cli_error_set(err, "the argument is empty");
	*field = text;
	return 0;
}

static int set_regex(const char *text, const char **field, struct cli_error *err)
{
	char why[128];
	regex_t compiled;
	int code;

	/* one that matches everything, and most often a variable that was not set */
	if (text[0] == '\0')
		return cli_error_set(err, "the argument is empty");
	code = regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		regerror(code, &compiled, why, sizeof why);
		return cli_error_set(err, "'%.200s' is not an extended regular expression: %s",
		    text, why);
	}
	regfree(&compiled);
	*field = text;
	return 0;
}

static int set_jobs(const char *text, struct options_jobs *jobs, struct cli_error *err)
{
	enum { MOST_JOBS = 1000000, MOST_PERCENT = 100000 };
	bool percent = units_is_percent(text);
	unsigned share = 0;
	long long n = 0;

	if (percent ? units_percent(text, MOST_PERCENT, &share, err) != 0
	    : units_number(text, 0, MOST_JOBS, &n, err) != 0)
		return cli_error_set(err, "'%.200s' is not a number from 0 to %d, or a percentage "
		    "of the CPUs from 1%% to %d%%", text, MOST_JOBS, MOST_PERCENT);
	if (percent)
		*jobs = (struct options_jobs){ JOBS_PERCENT, share };
	else
		*jobs = (struct options_jobs){ n == 0 ? JOBS_MANY : JOBS_NUMBER, (unsigned)n };
	return 0;
}

static int set_nice(const char *text, int *nice, struct cli_error *err)
{
	long long n;

	if (units_number(text, -20, 19, &n, err) != 0)
		return -1;
	*nice = (int)n;
	return rlimits_check_nice(*nice, err);
}

static int set_progress(const char *text, enum options_progress *progress, struct cli_error *err)
{
	static const char *const names[] = {
		[PROGRESS_AUTO] = "auto",
		[PROGRESS_BAR] = "bar",
		[PROGRESS_PLAIN] = "plain",
		[PROGRESS_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], text) == 0) {
			*progress = (enum options_progress)i;
			return 0;
		}
	return cli_error_set(err, "'%.200s' is not auto, bar, plain or none", text);
}

/* One of the words that row->argument lists. */
static int set_choice(const struct option_row *row, const char *text, int *field,
    struct cli_error *err)
{
	const char *word = row->argument;
	size_t len = strlen(text);
	int i;

	for (i = 0; *word != '\0'; i++) {
		size_t n = strcspn(word, "|");

		if (n == len && memcmp(word, text, n) == 0) {
			*field = i;
			return 0;
		}
		word += n + (word[n] == '|');
	}
	return cli_error_set(err, "'%.200s' is none of %s", text, row->argument);
}

static int add_source(const struct options_source *source, struct options_sources *sources,
    struct cli_error *err)
{
	if (sources->n == OPTIONS_MAX_SOURCES)
		return cli_error_set(err, "there are more than %d sources of items", OPTIONS_MAX_SOURCES);
	sources->list[sources->n++] = *source;
	return 0;
}

static int add_file(const char *path, bool linked, struct options_sources *sources,
    struct cli_error *err)
{
	struct options_source source = { .path = path, .linked = linked };

	return add_source(&source, sources, err);
}

/* What each kind of argument is made into. "text" is NULL for the kinds that take none. */
static int set_field(const struct option_row *row, const char *text, struct options *o,
    struct cli_error *err)
{
	void *field = (char *)o + row->field;

	switch (row->kind) {
	case KIND_FLAG:
	case KIND_HEADER:
		*(bool *)field = true;
		return 0;
	case KIND_NUMBER:
		return set_number(row, text, field, err);
	case KIND_FACTOR:
		return units_factor(text, row->min, row->max, field, err);
	case KIND_SHARE:
		return units_share(text, field, err);
	case KIND_DURATION:
		return units_duration(text, field, err);
	case KIND_SIZE:
		return units_size(text, field, err);
	case KIND_BYTE:
		return units_byte(text, field, err);
	case KIND_SIGNAL:
		return units_signal(text, field, err);
	case KIND_TEXT:
		*(const char **)field = text;
		return 0;
	case KIND_NONEMPTY:
		return set_nonempty(text, field, err);
	case KIND_REGEX:
		return set_regex(text, field, err);
	case KIND_OUTCOMES:
		return outcomes_add(text, field, err);
	case KIND_JOBS:
		return set_jobs(text, field, err);
	case KIND_JOBSERVER:
		return jobserver_parse(text, field, err);
	case KIND_RATE:
		return pace_parse_rate(text, field, err);
	case KIND_LOAD:
		return pace_parse_load(text, field, err);
	case KIND_MEMFREE:
		return pace_parse_memfree(text, field, err);
	case KIND_NICE:
		return set_nice(text, field, err);
	case KIND_SHARD:
		return shard_parse(text, field, err);
	case KIND_LIMITS:
		return rlimits_add(text, field, err);
	case KIND_HALT:
		return halt_parse(text, field, err);
	case KIND_PROGRESS:
		return set_progress(text, field, err);
	case KIND_CHOICE:
		return set_choice(row, text, field, err);
	case KIND_SOURCE:
		return text[0] == '\0' ? cli_error_set(err, "the argument is empty")
		    : add_file(text, false, field, err);
	case KIND_HELP:
	case KIND_VERSION:
		return 0;
	}
	return 0;
}

static int set_defaults(struct options *o, struct cli_error *err)
{
	memset(o, 0, sizeof *o);
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = optable_row((enum option_id)i);

		if (row->initial != NULL && set_field(row, row->initial, o, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- one option ---- */

struct spelling {
	char text[40];
};

/* An option as it was written: "-j", or "--jobs" also where only "--job" stood there. */
static struct spelling spell(enum option_id id, char how)
{
	const struct option_row *row = optable_row(id);
	struct spelling s;

	if (how != '-' && how != '\0')
		snprintf(s.text, sizeof s.text, "-%c", how);
	else if (row->name != NULL)
		snprintf(s.text, sizeof s.text, "--%s", row->name);
	else
		snprintf(s.text, sizeof s.text, "-%c", row->letters[0]);
	return s;
}

struct words {
	char *const *argv;
	int argc;
	int next;
};

/* The next word as an option's argument, or NULL where there is none left. */
static const char *take_argument(struct words *w)
{
	return w->next < w->argc ? w->argv[w->next++] : NULL;
}

static enum options_result help(const char *value, struct cli_error *err)
{
	if (value == NULL)
		return OPTIONS_HELP;
	if (strcmp(value, "table") == 0)
		return OPTIONS_HELP_TABLE;
	cli_error_set(err, "option '--help' takes no argument");
	return OPTIONS_BAD;
}

/* "value" is the argument, or NULL where none was found. "how" goes into given[]. */
static enum options_result apply(struct options *o, enum option_id id, char how,
    const char *value, struct cli_error *err)
{
	const struct option_row *row = optable_row(id);
	struct spelling s = spell(id, how);

	if (row->kind == KIND_HELP)
		return help(value, err);
	if (row->argument == NULL && value != NULL) {
		cli_error_set(err, "option '%s' takes no argument", s.text);
		return OPTIONS_BAD;
	}
	if (row->argument != NULL && value == NULL && !row->optional) {
		cli_error_set(err, "option '%s' needs an argument: %s", s.text, row->argument);
		return OPTIONS_BAD;
	}
	if (row->kind == KIND_VERSION)
		return OPTIONS_VERSION;
	o->given[id] = how;
	if (set_field(row, value, o, err) == 0)
		return OPTIONS_RUN;
	cli_error_set(err, "option '%s': %s", s.text, err->message);
	return OPTIONS_BAD;
}

/* "--header :" is what users of parallel(1) write, and ":" is no command that anybody would run. */
static const char *skip_colon(struct words *w, const char *value)
{
	if (value == NULL && w->next < w->argc && strcmp(w->argv[w->next], ":") == 0)
		w->next++;
	return value != NULL && strcmp(value, ":") == 0 ? NULL : value;
}

/* "--name", "--name=value", "--name value" */
static enum options_result take_long(struct words *w, const char *name, struct options *o,
    struct cli_error *err)
{
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	enum option_id id = optable_by_name(name, len, err);

	if (id == OPT_COUNT)
		return OPTIONS_BAD;
	if (optable_row(id)->kind == KIND_HEADER)
		value = skip_colon(w, value);
	else if (value == NULL && optable_row(id)->argument != NULL && !optable_row(id)->optional)
		value = take_argument(w);
	return apply(o, id, '-', value, err);
}

static enum options_result unknown_letter(const char *letter, struct cli_error *err)
{
	/* what is not ASCII may be one byte of several, and would not be readable alone */
	int shown = (unsigned char)letter[0] < 0x80 ? 1 : 200;

	cli_error_set(err, "unknown option '-%.*s'; see 'covey --help'", shown, letter);
	return OPTIONS_BAD;
}

/* "-k0", "-j4", "-j 4", "-kj4" */
static enum options_result take_letters(struct words *w, const char *letters, struct options *o,
    struct cli_error *err)
{
	enum options_result result = OPTIONS_RUN;

	for (const char *p = letters; *p != '\0' && result == OPTIONS_RUN; p++) {
		enum option_id id = optable_by_letter(*p);

		if (id == OPT_COUNT)
			return unknown_letter(p, err);
		if (optable_row(id)->argument != NULL)
			return apply(o, id, *p, p[1] != '\0' ? p + 1 : take_argument(w), err);
		result = apply(o, id, *p, NULL, err);
	}
	return result;
}

static enum options_result take_options(struct words *w, struct options *o, struct cli_error *err)
{
	enum options_result result = OPTIONS_RUN;

	while (result == OPTIONS_RUN && !o->xargs && w->next < w->argc) {
		const char *word = w->argv[w->next];

		if (word[0] != '-' || word[1] == '\0')
			break;
		w->next++;
		if (strcmp(word, "--") == 0)
			break;
		if (word[1] == '-')
			result = take_long(w, word + 2, o, err);
		else
			result = take_letters(w, word + 1, o, err);
	}
	return result;
}

/* ---- the other words ---- */

enum separator { SEPARATOR_NONE, SEPARATOR_WORDS, SEPARATOR_FILES };

/* ":::" and "::::", and with a plus sign behind. */
static enum separator separator_of(const char *word, bool *linked)
{
	size_t colons = strspn(word, ":");

	*linked = strcmp(word + colons, "+") == 0;
	if ((!*linked && word[colons] != '\0') || colons < 3 || colons > 4)
		return SEPARATOR_NONE;
	return colons == 3 ? SEPARATOR_WORDS : SEPARATOR_FILES;
}

/* How many words come before the next separator. */
static size_t words_before_separator(const struct words *w)
{
	size_t n = 0;
	bool linked;

	while (w->next + (int)n < w->argc
	    && separator_of(w->argv[w->next + (int)n], &linked) == SEPARATOR_NONE)
		n++;
	return n;
}

/* What follows a separator: a source, or with "::::" one for each file. */
static int take_source(struct words *w, struct options_sources *sources, struct cli_error *err)
{
	struct options_source source = { .path = NULL };
	const char *separator = w->argv[w->next++];
	enum separator kind = separator_of(separator, &source.linked);

	source.words = w->argv + w->next;
	source.nwords = words_before_separator(w);
	w->next += (int)source.nwords;
	if (source.linked && sources->n == 0)
		return cli_error_set(err, "there is nothing before '%s' to go along with", separator);
	if (kind == SEPARATOR_WORDS)
		return add_source(&source, sources, err);
	if (source.nwords == 0)
		return cli_error_set(err, "'%s' needs a file", separator);
	for (size_t i = 0; i < source.nwords; i++)
		if (source.words[i][0] == '\0')
			return cli_error_set(err, "a name of a file after '%s' is empty", separator);
		else if (add_file(source.words[i], source.linked, sources, err) != 0)
			return -1;
	return 0;
}

/* COMMAND [ARG]... [::: ITEM...]... [:::: FILE...]... */
static int take_words(struct words *w, struct options *o, struct cli_error *err)
{
	o->command = w->argv + w->next;
	o->ncommand = words_before_separator(w);
	w->next += (int)o->ncommand;
	while (w->next < w->argc)
		if (take_source(w, &o->sources, err) != 0)
			return -1;
	return 0;
}

/* ---- what options mean together ---- */

static const struct pair {
	enum option_id one, other;
} excluding[] = {
	{ OPT_NULL, OPT_DELIMITER },
	{ OPT_UNGROUP, OPT_KEEP_ORDER },
	{ OPT_UNGROUP, OPT_LINE_BUFFER },
	{ OPT_UNGROUP, OPT_TAG },
	{ OPT_UNGROUP, OPT_TAGSTRING },
	{ OPT_UNGROUP, OPT_MAX_OUTPUT },
	{ OPT_UNGROUP, OPT_RESULTS },
	{ OPT_UNGROUP, OPT_RETRY_MATCH },
	{ OPT_LINE_BUFFER, OPT_MAX_OUTPUT },
	{ OPT_ORDER, OPT_SHUF },
	{ OPT_HALT, OPT_FAIL_FAST },
	{ OPT_RESUME, OPT_RESUME_FAILED },
	{ OPT_RESUME, OPT_RETRY_FAILED },
	{ OPT_RESUME_FAILED, OPT_RETRY_FAILED },
	{ OPT_DRY_RUN, OPT_RESUME },
	{ OPT_DRY_RUN, OPT_RESUME_FAILED },
	{ OPT_DRY_RUN, OPT_RETRY_FAILED },
	{ OPT_RETRY_FAILED, OPT_NULL },
	{ OPT_RETRY_FAILED, OPT_DELIMITER },
	{ OPT_RETRY_FAILED, OPT_ARG_FILE },
	{ OPT_RETRY_FAILED, OPT_SHARD },
	{ OPT_RETRY_FAILED, OPT_SHUF },
	{ OPT_RETRY_FAILED, OPT_REPLACE },
	{ OPT_RETRY_FAILED, OPT_SHELL },
};

static int check_excluding(const struct options *o, struct cli_error *err)
{
	for (size_t i = 0; i < sizeof excluding / sizeof excluding[0]; i++) {
		enum option_id one = excluding[i].one, other = excluding[i].other;

		if (o->given[one] && o->given[other])
			return cli_error_set(err, "options '%s' and '%s' cannot be used together",
			    spell(one, o->given[one]).text, spell(other, o->given[other]).text);
	}
	return 0;
}

static int check_words(const struct options *o, struct cli_error *err)
{
	if (o->script != NULL && o->ncommand > 0)
		return cli_error_set(err, "option '%s' takes the place of COMMAND, but there is "
		    "'%.200s', too; items go after ':::'",
		    spell(OPT_SHELL, o->given[OPT_SHELL]).text, o->command[0]);
	if (o->ncommand > 0 && o->command[0][0] == '\0')
		return cli_error_set(err, "COMMAND is empty");
	return 0;
}

static int check_sources(const struct options *o, struct cli_error *err)
{
	static const enum option_id for_commands[] = { OPT_COLSEP, OPT_HEADER, OPT_MAX_ARGS };
	size_t nstdin = 0;

	for (size_t i = 0; i < o->sources.n; i++)
		nstdin += o->sources.list[i].path != NULL && strcmp(o->sources.list[i].path, "-") == 0;
	if (nstdin > 1)
		return cli_error_set(err, "standard input ('-') can be one source of items only");
	if (o->ncommand > 0 || o->script != NULL)
		return 0;
	for (size_t i = 0; i < sizeof for_commands / sizeof for_commands[0]; i++)
		if (o->given[for_commands[i]])
			return cli_error_set(err, "option '%s' needs COMMAND, or '-c'",
			    spell(for_commands[i], o->given[for_commands[i]]).text);
	return 0;
}

static int check_selection(const struct options *o, struct cli_error *err)
{
	if (o->given[OPT_SHARD_BY] && !o->given[OPT_SHARD])
		return cli_error_set(err, "option '--shard-by' needs '--shard'");
	if (o->given[OPT_SEED] && !o->shuf)
		return cli_error_set(err, "option '--seed' needs '--shuf'");
	return 0;
}

static int check_retries(const struct options *o, struct cli_error *err)
{
	char interval[UNITS_DURATION_SIZE];
	bool tries = o->given[OPT_TRIES], retries = o->given[OPT_RETRIES];

	if (tries && retries && o->tries != o->retries + 1)
		return cli_error_set(err, "options '--tries' (%u) and '--retries' (%u) disagree: "
		    "tries include the first", o->tries, o->retries);
	for (int i = 0; i < OPT_COUNT; i++)
		if (o->given[i] && optable_row((enum option_id)i)->for_retries && !tries
		    && !retries && !o->retry_failed)
			return cli_error_set(err, "option '%s' needs '--tries'",
			    spell((enum option_id)i, o->given[i]).text);
	if (o->max_interval != 0 && o->max_interval < o->retry_interval) {
		units_format_duration(o->retry_interval, interval);
		return cli_error_set(err, "option '--max-interval' must not be shorter than "
		    "'--retry-interval', which is %s", interval);
	}
	return 0;
}

static int check_recovery(const struct options *o, struct cli_error *err)
{
	static const enum option_id ids[] = {
		OPT_JOURNAL_SYNC, OPT_RESUME, OPT_RESUME_FAILED, OPT_RETRY_FAILED,
	};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (o->given[ids[i]] && o->journal == NULL)
			return cli_error_set(err, "option '%s' needs '--journal'",
			    spell(ids[i], '-').text);
	if (o->retry_failed && (o->ncommand > 0 || o->sources.n > 0))
		return cli_error_set(err, "option '--retry-failed' takes commands and items from the "
		    "journal, but there is '%.200s', too; to give them again, use "
		    "'--resume-failed'", o->ncommand > 0 ? o->command[0]
		    : o->sources.list[0].path != NULL ? o->sources.list[0].path : ":::");
	return 0;
}

/* Only the journal knows how long tasks take, and it is not opened to print commands. */
static int check_order(const struct options *o, struct cli_error *err)
{
	if (o->order != ORDER_LONGEST)
		return 0;
	if (o->journal == NULL)
		return cli_error_set(err, "option '--order longest' needs '--journal', which knows how "
		    "long tasks take");
	if (o->dry_run || o->retry_failed)
		return cli_error_set(err, "options '--order longest' and '%s' cannot be used together",
		    o->dry_run ? "--dry-run" : "--retry-failed");
	return 0;
}

/* Options that are another way to say something: users of the struct look in one place only. */
static void settle(struct options *o)
{
	if (o->null)
		o->delimiter = '\0';
	o->empty_items = o->null || o->given[OPT_DELIMITER];
	if (o->given[OPT_RETRIES])
		o->tries = o->retries + 1;
	if (o->fail_fast)
		o->halt = (struct halt){ .when = HALT_NOW, .why = HALT_FAIL, .limit = 1 };
	o->recovery = o->resume ? RECOVERY_RESUME : o->resume_failed ? RECOVERY_RESUME_FAILED
	    : o->retry_failed ? RECOVERY_RETRY_FAILED : RECOVERY_NONE;
	/* tasks come from the journal: nothing is read, as of no words */
	if (o->retry_failed) {
		o->sources.n = 1;
		o->header = false;
	}
}

enum options_result options_parse(int argc, char *const argv[], struct options *o,
    struct cli_error *err)
{
	struct words w = { .argv = argv, .argc = argc, .next = argc > 0 ? 1 : 0 };
	enum options_result result;

	if (set_defaults(o, err) != 0)
		return OPTIONS_BAD;
	result = take_options(&w, o, err);
	if (result != OPTIONS_RUN)
		return result;
	o->rest = w.next;
	if (o->xargs)
		return OPTIONS_XARGS;
	if (take_words(&w, o, err) != 0 || check_excluding(o, err) != 0 || check_words(o, err) != 0
	    || check_sources(o, err) != 0 || check_selection(o, err) != 0 || check_retries(o, err) != 0
	    || check_recovery(o, err) != 0 || check_order(o, err) != 0)
		return OPTIONS_BAD;
	settle(o);
	return OPTIONS_RUN;
}

/* ---- xargs ---- */

/* Options whose meaning is about covey's own input and templates. */
static bool is_foreign_to_xargs(enum option_id id)
{
	const struct option_row *row = optable_row(id);

	return id != OPT_XARGS && (row->group == GROUP_INPUT || row->group == GROUP_TEMPLATE
	    || id == OPT_ORDER || id == OPT_SHUF || id == OPT_SEED);
}

int options_begin_for_xargs(struct options *o, struct cli_error *err)
{
	return set_defaults(o, err);
}

int options_take_for_xargs(struct options *o, const char *word, char *const argv[], int argc,
    int *next, struct cli_error *err)
{
	struct words w = { .argv = argv, .argc = argc, .next = *next };
	enum options_result result = take_long(&w, word, o, err);

	*next = w.next;
	return result == OPTIONS_RUN ? 0 : -1;
}

int options_finish_for_xargs(struct options *o, struct cli_error *err)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		enum option_id id = (enum option_id)i;

		if (o->given[i] && is_foreign_to_xargs(id))
			return cli_error_set(err, "option '%s' has no meaning for xargs",
			    spell(id, o->given[i]).text);
	}
	if (o->retry_failed)
		return cli_error_set(err, "option '--retry-failed' takes commands and items from the "
		    "journal, and so it is given without xargs: covey --retry-failed --journal FILE");
	if (check_excluding(o, err) != 0 || check_retries(o, err) != 0 || check_recovery(o, err) != 0)
		return -1;
	settle(o);
	return 0;
}

/* ---- options from another command line ---- */

/* Is there an option that settles the same, or cannot be used with it? */
static bool is_overruled(const struct options *o, enum option_id id)
{
	if (o->given[id])
		return true;
	if ((id == OPT_TRIES && o->given[OPT_RETRIES]) || (id == OPT_RETRIES && o->given[OPT_TRIES]))
		return true;
	for (size_t i = 0; i < sizeof excluding / sizeof excluding[0]; i++)
		if ((excluding[i].one == id && o->given[excluding[i].other])
		    || (excluding[i].other == id && o->given[excluding[i].one]))
			return true;
	return false;
}

static bool is_inherited(const struct option_row *row)
{
	return row->group != GROUP_INPUT && row->group != GROUP_TEMPLATE
	    && row->group != GROUP_RECOVERY && row->group != GROUP_HELP;
}

int options_inherit(struct options *o, const struct options *from, struct cli_error *err)
{
	const struct options given = *o;

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = optable_row((enum option_id)i);

		if (!from->given[i] || !is_inherited(row) || is_overruled(&given, (enum option_id)i))
			continue;
		memcpy((char *)o + row->field, (const char *)from + row->field, row->size);
		o->given[i] = from->given[i];
	}
	if (o->slot_var == NULL)
		o->slot_var = from->slot_var;
	if (check_retries(o, err) != 0)
		return -1;
	settle(o);
	return 0;
}
