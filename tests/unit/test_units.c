#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_quotes(const struct error *err, const char *text)
{
	char quoted[64];

	snprintf(quoted, sizeof quoted, "'%s'", text);
	if (strstr(err->message, quoted) == NULL)
		fail_msg("%s is not in: %s", quoted, err->message);
}

/* ---- messages ---- */

static void messages_are_one_visible_line(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_set(&err, "a%sb", "\n\t\033[\x7f\\\xc3\xa9"), -1);
	assert_string_equal(err.message, "a\\n\\t\\033[\\177\\\xc3\xa9" "b");
}

static void messages_can_be_put_in_front_of(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "the cause");
	error_set(&err, "option '%s': %s", "-x", err.message);
	assert_string_equal(err.message, "option '-x': the cause");
}

static void messages_are_cut_to_size(void **state)
{
	struct {
		struct error err;
		char after;
	} s = { .after = 'x' };
	char text[2000];

	(void)state;
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&s.err, "%s", text);
	assert_int_equal(strlen(s.err.message), sizeof s.err.message - 2);
	assert_int_equal(s.after, 'x');
}

/* ---- numbers ---- */

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int result;
		long long value;
	} cases[] = {
		{ "1", 0, 1 }, { "010", 0, 10 }, { "+7", 0, 7 }, { "100", 0, 100 }, { "-5", 0, -5 },
		{ "101", -1, 0 }, { "-6", -1, 0 }, { "", -1, 0 }, { " 1", -1, 0 }, { "1 ", -1, 0 },
		{ "2k", -1, 0 }, { "0x2", -1, 0 }, { "1.5", -1, 0 }, { "--1", -1, 0 }, { "x", -1,
		    0 },
		{ "-", -1, 0 }, { "99999999999999999999999", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		long long n = 0;

		assert_int_equal(units_number(cases[i].text, -5, 100, &n, &err), cases[i].result);
		assert_int_equal(n, cases[i].value);
		if (cases[i].result != 0) {
			assert_quotes(&err, cases[i].text);
			assert_non_null(strstr(err.message, "from -5 to 100"));
		}
	}
}

static void factors(void **state)
{
	static const struct {
		const char *text;
		int result;
		double value;
	} cases[] = {
		{ "1", 0, 1 }, { "1.1", 0, 1.1 }, { "2.3", 0, 2.3 }, { "999.999", 0, 999.999 },
		{ "1000", 0, 1000 }, { "1000.0", 0, 1000 }, { "2.", 0, 2 }, { "0.9", -1, 0 },
		{ "1000.1", -1, 0 }, { "1001", -1, 0 }, { "", -1, 0 }, { ".", -1, 0 },
		{ "1,5", -1, 0 }, { "-1", -1, 0 }, { "1e2", -1, 0 }, { "nan", -1, 0 },
		{ "inf", -1, 0 }, { "0x2", -1, 0 }, { " 2", -1, 0 }, { "1.2.3", -1, 0 },
		{ "99999999999999999999999999", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		double f = 0;

		assert_int_equal(units_factor(cases[i].text, 1, 1000, &f, &err), cases[i].result);
		assert_true(f == cases[i].value);
		if (cases[i].result != 0)
			assert_quotes(&err, cases[i].text);
	}
}

static void shares(void **state)
{
	static const struct {
		const char *text;
		int result;
		double value;
	} cases[] = {
		{ "0", 0, 0 }, { "1", 0, 1 }, { "0.2", 0, 0.2 }, { ".5", 0, 0.5 }, { "0%", 0, 0 },
		{ "20%", 0, 0.2 }, { "100%", 0, 1 }, { "12.5%", 0, 0.125 }, { "1.1", -1, 0 },
		{ "2", -1, 0 }, { "101%", -1, 0 }, { "100.1%", -1, 0 }, { "%", -1, 0 }, { "", -1,
		    0 },
		{ "-0.1", -1, 0 }, { "20%%", -1, 0 }, { "20 %", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		double share = 0;

		assert_int_equal(units_share(cases[i].text, &share, &err), cases[i].result);
		assert_true(share == cases[i].value);
		if (cases[i].result != 0)
			assert_quotes(&err, cases[i].text);
	}
}

static void percentages(void **state)
{
	static const struct {
		const char *text;
		int result;
		unsigned value;
	} cases[] = {
		{ "1%", 0, 1 }, { "100%", 0, 100 }, { "0%", -1, 0 }, { "101%", -1, 0 },
		{ "5", -1, 0 }, { "%", -1, 0 }, { "1.5%", -1, 0 }, { "1.%", -1, 0 },
		{ "-1%", -1, 0 }, { "5%x", -1, 0 }, { "99999999999999999999%", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		unsigned percent = 0;

		assert_int_equal(units_percent(cases[i].text, 100, &percent, &err),
		    cases[i].result);
		assert_int_equal(percent, cases[i].value);
		if (cases[i].result != 0)
			assert_quotes(&err, cases[i].text);
	}
	assert_true(units_is_percent("x%"));
	assert_false(units_is_percent("%x"));
	assert_false(units_is_percent(""));
}

/* ---- durations ---- */

static void durations(void **state)
{
	static const struct {
		const char *text;
		covey_nsec value;
	} cases[] = {
		{ "0", 0 }, { "0.0s", 0 }, { "90", 90 * COVEY_SEC }, { "90s", 90 * COVEY_SEC },
		{ "1.5m", 90 * COVEY_SEC }, { "2h", 7200 * COVEY_SEC }, { "250ms",
		    250 * COVEY_MSEC },
		{ "1d", 86400 * COVEY_SEC }, { "0.25", 250 * COVEY_MSEC }, { ".5s",
		    500 * COVEY_MSEC },
		{ "1.", COVEY_SEC }, { "0.5ms", 500000 }, { "0.000000001", 1 }, { "007",
		    7 * COVEY_SEC },
		{ "1.123456789s", 1123456789 }, { "0.1d", 8640 * COVEY_SEC },
		{ "36500d", (covey_nsec)36500 * 86400 * COVEY_SEC },
		/* too small to measure, yet not the "none" that 0 stands for */
		{ "0.0000000001", 1 }, { "0.0000001ms", 1 },
		{ "0.00000000000000000000", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		covey_nsec d = -1;

		if (units_duration(cases[i].text, &d, &err) != 0)
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_int_equal(d, cases[i].value);
	}
}

static void bad_durations(void **state)
{
	static const char *const cases[] = {
		"", "-1", "+1", "-0", "s", ".", ".s", "ms", "1x", "1S", "1 s", " 1", "1s ", "1sec",
		"1m30s", "1,5", "1e3", "0x10", "inf", "nan", "1.5.5", "infinity", "1us", "\xd9\xa1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		covey_nsec d = -1;

		if (units_duration(cases[i], &d, &err) != -1)
			fail_msg("'%s' was accepted", cases[i]);
		assert_quotes(&err, cases[i]);
		assert_non_null(strstr(err.message, "90, 90s, 1.5m, 2h, 1d or 250ms"));
		assert_int_equal(d, -1);
	}
}

static void long_durations(void **state)
{
	static const char *const cases[] = {
		"36501d", "36500.5d", "876001h", "3153600001", "3153600000000.1ms", "3153600000.1",
		"99999999999999999999999999999999999999", "18446744073709551616",
		    "9223372036854775808ms",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		covey_nsec d = -1;

		if (units_duration(cases[i], &d, &err) != -1)
			fail_msg("'%s' was accepted", cases[i]);
		assert_non_null(strstr(err.message, "a duration of at most 36500d"));
		assert_int_equal(d, -1);
	}
}

static void formatted_durations(void **state)
{
	static const struct {
		covey_nsec value;
		const char *text;
	} cases[] = {
		{ -COVEY_SEC, "0s" }, { -1, "0s" }, { 0, "0s" }, { 1, "0ms" },
		{ 250 * COVEY_MSEC, "250ms" }, { COVEY_SEC - 1, "999ms" }, { COVEY_SEC, "1s" },
		{ 1500 * COVEY_MSEC, "1.5s" }, { 1599 * COVEY_MSEC, "1.5s" }, { 30 * COVEY_SEC,
		    "30s" },
		{ 60 * COVEY_SEC - 1, "59.9s" }, { 60 * COVEY_SEC, "1m" }, { 125 * COVEY_SEC,
		    "2m05s" },
		{ 3600 * COVEY_SEC - 1, "59m59s" }, { 3600 * COVEY_SEC, "1h" },
		{ 3720 * COVEY_SEC, "1h02m" }, { 86400 * COVEY_SEC - 1, "23h59m" },
		{ 86400 * COVEY_SEC, "1d" }, { 97200 * COVEY_SEC, "1d03h" }, { INT64_MAX,
		    "106751d23h" },
		{ INT64_MIN, "0s" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[UNITS_DURATION_SIZE];

		units_format_duration(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* ---- sizes ---- */

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 }, { "10", 0, 10 }, { "64K", 0, 65536 }, { "64k", 0, 65536 },
		{ "1M", 0, 1 << 20 }, { "1MiB", 0, 1 << 20 }, { "3KiB", 0, 3072 },
		{ "2G", 0, (uint64_t)2 << 30 }, { "1T", 0, (uint64_t)1 << 40 },
		{ "8191P", 0, (uint64_t)8191 << 50 }, { "8192P", -1, 0 },
		{ "9223372036854775807", 0, INT64_MAX }, { "9223372036854775808", -1, 0 },
		{ "18446744073709551616", -1, 0 }, { "99999999999999999999999999", -1, 0 },
		{ "99999999999999999G", -1, 0 }, { "", -1, 0 }, { "K", -1, 0 }, { "-1", -1, 0 },
		{ "+1", -1, 0 }, { "1.5G", -1, 0 }, { "1KB", -1, 0 }, { "1B", -1, 0 }, { "1Ki", -1,
		    0 },
		{ "1iB", -1, 0 }, { "1 K", -1, 0 }, { "1m", -1, 0 }, { "0x10", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		uint64_t size = 0;

		if (units_size(cases[i].text, &size, &err) != cases[i].result)
			fail_msg("'%s': %s", cases[i].text, err.message);
		assert_int_equal(size, cases[i].value);
		if (cases[i].result != 0)
			assert_quotes(&err, cases[i].text);
	}
}

/* ---- bytes ---- */

static void bytes(void **state)
{
	static const struct {
		const char *text;
		int byte;       /* -1: refused */
	} cases[] = {
		{ ",", ',' }, { "\\", '\\' }, { "\\\\", '\\' }, { "\\a", '\a' }, { "\\b", '\b' },
		{ "\\f", '\f' }, { "\\n", '\n' }, { "\\r", '\r' }, { "\\t", '\t' }, { "\\v", '\v' },
		{ "\\0", 0 }, { "\\00", 0 }, { "\\33", 033 }, { "\\033", 033 }, { "\\377", 0377 },
		{ "\\x1f", 0x1f }, { "\\xF", 0xf }, { "\\xfF", 0xff }, { "\xff", 0xff }, { "\n",
		    '\n' },
		{ "", -1 }, { "ab", -1 }, { "\xc3\xa9", -1 }, { "\\400", -1 }, { "\\x100", -1 },
		{ "\\x", -1 }, { "\\xg", -1 }, { "\\8", -1 }, { "\\0333", -1 }, { "\\nn", -1 },
		{ "\\q", -1 }, { "\\\\\\", -1 }, { "\\x1g", -1 }, { "\\09", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		int byte = -1;
		int result = units_byte(cases[i].text, &byte, &err);

		if (byte != cases[i].byte)
			fail_msg("'%s' gave %d", cases[i].text, byte);
		assert_int_equal(result, cases[i].byte < 0 ? -1 : 0);
		if (result != 0)
			assert_quotes(&err, cases[i].text);
	}
}

/* ---- signals ---- */

static void signals(void **state)
{
	const struct {
		const char *text;
		int number;     /* 0: refused */
	} cases[] = {
		{ "TERM", SIGTERM }, { "SIGTERM", SIGTERM }, { "term", SIGTERM }, { "SigTerm",
		    SIGTERM },
		{ "15", 15 }, { "1", SIGHUP }, { "USR1", SIGUSR1 }, { "IO", SIGIO }, { "POLL",
		    SIGIO },
		{ "IOT", SIGABRT }, { "SIGCLD", SIGCHLD }, { "RTMIN", SIGRTMIN },
		{ "SIGRTMIN", SIGRTMIN }, { "RTMIN+0", SIGRTMIN }, { "rtmin+3", SIGRTMIN + 3 },
		{ "RTMAX", SIGRTMAX }, { "RTMAX-2", SIGRTMAX - 2 }, { "64", 64 }, { "SIG32", 32 },
		{ "", 0 }, { "SIG", 0 }, { "0", 0 }, { "65", 0 }, { "-1", 0 }, { "-TERM", 0 },
		{ "FOO", 0 },
		{ "SIGSIGTERM", 0 }, { "TERM ", 0 }, { " 15", 0 }, { "RTMIN-1", 0 }, { "RTMAX+1",
		    0 },
		{ "RTMIN+31", 0 }, { "RTMIN+", 0 }, { "RTMIN++1", 0 }, { "RTMIN+1x", 0 },
		{ "RTMIN3", 0 },
		{ "15x", 0 }, { "SIGTERMSIGTERMSIGTERM", 0 }, { "99999999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { "" };
		int number = 0;
		int result = units_signal(cases[i].text, &number, &err);

		if (number != cases[i].number)
			fail_msg("'%s' gave %d", cases[i].text, number);
		assert_int_equal(result, cases[i].number == 0 ? -1 : 0);
		if (result != 0)
			assert_quotes(&err, cases[i].text);
	}
}

static void signal_names(void **state)
{
	(void)state;
	assert_string_equal(units_signal_name(SIGSEGV), "SIGSEGV");
	assert_string_equal(units_signal_name(SIGKILL), "SIGKILL");
	assert_string_equal(units_signal_name(SIGRTMIN), "SIGRTMIN");
	assert_string_equal(units_signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
	assert_string_equal(units_signal_name(0), "unknown signal");
	assert_string_equal(units_signal_name(-1), "unknown signal");
	assert_string_equal(units_signal_name(SIGRTMAX + 1), "unknown signal");
	assert_string_equal(units_signal_name(100000), "unknown signal");
}

static void every_signal_has_a_name_that_is_read_back(void **state)
{
	(void)state;
	for (int i = 1; i <= SIGRTMAX; i++) {
		int number = 0;

		if (!units_signal_known(units_signal_name(i), &number) || number != i)
			fail_msg("signal %d is '%s'", i, units_signal_name(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_one_visible_line),
		cmocka_unit_test(messages_can_be_put_in_front_of),
		cmocka_unit_test(messages_are_cut_to_size),
		cmocka_unit_test(numbers),
		cmocka_unit_test(factors),
		cmocka_unit_test(shares),
		cmocka_unit_test(percentages),
		cmocka_unit_test(durations),
		cmocka_unit_test(bad_durations),
		cmocka_unit_test(long_durations),
		cmocka_unit_test(formatted_durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(bytes),
		cmocka_unit_test(signals),
		cmocka_unit_test(signal_names),
		cmocka_unit_test(every_signal_has_a_name_that_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
