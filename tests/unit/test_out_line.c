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

#include "cli/command/origin.h"
#include "cli/output/out_line.h"
#include "own_process.h"
#include "shown.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the scene ---- */

struct scene {
	int files[2];         /* stdout and stderr */
	struct trouble trouble;
	struct outq *q;
	struct keep_order *order;
	struct out_line *line;
	struct sink sink;
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
	s->line = out_line_new(s->order, &s->trouble);
	NEEDS(s->line != NULL);
	s->sink = out_line_sink(s->line);
	NEEDS(s->sink.output != NULL && s->sink.event != NULL);
	return 0;
}

static int close_scene(struct scene *s)
{
	NEEDS(outq_empty(s->q) && trouble_errno(&s->trouble, TROUBLE_READER) == 0);
	out_line_free(s->line);
	keep_order_free(s->order);
	outq_free(s->q);
	return 0;
}

/* A task and its present attempt. */
struct job {
	struct covey_task task;
	struct covey_attempt attempt;
	struct origin item;
};

static void init_job(struct job *job, uint64_t id, unsigned tries, const char *tag)
{
	memset(job, 0, sizeof *job);
	job->task.id = id;
	job->task.tries = tries;
	job->attempt.slot = (unsigned)id;
	job->attempt.number = 1;
	if (tag == NULL)
		return;
	job->item.tag = tag;
	job->item.tag_len = strlen(tag);
	job->task.user = &job->item;
}

/* Each piece in memory of its own: one byte too many would be noticed. */
static int print_bytes(struct scene *s, struct job *job, int fd, const char *data, size_t len)
{
	char *copy = malloc(len);

	NEEDS(copy != NULL);
	memcpy(copy, data, len);
	/* what the sink does not deal with is captured, as in the executor */
	if (!s->sink.output(s->sink.self, &job->task, &job->attempt, fd, copy, len)) {
		NEEDS(fd == 1);
		if (job->attempt.out == NULL)
			job->attempt.out = covey_output_new(2 << 20, NULL);
		NEEDS(job->attempt.out != NULL);
		NEEDS(covey_output_append(job->attempt.out, copy, len) == 0);
	}
	free(copy);
	return 0;
}

static int print(struct scene *s, struct job *job, int fd, const char *text)
{
	return print_bytes(s, job, fd, text, strlen(text));
}

static void tell(const struct scene *s, enum covey_event_type type, struct job *job)
{
	const struct covey_event event = {
		.type = type, .task = &job->task, .attempt = &job->attempt,
	};
	struct sinks sinks = { .n = 0 };

	sinks_add(&sinks, &s->sink);
	sinks_event(&sinks, &event);
}

static void end(const struct scene *s, struct job *job, bool retry)
{
	job->attempt.retry = retry;
	tell(s, COVEY_ENDED, job);
	if (!retry)
		tell(s, COVEY_FINISHED, job);
	covey_output_free(job->attempt.out);
	job->attempt.out = NULL;
	job->attempt.number++;
}

/* ---- by hand ---- */

static int whole_lines_body(int keep)
{
	struct scene s;
	struct job one, two;

	PASSES(open_scene(&s, keep != 0));
	init_job(&one, 1, 1, NULL);
	init_job(&two, 2, 1, NULL);
	PASSES(print(&s, &one, 1, "on"));
	NEEDS(shows(s.files[0], ""));
	PASSES(print(&s, &two, 1, "two\ntw"));
	PASSES(print(&s, &one, 1, "e\n"));
	NEEDS(shows(s.files[0], keep ? "one\n" : "two\none\n"));
	PASSES(print(&s, &one, 1, "\n\nun"));
	PASSES(print(&s, &one, 2, "err"));
	PASSES(print(&s, &one, 2, "or\n"));
	NEEDS(shows(s.files[0], keep ? "one\n\n\n" : "two\none\n\n\n"));
	NEEDS(shows(s.files[1], "error\n"));
	PASSES(print(&s, &two, 1, "o\n"));
	/* a last line need not end in a newline */
	end(&s, &one, false);
	NEEDS(shows(s.files[0], keep ? "one\n\n\nuntwo\ntwo\n" : "two\none\n\n\ntwo\nun"));
	end(&s, &two, false);
	NEEDS(shows(s.files[0], keep ? "one\n\n\nuntwo\ntwo\n" : "two\none\n\n\ntwo\nun"));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void whole_lines(void **state)
{
	(void)state;
	run(whole_lines_body, false);
	run(whole_lines_body, true);
}

static int tags_body(int arg)
{
	struct scene s;
	struct job one, two, bare;

	(void)arg;
	PASSES(open_scene(&s, false));
	init_job(&one, 1, 1, "1:");
	init_job(&two, 2, 1, "2:");
	init_job(&bare, 3, 1, NULL);
	bare.task.user = &bare.item;  /* an item without a tag */
	PASSES(print(&s, &one, 1, "a\n\nb"));
	PASSES(print(&s, &two, 1, "c\nd\n"));
	PASSES(print(&s, &bare, 1, "e\n"));
	PASSES(print(&s, &one, 2, "f\n"));
	PASSES(print(&s, &one, 1, "b\n"));
	PASSES(print(&s, &one, 1, "last"));
	end(&s, &one, false);
	NEEDS(shows(s.files[0], "1:a\n1:\n2:c\n2:d\ne\n1:bb\n1:last"));
	NEEDS(shows(s.files[1], "1:f\n"));
	end(&s, &two, false);
	end(&s, &bare, false);
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void tags(void **state)
{
	(void)state;
	run(tags_body, 0);
}

/* On stdout nothing of an attempt that fails, and of which another one makes up for. */
static int tries_body(int arg)
{
	struct scene s;
	struct job job;

	(void)arg;
	PASSES(open_scene(&s, false));
	init_job(&job, 1, 3, "t:");
	PASSES(print(&s, &job, 1, "first\nfir"));
	PASSES(print(&s, &job, 2, "oops\nagain"));
	NEEDS(shows(s.files[0], "") && shows(s.files[1], "t:oops\n"));
	end(&s, &job, true);
	NEEDS(shows(s.files[0], "") && shows(s.files[1], "t:oops\nt:again"));
	PASSES(print(&s, &job, 1, "second\n"));
	end(&s, &job, true);
	NEEDS(shows(s.files[0], ""));
	/* the last one, whatever becomes of it */
	PASSES(print(&s, &job, 1, "third\nthi"));
	NEEDS(shows(s.files[0], "t:third\n"));
	end(&s, &job, false);
	NEEDS(shows(s.files[0], "t:third\nt:thi") && shows(s.files[1], "t:oops\nt:again"));
	return close_scene(&s);
}

static void stdout_waits_while_tries_are_left(void **state)
{
	(void)state;
	run(tries_body, 0);
}

/* A success before the last try, or a failure that is not tried again. */
static int early_end_body(int keep)
{
	struct scene s;
	struct job job;

	PASSES(open_scene(&s, keep != 0));
	init_job(&job, 1, 3, "t:");
	PASSES(print(&s, &job, 1, "one\ntw"));
	PASSES(print(&s, &job, 1, "o\nend"));
	NEEDS(shows(s.files[0], ""));
	end(&s, &job, false);
	NEEDS(shows(s.files[0], "t:one\nt:two\nt:end"));
	return close_scene(&s);
}

static void held_until_the_end(void **state)
{
	(void)state;
	run(early_end_body, false);
	run(early_end_body, true);
}

/* The turn comes while a line is half there: it has its tag once, and its newline. */
static int turn_body(int arg)
{
	struct scene s;
	struct job one, two, three;

	(void)arg;
	PASSES(open_scene(&s, true));
	init_job(&one, 1, 1, "1:");
	init_job(&two, 2, 1, "2:");
	init_job(&three, 3, 2, "3:");
	PASSES(print(&s, &two, 1, "a\nhalf"));
	PASSES(print(&s, &two, 2, "whole\n"));
	PASSES(print(&s, &three, 1, "not yet"));
	PASSES(print(&s, &three, 2, "err"));
	PASSES(print(&s, &one, 1, "x"));
	NEEDS(shows(s.files[0], "") && shows(s.files[1], ""));
	end(&s, &one, false);
	NEEDS(shows(s.files[1], "2:whole\n"));
	PASSES(print(&s, &two, 1, " and"));
	PASSES(print(&s, &two, 2, "more\n"));
	PASSES(print(&s, &two, 1, " half\nb\n"));
	NEEDS(shows(s.files[0], "1:x2:a\n2:half and half\n2:b\n"));
	NEEDS(shows(s.files[1], "2:whole\n2:more\n"));
	end(&s, &two, false);
	PASSES(print(&s, &three, 2, "or\nnext\n"));
	/* stderr comes with the turn; stdout not while a try is left */
	NEEDS(shows(s.files[0], "1:x2:a\n2:half and half\n2:b\n"));
	NEEDS(shows(s.files[1], "2:whole\n2:more\n3:error\n3:next\n"));
	end(&s, &three, false);
	NEEDS(shows(s.files[0], "1:x2:a\n2:half and half\n2:b\n3:not yet"));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void turn_within_a_line(void **state)
{
	(void)state;
	run(turn_body, 0);
}

/* The same, and the line never gets a newline. */
static int turn_at_the_end_body(int arg)
{
	struct scene s;
	struct job one, two;

	(void)arg;
	PASSES(open_scene(&s, true));
	init_job(&one, 1, 1, "1:");
	init_job(&two, 2, 1, "2:");
	PASSES(print(&s, &two, 1, "ha"));
	end(&s, &one, false);
	PASSES(print(&s, &two, 1, "lf"));
	end(&s, &two, false);
	NEEDS(shows(s.files[0], "2:half"));
	return close_scene(&s);
}

static void turn_within_the_last_line(void **state)
{
	(void)state;
	run(turn_at_the_end_body, 0);
}

static int slots_body(int arg)
{
	struct scene s;
	struct job jobs[40], silent;

	(void)arg;
	PASSES(open_scene(&s, false));
	for (unsigned i = 0; i < COUNT(jobs); i++) {
		init_job(&jobs[i], i + 1, 1, NULL);
		jobs[i].attempt.slot = 1 + i * i % 41 * 25;  /* 1 to 1001, in no order */
	}
	for (unsigned i = 0; i < 6; i++)
		PASSES(print(&s, &jobs[i], 1, (const char[]){ (char)('a' + i), '\0' }));
	NEEDS(shows(s.files[0], ""));
	for (unsigned i = 0; i < 6; i++)
		end(&s, &jobs[i], false);
	NEEDS(shows(s.files[0], "abcdef"));
	/* one that has printed nothing, in a slot that nobody knows */
	init_job(&silent, 100, 1, NULL);
	silent.attempt.slot = 5000;
	end(&s, &silent, false);
	NEEDS(shows(s.files[0], "abcdef") && shows(s.files[1], ""));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&s);
}

static void slots(void **state)
{
	(void)state;
	run(slots_body, 0);
}

/* What is held and half there when everything ends is released. */
static int unfinished_body(int keep)
{
	struct scene s;
	struct job one, two;

	PASSES(open_scene(&s, keep != 0));
	init_job(&one, 1, 2, "1:");
	init_job(&two, 2, 1, "2:");
	PASSES(print(&s, &one, 1, "held\n"));
	PASSES(print(&s, &two, 1, "half"));
	PASSES(print(&s, &one, 2, "half"));
	NEEDS(shows(s.files[0], "") && shows(s.files[1], ""));
	covey_output_free(one.attempt.out);
	out_line_free(NULL);
	return close_scene(&s);
}

static void unfinished(void **state)
{
	(void)state;
	run(unfinished_body, false);
	run(unfinished_body, true);
}

/* What waits for its turn goes to a file beyond 1 MiB, for which there is no place. */
static int no_place_body(int arg)
{
	struct scene s;
	struct job one, two;
	char *bytes = calloc(1, 1 << 20);

	(void)arg;
	NEEDS(bytes != NULL && setenv("TMPDIR", "/dev/null", 1) == 0);
	PASSES(open_scene(&s, true));
	init_job(&one, 1, 1, NULL);
	init_job(&two, 2, 1, NULL);
	bytes[(1 << 19) - 1] = bytes[(1 << 20) - 1] = '\n';
	PASSES(print_bytes(&s, &two, 1, bytes, 1 << 19));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == 0);
	PASSES(print_bytes(&s, &two, 1, bytes, 1 << 20));
	NEEDS(trouble_errno(&s.trouble, TROUBLE_OUTPUT) == ENOTDIR);
	PASSES(print(&s, &one, 1, "one\n"));
	NEEDS(shows(s.files[0], "one\n"));
	free(bytes);
	return close_scene(&s);
}

static void nowhere_to_hold_it(void **state)
{
	(void)state;
	run(no_place_body, 0);
}

/* ---- at random, against a model ---- */

enum { TASKS = 40, SLOTS = 5 };

/* How a run looks that anything can be expected of. */
enum { KEEP = 1, TAGGED = 2, NVARIANTS = 4 };

struct player {
	struct job job;
	struct text printed[2];    /* by the attempt */
	size_t lines[2];           /* how much of it has been expected already, without keep */
	struct text total[2];      /* by the task, tagged, as it must appear */
	bool running, finished;
	char tag[16];
};

struct model {
	struct scene scene;
	unsigned variant;
	struct player players[TASKS + 2];  /* by task, from 1 */
	struct player *slots[SLOTS + 1];
	uint64_t current;
	struct text shown[2];              /* without keep */
};

static bool is_free(const struct player *p, int fd)
{
	return fd == 2 || p->job.attempt.number == p->job.task.tries;
}

/* Adds bytes, each line with the player's tag in front. */
static int add_tagged(const struct player *p, struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p->job.item.tag != NULL && (i == 0 || bytes[i - 1] == '\n'))
			PASSES(text_add(text, p->job.item.tag, p->job.item.tag_len));
		PASSES(text_add(text, bytes + i, 1));
	}
	return 0;
}

static size_t whole_lines_of(const struct text *text)
{
	size_t len = text->len;

	while (len > 0 && text->bytes[len - 1] != '\n')
		len--;
	return len;
}

/* Without keep, a line is there as soon as it is whole. */
static int expect_up_to(struct model *m, struct player *p, int fd, size_t len)
{
	if (len > p->lines[fd - 1])
		PASSES(add_tagged(p, &m->shown[fd - 1], p->printed[fd - 1].bytes + p->lines[fd - 1],
		    len - p->lines[fd - 1]));
	p->lines[fd - 1] = len;
	return 0;
}

static int print_random(struct model *m, struct player *p)
{
	char piece[300];
	size_t len = 1 + below(1 + (299u >> below(9)));
	int fd = 1 + (int)below(2);

	for (size_t i = 0; i < len; i++)
		piece[i] = below(6) == 0 ? '\n' : (char)('a' + below(26));
	PASSES(text_add(&p->printed[fd - 1], piece, len));
	if (is_free(p, fd))
		PASSES(expect_up_to(m, p, fd, whole_lines_of(&p->printed[fd - 1])));
	return print_bytes(&m->scene, &p->job, fd, piece, len);
}

static int end_random(struct model *m, struct player *p)
{
	bool retry = p->job.attempt.number < p->job.task.tries && below(3) != 0;

	for (int fd = 1; fd <= 2; fd++) {
		struct text *printed = &p->printed[fd - 1];

		if (fd == 2 || !retry) {
			PASSES(expect_up_to(m, p, fd, printed->len));
			PASSES(add_tagged(p, &p->total[fd - 1], printed->bytes, printed->len));
		}
		text_clear(printed);
		p->lines[fd - 1] = 0;
	}
	m->slots[p->job.attempt.slot] = NULL;
	p->running = false;
	p->finished = !retry;
	while (m->players[m->current].finished)
		m->current++;
	end(&m->scene, &p->job, retry);
	return 0;
}

/* Gives a free slot to one of the first tasks that wait. */
static void start_random(struct model *m, unsigned slot)
{
	for (uint64_t id = m->current; id <= TASKS; id++) {
		struct player *p = &m->players[id];

		if (p->running || p->finished || below(3) == 0)
			continue;
		p->running = true;
		p->job.attempt.slot = slot;
		m->slots[slot] = p;
		return;
	}
}

/* What a task that has its turn must show, at least its whole lines and at most everything. */
static int add_bounds(struct player *p, int fd, size_t *least, size_t *most)
{
	struct text some = { .len = 0 }, all = { .len = 0 };
	const struct text *printed = &p->printed[fd - 1];

	*least += p->total[fd - 1].len;
	*most += p->total[fd - 1].len;
	if (!is_free(p, fd))
		return 0;
	PASSES(add_tagged(p, &some, printed->bytes, whole_lines_of(printed)));
	PASSES(add_tagged(p, &all, printed->bytes, printed->len));
	*least += some.len;
	*most += all.len;
	text_clear(&some);
	text_clear(&all);
	return 0;
}

static int check_kept(struct model *m, int fd)
{
	size_t least = 0, most = 0;
	struct stat st;

	for (uint64_t id = 1; id < m->current; id++) {
		least += m->players[id].total[fd - 1].len;
		most += m->players[id].total[fd - 1].len;
	}
	if (m->current <= TASKS)
		PASSES(add_bounds(&m->players[m->current], fd, &least, &most));
	NEEDS(fstat(m->scene.files[fd - 1], &st) == 0);
	NEEDS((size_t)st.st_size >= least && (size_t)st.st_size <= most);
	return 0;
}

static int check(struct model *m)
{
	for (int fd = 1; fd <= 2; fd++) {
		if ((m->variant & KEEP) != 0)
			PASSES(check_kept(m, fd));
		else
			NEEDS(is_size(m->scene.files[fd - 1], m->shown[fd - 1].len));
	}
	return 0;
}

static int play(struct model *m)
{
	while (m->current <= TASKS) {
		unsigned slot = 1 + below(SLOTS);
		struct player *p = m->slots[slot];

		if (p == NULL)
			start_random(m, slot);
		else if (below(5) == 0)
			PASSES(end_random(m, p));
		else
			PASSES(print_random(m, p));
		PASSES(check(m));
	}
	return 0;
}

/* The whole, byte by byte. */
static int check_all(struct model *m, int fd)
{
	struct text *shown = &m->shown[fd - 1];

	if ((m->variant & KEEP) != 0) {
		shown->len = 0;
		for (int id = 1; id <= TASKS; id++)
			PASSES(text_add(shown, m->players[id].total[fd - 1].bytes,
			    m->players[id].total[fd - 1].len));
	}
	NEEDS(shown->len > 0 && holds(m->scene.files[fd - 1], shown->bytes, shown->len));
	text_clear(shown);
	for (int id = 1; id <= TASKS; id++)
		text_clear(&m->players[id].total[fd - 1]);
	return 0;
}

static int random_body(int arg)
{
	struct model m = { .current = 1, .variant = (unsigned)arg % NVARIANTS };

	PASSES(open_scene(&m.scene, (m.variant & KEEP) != 0));
	for (uint64_t id = 1; id <= TASKS; id++) {
		struct player *p = &m.players[id];

		snprintf(p->tag, sizeof p->tag, "<%d>", (int)id);
		init_job(&p->job, id, 1 + below(3), (m.variant & TAGGED) != 0 ? p->tag : NULL);
	}
	PASSES(play(&m));
	PASSES(check_all(&m, 1));
	PASSES(check_all(&m, 2));
	NEEDS(trouble_errno(&m.scene.trouble, TROUBLE_OUTPUT) == 0);
	return close_scene(&m.scene);
}

static void at_random(void **state)
{
	(void)state;
	for (int round = 0; round < 5 * NVARIANTS; round++)
		run(random_body, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines),
		cmocka_unit_test(tags),
		cmocka_unit_test(stdout_waits_while_tries_are_left),
		cmocka_unit_test(held_until_the_end),
		cmocka_unit_test(turn_within_a_line),
		cmocka_unit_test(turn_within_the_last_line),
		cmocka_unit_test(slots),
		cmocka_unit_test(unfinished),
		cmocka_unit_test(nowhere_to_hold_it),
		cmocka_unit_test(at_random),
	};

	choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
