#include "cli/output/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shquote.h"
#include "base/units.h"
#include "cli/command/origin.h"
#include "cli/output/label.h"

enum { TAIL_BYTES = 2048, TAIL_LINES = 10 };
/* so many flaky tasks are named: where a network is bad, that may be any number */
enum { MOST_FLAKY = 10 };

struct summary {
	struct outq *q;
	struct summary_options options;
	/* texts about tasks, to be printed at the end */
	struct covey_output *failed, *flaky;
	uint64_t nsucceeded, nfailed, nstopped, nnot_started, nflaky, nleaky;
	uint64_t succeeded_before, failed_before;  /* in an earlier run, and left out */
	uint64_t recorded;               /* the task whose failure was written down last */
};

struct summary *summary_new(struct outq *q, const struct summary_options *options)
{
	struct summary *summary = calloc(1, sizeof *summary);

	if (summary == NULL)
		return NULL;
	summary->q = q;
	summary->options = *options;
	return summary;
}

void summary_free(struct summary *summary)
{
	if (summary == NULL)
		return;
	covey_output_free(summary->failed);
	covey_output_free(summary->flaky);
	free(summary);
}

/* ---- while it runs ---- */

/* "covey: task 3: gzip x: " and the rest. */
static void say(const struct summary *summary, const struct covey_task *task, const char *what)
{
	char command[LABEL_SIZE];

	if (summary->options.quiet)
		return;
	label_task(command, task);
	outq_printf(summary->q, STDERR_FILENO, "covey: task %llu: %s: %s\n",
	    (unsigned long long)origin_number(task), command, what);
}

static void describe(const struct summary *summary, char text[DESCRIBE_SIZE],
    const struct covey_event *event, enum covey_outcome outcome)
{
	struct describe about = *summary->options.about;

	about.timeout = event->task->timeout;
	describe_outcome(text, &about, outcome, event->attempt);
}

static void say_started(const struct summary *summary, const struct covey_event *event)
{
	char *line;
	size_t len;

	if (!summary->options.verbose)
		return;
	len = shquote_argv(NULL, 0, event->task->argv);
	line = malloc(len + 2);
	if (line == NULL)
		return;
	shquote_argv(line, len + 1, event->task->argv);
	line[len] = '\n';
	outq_text(summary->q, STDERR_FILENO, line, len + 1);
	free(line);
}

static void say_slow(const struct summary *summary, const struct covey_event *event)
{
	char after[UNITS_DURATION_SIZE], what[64];

	units_format_duration(summary->options.slow, after);
	snprintf(what, sizeof what, "still running after %s", after);
	say(summary, event->task, what);
}

static void say_retry(const struct summary *summary, const struct covey_event *event)
{
	char outcome[DESCRIBE_SIZE], wait[UNITS_DURATION_SIZE], what[DESCRIBE_SIZE + 128];
	/* less is shown as nothing */
	bool at_once = event->due - event->now < COVEY_MSEC;

	describe(summary, outcome, event, event->attempt->outcome);
	units_format_duration(event->due - event->now, wait);
	snprintf(what, sizeof what, "%s; attempt %u of %u %s%s", outcome,
	    event->attempt->number + 1, event->task->tries,
	    at_once ? "now" : "in ", at_once ? "" : wait);
	say(summary, event->task, what);
}

static void say_limited(const struct summary *summary, const struct covey_event *event)
{
	if (summary->options.quiet)
		return;
	outq_printf(summary->q, STDERR_FILENO,
	    "covey: cannot run more than %u at once now: %s; going on with fewer\n", event->workers,
	    strerror(event->sys_errno));
}

/* ---- what failed ---- */

static void keep(struct covey_output **texts, const char *text, size_t len)
{
	if (*texts == NULL)
		*texts = covey_output_new(1 << 16, NULL);
	/* without room for the details, the counts still tell the truth */
	if (*texts == NULL || covey_output_append(*texts, text, len) != 0)
		return;
}

static void note(struct summary *summary, const char *text, size_t len)
{
	keep(&summary->failed, text, len);
}

/* The beginning of the last lines, at most TAIL_LINES of them. */
static const char *last_lines(const char *text, size_t len)
{
	const char *at = text + len;
	int lines = 0;

	if (len > 0 && at[-1] == '\n')
		at--;
	while (at > text) {
		if (at[-1] == '\n' && ++lines == TAIL_LINES)
			break;
		at--;
	}
	return at;
}

static void note_line(struct summary *summary, const char *label, const char *text, size_t len)
{
	char plain[1024], line[1200];
	int n;

	shquote_plain_cut(plain, sizeof plain, text, len, SHQUOTE_LIMIT);
	n = snprintf(line, sizeof line, "    %s%s\n", label, plain);
	if (n > 0)
		note(summary, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void note_tail(struct summary *summary, const struct covey_output *err)
{
	char text[TAIL_BYTES];
	ssize_t n = covey_output_tail(err, text, sizeof text);
	const char *at, *end = text + (n > 0 ? n : 0);

	if (n <= 0)
		return;
	for (at = last_lines(text, (size_t)n); at < end; ) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline == NULL ? end : newline;

		note_line(summary, "| ", at, (size_t)(stop - at));
		at = stop + 1;
	}
}

/* In "task 1 stopped: CMD: SIGINT", who stopped it is enough. */
static void describe_end(const struct summary *summary, char text[DESCRIBE_SIZE],
    const struct covey_event *event)
{
	const char *stopped_by = summary->options.about->stopped_by;

	if (event->attempt->outcome == COVEY_CANCELLED && stopped_by != NULL)
		snprintf(text, DESCRIBE_SIZE, "%s", stopped_by);
	else
		describe(summary, text, event, event->attempt->outcome);
}

/* verb: "failed", or what it did instead. */
static void note_failure(struct summary *summary, const struct covey_event *event,
    const char *verb)
{
	const struct covey_attempt *attempt = event->attempt;
	char command[LABEL_SIZE], words[DESCRIBE_SIZE], took[UNITS_DURATION_SIZE], tries[64] = "";
	char line[LABEL_SIZE + DESCRIBE_SIZE + 200];
	int n;

	summary->recorded = event->task->id;
	label_task(command, event->task);
	describe_end(summary, words, event);
	units_format_duration(attempt->ended - attempt->started, took);
	if (event->task->attempts > 1 || event->task->tries > 1)
		snprintf(tries, sizeof tries, "try %u of %u, ", event->task->attempts,
		    event->task->tries);
	n = snprintf(line, sizeof line, "covey: task %llu %s: %s: %s (%s%s)\n",
	    (unsigned long long)origin_number(event->task), verb, command, words,
	    tries, took);
	if (n > 0)
		note(summary, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
	if (attempt->reason != NULL)
		note_line(summary, "reason: ", attempt->reason, strlen(attempt->reason));
	note_tail(summary, attempt->err);
}

static void note_flaky(struct summary *summary, const struct covey_task *task)
{
	char command[LABEL_SIZE], line[LABEL_SIZE + 200];
	int n;

	if (summary->nflaky++ >= MOST_FLAKY)
		return;
	label_task(command, task);
	n = snprintf(line, sizeof line,
	    "covey: task %llu is flaky: %s: succeeded at try %u of %u\n",
	    (unsigned long long)origin_number(task), command, task->attempts, task->tries);
	if (n > 0)
		keep(&summary->flaky, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void ended(struct summary *summary, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	if (attempt->leaky && !attempt->unkillable) {
		summary->nleaky++;
		say(summary, event->task, "left processes behind, which were killed");
	}
	if (attempt->unkillable)
		say(summary, event->task,
		    "left processes that cannot be killed; its slot stays empty");
	if (attempt->cut_off)
		say(summary, event->task,
		    "another process still holds its output open; closed");
	if (attempt->outcome != COVEY_SUCCESS && !attempt->retry)
		note_failure(summary, event,
		    attempt->outcome == COVEY_CANCELLED ? "stopped" : "failed");
}

static void finished(struct summary *summary, const struct covey_event *event)
{
	if (event->outcome == COVEY_SUCCESS) {
		summary->nsucceeded++;
		if (event->task->attempts > 1)
			note_flaky(summary, event->task);
	} else if (event->attempt == NULL) {
		summary->nnot_started++;
	} else if (event->outcome == COVEY_LOST && summary->recorded != event->task->id) {
		summary->nfailed++;
		note_failure(summary, event, "failed");
	} else if (summary->recorded != event->task->id) {
		summary->nstopped++;
		note_failure(summary, event, "is not tried again");
	} else if (event->outcome == COVEY_CANCELLED) {
		summary->nstopped++;
	} else {
		summary->nfailed++;
	}
}

static void on_event(void *self, const struct covey_event *event)
{
	struct summary *summary = self;

	switch (event->type) {
	case COVEY_STARTED:
		say_started(summary, event);
		break;
	case COVEY_SLOW:
		say_slow(summary, event);
		break;
	case COVEY_ENDED:
		ended(summary, event);
		break;
	case COVEY_DELAYED:
		say_retry(summary, event);
		break;
	case COVEY_FINISHED:
		finished(summary, event);
		break;
	case COVEY_LIMITED:
		say_limited(summary, event);
		break;
	case COVEY_QUEUED:
	case COVEY_EXPIRED:
		break;
	}
}

struct sink summary_sink(struct summary *summary)
{
	unsigned wants = SINK_WANTS(COVEY_SLOW) | SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_DELAYED)
	    | SINK_WANTS(COVEY_FINISHED) | SINK_WANTS(COVEY_LIMITED);

	if (summary->options.verbose)
		wants |= SINK_WANTS(COVEY_STARTED);
	return (struct sink) { .stage = SINK_WATCH, .wants = wants, .event = on_event, .self = summary };
}

/* ---- at the end ---- */

/* A number with the text around it, or nothing where it is 0. */
static void format_count(char text[64], const char *before, uint64_t n, const char *after)
{
	text[0] = '\0';
	if (n > 0)
		snprintf(text, 64, "%s%llu%s", before, (unsigned long long)n, after);
}

/* Why the run is not complete: who ended it, or else that it ended before its input did. */
static void describe_rest(const struct summary *summary, char text[DESCRIBE_SIZE], bool rest)
{
	const char *stopped_by = summary->options.about->stopped_by;

	text[0] = '\0';
	if (stopped_by != NULL && (rest || summary->nstopped + summary->nnot_started > 0))
		snprintf(text, DESCRIBE_SIZE, "; ended by %s", stopped_by);
	else if (rest)
		snprintf(text, DESCRIBE_SIZE, "; the input was not read to its end");
}

static void say_counts(const struct summary *summary, bool rest)
{
	uint64_t total = summary->nsucceeded + summary->nfailed + summary->nstopped
	    + summary->nnot_started;
	char flaky[64], stopped[64], not_started[64], leaky[64], why[DESCRIBE_SIZE];

	format_count(flaky, " (", summary->nflaky, " flaky)");
	format_count(stopped, ", ", summary->nstopped, " stopped");
	format_count(not_started, ", ", summary->nnot_started, " not started");
	format_count(leaky, "; ", summary->nleaky, " left processes behind");
	describe_rest(summary, why, rest);
	outq_printf(summary->q, STDERR_FILENO,
	    "covey: %llu task%s: %llu succeeded%s, %llu failed%s%s%s%s\n", (unsigned long long)total,
	    total == 1 ? "" : "s", (unsigned long long)summary->nsucceeded, flaky,
	    (unsigned long long)summary->nfailed, stopped, not_started, leaky, why);
}

static void say_flaky(struct summary *summary)
{
	outq_output(summary->q, STDERR_FILENO, summary->flaky);
	summary->flaky = NULL;
	if (summary->nflaky > MOST_FLAKY)
		outq_printf(summary->q, STDERR_FILENO, "covey: %llu more task%s flaky\n",
		    (unsigned long long)summary->nflaky - MOST_FLAKY,
		    summary->nflaky - MOST_FLAKY == 1 ? " is" : "s are");
}

static void say_skipped(const struct summary *summary)
{
	uint64_t total = summary->succeeded_before + summary->failed_before;

	if (total == 0)
		return;
	outq_printf(summary->q, STDERR_FILENO,
	    "covey: %llu task%s left out: %llu succeeded before, %llu failed before\n",
	    (unsigned long long)total, total == 1 ? "" : "s",
	    (unsigned long long)summary->succeeded_before,
	    (unsigned long long)summary->failed_before);
}

void summary_lost(struct summary *summary)
{
	summary->nsucceeded--;
	summary->nfailed++;
}

void summary_skipped(struct summary *summary, uint64_t succeeded, uint64_t failed)
{
	summary->succeeded_before = succeeded;
	summary->failed_before = failed;
}

void summary_end(struct summary *summary, bool rest)
{
	bool all_well = summary->nfailed + summary->nstopped + summary->nnot_started == 0
	    && summary->nflaky == 0 && summary->nleaky == 0 && !rest;

	if (summary->options.quiet)
		return;
	say_skipped(summary);
	if (all_well && !summary->options.watched)
		return;
	outq_output(summary->q, STDERR_FILENO, summary->failed);
	summary->failed = NULL;
	say_flaky(summary);
	say_counts(summary, rest);
}
