/* Each test runs in a process of its own, in which standard error is a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/output/summary.h"
#include "own_process.h"
#include "shown.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the scene ---- */

struct scene {
	int file;                      /* standard error */
	size_t seen;                   /* how much of it has been looked at */
	struct trouble trouble;
	struct outq *q;
	struct describe about;
	struct summary *summary;
	struct sink sink;
};

static int open_scene(struct scene *s, struct summary_options options)
{
	memset(s, 0, sizeof *s);
	s->file = memfd_create("stderr", MFD_CLOEXEC);
	NEEDS(s->file >= 0 && dup2(s->file, STDERR_FILENO) == STDERR_FILENO);
	s->q = outq_new(&s->trouble);
	NEEDS(s->q != NULL);
	options.about = &s->about;
	s->summary = summary_new(s->q, &options);
	NEEDS(s->summary != NULL);
	s->sink = summary_sink(s->summary);
	return 0;
}

static int close_scene(struct scene *s)
{
	summary_free(s->summary);
	outq_free(s->q);
	close(s->file);
	return 0;
}

/* Has exactly that been printed since the last time? */
static bool says(struct scene *s, const char *text)
{
	char got[8192];
	ssize_t n = pread(s->file, got, sizeof got - 1, (off_t)s->seen);

	got[n > 0 ? n : 0] = '\0';
	s->seen += n > 0 ? (size_t)n : 0;
	return strcmp(got, text) == 0;
}

/* A task, and its present attempt. */
struct job {
	const char *argv[3];
	struct covey_task task;
	struct covey_attempt attempt;
};

static void init_job(struct job *job, uint64_t id, unsigned tries)
{
	*job = (struct job){ .argv = { "gzip", "x", NULL } };
	job->task = (struct covey_task){ .id = id, .argv = job->argv, .tries = tries };
	job->attempt = (struct covey_attempt){ .number = 1, .pid = 1 };
}

static void tell(const struct scene *s, struct covey_event event)
{
	struct sinks sinks = { .n = 0 };

	sinks_add(&sinks, &s->sink);
	sinks_event(&sinks, &event);
}

static void end(const struct scene *s, struct job *job, enum covey_outcome outcome, bool retry)
{
	job->task.attempts = job->attempt.number;
	job->attempt.outcome = outcome;
	job->attempt.status = outcome == COVEY_EXIT ? 3 : 0;
	job->attempt.retry = retry;
	tell(s, (struct covey_event){
		.type = COVEY_ENDED, .task = &job->task, .attempt = &job->attempt,
	});
	if (retry)
		job->attempt.number++;
	else
		tell(s, (struct covey_event){
			.type = COVEY_FINISHED, .task = &job->task, .attempt = &job->attempt,
			.outcome = outcome,
		});
}

static void run_job(const struct scene *s, uint64_t id, enum covey_outcome outcome)
{
	struct job job;

	init_job(&job, id, 1);
	end(s, &job, outcome, false);
}

/* ---- at the end ---- */

/* Silence where all went well, unless somebody watches, the input has a rest, or not even then. */
static int success_body(int arg)
{
	static const struct {
		struct summary_options options;
		bool rest;
		const char *text;
	} cases[] = {
		{ { .quiet = false }, false, "" },
		{ { .watched = true }, false, "covey: 1 task: 1 succeeded, 0 failed\n" },
		{ { .quiet = false }, true,
		    "covey: 1 task: 1 succeeded, 0 failed; the input was not read to its end\n" },
		{ { .quiet = true, .watched = true }, true, "" },
	};
	struct scene s;

	(void)arg;
	for (size_t i = 0; i < COUNT(cases); i++) {
		PASSES(open_scene(&s, cases[i].options));
		run_job(&s, 1, COVEY_SUCCESS);
		summary_end(s.summary, cases[i].rest);
		NEEDS(says(&s, cases[i].text));
		PASSES(close_scene(&s));
	}
	return 0;
}

static void successes_are_silent(void **state)
{
	(void)state;
	run(success_body, 0);
}

static int failure_body(int quiet)
{
	struct scene s;
	struct job job;

	PASSES(open_scene(&s, (struct summary_options){ .quiet = quiet != 0 }));
	init_job(&job, 7, 2);
	job.attempt.ended = COVEY_SEC;
	end(&s, &job, COVEY_EXIT, true);
	job.attempt.reason = "no\nspace";
	job.attempt.err = covey_output_new(1000, NULL);
	NEEDS(job.attempt.err != NULL);
	NEEDS(covey_output_append(job.attempt.err, "a\nb", 3) == 0);
	end(&s, &job, COVEY_EXIT, false);
	run_job(&s, 8, COVEY_SUCCESS);
	NEEDS(says(&s, ""));
	summary_end(s.summary, false);
	NEEDS(says(&s, quiet ? "" :
	    "covey: task 7 failed: gzip x: exit 3 (try 2 of 2, 1s)\n"
	    "    reason: no\\nspace\n    | a\n    | b\n"
	    "covey: 2 tasks: 1 succeeded, 1 failed\n"));
	covey_output_free(job.attempt.err);
	return close_scene(&s);
}

static void failures_are_named_once(void **state)
{
	(void)state;
	run(failure_body, false);
	run(failure_body, true);
}

/* Of a long standard error the last ten lines, at most. */
static int tail_body(int arg)
{
	char expected[1024] = "covey: task 1 failed: gzip x: exit 3 (0s)\n";
	struct scene s;
	struct job job;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .quiet = false }));
	init_job(&job, 1, 1);
	job.attempt.err = covey_output_new(1000, NULL);
	NEEDS(job.attempt.err != NULL);
	for (int i = 1; i <= 25; i++) {
		char line[32];

		snprintf(line, sizeof line, "line %d\n", i);
		NEEDS(covey_output_append(job.attempt.err, line, strlen(line)) == 0);
		if (i > 15)
			snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
			    "    | %s", line);
	}
	end(&s, &job, COVEY_EXIT, false);
	summary_end(s.summary, false);
	snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
	    "covey: 1 task: 0 succeeded, 1 failed\n");
	NEEDS(says(&s, expected));
	covey_output_free(job.attempt.err);
	return close_scene(&s);
}

static void tails_are_short(void **state)
{
	(void)state;
	run(tail_body, 0);
}

/* A task that waits for its next attempt when the run stops has not failed: it is not tried again. */
static int between_body(int arg)
{
	struct scene s;
	struct job job;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .quiet = false }));
	init_job(&job, 1, 3);
	end(&s, &job, COVEY_EXIT, true);
	tell(&s, (struct covey_event){
		.type = COVEY_FINISHED, .task = &job.task, .attempt = &job.attempt,
		.outcome = COVEY_EXIT,
	});
	/* and one that was never started is only counted */
	init_job(&job, 2, 1);
	tell(&s, (struct covey_event){
		.type = COVEY_FINISHED, .task = &job.task, .outcome = COVEY_CANCELLED,
	});
	summary_end(s.summary, false);
	NEEDS(says(&s, "covey: task 1 is not tried again: gzip x: exit 3 (try 1 of 3, 0s)\n"
	    "covey: 2 tasks: 0 succeeded, 0 failed, 1 stopped, 1 not started\n"));
	return close_scene(&s);
}

static void tasks_that_end_between_attempts(void **state)
{
	(void)state;
	run(between_body, 0);
}

/* The first ten are named, and all are counted. */
static int flaky_body(int arg)
{
	char expected[4096] = "";
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .quiet = false }));
	for (uint64_t id = 1; id <= 12; id++) {
		struct job job;

		init_job(&job, id, 3);
		end(&s, &job, COVEY_EXIT, true);
		end(&s, &job, COVEY_SUCCESS, false);
		if (id <= 10)
			snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
			    "covey: task %d is flaky: gzip x: succeeded at try 2 of 3\n", (int)id);
	}
	snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
	    "covey: 2 more tasks are flaky\ncovey: 12 tasks: 12 succeeded (12 flaky), 0 failed\n");
	summary_end(s.summary, false);
	NEEDS(says(&s, expected));
	return close_scene(&s);
}

static void flaky_tasks_are_named(void **state)
{
	(void)state;
	run(flaky_body, 0);
}

static int skipped_body(int arg)
{
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .quiet = false }));
	summary_skipped(s.summary, 3, 1);
	summary_end(s.summary, false);
	NEEDS(says(&s, "covey: 4 tasks left out: 3 succeeded before, 1 failed before\n"));
	return close_scene(&s);
}

static void what_is_left_out_is_counted(void **state)
{
	(void)state;
	run(skipped_body, 0);
}

/* ---- while it runs ---- */

static int leftovers_body(int arg)
{
	struct scene s;
	struct job job;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .quiet = false }));
	init_job(&job, 1, 1);
	job.attempt.leaky = true;
	end(&s, &job, COVEY_SUCCESS, false);
	NEEDS(says(&s, "covey: task 1: gzip x: left processes behind, which were killed\n"));
	/* what cannot be killed has not been */
	init_job(&job, 2, 1);
	job.attempt.leaky = job.attempt.unkillable = true;
	end(&s, &job, COVEY_SUCCESS, false);
	NEEDS(says(&s, "covey: task 2: gzip x: left processes that cannot be killed; its slot stays "
	    "empty\n"));
	init_job(&job, 3, 1);
	job.attempt.cut_off = true;
	end(&s, &job, COVEY_SUCCESS, false);
	NEEDS(says(&s, "covey: task 3: gzip x: another process still holds its output open; closed\n"));
	summary_end(s.summary, false);
	NEEDS(says(&s, "covey: 3 tasks: 3 succeeded, 0 failed; 1 left processes behind\n"));
	return close_scene(&s);
}

static void leftovers_are_named(void **state)
{
	(void)state;
	run(leftovers_body, 0);
}

static int retry_body(int arg)
{
	struct scene s;
	struct job job;

	(void)arg;
	PASSES(open_scene(&s, (struct summary_options){ .slow = 5 * COVEY_SEC }));
	init_job(&job, 1, 3);
	end(&s, &job, COVEY_EXIT, true);
	job.attempt.number = 1;
	tell(&s, (struct covey_event){
		.type = COVEY_DELAYED, .task = &job.task, .attempt = &job.attempt,
		.now = COVEY_SEC, .due = 3 * COVEY_SEC,
	});
	NEEDS(says(&s, "covey: task 1: gzip x: exit 3; attempt 2 of 3 in 2s\n"));
	tell(&s, (struct covey_event){
		.type = COVEY_DELAYED, .task = &job.task, .attempt = &job.attempt,
		.now = COVEY_SEC, .due = COVEY_SEC,
	});
	NEEDS(says(&s, "covey: task 1: gzip x: exit 3; attempt 2 of 3 now\n"));
	tell(&s, (struct covey_event){
		.type = COVEY_SLOW, .task = &job.task, .attempt = &job.attempt,
	});
	NEEDS(says(&s, "covey: task 1: gzip x: still running after 5s\n"));
	tell(&s, (struct covey_event){ .type = COVEY_LIMITED, .workers = 4, .sys_errno = EAGAIN });
	NEEDS(says(&s, "covey: cannot run more than 4 at once now: Resource temporarily unavailable; "
	    "going on with fewer\n"));
	return close_scene(&s);
}

static void retries_and_slowness_are_said(void **state)
{
	(void)state;
	run(retry_body, 0);
}

/* A command is said before it runs only on request, and then nobody is called without it. */
static int verbose_body(int verbose)
{
	struct scene s;
	struct job job;

	PASSES(open_scene(&s, (struct summary_options){ .verbose = verbose != 0 }));
	NEEDS(((s.sink.wants & SINK_WANTS(COVEY_STARTED)) != 0) == (verbose != 0));
	NEEDS(s.sink.stage == SINK_WATCH);
	init_job(&job, 1, 1);
	job.argv[1] = "a b";
	tell(&s, (struct covey_event){
		.type = COVEY_STARTED, .task = &job.task, .attempt = &job.attempt,
	});
	NEEDS(says(&s, verbose ? "gzip 'a b'\n" : ""));
	return close_scene(&s);
}

static void commands_are_shown_on_request(void **state)
{
	(void)state;
	run(verbose_body, false);
	run(verbose_body, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(successes_are_silent),
		cmocka_unit_test(failures_are_named_once),
		cmocka_unit_test(tails_are_short),
		cmocka_unit_test(tasks_that_end_between_attempts),
		cmocka_unit_test(flaky_tasks_are_named),
		cmocka_unit_test(what_is_left_out_is_counted),
		cmocka_unit_test(leftovers_are_named),
		cmocka_unit_test(retries_and_slowness_are_said),
		cmocka_unit_test(commands_are_shown_on_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
