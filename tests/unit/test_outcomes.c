#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/outcomes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct covey_outcomes parsed(const char *list)
{
	struct covey_outcomes set = { 0 };
	struct error err = { "" };

	if (outcomes_add(list, &set, &err) != 0)
		fail_msg("'%s': %s", list, err.message);
	return set;
}

static bool has_status(const struct covey_outcomes *set, int status)
{
	return set->statuses[status / 32] >> status % 32 & 1;
}

static bool has_signal(const struct covey_outcomes *set, int number)
{
	return set->signals[number / 32] >> number % 32 & 1;
}

static void assert_statuses(const struct covey_outcomes *set, int first, int last)
{
	for (int s = 0; s < 256; s++)
		if (has_status(set, s) != (s >= first && s <= last))
			fail_msg("status %d is wrong", s);
}

static void assert_only_signal(const struct covey_outcomes *set, int number)
{
	for (int s = 0; s < 96; s++)
		if (has_signal(set, s) != (s == number))
			fail_msg("signal %d is wrong", s);
}

enum { NONE = -1 };

static void words(void **state)
{
	static const struct {
		const char *list;
		uint32_t bits;
	} cases[] = {
		{ "exit", 1u << COVEY_EXIT },
		{ "signal", 1u << COVEY_SIGNAL },
		{ "timeout", 1u << COVEY_TIMEOUT },
		{ "spawn", 1u << COVEY_SPAWN },
		{ "spawn,exit", 1u << COVEY_SPAWN | 1u << COVEY_EXIT },
		{ "exit,exit", 1u << COVEY_EXIT },
		{ "any",
		    1u << COVEY_EXIT | 1u << COVEY_SIGNAL | 1u << COVEY_TIMEOUT
		    | 1u << COVEY_SPAWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_outcomes set = parsed(cases[i].list);

		assert_int_equal(set.words, cases[i].bits);
		assert_statuses(&set, NONE, NONE);
		assert_only_signal(&set, NONE);
	}
}

static void statuses(void **state)
{
	static const struct {
		const char *list;
		int first, last;
	} cases[] = {
		{ "75", 75, 75 }, { "1", 1, 1 }, { "255", 255, 255 }, { "1-99", 1, 99 },
		{ "1-255", 1, 255 }, { "7-7", 7, 7 }, { "31,32,33", 31, 33 }, { "5-9,8-12", 5, 12 },
		{ "007", 7, 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_outcomes set = parsed(cases[i].list);

		assert_int_equal(set.words, 0);
		assert_statuses(&set, cases[i].first, cases[i].last);
		assert_only_signal(&set, NONE);
	}
}

static void signals(void **state)
{
	const struct {
		const char *list;
		int number;
	} cases[] = {
		{ "SIGSEGV", SIGSEGV }, { "SEGV", SIGSEGV }, { "segv", SIGSEGV }, { "HUP", SIGHUP },
		{ "RTMIN+2", SIGRTMIN + 2 }, { "SIGRTMAX", SIGRTMAX }, { "RTMAX-1", SIGRTMAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_outcomes set = parsed(cases[i].list);

		assert_int_equal(set.words, 0);
		assert_statuses(&set, NONE, NONE);
		assert_only_signal(&set, cases[i].number);
	}
}

static void lists_mix_and_add(void **state)
{
	struct covey_outcomes set = parsed("timeout,75,SIGBUS");
	struct error err;

	(void)state;
	assert_int_equal(set.words, 1u << COVEY_TIMEOUT);
	assert_statuses(&set, 75, 75);
	assert_only_signal(&set, SIGBUS);
	assert_int_equal(outcomes_add("signal,76", &set, &err), 0);
	assert_int_equal(set.words, 1u << COVEY_TIMEOUT | 1u << COVEY_SIGNAL);
	assert_statuses(&set, 75, 76);
	assert_only_signal(&set, SIGBUS);
}

static void errors(void **state)
{
	static const struct {
		const char *list, *element, *advice;
	} cases[] = {
		{ "foo", "'foo'", "exit, signal, timeout, spawn, any" },
		{ "exit,foo,75", "'foo'", "exit, signal, timeout, spawn, any" },
		{ "Exit", "'Exit'", "exit, signal" },
		{ "success", "'success'", "exit, signal" },
		{ "deadline", "'deadline'", "exit, signal" },
		{ " exit", "' exit'", "exit, signal" },
		{ "-5", "'-5'", "exit, signal" },
		{ "0", "'0'", "from 1 to 255" },
		{ "0-9", "'0-9'", "from 1 to 255" },
		{ "256", "'256'", "from 1 to 255" },
		{ "1-256", "'1-256'", "from 1 to 255" },
		{ "99999999999999999999", "'99999999999999999999'", "from 1 to 255" },
		{ "9-5", "'9-5'", "from low to high, such as 5-9" },
		{ "5-", "'5-'", "from 1 to 255" },
		{ "1--5", "'1--5'", "from 1 to 255" },
		{ "1-+5", "'1-+5'", "from 1 to 255" },
		{ "1-5-9", "'1-5-9'", "from 1 to 255" },
		{ "7x", "'7x'", "from 1 to 255" },
		{ "1 - 5", "'1 - 5'", "from 1 to 255" },
		{ "", "''", "empty element" },
		{ ",", "','", "empty element" },
		{ "exit,", "'exit,'", "empty element" },
		{ "exit,,75", "'exit,,75'", "empty element" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_outcomes set = { 0 };
		struct error err = { "" };

		if (outcomes_add(cases[i].list, &set, &err) != -1)
			fail_msg("'%s' was accepted", cases[i].list);
		if (strstr(err.message, cases[i].element) == NULL
		    || strstr(err.message, cases[i].advice) == NULL)
			fail_msg("'%s': %s", cases[i].list, err.message);
	}
}

/* A buffer that cuts elements would see "1" followed by zeros, or an outcome, in these. */
static void long_elements_are_refused(void **state)
{
	struct covey_outcomes set = { 0 };
	struct error err = { "" };
	char list[1000];

	(void)state;
	memset(list, '0', sizeof list);
	list[sizeof list - 2] = '1';
	list[sizeof list - 1] = '\0';
	assert_int_equal(outcomes_add(list, &set, &err), -1);
	assert_non_null(strstr(err.message, "0' is not an outcome"));
	assert_statuses(&set, NONE, NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(statuses),
		cmocka_unit_test(signals),
		cmocka_unit_test(lists_mix_and_add),
		cmocka_unit_test(errors),
		cmocka_unit_test(long_elements_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
