/*
 * options_table - the table of options
 *
 * Each option is one row: parsing, defaults, --help and the checks of the manual are made from it.
 * A new option is an id, a field in struct options, a row here, and nothing else.
 */
#ifndef CLI_OPTIONS_OPTIONS_TABLE_H
#define CLI_OPTIONS_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/options/options.h"

/* The kind of an argument, which determines the type of its field. */
enum option_kind {
	KIND_FLAG,      /* bool; no argument */
	KIND_NUMBER,    /* unsigned, from min to max */
	KIND_FACTOR,    /* double, from min to max */
	KIND_SHARE,     /* double, 0 to 1 */
	KIND_DURATION,  /* covey_nsec */
	KIND_SIZE,      /* uint64_t */
	KIND_BYTE,      /* int */
	KIND_SIGNAL,    /* int */
	KIND_TEXT,      /* const char * */
	KIND_NONEMPTY,  /* const char * */
	KIND_REGEX,     /* const char *, which regcomp(3) accepts */
	KIND_OUTCOMES,  /* struct covey_outcomes; the option adds to it if given again */
	KIND_JOBS,      /* struct options_jobs */
	KIND_JOBSERVER, /* struct jobserver_options; the argument is optional */
	KIND_RATE,      /* covey_nsec: the time from one start to the next */
	KIND_LOAD,      /* struct pacing_load */
	KIND_MEMFREE,   /* uint64_t */
	KIND_NICE,      /* int */
	KIND_SHARD,     /* struct shard */
	KIND_LIMITS,    /* struct rlimits; the option adds to it if given again */
	KIND_HALT,      /* struct halt */
	KIND_CHOICE,    /* an enum: its values are the words in argument, "normal|full", from 0 */
	KIND_VALUE,     /* an enum; no argument: the option stands for the row's value */
	KIND_SOURCE,    /* struct options_sources; the option adds a file if given again */
	KIND_HEADER,    /* bool; no argument except the ":" of parallel(1) */
	KIND_HELP,      /* none: ends the parsing */
	KIND_VERSION    /* none: ends the parsing */
};

enum option_group {
	GROUP_INPUT,
	GROUP_TEMPLATE,
	GROUP_SCHEDULING,
	GROUP_RETRIES,
	GROUP_TIME,
	GROUP_OUTPUT,
	GROUP_STOPPING,
	GROUP_RECOVERY,
	GROUP_WATCHING,
	GROUP_HELP,
	GROUP_COUNT
};

struct option_row {
	const char *name;       /* the long name without dashes, or NULL */
	const char *alias;      /* another long name, not shown, or NULL */
	const char *letters;    /* the short names; "" for none */
	const char *argument;   /* its name in --help; NULL: the option takes no argument */
	const char *initial;    /* the default, parsed into the field; NULL: zero */
	const char *implied;    /* what is parsed where the option takes no argument, or NULL */
	const char *shown;      /* the default in --help; NULL: initial */
	const char *help;
	size_t field, size;     /* the offset of the field in struct options, and its size */
	unsigned min, max;      /* of KIND_NUMBER, KIND_FACTOR */
	unsigned value;         /* of KIND_VALUE */
	enum option_kind kind;
	enum option_group group;
	bool optional;          /* the argument may be left out; "=" comes before it */
	bool for_retries;       /* has no meaning unless the number of tries is given */
};

/* The row of an option; never NULL. */
const struct option_row *options_table_row(enum option_id id);

/* The group's title in --help. */
const char *options_table_group_title(enum option_group group);

/* The default to show, or NULL if none is shown. */
const char *options_table_default(const struct option_row *row);

/* The option with that letter, or OPT_COUNT. */
enum option_id options_table_by_letter(char letter);

/*
 * The option with that long name (name_len bytes, without dashes), or the only option whose name
 * begins so. Otherwise OPT_COUNT and a message, with a suggestion if there is one.
 */
enum option_id options_table_by_name(const char *name, size_t name_len, struct error *err);

/* Does any long name begin with these bytes? */
bool options_table_is_prefix(const char *name, size_t name_len);

#endif
