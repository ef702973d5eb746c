/*
 * The values of options: the input is one argument, and every parser is given it.
 */
#include <stdbool.h>

#include "covey.h"
#include "fuzz.h"
#include "cli/input/engine.h"
#include "cli/options/halt.h"
#include "cli/options/jobserver_option.h"
#include "cli/options/outcomes.h"
#include "cli/options/pacing.h"
#include "cli/options/rlimits.h"
#include "cli/options/shard.h"
#include "base/units.h"

#define CENTURY (INT64_C(36525) * 24 * 3600 * COVEY_SEC)

/* What was refused has a reason, and what was taken is in range. */
static void check(int result, bool holds, struct error *err)
{
	if (result == 0) {
		FUZZ_CHECK(holds);
		return;
	}
	FUZZ_CHECK(result == -1);
	fuzz_check_message(err->message);
	err->message[0] = '\0';
}

/* The arguments of a function have no order: what holds after the call must be asked after it. */
#define CHECK_CALL(call, holds, err) \
	do { \
		int result_ = (call); \
		\
		check(result_, holds, err); \
	} while (0)

static void numbers(const char *text)
{
	struct error err = { "" };
	double real = 0;
	unsigned percent = 1;
	long long n = 0;
	int byte = 0;
	uint64_t size = 0;

	CHECK_CALL(units_number(text, -7, 1000000, &n, &err), n >= -7 && n <= 1000000, &err);
	CHECK_CALL(units_factor(text, 0, 1000, &real, &err), real >= 0 && real <= 1000, &err);
	CHECK_CALL(units_share(text, &real, &err), real >= 0 && real <= 1, &err);
	CHECK_CALL(units_percent(text, 300, &percent, &err), percent >= 1 && percent <= 300, &err);
	CHECK_CALL(units_size(text, &size, &err), size <= INT64_MAX, &err);
	CHECK_CALL(units_byte(text, &byte, &err), byte >= 0 && byte <= 255, &err);
}

/* What is written for people is read again, and is never more than it was. */
static void durations(const char *text)
{
	struct error err = { "" };
	covey_nsec d = 0, again = 0;
	char shown[UNITS_DURATION_SIZE];
	int result = units_duration(text, &d, &err);

	check(result, d >= 0 && d <= CENTURY, &err);
	units_format_duration(d, shown);
	FUZZ_CHECK(shown[0] != '\0' && strlen(shown) < sizeof shown);
	if (units_duration(shown, &again, &err) == 0)
		FUZZ_CHECK(again <= d);
}

static void signals(const char *text)
{
	struct error err = { "" };
	int sig = 0, again = 0;
	int result = units_signal(text, &sig, &err);

	check(result, sig > 0 && sig <= 64, &err);
	FUZZ_CHECK(units_signal_known(text, &again) == (result == 0) && again == sig);
	if (result == 0 && strncmp(units_signal_name(sig), "SIG3", 4) != 0) {
		FUZZ_CHECK(units_signal_known(units_signal_name(sig), &again));
		FUZZ_CHECK(again == sig);
	}
}

/* A list names sets: twice is once, and all of it is in "any" with all that can be numbered. */
static void lists(const char *text)
{
	struct error err = { "" };
	struct covey_outcomes once = { 0 }, twice;
	int result = outcomes_add(text, &once, &err);

	check(result, (once.words >> COVEY_NOUTCOMES) == 0 && (once.statuses[0] & 1) == 0, &err);
	twice = once;
	FUZZ_CHECK(outcomes_add(text, &twice, &err) == result);
	FUZZ_CHECK(memcmp(&once, &twice, sizeof once) == 0);
}

static void limits(const char *text)
{
	struct error err = { "" };
	struct halt halt = { .when = HALT_NEVER };
	struct halt_counts none = { .succeeded = 0 };

	CHECK_CALL(halt_parse(text, &halt, &err), halt.when == HALT_NEVER || halt.limit >= 1, &err);
	if (halt.when != HALT_NEVER)
		FUZZ_CHECK(!halt_reached(&halt, &none));
}

static void pace(const char *text)
{
	struct error err = { "" };
	struct pacing_load load = { .n = 0 };
	covey_nsec interval = 0;
	uint64_t size = 0;

	CHECK_CALL(pacing_parse_rate(text, &interval, &err), interval >= 1, &err);
	CHECK_CALL(pacing_parse_load(text, &load, &err), load.n > 0, &err);
	CHECK_CALL(pacing_parse_memfree(text, &size, &err), size <= INT64_MAX, &err);
}

/* The same name again replaces the limit, and covey's own limits are not changed. */
static void resources(const char *text)
{
	struct error err = { "" };
	struct rlimits limits = { .n = 0 };
	struct rlimit before, after;
	int result;

	FUZZ_CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	result = rlimits_add(text, &limits, &err);
	check(result, limits.n == 1 && limits.list[0].value.rlim_cur
	    <= limits.list[0].value.rlim_max, &err);
	if (result == 0)
		FUZZ_CHECK(rlimits_add(text, &limits, &err) == 0 && limits.n == 1);
	FUZZ_CHECK(getrlimit(RLIMIT_NOFILE, &after) == 0);
	FUZZ_CHECK(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max);
}

static void jobserver(const char *text)
{
	struct error err = { "" };
	struct jobserver_options options = { .serve = false };
	int result = jobserver_option_parse(text, &options, &err);

	check(result, options.serve && options.n <= JOBSERVER_MOST, &err);
}

/* The environment: every variable there is has this value. */
static const char *everywhere;

static char *get(const char *name)
{
	(void)name;
	return (char *)(uintptr_t)everywhere;
}

static bool is_shard(const struct shard *shard)
{
	return shard->index >= 1 && shard->index <= shard->count && shard->count <= SHARD_MOST;
}

static void shards(const char *text)
{
	struct span item = { text, strlen(text) };
	struct error err = { "" };
	struct shard shard = { .index = 0 };
	int result = shard_parse(text, &shard, &err);

	check(result, is_shard(&shard) || (shard.automatic && shard.count <= SHARD_MOST), &err);
	if (result == 0 && shard.count > 0) {
		unsigned of = shard_of(&item, 1, shard.count);

		FUZZ_CHECK(of >= 1 && of <= shard.count);
		FUZZ_CHECK(shard_block(item.len, &(struct shard){ .index = shard.count,
		    .count = shard.count }).end == item.len);
	}
	everywhere = text;
	shard = (struct shard){ .automatic = true, .count = 5 };
	result = engine_find(&shard, get, &err);
	check(result, is_shard(&shard), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	numbers(text);
	durations(text);
	signals(text);
	lists(text);
	limits(text);
	pace(text);
	resources(text);
	jobserver(text);
	shards(text);
	free(text);
	return 0;
}
