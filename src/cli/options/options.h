/*
 * options - what the command line asks for
 *
 * Everything that is known to be wrong is refused here, before anything runs. Names, ranges,
 * defaults and help are rows of the table in options_table.c; the structs that they fill are here.
 */
#ifndef CLI_OPTIONS_OPTIONS_H
#define CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "base/error.h"
#include "cli/options/halt.h"
#include "cli/options/jobserver_option.h"
#include "cli/options/pacing.h"
#include "cli/options/rlimits.h"
#include "cli/options/shard.h"

/* The options, in the order of --help. */
enum option_id {
	OPT_NULL,
	OPT_DELIMITER,
	OPT_ARG_FILE,
	OPT_TASKS,
	OPT_LINK,
	OPT_COLSEP,
	OPT_HEADER,
	OPT_MAX_ARGS,
	OPT_SHARD,
	OPT_SHARD_BY,
	OPT_EMPTY,
	OPT_NO_RUN_IF_EMPTY,
	OPT_REPLACE,
	OPT_SHELL,
	OPT_ONCE,
	OPT_XARGS,
	OPT_JOBS,
	OPT_JOBSERVER,
	OPT_ORDER,
	OPT_SHUF,
	OPT_SEED,
	OPT_DELAY,
	OPT_RATE,
	OPT_LOAD,
	OPT_MEMFREE,
	OPT_NICE,
	OPT_LIMIT,
	OPT_TRIES,
	OPT_RETRIES,
	OPT_RETRY_INTERVAL,
	OPT_BACKOFF,
	OPT_MAX_INTERVAL,
	OPT_JITTER,
	OPT_RETRY_ON,
	OPT_NO_RETRY_ON,
	OPT_RETRY_MATCH,
	OPT_TIMEOUT,
	OPT_SLOW,
	OPT_KILL_AFTER,
	OPT_SIGNAL,
	OPT_DEADLINE,
	OPT_KEEP_LEFTOVERS,
	OPT_KEEP_ORDER,
	OPT_UNGROUP,
	OPT_LINE_BUFFER,
	OPT_TAG,
	OPT_TAGSTRING,
	OPT_MAX_OUTPUT,
	OPT_RESULTS,
	OPT_VERBOSE,
	OPT_DRY_RUN,
	OPT_QUIET,
	OPT_HALT,
	OPT_FAIL_FAST,
	OPT_JOURNAL,
	OPT_JOURNAL_SYNC,
	OPT_RESUME,
	OPT_RESUME_FAILED,
	OPT_RETRY_FAILED,
	OPT_JOBLOG,
	OPT_PROGRESS,
	OPT_HELP,
	OPT_VERSION,
	OPT_COUNT
};

/* How many tasks may run at once. */
struct options_jobs {
	enum options_jobs_how {
		JOBS_NUMBER,    /* n of them */
		JOBS_PERCENT,   /* n % of the usable CPUs, at least one */
		JOBS_MANY       /* -j 0: as many as descriptors and processes allow */
	} how;
	unsigned n;
};

enum options_progress {
	PROGRESS_AUTO,
	PROGRESS_BAR,
	PROGRESS_PLAIN,
	PROGRESS_NONE
};

/* What comes of a run without items. */
enum options_empty {
	EMPTY_OK,
	EMPTY_WARN,
	EMPTY_FAIL
};

/* Which task is started first. */
enum options_order {
	ORDER_INPUT,    /* in the order of the input */
	ORDER_LONGEST   /* the task that took longest in the runs of the journal */
};

/* What the journal may lose if the machine crashes; a crash of covey loses nothing. */
enum options_sync {
	SYNC_NORMAL,    /* the last records; the file stays intact */
	SYNC_FULL       /* nothing */
};

/* Which tasks of the last run in the journal are run again. */
enum options_recovery {
	RECOVERY_NONE,           /* a new run */
	RECOVERY_RESUME,         /* the unfinished tasks */
	RECOVERY_RESUME_FAILED,  /* the unfinished and the failed tasks */
	RECOVERY_RETRY_FAILED    /* the same tasks, from the journal and not from the input */
};

struct xargs_options;

/* A source of items: a file, or words of the command line. */
struct options_source {
	const char *path;               /* "-": standard input; NULL: words */
	char *const *words;             /* not NULL-terminated */
	size_t nwords;                  /* if 0, nothing runs */
	bool linked;                    /* to the source before it (":::+") */
};

enum { OPTIONS_MAX_SOURCES = 32 };

/* The sources of -a, then those after the command, in order. */
struct options_sources {
	struct options_source list[OPTIONS_MAX_SOURCES];
	size_t n;                       /* 0: standard input alone */
};

/* All pointers point into argv or to constants: nothing has to be freed. */
struct options {
	/* input */
	struct options_sources sources;
	bool link;                      /* all sources are linked */
	const char *colsep;             /* lines are split into items where this matches; or NULL */
	bool header;                    /* the first record of each source names its columns */
	unsigned max_args;              /* the number of records of a task; 1 */
	const char *tasks;              /* a file of tasks, or NULL; "-": standard input */
	struct shard shard;             /* the part of the input to run; count 0: all */
	enum shard_by shard_by;         /* SHARD_BY_HASH */
	int delimiter;                  /* the byte that ends an item; '\n', and '\0' with -0 */
	bool empty_items;               /* empty records are items (-0, -d), and not skipped */
	enum options_empty empty;       /* EMPTY_WARN; EMPTY_OK with -r */
	bool no_run_if_empty;           /* as given; empty includes it */

	/* template: script, or command; with neither, items are shell commands */
	char *const *command;           /* COMMAND and its ARGs; not NULL-terminated */
	size_t ncommand;                /* 0: none */
	const char *script;             /* -c, or NULL; then ncommand is 0 */
	bool once;                      /* command is run as it is, without items */
	bool xargs;                     /* see OPTIONS_XARGS */
	int rest;
	const struct xargs_options *xargs_line;  /* commands and input are xargs' own, or NULL */
	const char *slot_var;           /* --process-slot-var of xargs, or NULL */
	const char *replace;            /* -I: stands for the item instead of "{}", or NULL */

	/* scheduling */
	struct options_jobs jobs;       /* JOBS_PERCENT, 100 */
	bool shuf;                      /* tasks in a random order, which depends on the seed */
	unsigned seed;                  /* main chooses one if it is not given */
	enum options_order order;       /* ORDER_LONGEST only with a journal */
	struct jobserver_options jobserver;  /* covey is a jobserver itself */
	struct pacing pace;             /* no limits; cpus is not set here */
	int nice;                       /* added to covey's own niceness; 0 */
	struct rlimits limits;          /* of the tasks; none */

	/* retries; the names and meanings are those of struct covey_options */
	unsigned tries;                 /* attempts in all, from --tries or --retries; 1 */
	unsigned retries;               /* as given; tries includes it */
	covey_nsec retry_interval;      /* 1 s */
	double backoff;                 /* 1 */
	covey_nsec max_interval;        /* 0: no limit */
	double jitter;                  /* 0 to 1; 0 */
	struct covey_outcomes retry_on; /* valid only if given[OPT_RETRY_ON]; otherwise the
	                                   default of the library applies */
	struct covey_outcomes no_retry_on;
	const char *retry_match;        /* a valid POSIX extended regular expression, or NULL */

	/* time; 0 is none, except for kill_after, where it is "at once" */
	covey_nsec timeout;
	covey_nsec slow;
	covey_nsec kill_after;          /* 5 s */
	covey_nsec deadline;
	int stop_signal;                /* SIGTERM */
	bool keep_leftovers;

	/* output; at most one of ungroup and line_buffer, and grouped with neither */
	bool keep_order;
	bool ungroup;                   /* never together with the other options on output */
	bool line_buffer;
	bool tag;                       /* each line begins with the item and a tab */
	const char *tagstring;          /* … or with this template and a tab; NULL: not given */
	uint64_t max_output;            /* bytes of a stream that are kept; 0: all */
	const char *results;            /* a directory, or NULL; never with ungroup */
	bool verbose;                   /* -t: print each command before it runs */
	bool dry_run;                   /* print the commands, run none */
	bool quiet;                     /* do not report failures */

	/* stopping and watching */
	struct halt halt;               /* HALT_NEVER; from --halt or --fail-fast */
	enum options_progress progress; /* PROGRESS_AUTO */

	/* recovery */
	const char *journal;            /* NULL: none */
	enum options_sync journal_sync; /* SYNC_NORMAL */
	enum options_recovery recovery; /* other than RECOVERY_NONE only where there is a journal */
	const char *joblog;             /* "+FILE" appends; NULL: none */

	/* for each option: 0 if it was not given, its letter if given so, '-' for its long name */
	char given[OPT_COUNT];
};

#endif
