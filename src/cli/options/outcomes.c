#include "cli/options/outcomes.h"

#include <bsd/stdlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LONGEST_ELEMENT = 64, HIGHEST_STATUS = 255 };

static const struct word {
	const char *name;
	uint32_t bits;
} words[] = {
	{ "exit", 1u << COVEY_EXIT },
	{ "signal", 1u << COVEY_SIGNAL },
	{ "timeout", 1u << COVEY_TIMEOUT },
	{ "spawn", 1u << COVEY_SPAWN },
	{ "any", 1u << COVEY_EXIT | 1u << COVEY_SIGNAL | 1u << COVEY_TIMEOUT | 1u << COVEY_SPAWN },
};

static bool add_word(const char *element, struct covey_outcomes *set)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].name, element) == 0) {
			set->words |= words[i].bits;
			return true;
		}
	return false;
}

static bool add_signal(const char *element, struct covey_outcomes *set)
{
	int number;

	if (!units_signal_known(element, &number))
		return false;
	set->signals[number / 32] |= 1u << number % 32;
	return true;
}

static int bad_status(const char *element, struct error *err)
{
	return units_refuse(element, err, "an exit status from 1 to %d, or a range such as 1-99",
	    HIGHEST_STATUS);
}

/* "75" or "1-99". strtonum accepts signs, so "1--5" and "+1" must be refused before. */
static int add_statuses(const char *element, struct covey_outcomes *set, struct error *err)
{
	char first_text[LONGEST_ELEMENT];
	const char *last_text = strchr(element, '-'), *why = NULL, *why_last = NULL;
	int first, last;

	if (element[strspn(element, "0123456789-")] != '\0')
		return bad_status(element, err);
	snprintf(first_text, sizeof first_text, "%.*s", (int)strcspn(element, "-"), element);
	first = last = (int)strtonum(first_text, 1, HIGHEST_STATUS, &why);
	if (last_text != NULL)
		last = (int)strtonum(last_text + 1, 1, HIGHEST_STATUS, &why_last);
	if (why != NULL || why_last != NULL)
		return bad_status(element, err);
	if (first > last)
		return units_refuse(element, err, "a range from low to high, such as %d-%d", last,
		    first);
	for (int s = first; s <= last; s++)
		set->statuses[s / 32] |= 1u << s % 32;
	return 0;
}

static int bad_element(const char *element, struct error *err)
{
	char list[64] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT(words); i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
		    i == 0 ? "" : ", ", words[i].name);
	return units_refuse(element, err,
	    "an outcome (%s), an exit status (75, 1-99) or a signal (SIGSEGV)", list);
}

static int add_element(const char *element, struct covey_outcomes *set, struct error *err)
{
	if (element[0] >= '0' && element[0] <= '9')
		return add_statuses(element, set, err);
	if (add_word(element, set) || add_signal(element, set))
		return 0;
	return bad_element(element, err);
}

int outcomes_add(const char *list, struct covey_outcomes *set, struct error *err)
{
	struct covey_outcomes sum = *set;
	char element[LONGEST_ELEMENT];

	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ",");

		if (n == 0)
			return units_refuse(list, err, "a list with one comma between two "
			    "elements, such as 75,timeout: it has an empty element");
		/* what does not fit is not an outcome, though its beginning might be one */
		if (n >= sizeof element)
			return bad_element(p, err);
		memcpy(element, p, n);
		element[n] = '\0';
		if (add_element(element, &sum, err) != 0)
			return -1;
		p += n;
		if (*p == '\0')
			break;
	}
	*set = sum;
	return 0;
}
