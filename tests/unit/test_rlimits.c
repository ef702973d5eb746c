#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "cli/options/rlimits.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_added(struct rlimits *limits, const char *text, int resource, rlim_t soft)
{
	struct error err;
	size_t i = 0;

	if (rlimits_add(text, limits, &err) != 0)
		fail_msg("%s: %s", text, err.message);
	while (i < limits->n && limits->list[i].resource != resource)
		i++;
	assert_true(i < limits->n);
	assert_int_equal(limits->list[i].value.rlim_cur, soft);
	assert_true(limits->list[i].value.rlim_max >= soft);
}

static void values(void **state)
{
	struct rlimits limits = { 0 };

	(void)state;
	assert_added(&limits, "core=0", RLIMIT_CORE, 0);
	assert_added(&limits, "as=2G", RLIMIT_AS, (rlim_t)2 << 30);
	assert_added(&limits, "fsize=512", RLIMIT_FSIZE, 512);
	assert_added(&limits, "nofile=20", RLIMIT_NOFILE, 20);
	assert_added(&limits, "cpu=1m", RLIMIT_CPU, 60);
	/* rounded down, it would kill at once */
	assert_added(&limits, "rttime=1ms", RLIMIT_RTTIME, 1000);
	assert_int_equal(limits.n, 6);
	/* the last one counts */
	assert_added(&limits, "cpu=250ms", RLIMIT_CPU, 1);
	assert_added(&limits, "core=1K", RLIMIT_CORE, 1024);
	assert_int_equal(limits.n, 6);
}

static void unlimited(void **state)
{
	struct rlimits limits = { 0 };
	struct rlimit own;
	struct error err;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CPU, &own), 0);
	if (own.rlim_max == RLIM_INFINITY)
		assert_added(&limits, "cpu=unlimited", RLIMIT_CPU, RLIM_INFINITY);
	else
		assert_int_equal(rlimits_add("cpu=unlimited", &limits, &err), -1);
}

/* SIGXCPU comes at the soft limit only if the hard one is not reached with it. */
static void grace(void **state)
{
	struct rlimits limits = { 0 };

	(void)state;
	assert_added(&limits, "cpu=10", RLIMIT_CPU, 10);
	assert_int_equal(limits.list[0].value.rlim_max, 15);
	assert_added(&limits, "core=10", RLIMIT_CORE, 10);
	assert_int_equal(limits.list[1].value.rlim_max, 10);
}

static void all_names(void **state)
{
	static const char *const texts[] = {
		"as=1G", "core=0", "cpu=1", "data=1G", "fsize=0", "locks=0", "memlock=0",
		"msgqueue=0", "nice=0", "nofile=0", "nproc=0", "rss=0", "rtprio=0", "rttime=0",
		"sigpending=0", "stack=0",
	};
	struct rlimits limits = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(COUNT(texts), RLIM_NLIMITS);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(rlimits_add(texts[i], &limits, &err), 0);
	assert_int_equal(limits.n, RLIM_NLIMITS);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "", "NAME=VALUE" }, { "cpu", "NAME=VALUE" }, { "=1", "NAME=VALUE" },
		{ "memory=1G", "as, core, cpu" }, { "cp=1", "NAME=VALUE" },
		{ "cpux=1", "NAME=VALUE" }, { "CPU=1", "NAME=VALUE" },
		{ "cpu=", "duration" }, { "cpu=1K", "duration" }, { "as=1h", "size" },
		{ "as=-1", "size" }, { "nofile=1K", "number" }, { "nproc=-1", "number" },
		{ "nofile= 3", "number" },
	};
	struct rlimits limits = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(rlimits_add(cases[i].text, &limits, &err), -1);
		if (strstr(err.message, cases[i].part) == NULL)
			fail_msg("%s: %s", cases[i].text, err.message);
	}
	assert_int_equal(limits.n, 0);
}

/* Trying it out leaves our own limits as they are. */
static void untouched(void **state)
{
	struct rlimits limits = { 0 };
	struct rlimit before, after;
	struct error err;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	rlimits_add("memlock=8000000G", &limits, &err);
	rlimits_add("memlock=unlimited", &limits, &err);
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &after), 0);
	assert_true(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max);
}

static void blame(void **state)
{
	static const struct covey_attempt
	    cpu = { .outcome = COVEY_SIGNAL, .signal = SIGXCPU },
	    size = { .outcome = COVEY_SIGNAL, .signal = SIGXFSZ },
	    killed = { .outcome = COVEY_SIGNAL, .signal = SIGKILL },
	    used_up = { .outcome = COVEY_SIGNAL, .signal = SIGKILL,
	        .usage = { .ru_utime = { 14, 600000 }, .ru_stime = { 0, 400000 } } },
	    term = { .outcome = COVEY_SIGNAL, .signal = SIGTERM },
	    shell = { .outcome = COVEY_EXIT, .status = 128 + SIGXCPU },
	    shell_size = { .outcome = COVEY_EXIT, .status = 128 + SIGXFSZ },
	    failed = { .outcome = COVEY_EXIT, .status = 1 };
	struct rlimits none = { 0 }, some = { 0 };
	char words[RLIMITS_WORDS_SIZE];

	(void)state;
	assert_added(&some, "cpu=10", RLIMIT_CPU, 10);
	assert_added(&some, "fsize=1M", RLIMIT_FSIZE, 1 << 20);
	assert_true(rlimits_blame(&some, &cpu, words));
	assert_string_equal(words, "its cpu limit of 10s");
	assert_true(rlimits_blame(&some, &size, words));
	assert_string_equal(words, "its fsize limit of 1M");
	assert_true(rlimits_blame(&some, &used_up, words));
	assert_true(rlimits_blame(&some, &shell, words));
	assert_string_equal(words, "its cpu limit of 10s");
	assert_true(rlimits_blame(&some, &shell_size, words));
	assert_false(rlimits_blame(&some, &killed, words));
	assert_false(rlimits_blame(&some, &term, words));
	assert_false(rlimits_blame(&some, &failed, words));
	/* a limit that was there before; an exit status may mean anything then */
	assert_true(rlimits_blame(&none, &cpu, words));
	assert_string_equal(words, "its cpu limit");
	assert_true(rlimits_blame(NULL, &size, words));
	assert_false(rlimits_blame(&none, &shell, words));
	assert_false(rlimits_blame(NULL, &used_up, words));
}

static void realtime(void **state)
{
	static const struct covey_attempt cpu = { .outcome = COVEY_SIGNAL, .signal = SIGXCPU };
	struct rlimits limits = { 0 };
	char words[RLIMITS_WORDS_SIZE];

	(void)state;
	assert_added(&limits, "rttime=20ms", RLIMIT_RTTIME, 20000);
	assert_true(rlimits_blame(&limits, &cpu, words));
	assert_string_equal(words, "its rttime limit of 20ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(unlimited),
		cmocka_unit_test(grace),
		cmocka_unit_test(all_names),
		cmocka_unit_test(refused),
		cmocka_unit_test(untouched),
		cmocka_unit_test(blame),
		cmocka_unit_test(realtime),
	};

	return cmocka_run_group_tests_name("rlimits", tests, NULL, NULL);
}
