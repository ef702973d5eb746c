#include "cli/options/halt.h"

#include <stddef.h>
#include <string.h>

#include "base/units.h"

enum { LARGEST_LIMIT = 1000000000 };

static const struct older {
	const char *text;
	struct halt halt;
} older_forms[] = {
	{ "never", { .when = HALT_NEVER } },
	{ "0", { .when = HALT_NEVER } },
	{ "1", { .when = HALT_SOON, .why = HALT_FAIL, .limit = 1 } },
	{ "2", { .when = HALT_NOW, .why = HALT_FAIL, .limit = 1 } },
	{ "-1", { .when = HALT_SOON, .why = HALT_SUCCESS, .limit = 1 } },
	{ "-2", { .when = HALT_NOW, .why = HALT_SUCCESS, .limit = 1 } },
};

static const struct condition {
	const char *text;
	enum halt_when when;
	enum halt_why why;
} conditions[] = {
	{ "now,fail=", HALT_NOW, HALT_FAIL },
	{ "now,success=", HALT_NOW, HALT_SUCCESS },
	{ "now,done=", HALT_NOW, HALT_DONE },
	{ "soon,fail=", HALT_SOON, HALT_FAIL },
	{ "soon,success=", HALT_SOON, HALT_SUCCESS },
	{ "soon,done=", HALT_SOON, HALT_DONE },
};

static int parse_limit(const char *text, struct halt *halt, struct error *err)
{
	long long number = 0;

	halt->percent = units_is_percent(text);
	if (halt->percent)
		return units_percent(text, 100, &halt->limit, err);
	if (units_number(text, 1, LARGEST_LIMIT, &number, err) != 0)
		return -1;
	halt->limit = (uint32_t)number;
	return 0;
}

/* "now,fail=1" and the like; the text begins as the row begin does. */
static int parse_condition(const char *text, const struct condition *begin, struct halt *halt,
    struct error *err)
{
	struct halt parsed = { .when = begin->when, .why = begin->why };

	if (parse_limit(text + strlen(begin->text), &parsed, err) != 0)
		return units_refuse(text, err, "%sN, with N from 1 to %d, or from 1%% to 100%%",
		    begin->text, LARGEST_LIMIT);
	*halt = parsed;
	return 0;
}

/* "10%", which is how parallel(1) writes "soon,fail=10%". */
static int parse_percentage(const char *text, struct halt *halt, struct error *err)
{
	struct halt parsed = { .when = HALT_SOON, .why = HALT_FAIL };

	if (parse_limit(text, &parsed, err) != 0)
		return -1;
	*halt = parsed;
	return 0;
}

int halt_parse(const char *text, struct halt *halt, struct error *err)
{
	for (size_t i = 0; i < sizeof older_forms / sizeof older_forms[0]; i++)
		if (strcmp(older_forms[i].text, text) == 0) {
			*halt = older_forms[i].halt;
			return 0;
		}
	if (text[0] >= '0' && text[0] <= '9' && units_is_percent(text))
		return parse_percentage(text, halt, err);
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
		if (strncmp(conditions[i].text, text, strlen(conditions[i].text)) == 0)
			return parse_condition(text, &conditions[i], halt, err);
	return units_refuse(text, err, "'never', or 'now' or 'soon' with ',fail=N', ',success=N' "
	    "or ',done=N', where N is a number or a percentage");
}

static uint64_t counted(enum halt_why why, const struct halt_counts *counts)
{
	switch (why) {
	case HALT_FAIL:
		return counts->failed;
	case HALT_SUCCESS:
		return counts->succeeded;
	case HALT_DONE:
		return counts->succeeded + counts->failed;
	}
	return 0;
}

/* Rounds up: 50% of three tasks are two. Computes in parts, as total * limit might overflow. */
static uint64_t percent_of(uint64_t total, uint32_t limit)
{
	return total / 100 * limit + (total % 100 * limit + 99) / 100;
}

bool halt_reached(const struct halt *halt, const struct halt_counts *counts)
{
	uint64_t n = counted(halt->why, counts);

	if (halt->when == HALT_NEVER || n == 0)
		return false;
	if (!halt->percent)
		return n >= halt->limit;
	return counts->total_known && n >= percent_of(counts->total, halt->limit);
}
