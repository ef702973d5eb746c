/*
 * The steps: set the defaults of the table, parse the options word by word, take the other words,
 * and check the options together. getopt_long is not used: it writes its own messages, keeps its
 * state in globals, and has no suggestions for misspelled names.
 */
#include "cli/options/options_parse.h"

#include <string.h>

#include "cli/options/options_check.h"
#include "cli/options/options_set.h"
#include "cli/options/options_sources.h"
#include "cli/options/options_table.h"

/* ---- one option ---- */

/* The next word, as the argument of an option, or NULL if there is none. */
static const char *take_argument(struct words *w)
{
	return w->next < w->argc ? w->argv[w->next++] : NULL;
}

/* "value" is the argument, or NULL if there is none. "how" goes into given[]. */
static enum options_result apply(struct options *o, enum option_id id, char how,
    const char *value, struct error *err)
{
	const struct option_row *row = options_table_row(id);
	struct spelling s = options_check_spell(id, how);

	if (row->kind == KIND_HELP && value != NULL && strcmp(value, "table") == 0)
		return OPTIONS_HELP_TABLE;
	if (row->argument == NULL && value != NULL) {
		error_set(err, "option '%s' takes no argument", s.text);
		return OPTIONS_BAD;
	}
	if (row->argument != NULL && value == NULL && !row->optional) {
		error_set(err, "option '%s' needs an argument: %s", s.text, row->argument);
		return OPTIONS_BAD;
	}
	if (row->kind == KIND_HELP)
		return how == '-' ? OPTIONS_HELP : OPTIONS_HELP_SHORT;
	if (row->kind == KIND_VERSION)
		return OPTIONS_VERSION;
	o->given[id] = how;
	if (options_set_field(row, value, o, err) == 0)
		return OPTIONS_RUN;
	error_set(err, "option '%s': %s", s.text, err->message);
	return OPTIONS_BAD;
}

/* Users of parallel(1) write "--header :", and nobody would run the command ":". */
static const char *skip_colon(struct words *w, const char *value)
{
	if (value == NULL && w->next < w->argc && strcmp(w->argv[w->next], ":") == 0)
		w->next++;
	return value != NULL && strcmp(value, ":") == 0 ? NULL : value;
}

/* "--name", "--name=value", "--name value" */
static enum options_result take_long(struct words *w, const char *name, struct options *o,
    struct error *err)
{
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	enum option_id id = options_table_by_name(name, len, err);
	const struct option_row *row;

	if (id == OPT_COUNT)
		return OPTIONS_BAD;
	row = options_table_row(id);
	if (row->kind == KIND_HEADER)
		value = skip_colon(w, value);
	else if (value == NULL && row->argument != NULL && !row->optional)
		value = take_argument(w);
	return apply(o, id, '-', value, err);
}

static enum options_result unknown_letter(const char *letter, struct error *err)
{
	/* a byte that is not ASCII may belong to a longer character, and is unreadable alone */
	int shown = (unsigned char)letter[0] < 0x80 ? 1 : 200;

	error_set(err, "unknown option '-%.*s'; see 'covey --help'", shown, letter);
	return OPTIONS_BAD;
}

/* "-k0", "-j4", "-j 4", "-kj4" */
static enum options_result take_letters(struct words *w, const char *letters, struct options *o,
    struct error *err)
{
	enum options_result result = OPTIONS_RUN;

	for (const char *p = letters; *p != '\0' && result == OPTIONS_RUN; p++) {
		enum option_id id = options_table_by_letter(*p);

		if (id == OPT_COUNT)
			return unknown_letter(p, err);
		if (options_table_row(id)->argument != NULL)
			return apply(o, id, *p, p[1] != '\0' ? p + 1 : take_argument(w), err);
		result = apply(o, id, *p, NULL, err);
	}
	return result;
}

static enum options_result take_options(struct words *w, struct options *o, struct error *err)
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

/* ---- all of them ---- */

/* If several options set one thing, the users of the struct find it in one field. */
static void settle(struct options *o)
{
	o->empty_items = o->given[OPT_NULL] || o->given[OPT_DELIMITER];
	/* the words before the end of the attempt, as other wrappers of one command do */
	if (o->once)
		o->line_buffer = !o->ungroup;
	if (o->no_run_if_empty)
		o->empty = EMPTY_OK;
	if (o->given[OPT_RETRIES])
		o->tries = o->retries + 1;
	/* tasks come from the journal: the only source of items is an empty list of words */
	if (o->recovery == RECOVERY_RETRY_FAILED) {
		o->sources.n = 1;
		o->header = false;
	}
}

enum options_result options_parse(int argc, char *const argv[], struct options *o,
    struct error *err)
{
	struct words w = { .argv = argv, .argc = argc, .next = argc > 0 ? 1 : 0 };
	enum options_result result;

	if (options_set_defaults(o, err) != 0)
		return OPTIONS_BAD;
	result = take_options(&w, o, err);
	if (result != OPTIONS_RUN)
		return result;
	o->rest = w.next;
	if (o->xargs)
		return OPTIONS_XARGS;
	if (options_sources_take_words(&w, o, err) != 0 || options_check_all(o, err) != 0)
		return OPTIONS_BAD;
	settle(o);
	return OPTIONS_RUN;
}

/* ---- xargs ---- */

/* Options about covey's own input and templates have no meaning for xargs. */
static bool is_foreign_to_xargs(enum option_id id)
{
	const struct option_row *row = options_table_row(id);

	return id != OPT_XARGS && (row->group == GROUP_INPUT || row->group == GROUP_TEMPLATE
	    || id == OPT_ORDER || id == OPT_SHUF || id == OPT_SEED);
}

int options_begin_for_xargs(struct options *o, struct error *err)
{
	return options_set_defaults(o, err);
}

int options_take_for_xargs(struct options *o, const char *word, char *const argv[], int argc,
    int *next, struct error *err)
{
	struct words w = { .argv = argv, .argc = argc, .next = *next };
	enum options_result result = take_long(&w, word, o, err);

	*next = w.next;
	return result == OPTIONS_RUN ? 0 : -1;
}

int options_finish_for_xargs(struct options *o, struct error *err)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		enum option_id id = (enum option_id)i;

		if (o->given[i] && is_foreign_to_xargs(id))
			return error_set(err, "option '%s' has no meaning for xargs",
			    options_check_spell(id, o->given[i]).text);
	}
	if (o->recovery == RECOVERY_RETRY_FAILED)
		return error_set(err, "option '%s' takes commands and items from the journal; use "
		    "it without xargs: covey --retry-failed --journal FILE",
		    options_check_spell(OPT_RETRY_FAILED, '-').text);
	if (options_check_pairs(o, err) != 0 || options_check_retries(o, err) != 0)
		return -1;
	settle(o);
	return 0;
}

/* ---- options from another command line ---- */

static bool is_inherited(const struct option_row *row)
{
	return row->group != GROUP_INPUT && row->group != GROUP_TEMPLATE
	    && row->group != GROUP_RECOVERY && row->group != GROUP_HELP;
}

int options_inherit(struct options *o, const struct options *from, struct error *err)
{
	const struct options given = *o;

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);

		if (!from->given[i] || !is_inherited(row)
		    || options_check_is_overruled(&given, (enum option_id)i))
			continue;
		memcpy((char *)o + row->field, (const char *)from + row->field, row->size);
		o->given[i] = from->given[i];
	}
	/* tasks of a file of tasks have names */
	if (o->recovery == RECOVERY_RETRY_FAILED)
		o->tasks = from->tasks;
	if (o->slot_var == NULL)
		o->slot_var = from->slot_var;
	if (options_check_retries(o, err) != 0)
		return -1;
	settle(o);
	return 0;
}
