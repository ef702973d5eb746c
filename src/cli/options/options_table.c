#include "cli/options/options_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The offset of a field; the compiler refuses one that does not have the type of its kind. */
#define FIELD(member, type) \
	.field = offsetof(struct options, member) + 0 * sizeof(char[_Generic( \
	    ((struct options *)0)->member, type: 1, default: -1)]), \
	.size = sizeof(type)

/* A field into which the setter copies an unsigned int. */
#define ENUM_FIELD(member, type) \
	FIELD(member, type) + 0 * sizeof(char[sizeof(type) == sizeof(unsigned) ? 1 : -1])

#define FLAG(member)      .kind = KIND_FLAG, FIELD(member, bool)
#define NUMBER(member)    .kind = KIND_NUMBER, FIELD(member, unsigned)
#define FACTOR(member)    .kind = KIND_FACTOR, FIELD(member, double)
#define SHARE(member)     .kind = KIND_SHARE, FIELD(member, double)
#define DURATION(member)  .kind = KIND_DURATION, FIELD(member, covey_nsec)
#define SIZE(member)      .kind = KIND_SIZE, FIELD(member, uint64_t)
#define BYTE(member)      .kind = KIND_BYTE, FIELD(member, int)
#define SIGNAL(member)    .kind = KIND_SIGNAL, FIELD(member, int)
#define TEXT(member)      .kind = KIND_TEXT, FIELD(member, const char *)
#define NONEMPTY(member)  .kind = KIND_NONEMPTY, FIELD(member, const char *)
#define REGEX(member)     .kind = KIND_REGEX, FIELD(member, const char *)
#define OUTCOMES(member)  .kind = KIND_OUTCOMES, FIELD(member, struct covey_outcomes)
#define JOBS(member)      .kind = KIND_JOBS, FIELD(member, struct options_jobs)
#define JOBSERVER(member) .kind = KIND_JOBSERVER, FIELD(member, struct jobserver_options)
#define RATE(member)      .kind = KIND_RATE, FIELD(member, covey_nsec)
#define LOAD(member)      .kind = KIND_LOAD, FIELD(member, struct pacing_load)
#define MEMFREE(member)   .kind = KIND_MEMFREE, FIELD(member, uint64_t)
#define NICE(member)      .kind = KIND_NICE, FIELD(member, int)
#define SHARD(member)     .kind = KIND_SHARD, FIELD(member, struct shard)
#define LIMITS(member)    .kind = KIND_LIMITS, FIELD(member, struct rlimits)
#define HALT(member)      .kind = KIND_HALT, FIELD(member, struct halt)
#define CHOICE(member, type) .kind = KIND_CHOICE, ENUM_FIELD(member, type)
#define VALUE(member, type, n) .kind = KIND_VALUE, .value = (n), ENUM_FIELD(member, type)
#define SOURCE(member)    .kind = KIND_SOURCE, FIELD(member, struct options_sources)
#define HEADER(member)    .kind = KIND_HEADER, FIELD(member, bool)

static const struct option_row rows[] = {
	[OPT_NULL] = {
		.name = "null", .letters = "0", .group = GROUP_INPUT,
		BYTE(delimiter), .implied = "\\0",
		.help = "end each item with a NUL byte; an empty item counts",
	},
	[OPT_DELIMITER] = {
		.name = "delimiter", .letters = "d", .argument = "C", .group = GROUP_INPUT,
		BYTE(delimiter), .initial = "\\n", .shown = "newline",
		.help = "end each item with the byte C, or with an escape: \\t, \\0, \\033, \\x1f; "
		    "an empty item counts",
	},
	[OPT_ARG_FILE] = {
		.name = "arg-file", .letters = "a", .argument = "FILE", .group = GROUP_INPUT,
		SOURCE(sources), .shown = "standard input",
		.help = "read items from FILE; given again, combine each item of one file with "
		    "each item of the other",
	},
	[OPT_TASKS] = {
		.name = "tasks", .letters = "", .argument = "FILE", .group = GROUP_INPUT,
		NONEMPTY(tasks),
		.help = "run the tasks in FILE, one JSON object per line: command, name, env, cwd, "
		    "stdin, timeout, tries, retry_interval, tags",
	},
	[OPT_LINK] = {
		.name = "link", .letters = "", .group = GROUP_INPUT, FLAG(link),
		.help = "take the first items of all sources as one task, the second items as the "
		    "next task, and so on; shorter sources start again",
	},
	[OPT_COLSEP] = {
		.name = "colsep", .letters = "C", .argument = "REGEX", .group = GROUP_INPUT,
		NONEMPTY(colsep),
		.help = "split each line into items where the extended regular expression matches; "
		    "{1} is the first item, {2} the second",
	},
	[OPT_HEADER] = {
		.name = "header", .letters = "", .group = GROUP_INPUT, HEADER(header),
		.help = "take the names of the columns from the first line of each source; {name} "
		    "is then an item; tabs separate columns unless --colsep is given",
	},
	[OPT_MAX_ARGS] = {
		.name = "max-args", .letters = "nN", .argument = "N", .group = GROUP_INPUT,
		NUMBER(max_args), .min = 1, .max = 1000000, .initial = "1",
		.help = "give N items to each task, fewer to the last one; {} is all of them, {1} "
		    "the first",
	},
	[OPT_SHARD] = {
		.name = "shard", .letters = "", .argument = "I/N", .group = GROUP_INPUT,
		SHARD(shard), .shown = "all",
		.help = "run part I of N of the input; auto or auto/N: take the part from the "
		    "environment of a CI or batch system",
	},
	[OPT_SHARD_BY] = {
		.name = "shard-by", .letters = "", .argument = "hash|count", .group = GROUP_INPUT,
		CHOICE(shard_by, enum shard_by), .initial = "hash",
		.help = "hash: an item always goes to the same part; count: cut the input into "
		    "consecutive parts of equal size",
	},
	[OPT_EMPTY] = {
		.name = "empty", .letters = "", .argument = "ok|warn|fail", .group = GROUP_INPUT,
		CHOICE(empty, enum options_empty), .initial = "warn",
		.help = "without items nothing runs: say nothing about it, say so on stderr, or "
		    "say so and end with exit status 123",
	},
	[OPT_NO_RUN_IF_EMPTY] = {
		.name = "no-run-if-empty", .letters = "r", .group = GROUP_INPUT,
		FLAG(no_run_if_empty),
		.help = "the same as --empty ok; without items, nothing ever runs",
	},
	[OPT_REPLACE] = {
		.letters = "I", .argument = "R", .group = GROUP_TEMPLATE,
		NONEMPTY(replace), .shown = "{}",
		.help = "use R, not {}, as the placeholder for the item in COMMAND",
	},
	[OPT_SHELL] = {
		.name = "shell", .letters = "c", .argument = "SCRIPT", .group = GROUP_TEMPLATE,
		NONEMPTY(script),
		.help = "run SCRIPT with the shell for each item; {} in it is the item as one "
		    "word, never code",
	},
	[OPT_ONCE] = {
		.name = "once", .letters = "", .group = GROUP_TEMPLATE, FLAG(once),
		.help = "run COMMAND once, as it is: no items, no placeholders; its output appears "
		    "at once, and its exit status is covey's",
	},
	[OPT_XARGS] = {
		.name = "xargs", .letters = "", .group = GROUP_TEMPLATE, FLAG(xargs),
		.help = "behave as GNU xargs: the words that follow are xargs' command line, which "
		    "may also contain covey's long options",
	},
	[OPT_JOBS] = {
		.name = "jobs", .letters = "jP", .argument = "N", .group = GROUP_SCHEDULING,
		JOBS(jobs), .initial = "100%", .shown = "the usable CPUs",
		.help = "run N tasks at once, or N% of the usable CPUs; 0: as many as the limits "
		    "on descriptors and processes allow",
	},
	[OPT_JOBSERVER] = {
		.name = "jobserver", .letters = "", .argument = "N", .optional = true,
		.group = GROUP_SCHEDULING, JOBSERVER(jobserver), .shown = "the number of -j",
		.help = "share N jobs between the tasks and what they start, as make -j does; "
		    "'N,fifo' or 'fifo': through a FIFO instead of a pipe",
	},
	[OPT_ORDER] = {
		.name = "order", .letters = "", .argument = "input|longest",
		.group = GROUP_SCHEDULING, CHOICE(order, enum options_order), .initial = "input",
		.help = "longest: start the tasks first that took longest in earlier runs of the "
		    "journal, after tasks that are not in it",
	},
	[OPT_SHUF] = {
		.name = "shuf", .letters = "", .group = GROUP_SCHEDULING, FLAG(shuf),
		.help = "start tasks in a random order; all input is read first",
	},
	[OPT_SEED] = {
		.name = "seed", .letters = "", .argument = "N", .group = GROUP_SCHEDULING,
		NUMBER(seed), .min = 0, .max = 4294967295U, .shown = "random, and printed",
		.help = "with --shuf: use the random order of seed N",
	},
	[OPT_DELAY] = {
		.name = "delay", .letters = "", .argument = "D", .group = GROUP_SCHEDULING,
		DURATION(pace.delay), .initial = "0",
		.help = "wait D between two starts, including retries",
	},
	[OPT_RATE] = {
		.name = "rate", .letters = "", .argument = "N/s", .group = GROUP_SCHEDULING,
		RATE(pace.interval), .shown = "no limit",
		.help = "start at most N attempts per second, minute (N/m) or hour (N/h), evenly "
		    "spread",
	},
	[OPT_LOAD] = {
		.name = "load", .letters = "", .argument = "N", .group = GROUP_SCHEDULING,
		LOAD(pace.load), .shown = "no limit",
		.help = "start nothing while the load average is N or more; N%: a percentage of "
		    "the usable CPUs",
	},
	[OPT_MEMFREE] = {
		.name = "memfree", .letters = "", .argument = "SIZE", .group = GROUP_SCHEDULING,
		MEMFREE(pace.memfree), .initial = "0",
		.help = "start nothing while less than SIZE of memory is available",
	},
	[OPT_NICE] = {
		.name = "nice", .letters = "", .argument = "N", .group = GROUP_SCHEDULING,
		NICE(nice), .initial = "0",
		.help = "add N, from -20 to 19, to the niceness of the tasks",
	},
	[OPT_LIMIT] = {
		.name = "limit", .letters = "", .argument = "NAME=VALUE",
		.group = GROUP_SCHEDULING, LIMITS(limits), .shown = "covey's own",
		.help = "limit a resource of each process: as=2G, core=0, cpu=10m, fsize=1G, "
		    "nofile=1024, stack=unlimited, …; may be given again",
	},
	[OPT_TRIES] = {
		.name = "tries", .letters = "", .argument = "N", .group = GROUP_RETRIES,
		NUMBER(tries), .min = 1, .max = 1000000, .initial = "1",
		.help = "start a task up to N times until it succeeds",
	},
	[OPT_RETRIES] = {
		.name = "retries", .letters = "", .argument = "N", .group = GROUP_RETRIES,
		NUMBER(retries), .min = 0, .max = 999999,
		.help = "the same as --tries N+1",
	},
	[OPT_RETRY_INTERVAL] = {
		.name = "retry-interval", .letters = "", .argument = "D", .group = GROUP_RETRIES,
		DURATION(retry_interval), .initial = "1s", .for_retries = true,
		.help = "wait D between two attempts of a task, while other tasks run",
	},
	[OPT_BACKOFF] = {
		.name = "backoff", .letters = "", .argument = "F", .group = GROUP_RETRIES,
		FACTOR(backoff), .min = 1, .max = 1000, .initial = "1", .for_retries = true,
		.help = "multiply the interval by F after each retry",
	},
	[OPT_MAX_INTERVAL] = {
		.name = "max-interval", .letters = "", .argument = "D", .group = GROUP_RETRIES,
		DURATION(max_interval), .initial = "0", .shown = "no limit", .for_retries = true,
		.help = "do not let the interval exceed D; 0: no limit",
	},
	[OPT_JITTER] = {
		.name = "jitter", .letters = "", .argument = "P", .group = GROUP_RETRIES,
		SHARE(jitter), .initial = "0", .for_retries = true,
		.help = "shorten each interval by a random part, up to P: 0.2, 20%",
	},
	[OPT_RETRY_ON] = {
		.name = "retry-on", .letters = "", .argument = "LIST", .group = GROUP_RETRIES,
		OUTCOMES(retry_on), .shown = "exit except 126 and 127, signal, timeout",
		.for_retries = true,
		.help = "retry only the outcomes in LIST: exit, signal, timeout, spawn, any, exit "
		    "statuses (75, 1-99), signals (SIGSEGV)",
	},
	[OPT_NO_RETRY_ON] = {
		.name = "no-retry-on", .letters = "", .argument = "LIST", .group = GROUP_RETRIES,
		OUTCOMES(no_retry_on), .for_retries = true,
		.help = "do not retry the outcomes in LIST; takes precedence over --retry-on",
	},
	[OPT_RETRY_MATCH] = {
		.name = "retry-match", .letters = "", .argument = "REGEX", .group = GROUP_RETRIES,
		REGEX(retry_match), .for_retries = true,
		.help = "retry an attempt only if its stderr matches the extended regular "
		    "expression",
	},
	[OPT_TIMEOUT] = {
		.name = "timeout", .letters = "", .argument = "D", .group = GROUP_TIME,
		DURATION(timeout), .initial = "0", .shown = "none",
		.help = "stop an attempt, with every process it started, after D; 0: never",
	},
	[OPT_SLOW] = {
		.name = "slow", .letters = "", .argument = "D", .group = GROUP_TIME,
		DURATION(slow), .initial = "0", .shown = "none",
		.help = "report an attempt that has run for D, and let it run; 0: never",
	},
	[OPT_KILL_AFTER] = {
		.name = "kill-after", .letters = "", .argument = "D", .group = GROUP_TIME,
		DURATION(kill_after), .initial = "5s",
		.help = "send SIGKILL to processes that still run D after they were told to stop; "
		    "0: at once",
	},
	[OPT_SIGNAL] = {
		.name = "signal", .letters = "", .argument = "NAME", .group = GROUP_TIME,
		SIGNAL(stop_signal), .initial = "TERM",
		.help = "send the signal NAME to an attempt to stop it",
	},
	[OPT_DEADLINE] = {
		.name = "deadline", .letters = "", .argument = "D", .group = GROUP_TIME,
		DURATION(deadline), .initial = "0", .shown = "none",
		.help = "stop the whole run after D; 0: never",
	},
	[OPT_KEEP_LEFTOVERS] = {
		.name = "keep-leftovers", .letters = "", .group = GROUP_TIME, FLAG(keep_leftovers),
		.help = "do not kill the processes that a finished attempt left running",
	},
	[OPT_KEEP_ORDER] = {
		.name = "keep-order", .letters = "k", .group = GROUP_OUTPUT, FLAG(keep_order),
		.help = "print outputs in the order of the input",
	},
	[OPT_UNGROUP] = {
		.name = "ungroup", .letters = "u", .group = GROUP_OUTPUT, FLAG(ungroup),
		.help = "let tasks write directly to covey's stdout and stderr",
	},
	[OPT_LINE_BUFFER] = {
		.name = "line-buffer", .alias = "lb", .letters = "", .group = GROUP_OUTPUT,
		FLAG(line_buffer),
		.help = "print each line when it is complete, not each output as a whole (also "
		    "--lb)",
	},
	[OPT_TAG] = {
		.name = "tag", .letters = "", .group = GROUP_OUTPUT, FLAG(tag),
		.help = "begin each line of output with the item and a tab",
	},
	[OPT_TAGSTRING] = {
		.name = "tagstring", .letters = "", .argument = "T", .group = GROUP_OUTPUT,
		TEXT(tagstring),
		.help = "begin each line of output with T and a tab; {} in T is the item",
	},
	[OPT_MAX_OUTPUT] = {
		.name = "max-output", .letters = "", .argument = "SIZE", .group = GROUP_OUTPUT,
		SIZE(max_output), .initial = "0", .shown = "all",
		.help = "keep only the head and the tail of an output, SIZE bytes in all: 4096, "
		    "64K, 1M; 0: keep everything",
	},
	[OPT_RESULTS] = {
		.name = "results", .letters = "", .argument = "DIR", .group = GROUP_OUTPUT,
		NONEMPTY(results),
		.help = "save the complete output of each task as DIR/NUMBER/stdout and stderr, "
		    "and its outcome as meta.json",
	},
	[OPT_VERBOSE] = {
		.name = "verbose", .letters = "t", .group = GROUP_OUTPUT, FLAG(verbose),
		.help = "print each command to stderr before it runs",
	},
	[OPT_DRY_RUN] = {
		.name = "dry-run", .letters = "", .group = GROUP_OUTPUT, FLAG(dry_run),
		.help = "print the commands and run none of them",
	},
	[OPT_QUIET] = {
		.name = "quiet", .letters = "q", .group = GROUP_OUTPUT, FLAG(quiet),
		.help = "do not report failures; the exit status still does",
	},
	[OPT_HALT] = {
		.name = "halt", .letters = "", .argument = "WHEN", .group = GROUP_STOPPING,
		HALT(halt), .initial = "never",
		.help = "end the run early: 'now' or 'soon', then ',fail=', ',success=' or "
		    "',done=' and a number or percentage of tasks: now,fail=1 or soon,done=50%",
	},
	[OPT_FAIL_FAST] = {
		.name = "fail-fast", .letters = "", .group = GROUP_STOPPING,
		HALT(halt), .implied = "now,fail=1",
		.help = "the same as --halt now,fail=1",
	},
	[OPT_JOURNAL] = {
		.name = "journal", .letters = "", .argument = "FILE", .group = GROUP_RECOVERY,
		NONEMPTY(journal),
		.help = "record runs, tasks and attempts in FILE, an SQLite database that survives "
		    "crashes",
	},
	[OPT_JOURNAL_SYNC] = {
		.name = "journal-sync", .letters = "", .argument = "normal|full",
		.group = GROUP_RECOVERY,
		CHOICE(journal_sync, enum options_sync), .initial = "normal",
		.help = "full: keep every record even after a power failure",
	},
	[OPT_RESUME] = {
		.name = "resume", .letters = "", .group = GROUP_RECOVERY,
		VALUE(recovery, enum options_recovery, RECOVERY_RESUME),
		.help = "with the same command and input: run the tasks that the journal's last "
		    "run did not finish",
	},
	[OPT_RESUME_FAILED] = {
		.name = "resume-failed", .letters = "", .group = GROUP_RECOVERY,
		VALUE(recovery, enum options_recovery, RECOVERY_RESUME_FAILED),
		.help = "the same as --resume, and run the failed tasks again",
	},
	[OPT_RETRY_FAILED] = {
		.name = "retry-failed", .letters = "", .group = GROUP_RECOVERY,
		VALUE(recovery, enum options_recovery, RECOVERY_RETRY_FAILED),
		.help = "run the tasks that did not succeed in the journal's last run, as recorded "
		    "in the journal",
	},
	[OPT_JOBLOG] = {
		.name = "joblog", .letters = "", .argument = "FILE", .group = GROUP_RECOVERY,
		NONEMPTY(joblog),
		.help = "write a line for each task when it ends, in the columns of GNU parallel; "
		    "+FILE: append to FILE",
	},
	[OPT_PROGRESS] = {
		.name = "progress", .letters = "", .argument = "auto|bar|plain|none",
		.group = GROUP_WATCHING, CHOICE(progress, enum options_progress), .initial = "auto",
		.help = "show the progress of the run: as a bar, or as a plain line every 30 "
		    "seconds",
	},
	[OPT_HELP] = {
		.name = "help", .letters = "h", .group = GROUP_HELP, .kind = KIND_HELP,
		.help = "print this help and exit; -h: one screen of it",
	},
	[OPT_VERSION] = {
		.name = "version", .letters = "", .group = GROUP_HELP, .kind = KIND_VERSION,
		.help = "print the version and exit",
	},
};

static_assert(sizeof rows / sizeof rows[0] == OPT_COUNT, "one row for each option");

static const char *const group_titles[] = {
	[GROUP_INPUT] = "Input",
	[GROUP_TEMPLATE] = "Template",
	[GROUP_SCHEDULING] = "Scheduling",
	[GROUP_RETRIES] = "Retries",
	[GROUP_TIME] = "Time and processes",
	[GROUP_OUTPUT] = "Output",
	[GROUP_STOPPING] = "Stopping",
	[GROUP_RECOVERY] = "Recovery",
	[GROUP_WATCHING] = "Watching",
	[GROUP_HELP] = "Help",
};

static_assert(sizeof group_titles / sizeof group_titles[0] == GROUP_COUNT, "one title a group");

const struct option_row *options_table_row(enum option_id id)
{
	return &rows[id];
}

const char *options_table_group_title(enum option_group group)
{
	return group_titles[group];
}

const char *options_table_default(const struct option_row *row)
{
	return row->shown != NULL ? row->shown : row->initial;
}

enum option_id options_table_by_letter(char letter)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (letter != '\0' && strchr(rows[i].letters, letter) != NULL)
			return (enum option_id)i;
	return OPT_COUNT;
}

/* ---- long names ---- */

enum { LONGEST_NAME = 32 };

/*
 * The edit distance of two words: how many letters must be added, removed, changed, or swapped with
 * their neighbour. Both words are shorter than LONGEST_NAME.
 */
static unsigned distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned char d[LONGEST_NAME][LONGEST_NAME];

	for (size_t i = 0; i <= alen; i++)
		for (size_t j = 0; j <= blen; j++) {
			unsigned best = (unsigned)(i == 0 ? j : i);

			if (i > 0 && j > 0) {
				best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				if (d[i - 1][j] + 1u < best)
					best = d[i - 1][j] + 1u;
				if (d[i][j - 1] + 1u < best)
					best = d[i][j - 1] + 1u;
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
			    && d[i - 2][j - 2] + 1u < best)
				best = d[i - 2][j - 2] + 1u;
			d[i][j] = (unsigned char)best;
		}
	return d[alen][blen];
}

/* The long name nearest to the one that was written, or NULL where all are too different. */
static const char *nearest(const char *name, size_t len)
{
	const char *found = NULL;
	unsigned limit = len < 5 ? 1 : 2;

	if (len < 2 || len >= LONGEST_NAME)
		return NULL;
	for (int i = 0; i < OPT_COUNT; i++) {
		unsigned d;

		if (rows[i].name == NULL)
			continue;
		d = distance(name, len, rows[i].name, strlen(rows[i].name));
		if (d <= limit && (found == NULL || d < limit)) {
			found = rows[i].name;
			limit = d;
		}
	}
	return found;
}

static bool begins(const char *whole, const char *name, size_t len)
{
	return whole != NULL && len > 0 && strncmp(whole, name, len) == 0;
}

static bool equals(const char *whole, const char *name, size_t len)
{
	return begins(whole, name, len) && whole[len] == '\0';
}

static void report_unknown(const char *name, size_t len, struct error *err)
{
	const char *meant = nearest(name, len);
	int shown = len < 200 ? (int)len : 200;

	if (meant == NULL)
		error_set(err, "unknown option '--%.*s'; see 'covey --help'", shown, name);
	else
		error_set(err,
		    "unknown option '--%.*s' (did you mean '--%s'?); see 'covey --help'",
		    shown, name, meant);
}

static void report_ambiguous(const char *name, size_t len, struct error *err)
{
	const char *separator = ":";

	error_set(err, "option '--%.*s' is ambiguous", (int)len, name);
	for (int i = 0; i < OPT_COUNT; i++)
		if (begins(rows[i].name, name, len)) {
			error_set(err, "%s%s '--%s'", err->message, separator, rows[i].name);
			separator = ",";
		}
}

bool options_table_is_prefix(const char *name, size_t name_len)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (begins(rows[i].name, name, name_len) || begins(rows[i].alias, name, name_len))
			return true;
	return false;
}

enum option_id options_table_by_name(const char *name, size_t name_len, struct error *err)
{
	enum option_id found = OPT_COUNT;
	unsigned candidates = 0;

	for (int i = 0; i < OPT_COUNT; i++) {
		if (equals(rows[i].name, name, name_len) || equals(rows[i].alias, name, name_len))
			return (enum option_id)i;
		if (begins(rows[i].name, name, name_len) || begins(rows[i].alias, name, name_len)) {
			found = (enum option_id)i;
			candidates++;
		}
	}
	if (candidates == 1)
		return found;
	if (candidates == 0)
		report_unknown(name, name_len, err);
	else
		report_ambiguous(name, name_len, err);
	return OPT_COUNT;
}
