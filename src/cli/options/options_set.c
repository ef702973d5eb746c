#include "cli/options/options_set.h"

#include <assert.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/options/options_sources.h"
#include "cli/options/outcomes.h"

/* The field has the type that belongs to the kind of the row. */
typedef int setter(const struct option_row *row, const char *text, void *field,
    struct error *err);

/* A setter that calls a parser, which does not need the row. */
#define PARSED_BY(parser) \
	static int set_by_##parser(const struct option_row *row, const char *text, void *field, \
	    struct error *err) \
	{ \
		(void)row; \
		return parser(text, field, err); \
	} \
	_Static_assert(1, "takes a semicolon")

PARSED_BY(halt_parse);
PARSED_BY(jobserver_option_parse);
PARSED_BY(outcomes_add);
PARSED_BY(pacing_parse_load);
PARSED_BY(pacing_parse_memfree);
PARSED_BY(pacing_parse_rate);
PARSED_BY(rlimits_add);
PARSED_BY(shard_parse);
PARSED_BY(units_byte);
PARSED_BY(units_duration);
PARSED_BY(units_share);
PARSED_BY(units_signal);
PARSED_BY(units_size);

static int set_number(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	unsigned *number = field;
	long long n = 0;

	if (units_number(text, row->min, row->max, &n, err) != 0)
		return -1;
	*number = (unsigned)n;
	return 0;
}

/* An argument that is empty is most often a variable that was not set. */
static int refuse_empty(const char *text, struct error *err)
{
	return text[0] != '\0' ? 0 : error_set(err, "the argument must not be empty");
}

static int set_nonempty(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	const char **value = field;

	(void)row;
	if (refuse_empty(text, err) != 0)
		return -1;
	*value = text;
	return 0;
}

static int set_regex(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	const char **value = field;
	char why[128];
	regex_t compiled;
	int code;

	(void)row;
	if (refuse_empty(text, err) != 0)
		return -1;
	code = regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		regerror(code, &compiled, why, sizeof why);
		return units_refuse(text, err, "an extended regular expression: %s", why);
	}
	regfree(&compiled);
	*value = text;
	return 0;
}

static int set_jobs(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	struct options_jobs *jobs = field;
	enum { MOST_JOBS = 1000000, MOST_PERCENT = 100000 };
	bool percent = units_is_percent(text);
	unsigned share = 0;
	long long n = 0;

	(void)row;
	if (percent ? units_percent(text, MOST_PERCENT, &share, err) != 0
	    : units_number(text, 0, MOST_JOBS, &n, err) != 0)
		return units_refuse(text, err, "a number from 0 to %d, or a percentage of the CPUs "
		    "from 1%% to %d%%", MOST_JOBS, MOST_PERCENT);
	if (percent)
		*jobs = (struct options_jobs){ JOBS_PERCENT, share };
	else
		*jobs = (struct options_jobs){ n == 0 ? JOBS_MANY : JOBS_NUMBER, (unsigned)n };
	return 0;
}

static int set_nice(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	int *nice = field;
	long long n;

	(void)row;
	if (units_number(text, -20, 19, &n, err) != 0)
		return -1;
	*nice = (int)n;
	return rlimits_check_nice(*nice, err);
}

/* options_table.c asserts that the enum has the size of an unsigned int. */
static void put_enum(unsigned value, void *field)
{
	memcpy(field, &value, sizeof value);
}

/* "a|b|c" as "a, b or c" */
static void list_words(const char *words, char *list, size_t size)
{
	size_t used = 0;

	for (const char *word = words; *word != '\0' && used < size;) {
		size_t n = strcspn(word, "|");
		bool last = strchr(word + n + (word[n] == '|'), '|') == NULL;

		used += (size_t)snprintf(list + used, size - used, "%.*s%s", (int)n, word,
		    word[n] == '\0' ? "" : last ? " or " : ", ");
		word += n + (word[n] == '|');
	}
}

/* One of the words that row->argument lists. */
static int set_choice(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	char list[64];
	const char *word = row->argument;
	size_t len = strlen(text);

	for (unsigned i = 0; *word != '\0'; i++) {
		size_t n = strcspn(word, "|");

		if (n == len && memcmp(word, text, n) == 0) {
			put_enum(i, field);
			return 0;
		}
		word += n + (word[n] == '|');
	}
	list_words(row->argument, list, sizeof list);
	return units_refuse(text, err, "%s", list);
}

static int set_value(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	(void)text;
	(void)err;
	put_enum(row->value, field);
	return 0;
}

static int set_flag(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	bool *flag = field;

	(void)row;
	(void)text;
	(void)err;
	*flag = true;
	return 0;
}

static int set_factor(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	return units_factor(text, row->min, row->max, field, err);
}

static int set_text(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	const char **value = field;

	(void)row;
	(void)err;
	*value = text;
	return 0;
}

static int add_source(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	(void)row;
	if (refuse_empty(text, err) != 0)
		return -1;
	return options_sources_add_file(text, false, field, err);
}

static int set_nothing(const struct option_row *row, const char *text, void *field,
    struct error *err)
{
	(void)row;
	(void)text;
	(void)field;
	(void)err;
	return 0;
}

static setter *const setters[] = {
	[KIND_FLAG] = set_flag,
	[KIND_NUMBER] = set_number,
	[KIND_FACTOR] = set_factor,
	[KIND_SHARE] = set_by_units_share,
	[KIND_DURATION] = set_by_units_duration,
	[KIND_SIZE] = set_by_units_size,
	[KIND_BYTE] = set_by_units_byte,
	[KIND_SIGNAL] = set_by_units_signal,
	[KIND_TEXT] = set_text,
	[KIND_NONEMPTY] = set_nonempty,
	[KIND_REGEX] = set_regex,
	[KIND_OUTCOMES] = set_by_outcomes_add,
	[KIND_JOBS] = set_jobs,
	[KIND_JOBSERVER] = set_by_jobserver_option_parse,
	[KIND_RATE] = set_by_pacing_parse_rate,
	[KIND_LOAD] = set_by_pacing_parse_load,
	[KIND_MEMFREE] = set_by_pacing_parse_memfree,
	[KIND_NICE] = set_nice,
	[KIND_SHARD] = set_by_shard_parse,
	[KIND_LIMITS] = set_by_rlimits_add,
	[KIND_HALT] = set_by_halt_parse,
	[KIND_CHOICE] = set_choice,
	[KIND_VALUE] = set_value,
	[KIND_SOURCE] = add_source,
	[KIND_HEADER] = set_flag,
	[KIND_HELP] = set_nothing,
	[KIND_VERSION] = set_nothing,
};

static_assert(sizeof setters / sizeof setters[0] == KIND_VERSION + 1, "one for each kind");

int options_set_field(const struct option_row *row, const char *text, struct options *o,
    struct error *err)
{
	if (text == NULL)
		text = row->implied;
	return setters[row->kind](row, text, (char *)o + row->field, err);
}

int options_set_defaults(struct options *o, struct error *err)
{
	memset(o, 0, sizeof *o);
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);

		if (row->initial != NULL && options_set_field(row, row->initial, o, err) != 0)
			return -1;
	}
	return 0;
}
