#include "cli/output/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/shquote.h"
#include "base/units.h"
#include "cli/command/origin.h"
#include "cli/output/label.h"

#define BAR_PAUSE (100 * COVEY_MSEC)
/* a run that is over by then needs no bar */
#define BAR_FIRST (500 * COVEY_MSEC)
#define PLAIN_PAUSE (30 * COVEY_SEC)

enum { LINE_SIZE = 512, SHORT_COMMAND = 40 };

struct progress {
	struct outq *q;
	enum options_progress how;
	struct covey *ex;
	covey_nsec started, next;    /* on the executor's clock; 0: not yet */
	char line[LINE_SIZE];        /* what is on the terminal now; "": nothing */
};

static void around_writes(void *arg, bool before);

struct progress *progress_new(struct outq *q, enum options_progress how)
{
	struct progress *progress = calloc(1, sizeof *progress);

	if (progress == NULL)
		return NULL;
	progress->q = q;
	progress->how = how;
	if (how == PROGRESS_AUTO)
		progress->how = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_NONE;
	if (progress->how == PROGRESS_BAR)
		outq_set_hook(q, around_writes, progress);
	return progress;
}

void progress_free(struct progress *progress)
{
	free(progress);
}

bool progress_shows(const struct progress *progress)
{
	return progress->how == PROGRESS_BAR || progress->how == PROGRESS_PLAIN;
}

/* ---- what to say ---- */

struct oldest {
	const struct covey_task *task;
	covey_nsec started;
};

static void find_oldest(const struct covey_task *task, const struct covey_attempt *attempt,
    void *user)
{
	struct oldest *oldest = user;

	if (oldest->task == NULL || attempt->started < oldest->started) {
		oldest->task = task;
		oldest->started = attempt->started;
	}
}

static size_t put_oldest(char *line, size_t size, struct covey *ex)
{
	struct oldest oldest = { .task = NULL };
	char command[LABEL_SIZE], age[UNITS_DURATION_SIZE];
	int n;

	covey_each_running(ex, find_oldest, &oldest);
	if (oldest.task == NULL)
		return 0;
	label_short(command, oldest.task, SHORT_COMMAND);
	units_format_duration(covey_now(ex) - oldest.started, age);
	n = snprintf(line, size, "; oldest %s %s", command, age);
	return n < 0 ? 0 : (size_t)n;
}

/* How long the rest will take if it goes on as until now; only once the input has ended. */
static size_t put_eta(char *line, size_t size, const struct progress *progress,
    const struct covey_counts *counts)
{
	uint64_t done = counts->succeeded + counts->failed;
	covey_nsec elapsed = covey_now(progress->ex) - progress->started;
	char eta[UNITS_DURATION_SIZE];
	int n;

	if (done == 0 || counts->submitted == done || !covey_input_ended(progress->ex))
		return 0;
	units_format_duration((covey_nsec)((double)elapsed / (double)done
	    * (double)(counts->submitted - done)), eta);
	n = snprintf(line, size, ", ETA %s", eta);
	return n < 0 ? 0 : (size_t)n;
}

static void compose(struct progress *progress, char line[LINE_SIZE])
{
	struct covey_counts counts;
	char total[32] = "";
	size_t len;
	int n;

	covey_count(progress->ex, &counts, sizeof counts);
	if (covey_input_ended(progress->ex))
		snprintf(total, sizeof total, "/%llu", (unsigned long long)counts.submitted);
	n = snprintf(line, LINE_SIZE,
	    "covey: %llu%s done, %llu running, %llu failed, %llu retrying",
	    (unsigned long long)(counts.succeeded + counts.failed), total,
	    (unsigned long long)counts.running, (unsigned long long)counts.failed,
	    (unsigned long long)counts.delayed);
	len = n < 0 ? 0 : (size_t)n;
	len += put_eta(line + len, LINE_SIZE - len, progress, &counts);
	put_oldest(line + len, LINE_SIZE - len, progress->ex);
}

/* ---- the bar ---- */

static unsigned columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

/* Around the queue: the bar is no part of what it keeps in order. */
static void put_raw(struct progress *progress, const char *text)
{
	outq_try(progress->q, STDERR_FILENO, text, strlen(text));
}

static void erase(struct progress *progress)
{
	if (progress->line[0] != '\0')
		put_raw(progress, "\r\033[K");
}

static void draw(struct progress *progress)
{
	char shown[LINE_SIZE * 4];

	if (progress->line[0] == '\0')
		return;
	shquote_plain_cut(shown, sizeof shown, progress->line, strlen(progress->line),
	    columns() - 1);
	put_raw(progress, shown);
}

static void around_writes(void *arg, bool before)
{
	struct progress *progress = arg;

	/* a terminal that has stopped taking output would stop us, too */
	if (before)
		erase(progress);
	else if (outq_empty(progress->q))
		draw(progress);
	else
		progress->line[0] = '\0';
}

static void tick_bar(struct progress *progress)
{
	if (!outq_empty(progress->q))
		return;
	erase(progress);
	compose(progress, progress->line);
	draw(progress);
}

static void tick_plain(struct progress *progress)
{
	char line[LINE_SIZE];

	compose(progress, line);
	outq_printf(progress->q, STDERR_FILENO, "%s\n", line);
}

/* ---- the calls ---- */

covey_nsec progress_tick(struct progress *progress, struct covey *ex)
{
	covey_nsec pause = progress->how == PROGRESS_BAR ? BAR_PAUSE : PLAIN_PAUSE;
	covey_nsec now;

	if (!progress_shows(progress))
		return -1;
	now = covey_now(ex);
	if (progress->ex == NULL) {
		progress->ex = ex;
		progress->started = now;
		progress->next = now + (progress->how == PROGRESS_BAR ? BAR_FIRST : PLAIN_PAUSE);
	}
	if (now >= progress->next) {
		if (progress->how == PROGRESS_BAR)
			tick_bar(progress);
		else
			tick_plain(progress);
		progress->next = now + pause;
	}
	return progress->next - now;
}

void progress_end(struct progress *progress)
{
	erase(progress);
	progress->line[0] = '\0';
	outq_set_hook(progress->q, NULL, NULL);
}

struct listing {
	struct outq *q;
	covey_nsec now;
};

static void list_one(const struct covey_task *task, const struct covey_attempt *attempt, void *user)
{
	const struct listing *listing = user;
	char command[LABEL_SIZE], age[UNITS_DURATION_SIZE];

	label_task(command, task);
	units_format_duration(listing->now - attempt->started, age);
	outq_printf(listing->q, STDERR_FILENO, "covey: task %llu: %s: running for %s, attempt %u\n",
	    (unsigned long long)origin_number(task), command, age, attempt->number);
}

void progress_list(struct outq *q, struct covey *ex)
{
	struct listing listing = { .q = q, .now = covey_now(ex) };

	covey_each_running(ex, list_one, &listing);
}
