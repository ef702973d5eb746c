#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/run/pace.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A machine that says what a test wants, and counts how often it is asked. */
struct machine {
	double load;
	int64_t memory;
	unsigned loads, memories;
};

static double load(void *arg)
{
	struct machine *machine = arg;

	machine->loads++;
	return machine->load;
}

static int64_t memory(void *arg)
{
	struct machine *machine = arg;

	machine->memories++;
	return machine->memory;
}

static struct pace *new_pace(const struct pacing *options, struct machine *machine)
{
	static struct pace pace;
	const struct pace_system system = { .load = load, .memory = memory, .arg = machine };

	pace_init(&pace, options, &system);
	return &pace;
}

static void tell(struct pace *pace, enum covey_event_type type, covey_nsec now)
{
	struct covey_event event = { .type = type, .now = now };
	struct sink sink = pace_sink(pace);

	sink.event(sink.self, &event);
}

/* Starts as many as it may, each lasting for ever, until end; returns how many. */
static unsigned starts_until(struct pace *pace, covey_nsec *now, covey_nsec end)
{
	unsigned n = 0;

	while (*now <= end) {
		covey_nsec wait = pace_wait(pace, *now);

		assert_true(wait >= 0);
		if (wait == 0) {
			tell(pace, COVEY_STARTED, *now);
			n++;
		}
		*now += wait;
	}
	return n;
}

static void delay(void **state)
{
	const struct pacing options = { .delay = 3 * COVEY_SEC };
	struct pace *pace = new_pace(&options, NULL);
	covey_nsec now = 100 * COVEY_SEC;

	(void)state;
	assert_int_equal(pace_wait(pace, now), 0);
	assert_int_equal(pace_wait(pace, now), 0);
	tell(pace, COVEY_STARTED, now);
	assert_int_equal(pace_wait(pace, now), 3 * COVEY_SEC);
	assert_int_equal(pace_wait(pace, now + COVEY_SEC), 2 * COVEY_SEC);
	/* an end is no start */
	tell(pace, COVEY_ENDED, now + 2 * COVEY_SEC);
	assert_int_equal(pace_wait(pace, now + 3 * COVEY_SEC), 0);
	assert_int_equal(pace_wait(pace, now + 9 * COVEY_SEC), 0);
}

static void rate_is_even(void **state)
{
	const struct pacing options = { .interval = 500 * COVEY_MSEC };
	struct pace *pace = new_pace(&options, NULL);
	covey_nsec now = 7;

	(void)state;
	assert_int_equal(starts_until(pace, &now, 7), 1);
	assert_int_equal(starts_until(pace, &now, 7 + 499 * COVEY_MSEC), 0);
	assert_int_equal(starts_until(pace, &now, 7 + 10 * COVEY_SEC), 20);
}

/* What was not used is not saved up for long: no burst after a pause. */
static void rate_after_a_pause(void **state)
{
	const struct pacing slow = { .interval = 500 * COVEY_MSEC };
	const struct pacing fast = { .interval = COVEY_MSEC };
	struct pace *pace = new_pace(&slow, NULL);
	covey_nsec now = 0;

	(void)state;
	assert_int_equal(starts_until(pace, &now, 0), 1);
	now = 100 * COVEY_SEC;
	assert_int_equal(starts_until(pace, &now, 100 * COVEY_SEC), 1);
	pace = new_pace(&fast, NULL);
	now = 0;
	assert_int_equal(starts_until(pace, &now, 0), 1);
	now = 100 * COVEY_SEC;
	assert_int_equal(starts_until(pace, &now, 100 * COVEY_SEC), 100);
}

/* A waking that comes late by some milliseconds does not lower the rate. */
static void rate_with_late_wakings(void **state)
{
	const struct pacing options = { .interval = COVEY_MSEC / 4 };
	struct pace *pace = new_pace(&options, NULL);
	covey_nsec now;
	unsigned n = 0;

	(void)state;
	for (now = 0; now <= 10 * COVEY_SEC; now += 7 * COVEY_MSEC) {
		covey_nsec at = now;

		n += starts_until(pace, &at, now);
	}
	assert_in_range(n, 39900, 40001);
}

static void load_limits(void **state)
{
	const struct pacing options = { .load = { 3, false } };
	struct machine machine = { .load = 3 };
	struct pace *pace = new_pace(&options, &machine);
	char why[PACE_WORDS_SIZE];

	(void)state;
	assert_int_equal(pace_wait(pace, COVEY_SEC), COVEY_SEC);
	pace_why(pace, why);
	assert_non_null(strstr(why, "load average 3.00 is not below the limit"));
	assert_int_equal(pace_wait(pace, COVEY_SEC + 1), COVEY_SEC - 1);
	assert_int_equal(machine.loads, 1);
	machine.load = 2.9;
	assert_int_equal(pace_wait(pace, 2 * COVEY_SEC), 0);
	assert_int_equal(machine.loads, 2);
}

/* The load rises late: what was started meanwhile counts, and what has ended does not. */
static void load_follows_slowly(void **state)
{
	const struct pacing options = { .load = { 200, true }, .cpus = 2 };
	struct machine machine = { .load = 1.5 };
	struct pace *pace = new_pace(&options, &machine);
	covey_nsec now = 0;

	(void)state;
	assert_int_equal(starts_until(pace, &now, 999 * COVEY_MSEC), 3);
	assert_true(pace_wait(pace, 999 * COVEY_MSEC) > 0);
	tell(pace, COVEY_ENDED, 999 * COVEY_MSEC);
	assert_int_equal(pace_wait(pace, 999 * COVEY_MSEC), 0);
	tell(pace, COVEY_STARTED, 999 * COVEY_MSEC);
	assert_int_equal(machine.loads, 1);
	now = COVEY_SEC;
	machine.load = 3.5;
	assert_int_equal(starts_until(pace, &now, 1999 * COVEY_MSEC), 1);
	/* unknown is no limit */
	machine.load = -1;
	assert_int_equal(pace_wait(pace, 5 * COVEY_SEC), 0);
}

static void memory_limits(void **state)
{
	const struct pacing options = { .memfree = 1000 };
	struct machine machine = { .memory = 999 };
	struct pace *pace = new_pace(&options, &machine);
	covey_nsec wait = pace_wait(pace, COVEY_SEC);

	(void)state;
	assert_true(wait > 0 && wait <= COVEY_SEC);
	assert_int_equal(pace->reason, PACE_MEMORY);
	machine.memory = 1000;
	assert_int_equal(pace_wait(pace, COVEY_SEC + wait), 0);
	assert_int_equal(pace_wait(pace, COVEY_SEC + wait), 0);
	assert_int_equal(machine.memories, 2);
}

static void all_together(void **state)
{
	const struct pacing options = {
		.delay = COVEY_SEC, .interval = 2 * COVEY_SEC, .load = { 2, false }, .memfree = 10,
	};
	struct machine machine = { .load = 0, .memory = 10 };
	struct pace *pace = new_pace(&options, &machine);

	(void)state;
	assert_true(pacing_limits(&options));
	assert_false(pacing_limits(&(struct pacing){ .cpus = 2 }));
	assert_int_equal(pace_wait(pace, 0), 0);
	tell(pace, COVEY_STARTED, 0);
	assert_int_equal(pace_wait(pace, 0), COVEY_SEC);
	assert_int_equal(pace_wait(pace, COVEY_SEC), COVEY_SEC);
	assert_int_equal(pace->reason, PACE_RATE);
	assert_int_equal(pace_wait(pace, 2 * COVEY_SEC), 0);
}

static void rates(void **state)
{
	static const struct {
		const char *text;
		covey_nsec interval;
	} cases[] = {
		{ "1/s", COVEY_SEC }, { "10/s", 100 * COVEY_MSEC }, { "100/m", 600 * COVEY_MSEC },
		{ "0.5/h", 7200 * COVEY_SEC }, { "1000000/s", 1000 }, { "3/s", 333333334 },
	};
	static const char *const bad[] = {
		"", "10", "/s", "10/", "10/d", "0/s", "-1/s", "1e3/s", " 1/s", "1/s ", "10/sec",
		"1//s", "0.0000001/s", "1000001/s", "11111111111111111111111111111111111/s",
	};
	struct error err;
	covey_nsec interval;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(pacing_parse_rate(cases[i].text, &interval, &err), 0);
		assert_int_equal(interval, cases[i].interval);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (pacing_parse_rate(bad[i], &interval, &err) == 0)
			fail_msg("'%s' passed for a rate", bad[i]);
		assert_non_null(strstr(err.message, "is not a rate such as"));
	}
}

static void loads(void **state)
{
	static const char *const bad[] = {
		"", "%", "0", "0%", "-1", "x", "1x", "2%%", "111111111111111111111111111111111111",
	};
	struct pacing_load parsed;
	struct error err;

	(void)state;
	assert_int_equal(pacing_parse_load("2.5", &parsed, &err), 0);
	assert_true(parsed.n == 2.5 && !parsed.percent);
	assert_int_equal(pacing_parse_load("80%", &parsed, &err), 0);
	assert_true(parsed.n == 80 && parsed.percent);
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (pacing_parse_load(bad[i], &parsed, &err) == 0)
			fail_msg("'%s' passed for a load", bad[i]);
	}
}

static void sizes(void **state)
{
	struct error err;
	uint64_t size;

	(void)state;
	assert_int_equal(pacing_parse_memfree("1M", &size, &err), 0);
	assert_int_equal(size, 1 << 20);
	assert_int_equal(pacing_parse_memfree("4000000G", &size, &err), -1);
	assert_non_null(strstr(err.message, "the memory of this machine"));
	assert_int_equal(pacing_parse_memfree("-1", &size, &err), -1);
}

/* The real system answers, with something that can be. */
static void real_system(void **state)
{
	const struct pacing options = { .load = { 1e6, false }, .memfree = 1 };
	struct pace pace;

	(void)state;
	pace_init(&pace, &options, NULL);
	assert_int_equal(pace_wait(&pace, COVEY_SEC), 0);
	assert_true(pace.load >= 0 && pace.load < 1e6);
	assert_true(pace.memory > 0 && pace.memory < (int64_t)1 << 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay),
		cmocka_unit_test(rate_is_even),
		cmocka_unit_test(rate_after_a_pause),
		cmocka_unit_test(rate_with_late_wakings),
		cmocka_unit_test(load_limits),
		cmocka_unit_test(load_follows_slowly),
		cmocka_unit_test(memory_limits),
		cmocka_unit_test(all_together),
		cmocka_unit_test(rates),
		cmocka_unit_test(loads),
		cmocka_unit_test(sizes),
		cmocka_unit_test(real_system),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
