/*
 * Each test runs in a process of its own, in which descriptors 1 and 2 are files: what the queue
 * is given is in them at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/keep_order.h"
#include "output.h"
#include "own_process.h"
#include "shown.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the scene ---- */

struct scene {
	int files[2];         /* stdout and stderr */
	struct trouble trouble;
	struct outq *q;
	struct keep_order *order;
};

static int open_scene(struct scene *s, bool keep)
{
	memset(s, 0, sizeof *s);
	for (int i = 0; i < 2; i++) {
		s->files[i] = memfd_create("output", MFD_CLOEXEC);
		NEEDS(s->files[i] >= 0 && dup2(s->files[i], i + 1) == i + 1);
	}
	s->q = outq_new(&s->trouble);
	NEEDS(s->q != NULL);
	s->order = keep_order_new(s->q, keep, &s->trouble);
	NEEDS(s->order != NULL);
	return 0;
}

static int close_scene(struct scene *s)
{
	NEEDS(outq_empty(s->q));
	NEEDS(trouble_errno(&s->trouble, TROUBLE_READER) == 0);
	keep_order_free(s->order);
	outq_free(s->q);
	return 0;
}

static struct covey_output *output_of(const char *bytes, size_t len)
{
	struct covey_output *output = covey_output_new(50000, NULL);

	if (output != NULL && covey_output_append(output, bytes, len) == 0)
		return output;
	covey_output_free(output);
	return NULL;
}

static int put(struct scene *s, uint64_t task, int fd, const char *text)
{
	struct covey_output *output = output_of(text, strlen(text));

	NEEDS(output != NULL);
	keep_order_put(s->order, task, fd, output);
	return 0;
}

/* ---- by hand ---- */

static int as_they_come_body(int arg)
{
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, false));
	for (uint64_t task = 1; task < 100; task++)
		NEEDS(keep_order_is_current(s.order, task));
	PASSES(put(&s, 3, 1, "three "));
	PASSES(put(&s, 1, 1, "one "));
	NEEDS(shows(s.files[0], "three one "));
	PASSES(put(&s, 3, 2, "error "));
	keep_order_finished(s.order, 3);
	PASSES(put(&s, 2, 1, "two "));
	keep_order_finished(s.order, 1);
	keep_order_finished(s.order, 2);
	NEEDS(shows(s.files[0], "three one two "));
	NEEDS(shows(s.files[1], "error "));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void as_they_come(void **state)
{
	(void)state;
	run(as_they_come_body, 0);
}

static int kept_body(int arg)
{
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, true));
	NEEDS(keep_order_is_current(s.order, 1) && !keep_order_is_current(s.order, 2));
	PASSES(put(&s, 2, 1, "two "));
	PASSES(put(&s, 3, 1, "three "));
	PASSES(put(&s, 3, 2, "oops "));
	NEEDS(shows(s.files[0], "") && shows(s.files[1], ""));
	PASSES(put(&s, 1, 1, "one "));
	NEEDS(shows(s.files[0], "one "));
	keep_order_finished(s.order, 3);
	NEEDS(shows(s.files[0], "one "));
	keep_order_finished(s.order, 1);
	/* the turn is 2's, which goes on */
	NEEDS(shows(s.files[0], "one two ") && shows(s.files[1], ""));
	NEEDS(keep_order_is_current(s.order, 2));
	PASSES(put(&s, 2, 1, "and "));
	NEEDS(shows(s.files[0], "one two and "));
	keep_order_finished(s.order, 2);
	NEEDS(shows(s.files[0], "one two and three ") && shows(s.files[1], "oops "));
	NEEDS(keep_order_is_current(s.order, 4));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void kept(void **state)
{
	(void)state;
	run(kept_body, 0);
}

static int nothing_body(int keep)
{
	struct scene s;

	PASSES(open_scene(&s, keep != 0));
	keep_order_put(s.order, 1, 1, NULL);
	keep_order_put(s.order, 2, 1, NULL);
	PASSES(put(&s, 1, 1, ""));
	PASSES(put(&s, 2, 2, ""));
	keep_order_finished(s.order, 2);
	keep_order_finished(s.order, 1);
	NEEDS(shows(s.files[0], "") && shows(s.files[1], "") && trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	NEEDS(keep_order_is_current(s.order, 3));
	keep_order_free(NULL);
	return close_scene(&s);
}

static void nothing(void **state)
{
	(void)state;
	run(nothing_body, false);
	run(nothing_body, true);
}

/* What is never printed is released all the same. */
static int unfinished_body(int arg)
{
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, true));
	for (uint64_t task = 2; task < 50; task++) {
		PASSES(put(&s, task, 1, "lost"));
		if (task % 2 == 0)
			keep_order_finished(s.order, task);
	}
	NEEDS(shows(s.files[0], ""));
	return close_scene(&s);
}

static void unfinished(void **state)
{
	(void)state;
	run(unfinished_body, 0);
}

/* Lines of tasks that still run, whole outputs before them, and a task that finishes early. */
static int lines_body(int arg)
{
	struct scene s;

	(void)arg;
	PASSES(open_scene(&s, true));
	keep_order_lines(s.order, 2, 1, "b\n", 2);
	keep_order_lines(s.order, 3, 1, "d\n", 2);
	keep_order_lines(s.order, 2, 2, "error\n", 6);
	keep_order_lines(s.order, 1, 1, "a\n", 2);
	NEEDS(shows(s.files[0], "a\n") && shows(s.files[1], ""));
	PASSES(put(&s, 4, 1, "whole "));
	keep_order_lines(s.order, 4, 1, "end\n", 4);
	keep_order_finished(s.order, 4);
	keep_order_finished(s.order, 1);
	NEEDS(shows(s.files[0], "a\nb\n") && shows(s.files[1], "error\n"));
	keep_order_lines(s.order, 2, 1, "c\n", 2);
	NEEDS(shows(s.files[0], "a\nb\nc\n"));
	keep_order_finished(s.order, 2);
	NEEDS(shows(s.files[0], "a\nb\nc\nd\n"));
	keep_order_lines(s.order, 5, 1, "lost\n", 5);
	keep_order_finished(s.order, 3);
	NEEDS(shows(s.files[0], "a\nb\nc\nd\nwhole end\nlost\n"));
	keep_order_lines(s.order, 6, 1, "rest\n", 5);
	keep_order_lines(s.order, 7, 2, "never\n", 6);
	keep_order_end(s.order);
	NEEDS(shows(s.files[0], "a\nb\nc\nd\nwhole end\nlost\nrest\n"));
	NEEDS(shows(s.files[1], "error\nnever\n"));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void lines(void **state)
{
	(void)state;
	run(lines_body, 0);
}

/* ---- at random, against a model ---- */

enum { TASKS = 60 };

struct model {
	struct scene scene;
	struct text texts[TASKS + 1][2];  /* all that a task has put, by stream */
	struct text shown[2];             /* without keep: in the order of puts */
	bool finished[TASKS + 2];
	uint64_t current;
};

/* With what --max-output has cut named in its place; the bytes go to expected. */
static struct covey_output *make_cut(struct text *expected, const char *bytes, size_t len)
{
	const struct cv_capture_limits limits = {
		.spill_bytes = 1000, .max_output = len / 2, .tmpdir = "/tmp",
	};
	struct covey_output *output = cv_output_create(&limits);
	uint64_t at = 0, cut;
	char note[OUTQ_CUT_SIZE];

	if (output == NULL || covey_output_append(output, bytes, len) != 0)
		return NULL;
	cut = covey_output_cut(output, &at);
	if (cut == 0 || text_add(expected, bytes, (size_t)at) != 0)
		return NULL;
	outq_cut_note(note, cut);
	if (text_add(expected, note, strlen(note)) != 0
	    || text_add(expected, bytes + at + cut, len - (size_t)(at + cut)) != 0)
		return NULL;
	return output;
}

/* Puts some bytes, mostly few. */
static int put_random(struct model *m, uint64_t task)
{
	static char bytes[100000];
	size_t len = below(1 + (sizeof bytes >> below(16)));
	int fd = 1 + (int)below(2);
	struct text added = { .len = 0 };
	struct covey_output *output;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)below(256);
	if (len > 10 && below(4) == 0) {
		output = make_cut(&added, bytes, len);
	} else {
		output = output_of(bytes, len);
		PASSES(text_add(&added, bytes, len));
	}
	NEEDS(output != NULL);
	PASSES(text_add(&m->texts[task][fd - 1], added.bytes, added.len));
	PASSES(text_add(&m->shown[fd - 1], added.bytes, added.len));
	keep_order_put(m->scene.order, task, fd, output);
	text_clear(&added);
	return 0;
}

static void finish(struct model *m, uint64_t task)
{
	m->finished[task] = true;
	if (task == m->current) {
		while (m->finished[m->current])
			m->current++;
	}
	keep_order_finished(m->scene.order, task);
}

/* What of a stream must be there by now: all of the tasks whose turn it was or is. */
static size_t due(const struct model *m, int stream)
{
	size_t size = 0;

	for (uint64_t task = 1; task <= TASKS && task <= m->current; task++)
		size += m->texts[task][stream].len;
	return size;
}

static int check_kept(const struct model *m)
{
	NEEDS(is_size(m->scene.files[0], due(m, 0)));
	NEEDS(is_size(m->scene.files[1], due(m, 1)));
	NEEDS(keep_order_is_current(m->scene.order, m->current));
	NEEDS(!keep_order_is_current(m->scene.order, m->current + 1 + below(100)));
	return 0;
}

/* A task that has not finished, not too far ahead of the first of them. */
static uint64_t choose(const struct model *m)
{
	uint64_t task;

	do
		task = m->current + below(1u << below(7));
	while (task > TASKS || m->finished[task]);
	return task;
}

static int play(struct model *m, bool keep)
{
	while (m->current <= TASKS) {
		uint64_t task = choose(m);

		if (below(4) == 0)
			finish(m, task);
		else
			PASSES(put_random(m, task));
		if (keep)
			PASSES(check_kept(m));
	}
	return 0;
}

static int random_body(int arg)
{
	struct model m = { .current = 1 };
	bool keep = arg % 2 != 0;

	m.finished[TASKS + 1] = false;
	PASSES(open_scene(&m.scene, keep));
	PASSES(play(&m, keep));
	for (int stream = 0; stream < 2; stream++) {
		struct text all = { .len = 0 };

		for (int task = 1; task <= TASKS; task++)
			PASSES(text_add(&all, m.texts[task][stream].bytes,
			    m.texts[task][stream].len));
		NEEDS(all.len == m.shown[stream].len);
		if (keep)
			NEEDS(holds(m.scene.files[stream], all.bytes, all.len));
		else
			NEEDS(holds(m.scene.files[stream], m.shown[stream].bytes, all.len));
		text_clear(&all);
		text_clear(&m.shown[stream]);
		for (int task = 1; task <= TASKS; task++)
			text_clear(&m.texts[task][stream]);
	}
	NEEDS(trouble_errno(&m.scene.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&m.scene);
}

static void at_random(void **state)
{
	(void)state;
	for (int round = 0; round < 12; round++)
		run(random_body, round);
}

/* ---- errors ---- */

/* What is kept beyond 1 MiB goes to a file, for which there is no place. */
static int no_place_body(int arg)
{
	struct scene s;
	size_t len = 2 << 20;
	char *bytes = calloc(1, len);
	struct covey_output *output = covey_output_new(4 << 20, NULL);

	(void)arg;
	NEEDS(bytes != NULL && output != NULL && covey_output_append(output, bytes, len) == 0);
	NEEDS(setenv("TMPDIR", "/dev/null", 1) == 0);
	PASSES(open_scene(&s, true));
	PASSES(put(&s, 2, 1, "two "));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	keep_order_put(s.order, 3, 1, output);
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == ENOTDIR);
	/* the rest goes on */
	PASSES(put(&s, 4, 1, "four "));
	PASSES(put(&s, 1, 1, "one "));
	for (uint64_t task = 4; task > 0; task--)
		keep_order_finished(s.order, task);
	NEEDS(shows(s.files[0], "one two four "));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == ENOTDIR);
	free(bytes);
	return close_scene(&s);
}

static void nowhere_to_keep_it(void **state)
{
	(void)state;
	run(no_place_body, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_they_come),
		cmocka_unit_test(kept),
		cmocka_unit_test(nothing),
		cmocka_unit_test(lines),
		cmocka_unit_test(unfinished),
		cmocka_unit_test(at_random),
		cmocka_unit_test(nowhere_to_keep_it),
	};

	choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
