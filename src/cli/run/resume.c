#include "cli/run/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shquote.h"
#include "base/units.h"
#include "base/wallclock.h"
#include "cli/xargs/xargs_options.h"

/* ---- what tasks are made by ---- */

/* A stream remembers that it failed, which resume_template asks for at the end. */
static void add_word(FILE *t, const char *word)
{
	(void)fwrite(word, 1, strlen(word) + 1, t);
}

static void add_words(FILE *t, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_word(t, words[i]);
}

static void add_option(FILE *t, const char *option, const char *argument)
{
	if (argument == NULL)
		return;
	add_word(t, option);
	add_word(t, argument);
}

static void add_xargs(FILE *t, const struct xargs_options *x)
{
	add_word(t, "--xargs");
	add_option(t, "-I", x->replace);
	add_words(t, x->command, x->ncommand);
}

int resume_template(struct resume *r)
{
	const struct options *o = r->options;
	FILE *t = open_memstream(&r->template, &r->template_len);
	bool failed;

	if (t == NULL)
		return -1;
	if (o->xargs_line != NULL)
		add_xargs(t, o->xargs_line);
	if (o->tasks != NULL)
		add_word(t, "--tasks");
	if (o->once)
		add_word(t, "--once");
	add_option(t, "-c", o->script);
	add_words(t, o->command, o->ncommand);
	add_option(t, "-I", o->replace);
	/* so that there is an address even where there is nothing */
	add_word(t, "");
	failed = ferror(t) != 0;
	return fclose(t) != 0 || failed ? -1 : 0;
}

/* ---- which run ---- */

static void describe_end(const struct past_run *run, char text[64])
{
	if (!run->ended)
		snprintf(text, 64, "killed");
	else if (run->signal != 0)
		snprintf(text, 64, "stopped by %s", units_signal_name(run->signal));
	else
		snprintf(text, 64, "exit %d", run->status);
}

/* Where it was, if not here: the same command may have meant other files there. */
static void describe_place(const struct past_run *run, char *text, size_t size)
{
	char *here = getcwd(NULL, 0), place[SHQUOTE_LIMIT * 4];

	text[0] = '\0';
	if (here != NULL && run->cwd[0] != '\0' && strcmp(here, run->cwd) != 0) {
		shquote_word_cut(place, sizeof place, run->cwd, SHQUOTE_LIMIT);
		snprintf(text, size, ", in %s", place);
	}
	free(here);
}

static int introduce(struct resume *r, const struct past_run *run, struct error *err)
{
	enum options_recovery how = r->options->recovery;
	const char *left_out = " and are left out", *again = " and are run again";
	uint64_t counts[PAST_NSTATES];
	char started[WALLCLOCK_TEXT_SIZE], end[64], place[SHQUOTE_LIMIT * 4 + 8];

	if (past_count(r->past, counts, err) != 0)
		return -1;
	wallclock_format(run->started, started);
	describe_end(run, end);
	describe_place(run, place, sizeof place);
	if (asprintf(&r->introduction, "%s run %lld (%s, %s%s): %llu succeeded%s, %llu failed%s%s, "
	    "%llu did not finish%s", how == RECOVERY_RETRY_FAILED ? "retrying" : "resuming",
	    (long long)run->id, started, end, place, (unsigned long long)counts[PAST_SUCCEEDED],
	    counts[PAST_SUCCEEDED] == 0 ? "" : left_out, (unsigned long long)counts[PAST_FAILED],
	    counts[PAST_FAILED] == 0 ? "" : how == RECOVERY_RESUME ? left_out : again,
	    counts[PAST_FAILED] > 0 && how == RECOVERY_RESUME ? " (see --resume-failed)" : "",
	    (unsigned long long)counts[PAST_UNFINISHED],
	    how == RECOVERY_RETRY_FAILED && !run->input_read
	    ? "; what it had not read of its input is not in the journal (see --resume-failed)" : "") >= 0)
		return 0;
	r->introduction = NULL;
	return error_set(err, "out of memory");
}

static int continue_run(struct resume *r, const struct past_run *run, struct error *err)
{
	r->series = run->series;
	r->past = past_open(r->db, run->series, INT64_MAX, err);
	return r->past == NULL ? -1 : introduce(r, run, err);
}

/* There are runs, but none of this command. */
static int refuse(const struct resume *r, const struct past_run *run, struct error *err)
{
	char started[WALLCLOCK_TEXT_SIZE], command[SHQUOTE_LIMIT * 4];

	wallclock_format(run->started, started);
	/* the line is quoted already */
	snprintf(command, sizeof command, "%.180s%s", run->command,
	    strlen(run->command) > 180 ? "…" : "");
	return error_set(err, "there is nothing to resume in the journal '%s': it has no run of "
	    "this command; its last, run %lld of %s, was '%s'; leave out '--resume' to begin "
	    "a new run", r->options->journal, (long long)run->id, started, command);
}

static int no_run(struct resume *r, struct error *err)
{
	if (r->options->recovery == RECOVERY_RETRY_FAILED)
		return error_set(err,
		    "there is nothing to retry in the journal '%s': it has no run",
		    r->options->journal);
	if (asprintf(&r->introduction, "there is nothing to resume: the journal '%s' has no run yet",
	    r->options->journal) >= 0)
		return 0;
	r->introduction = NULL;
	return error_set(err, "out of memory");
}

int resume_find(struct resume *r, struct error *err)
{
	struct past_run run = { .id = 0 };
	int found = 0, result = 0;

	if (r->options->recovery != RECOVERY_RETRY_FAILED) {
		found = past_find(r->db, r->template, r->template_len, &run, err);
		if (found > 0)
			result = continue_run(r, &run, err);
	}
	if (found == 0) {
		found = past_find(r->db, NULL, 0, &run, err);
		if (found > 0)
			result = r->options->recovery == RECOVERY_RETRY_FAILED
			    ? continue_run(r, &run, err) : refuse(r, &run, err);
		else if (found == 0)
			result = no_run(r, err);
	}
	past_run_release(&run);
	return found < 0 ? -1 : result;
}

void resume_release(struct resume *r)
{
	free(r->template);
	past_close(r->past);
	free(r->introduction);
	*r = (struct resume){ .past = NULL };
}
