/* All parsers of values refuse in one way: -1, nothing stored, and a message that helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "cli/options/halt.h"
#include "cli/options/jobserver_option.h"
#include "cli/options/options_set.h"
#include "cli/options/options_table.h"
#include "cli/options/outcomes.h"
#include "cli/options/pacing.h"
#include "cli/options/rlimits.h"
#include "cli/options/shard.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Large enough for what any parser fills in. */
union value {
	struct halt halt;
	struct jobserver_options jobserver;
	struct covey_outcomes outcomes;
	struct pacing_load load;
	struct rlimits limits;
	struct shard shard;
	covey_nsec nsec;
	uint64_t size;
	long long number;
	double real;
	unsigned percent;
	int byte;
	unsigned char bytes[1024];
};

typedef int parser(const char *text, union value *value, struct error *err);

static int number(const char *text, union value *value, struct error *err)
{
	return units_number(text, 3, 9, &value->number, err);
}

static int factor(const char *text, union value *value, struct error *err)
{
	return units_factor(text, 1, 9, &value->real, err);
}

static int percent(const char *text, union value *value, struct error *err)
{
	return units_percent(text, 300, &value->percent, err);
}

#define PARSER(name, function, field) \
	static int name(const char *text, union value *value, struct error *err) \
	{ \
		return function(text, &value->field, err); \
	} \
	_Static_assert(1, "takes a semicolon")

PARSER(share, units_share, real);
PARSER(duration, units_duration, nsec);
PARSER(size, units_size, size);
PARSER(byte, units_byte, byte);
PARSER(signal_name, units_signal, byte);
PARSER(halt, halt_parse, halt);
PARSER(jobserver, jobserver_option_parse, jobserver);
PARSER(outcomes, outcomes_add, outcomes);
PARSER(rate, pacing_parse_rate, nsec);
PARSER(load, pacing_parse_load, load);
PARSER(memfree, pacing_parse_memfree, size);
PARSER(limit, rlimits_add, limits);
PARSER(shard, shard_parse, shard);

static void assert_refused(parser *parse, const char *text, const char *right)
{
	union value value, before;
	struct error err = { "" };
	char begin[200];

	/* some parsers add to what is there: nothing, and the rest is a pattern */
	memset(&value, 0, sizeof value);
	memset(value.bytes + sizeof value.limits, 0x5a, sizeof value - sizeof value.limits);
	before = value;
	if (parse(text, &value, &err) != -1)
		fail_msg("'%s' was accepted, though right is: %s", text, right);
	snprintf(begin, sizeof begin, "'%s' is not ", text);
	if (strncmp(err.message, begin, strlen(begin)) != 0)
		fail_msg("does not begin with \"%s\": %s", begin, err.message);
	if (strstr(err.message, right) == NULL)
		fail_msg("does not say \"%s\": %s", right, err.message);
	if (memcmp(&value, &before, sizeof value) != 0)
		fail_msg("'%s' has left something in the value", text);
}

static void all_refuse_alike(void **state)
{
	static const struct {
		parser *parse;
		const char *right;         /* what the message says */
		const char *texts[8];
	} cases[] = {
		{ number, "a number from 3 to 9", { "", "2", "10", "x", "4x", " 4", "4.0" } },
		{ factor, "a number from 1 to 9, such as 1.5",
		    { "", "0", "9.1", "x", "2x", "-2" } },
		{ percent, "a percentage from 1% to 300%", { "", "%", "7", "0%", "301%", "1.5%" } },
		{ share, "a number from 0 to 1, or a percentage",
		    { "", "x", "-1", "1.1", "101%" } },
		{ duration, "a duration such as 90, 90s, 1.5m",
		    { "", "x", "5x", "-1s", "1 s", "1h30m" } },
		{ duration, "a duration of at most 36500d", { "36501d", "99999999999999999999" } },
		{ size, "a size such as 4096, 64K", { "", "x", "K", "1.5M", "-1", "1X" } },
		{ size, "a size below 8192P",
		    { "8192P", "9223372036854775808", "18446744073709551617",
			"99999999999999999999999999999999" } },
		{ byte, "a single byte, or an escape such as \\t",
		    { "", "ab", "\\q", "\\400", "\\x" } },
		{ signal_name, "a signal such as TERM", { "", "FOO", "0", "SIG", "999", "TERM " } },
		{ halt, "'never', or 'now' or 'soon' with ',fail=N'",
		    { "", "now", "later,fail=1", "3" } },
		{ halt, "now,fail=N, with N from 1",
		    { "now,fail=", "now,fail=0", "now,fail=101%" } },
		{ halt, "a percentage from 1% to 100%", { "0%", "101%" } },
		{ jobserver, "N, 'fifo' or 'N,fifo', with N from 1",
		    { "", "0", "4097", "1,pipe", ",fifo" } },
		{ outcomes, "an outcome (exit, signal, timeout",
		    { "foo", "success", " exit", "Exit", "-5" } },
		{ outcomes, "an exit status from 1 to 255", { "0", "256", "7x", "5-", "1--5" } },
		{ outcomes, "a range from low to high, such as 5-9", { "9-5" } },
		{ outcomes, "a list with one comma between", { "", ",", "exit,", "exit,,75" } },
		{ rate, "a rate such as 10/s", { "", "10", "/s", "0/s", "10/d", "1000001/s" } },
		{ load, "a load such as 4 or 2.5, or a percentage",
		    { "", "0", "-1", "x", "%", "2%%" } },
		{ memfree, "a size such as", { "", "x", "-1" } },
		{ memfree, "the memory of this machine", { "4000000G" } },
		{ limit, "NAME=VALUE, with NAME one of as, core",
		    { "", "cpu", "=1", "memory=1G", "CPU=1" } },
		{ limit, "cpu=VALUE, with VALUE a duration", { "cpu=", "cpu=1K", "cpu=-1" } },
		{ limit, "as=VALUE, with VALUE a size", { "as=", "as=1h", "as=lots" } },
		{ limit, "nofile=VALUE, with VALUE a number",
		    { "nofile=", "nofile=1K", "nofile=-1" } },
		{ limit, "allowed: the hard limit of 'nofile' is", { "nofile=9000000000" } },
		{ shard, "I/N, 'auto' or 'auto/N', with I from 1",
		    { "", "3", "0/3", "4/3", "auto/0", "1/" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t k = 0; k < COUNT(cases[i].texts) && cases[i].texts[k] != NULL; k++)
			assert_refused(cases[i].parse, cases[i].texts[k], cases[i].right);
}

/* The element is quoted, and what was right before it is not taken either. */
static void a_list_is_taken_whole(void **state)
{
	struct covey_outcomes set = { .words = 1u << COVEY_SPAWN }, before = set;
	struct error err = { "" };

	(void)state;
	assert_int_equal(outcomes_add("75,exit,foo,SEGV", &set, &err), -1);
	assert_memory_equal(err.message, "'foo' is not an outcome", 23);
	assert_memory_equal(&set, &before, sizeof set);
}

/* A text of any length leaves room for what would be right. */
static void long_texts_are_cut(void **state)
{
	struct error err = { "" };
	char text[2000];
	covey_nsec d;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(units_duration(text, &d, &err), -1);
	assert_non_null(strstr(err.message, "x' is not a duration such as 90, 90s, 1.5m"));
}

/* Every option that takes an argument refuses an empty one, or takes it for a text. */
static void no_option_takes_an_empty_value(void **state)
{
	(void)state;
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_row *row = options_table_row((enum option_id)i);
		struct options o;
		struct error err = { "" };

		if (row->argument == NULL || row->kind == KIND_TEXT)
			continue;
		assert_int_equal(options_set_defaults(&o, &err), 0);
		if (options_set_field(row, "", &o, &err) != -1)
			fail_msg("'%s' takes an empty argument", row->argument);
		if (strncmp(err.message, "'' is not ", 10) != 0
		    && strcmp(err.message, "the argument must not be empty") != 0)
			fail_msg("%s: %s", row->argument, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_refuse_alike),
		cmocka_unit_test(a_list_is_taken_whole),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(no_option_takes_an_empty_value),
	};

	return cmocka_run_group_tests_name("parsers", tests, NULL, NULL);
}
