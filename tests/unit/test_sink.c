#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/output/sink.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Which sinks were called, a letter each. */
struct calls {
	char text[64];
	size_t len;
};

struct letter {
	struct calls *calls;
	char letter;
	bool deals_with;    /* what its output callback returns */
};

static void add_letter(const struct letter *from)
{
	struct calls *calls = from->calls;

	assert_true(calls->len + 1 < sizeof calls->text);
	calls->text[calls->len++] = from->letter;
	calls->text[calls->len] = '\0';
}

static void on_event(void *self, const struct covey_event *event)
{
	(void)event;
	add_letter(self);
}

static bool on_output(void *self, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len)
{
	const struct letter *from = self;

	(void)task;
	(void)attempt;
	(void)stream;
	(void)data;
	(void)len;
	add_letter(from);
	return from->deals_with;
}

static void add(struct sinks *sinks, struct letter *from, enum sink_stage stage, unsigned wants)
{
	struct sink sink = { .stage = stage, .wants = wants, .event = on_event, .self = from };

	sinks_add(sinks, &sink);
}

static void tell(const struct sinks *sinks, enum covey_event_type type)
{
	sinks_event(sinks, &(struct covey_event){ .type = type });
}

static const unsigned ended = SINK_WANTS(COVEY_ENDED);

/* All orders of adding one sink of each stage: the stages decide, and not the calls. */
static void stages_decide(void **state)
{
	static const enum sink_stage orders[][3] = {
		{ SINK_RECORD, SINK_WATCH, SINK_TAKE }, { SINK_RECORD, SINK_TAKE, SINK_WATCH },
		{ SINK_WATCH, SINK_RECORD, SINK_TAKE }, { SINK_WATCH, SINK_TAKE, SINK_RECORD },
		{ SINK_TAKE, SINK_RECORD, SINK_WATCH }, { SINK_TAKE, SINK_WATCH, SINK_RECORD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct calls calls = { .len = 0 };
		struct letter letters[] = {
			[SINK_RECORD] = { &calls, 'r', false },
			[SINK_WATCH] = { &calls, 'w', false },
			[SINK_TAKE] = { &calls, 't', false },
		};
		struct sinks sinks = { .n = 0 };

		for (size_t j = 0; j < COUNT(orders[i]); j++)
			add(&sinks, &letters[orders[i][j]], orders[i][j], ended);
		tell(&sinks, COVEY_ENDED);
		assert_string_equal(calls.text, "rwt");
	}
}

static void one_stage_keeps_the_order_of_adding(void **state)
{
	static const struct {
		char letter;
		enum sink_stage stage;
	} rows[] = {
		{ 'A', SINK_TAKE }, { 'a', SINK_WATCH }, { '1', SINK_RECORD }, { 'b', SINK_WATCH },
		{ '2', SINK_RECORD }, { 'B', SINK_TAKE }, { 'c', SINK_WATCH },
	};
	struct letter letters[COUNT(rows)];
	struct calls calls = { .len = 0 };
	struct sinks sinks = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		letters[i] = (struct letter){ &calls, rows[i].letter, false };
		add(&sinks, &letters[i], rows[i].stage, ended);
	}
	tell(&sinks, COVEY_ENDED);
	assert_string_equal(calls.text, "12abcAB");
}

/* Also where sinks that were added later have moved the others. */
static void only_wanted_events_come(void **state)
{
	struct calls calls = { .len = 0 };
	struct letter take = { &calls, 't', false }, watch = { &calls, 'w', false };
	struct letter record = { &calls, 'r', false };
	struct sinks sinks = { .n = 0 };

	(void)state;
	add(&sinks, &take, SINK_TAKE, ended);
	add(&sinks, &watch, SINK_WATCH, SINK_WANTS(COVEY_STARTED) | SINK_WANTS(COVEY_EXPIRED));
	add(&sinks, &record, SINK_RECORD, SINK_WANTS(COVEY_STARTED) | ended);
	assert_int_equal(sinks.wants, SINK_WANTS(COVEY_STARTED) | ended | SINK_WANTS(COVEY_EXPIRED));
	tell(&sinks, COVEY_QUEUED);
	assert_string_equal(calls.text, "");
	tell(&sinks, COVEY_STARTED);
	assert_string_equal(calls.text, "rw");
	tell(&sinks, COVEY_ENDED);
	assert_string_equal(calls.text, "rwrt");
	tell(&sinks, COVEY_EXPIRED);
	assert_string_equal(calls.text, "rwrtw");
}

static bool print(const struct sinks *sinks)
{
	static const struct covey_task task = { .id = 1 };
	static const struct covey_attempt attempt = { .number = 1 };

	return sinks_output(sinks, &task, &attempt, 1, "x", 1);
}

/* One that has dealt with output does not keep it from the others. */
static void output_goes_to_all(void **state)
{
	struct calls calls = { .len = 0 };
	struct letter letters[] = {
		{ &calls, 't', false }, { &calls, 'w', true }, { &calls, 'r', false },
	};
	static const enum sink_stage stages[] = { SINK_TAKE, SINK_WATCH, SINK_RECORD };
	struct sinks sinks = { .n = 0 };

	(void)state;
	add(&sinks, &letters[0], SINK_WATCH, ended);
	assert_false(sinks_want_output(&sinks));
	assert_false(print(&sinks));
	for (size_t i = 0; i < COUNT(letters); i++) {
		struct sink sink = { .stage = stages[i], .output = on_output, .self = &letters[i] };

		sinks_add(&sinks, &sink);
	}
	assert_true(sinks_want_output(&sinks));
	assert_true(print(&sinks));
	assert_string_equal(calls.text, "rwt");
	letters[1].deals_with = false;
	assert_false(print(&sinks));
	assert_string_equal(calls.text, "rwtrwt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_decide),
		cmocka_unit_test(one_stage_keeps_the_order_of_adding),
		cmocka_unit_test(only_wanted_events_come),
		cmocka_unit_test(output_goes_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
