#include "cli/options/pacing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/units.h"

static int bad_rate(const char *text, struct error *err)
{
	return units_refuse(text, err, "a rate such as 10/s, 100/m or 0.5/h");
}

int pacing_parse_rate(const char *text, covey_nsec *interval, struct error *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - text);
	char number[32];
	covey_nsec unit;
	double n;

	if (len == 0 || len >= sizeof number)
		return bad_rate(text, err);
	memcpy(number, text, len);
	number[len] = '\0';
	unit = strcmp(slash, "/s") == 0 ? COVEY_SEC : strcmp(slash, "/m") == 0 ? 60 * COVEY_SEC
	    : strcmp(slash, "/h") == 0 ? 3600 * COVEY_SEC : 0;
	if (unit == 0 || units_factor(number, 0, 1000000, &n, err) != 0 || n < 1e-6)
		return bad_rate(text, err);
	*interval = (covey_nsec)ceil((double)unit / n);
	return 0;
}

int pacing_parse_load(const char *text, struct pacing_load *load, struct error *err)
{
	size_t len = strlen(text);
	bool percent = units_is_percent(text);
	char number[32];
	double n = 0;

	if (len - percent < sizeof number) {
		memcpy(number, text, len - percent);
		number[len - percent] = '\0';
		if (units_factor(number, 0, 1000000, &n, err) != 0)
			n = 0;
	}
	if (n <= 0)
		return units_refuse(text, err, "a load such as 4 or 2.5, or a percentage of the "
		    "CPUs such as 80%%");
	*load = (struct pacing_load){ n, percent };
	return 0;
}

int pacing_parse_memfree(const char *text, uint64_t *size, struct error *err)
{
	struct sysinfo info;
	uint64_t asked, memory;

	if (units_size(text, &asked, err) != 0)
		return -1;
	memory = sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : UINT64_MAX;
	if (asked > memory)
		return units_refuse(text, err, "a size of at most %" PRIu64 "M, the memory of this "
		    "machine", memory >> 20);
	*size = asked;
	return 0;
}

bool pacing_limits(const struct pacing *options)
{
	return options->delay > 0 || options->interval > 0 || options->load.n > 0
	    || options->memfree > 0;
}
