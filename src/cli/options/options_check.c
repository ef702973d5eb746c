#include "cli/options/options_check.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/options/options_table.h"

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

static const struct pair {
	enum option_id one, other;
} excluding[] = {
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

int options_check_excluding(const struct options *o, struct error *err)
{
	for (size_t i = 0; i < sizeof excluding / sizeof excluding[0]; i++) {
		enum option_id one = excluding[i].one, other = excluding[i].other;

		if (o->given[one] && o->given[other])
			return error_set(err, "options '%s' and '%s' cannot be used together",
			    options_check_spell(one, o->given[one]).text,
			    options_check_spell(other, o->given[other]).text);
	}
	return 0;
}

static int check_words(const struct options *o, struct error *err)
{
	if (o->script != NULL && o->ncommand > 0)
		return error_set(err, "option '%s' takes the place of COMMAND, but there is "
		    "'%.200s', too; items go after ':::'",
		    options_check_spell(OPT_SHELL, o->given[OPT_SHELL]).text, o->command[0]);
	if (o->tasks != NULL && o->ncommand > 0)
		return error_set(err, "option '--tasks' takes the place of COMMAND, but there is "
		    "'%.200s', too", o->command[0]);
	if (o->tasks != NULL && o->sources.n > 0)
		return error_set(err, "option '--tasks' takes the place of items, but there are "
		    "some, too");
	if (o->ncommand > 0 && o->command[0][0] == '\0')
		return error_set(err, "COMMAND is empty");
	return 0;
}

static int check_sources(const struct options *o, struct error *err)
{
	static const enum option_id for_commands[] = { OPT_COLSEP, OPT_HEADER, OPT_MAX_ARGS };
	size_t nstdin = 0;

	for (size_t i = 0; i < o->sources.n; i++)
		nstdin += o->sources.list[i].path != NULL && strcmp(o->sources.list[i].path, "-") == 0;
	if (nstdin > 1)
		return error_set(err, "standard input ('-') can be one source of items only");
	if (o->ncommand > 0 || o->script != NULL)
		return 0;
	for (size_t i = 0; i < sizeof for_commands / sizeof for_commands[0]; i++)
		if (o->given[for_commands[i]])
			return error_set(err, "option '%s' needs COMMAND, or '-c'",
			    options_check_spell(for_commands[i], o->given[for_commands[i]]).text);
	return 0;
}

static int check_selection(const struct options *o, struct error *err)
{
	if (o->given[OPT_SHARD_BY] && !o->given[OPT_SHARD])
		return error_set(err, "option '--shard-by' needs '--shard'");
	if (o->given[OPT_SEED] && !o->shuf)
		return error_set(err, "option '--seed' needs '--shuf'");
	return 0;
}

int options_check_retries(const struct options *o, struct error *err)
{
	char interval[UNITS_DURATION_SIZE];
	bool tries = o->given[OPT_TRIES], retries = o->given[OPT_RETRIES];

	if (tries && retries && o->tries != o->retries + 1)
		return error_set(err, "options '--tries' (%u) and '--retries' (%u) disagree: "
		    "tries include the first", o->tries, o->retries);
	for (int i = 0; i < OPT_COUNT; i++)
		if (o->given[i] && options_table_row((enum option_id)i)->for_retries && !tries
		    && !retries && o->recovery != RECOVERY_RETRY_FAILED && o->tasks == NULL)
			return error_set(err, "option '%s' needs '--tries'",
			    options_check_spell((enum option_id)i, o->given[i]).text);
	if (o->max_interval != 0 && o->max_interval < o->retry_interval) {
		units_format_duration(o->retry_interval, interval);
		return error_set(err, "option '--max-interval' must not be shorter than "
		    "'--retry-interval', which is %s", interval);
	}
	return 0;
}

int options_check_recovery(const struct options *o, struct error *err)
{
	static const enum option_id ids[] = {
		OPT_JOURNAL_SYNC, OPT_RESUME, OPT_RESUME_FAILED, OPT_RETRY_FAILED,
	};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (o->given[ids[i]] && o->journal == NULL)
			return error_set(err, "option '%s' needs '--journal'",
			    options_check_spell(ids[i], '-').text);
	if (o->recovery == RECOVERY_RETRY_FAILED && (o->ncommand > 0 || o->sources.n > 0))
		return error_set(err, "option '--retry-failed' takes commands and items from the "
		    "journal, but there is '%.200s', too; to give them again, use "
		    "'--resume-failed'", o->ncommand > 0 ? o->command[0]
		    : o->sources.list[0].path != NULL ? o->sources.list[0].path : ":::");
	return 0;
}

/* Only the journal knows how long tasks take, and it is not opened to print commands. */
static int check_order(const struct options *o, struct error *err)
{
	if (o->order != ORDER_LONGEST)
		return 0;
	if (o->journal == NULL)
		return error_set(err, "option '--order longest' needs '--journal', which knows how "
		    "long tasks take");
	if (o->dry_run || o->recovery == RECOVERY_RETRY_FAILED)
		return error_set(err, "options '--order longest' and '%s' cannot be used together",
		    o->dry_run ? "--dry-run" : "--retry-failed");
	return 0;
}

int options_check_all(const struct options *o, struct error *err)
{
	if (options_check_excluding(o, err) != 0 || check_words(o, err) != 0 || check_sources(o, err) != 0
	    || check_selection(o, err) != 0 || options_check_retries(o, err) != 0
	    || options_check_recovery(o, err) != 0 || check_order(o, err) != 0)
		return -1;
	return 0;
}

bool options_check_is_overruled(const struct options *o, enum option_id id)
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
