#include "cli/options/options_check.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/options/options_table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct spelling options_check_spell(enum option_id id, char how)
{
	const struct option_row *row = options_table_row(id);
	struct spelling s;

	if (how != '-' && how != '\0')
		snprintf(s.text, sizeof s.text, "-%c", how);
	else if (row->name != NULL)
		snprintf(s.text, sizeof s.text, "--%s", row->name);
	else
		snprintf(s.text, sizeof s.text, "-%c", row->letters[0]);
	return s;
}

/* An option that was given, as it was written. */
static struct spelling spell_given(const struct options *o, enum option_id id)
{
	return options_check_spell(id, o->given[id]);
}

struct pair {
	enum option_id one, other;
};

static const struct pair excluding[] = {
	{ OPT_NULL, OPT_DELIMITER },
	{ OPT_TASKS, OPT_NULL },
	{ OPT_TASKS, OPT_DELIMITER },
	{ OPT_TASKS, OPT_ARG_FILE },
	{ OPT_TASKS, OPT_LINK },
	{ OPT_TASKS, OPT_COLSEP },
	{ OPT_TASKS, OPT_HEADER },
	{ OPT_TASKS, OPT_MAX_ARGS },
	{ OPT_TASKS, OPT_REPLACE },
	{ OPT_TASKS, OPT_SHELL },
	{ OPT_TASKS, OPT_RETRY_FAILED },
	{ OPT_EMPTY, OPT_NO_RUN_IF_EMPTY },
	{ OPT_ONCE, OPT_NULL },
	{ OPT_ONCE, OPT_DELIMITER },
	{ OPT_ONCE, OPT_ARG_FILE },
	{ OPT_ONCE, OPT_TASKS },
	{ OPT_ONCE, OPT_LINK },
	{ OPT_ONCE, OPT_COLSEP },
	{ OPT_ONCE, OPT_HEADER },
	{ OPT_ONCE, OPT_MAX_ARGS },
	{ OPT_ONCE, OPT_SHARD },
	{ OPT_ONCE, OPT_EMPTY },
	{ OPT_ONCE, OPT_NO_RUN_IF_EMPTY },
	{ OPT_ONCE, OPT_REPLACE },
	{ OPT_ONCE, OPT_SHELL },
	{ OPT_ONCE, OPT_ORDER },
	{ OPT_ONCE, OPT_SHUF },
	{ OPT_ONCE, OPT_TAG },
	{ OPT_ONCE, OPT_MAX_OUTPUT },
	{ OPT_ONCE, OPT_RETRY_FAILED },
	{ OPT_EMPTY, OPT_RETRY_FAILED },
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

/* "one" has no meaning without "other" */
static const struct pair needing[] = {
	{ OPT_SHARD_BY, OPT_SHARD },
	{ OPT_SEED, OPT_SHUF },
	{ OPT_JOURNAL_SYNC, OPT_JOURNAL },
	{ OPT_RESUME, OPT_JOURNAL },
	{ OPT_RESUME_FAILED, OPT_JOURNAL },
	{ OPT_RETRY_FAILED, OPT_JOURNAL },
};

static int refuse_pair(const char *one, const char *other, struct error *err)
{
	return error_set(err, "options '%s' and '%s' cannot be used together", one, other);
}

int options_check_pairs(const struct options *o, struct error *err)
{
	for (size_t i = 0; i < COUNT(excluding); i++) {
		enum option_id one = excluding[i].one, other = excluding[i].other;

		if (o->given[one] && o->given[other])
			return refuse_pair(spell_given(o, one).text, spell_given(o, other).text,
			    err);
	}
	for (size_t i = 0; i < COUNT(needing); i++) {
		enum option_id one = needing[i].one, other = needing[i].other;

		if (o->given[one] && !o->given[other])
			return error_set(err, "option '%s' needs '%s'", spell_given(o, one).text,
			    options_check_spell(other, '-').text);
	}
	return 0;
}

/* ---- options and the other words ---- */

/* The word that names the first source of items in messages. */
static const char *first_source(const struct options *o)
{
	return o->sources.list[0].path != NULL ? o->sources.list[0].path : ":::";
}

static int refuse_replaced(const struct options *o, enum option_id id, const char *what,
    const char *given, struct error *err)
{
	return error_set(err, "option '%s' replaces %s, but '%.150s' was given as well",
	    spell_given(o, id).text, what, given);
}

static int check_words(const struct options *o, struct error *err)
{
	if (o->script != NULL && o->ncommand > 0) {
		refuse_replaced(o, OPT_SHELL, "COMMAND", o->command[0], err);
		return error_set(err, "%s; items go after ':::'", err->message);
	}
	if (o->tasks != NULL && o->ncommand > 0)
		return refuse_replaced(o, OPT_TASKS, "COMMAND", o->command[0], err);
	if (o->tasks != NULL && o->sources.n > 0)
		return refuse_replaced(o, OPT_TASKS, "items", first_source(o), err);
	if (o->recovery == RECOVERY_RETRY_FAILED && (o->ncommand > 0 || o->sources.n > 0)) {
		refuse_replaced(o, OPT_RETRY_FAILED, "COMMAND and items by those of the journal",
		    o->ncommand > 0 ? o->command[0] : first_source(o), err);
		return error_set(err, "%s; to give them again, use '--resume-failed'",
		    err->message);
	}
	if (o->once && o->ncommand == 0)
		return error_set(err, "option '--once' needs COMMAND");
	if (o->ncommand > 0 && o->command[0][0] == '\0')
		return error_set(err, "COMMAND is empty");
	return 0;
}

static int check_sources(const struct options *o, struct error *err)
{
	static const enum option_id for_commands[] = { OPT_COLSEP, OPT_HEADER, OPT_MAX_ARGS };
	size_t nstdin = 0;

	for (size_t i = 0; i < o->sources.n; i++) {
		const char *path = o->sources.list[i].path;

		nstdin += path != NULL && strcmp(path, "-") == 0;
	}
	if (nstdin > 1)
		return error_set(err, "standard input, '-', was given as a source of items more "
		    "than once");
	if (o->ncommand > 0 || o->script != NULL)
		return 0;
	for (size_t i = 0; i < COUNT(for_commands); i++)
		if (o->given[for_commands[i]])
			return error_set(err, "option '%s' needs COMMAND or '-c'",
			    spell_given(o, for_commands[i]).text);
	return 0;
}

/* ---- options that depend on each other's values ---- */

int options_check_retries(const struct options *o, struct error *err)
{
	char interval[UNITS_DURATION_SIZE];
	bool tries = o->given[OPT_TRIES], retries = o->given[OPT_RETRIES];

	if (tries && retries && o->tries != o->retries + 1)
		return error_set(err, "options '--tries' (%u) and '--retries' (%u) disagree: "
		    "'--tries' counts the first attempt as well", o->tries, o->retries);
	for (int i = 0; i < OPT_COUNT; i++)
		if (o->given[i] && options_table_row((enum option_id)i)->for_retries && !tries
		    && !retries && o->recovery != RECOVERY_RETRY_FAILED && o->tasks == NULL)
			return error_set(err, "option '%s' needs '--tries'",
			    spell_given(o, (enum option_id)i).text);
	if (o->max_interval != 0 && o->max_interval < o->retry_interval) {
		units_format_duration(o->retry_interval, interval);
		return error_set(err, "option '--max-interval' must not be shorter than "
		    "'--retry-interval', which is %s", interval);
	}
	return 0;
}

/* Only the journal knows how long tasks take, and --dry-run does not open the journal. */
static int check_order(const struct options *o, struct error *err)
{
	static const char longest[] = "--order longest";

	if (o->order != ORDER_LONGEST)
		return 0;
	if (o->journal == NULL)
		return error_set(err, "option '%s' needs '--journal', which records how long tasks "
		    "take", longest);
	if (o->dry_run)
		return refuse_pair(longest, spell_given(o, OPT_DRY_RUN).text, err);
	if (o->recovery == RECOVERY_RETRY_FAILED)
		return refuse_pair(longest, spell_given(o, OPT_RETRY_FAILED).text, err);
	return 0;
}

int options_check_all(const struct options *o, struct error *err)
{
	if (options_check_pairs(o, err) != 0 || check_words(o, err) != 0
	    || check_sources(o, err) != 0 || options_check_retries(o, err) != 0
	    || check_order(o, err) != 0)
		return -1;
	return 0;
}

bool options_check_is_overruled(const struct options *o, enum option_id id)
{
	if (o->given[id])
		return true;
	if ((id == OPT_TRIES && o->given[OPT_RETRIES])
	    || (id == OPT_RETRIES && o->given[OPT_TRIES]))
		return true;
	for (size_t i = 0; i < COUNT(excluding); i++)
		if ((excluding[i].one == id && o->given[excluding[i].other])
		    || (excluding[i].other == id && o->given[excluding[i].one]))
			return true;
	return false;
}
