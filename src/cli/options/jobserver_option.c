#include "cli/options/jobserver_option.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

int jobserver_option_parse(const char *text, struct jobserver_options *options, struct error *err)
{
	struct jobserver_options parsed = { .serve = true };
	const char *comma = text == NULL ? NULL : strchr(text, ',');
	char number[16];
	long long n = 0;

	if (text == NULL || strcmp(text, "fifo") == 0) {
		parsed.fifo = text != NULL;
		*options = parsed;
		return 0;
	}
	parsed.fifo = comma != NULL && strcmp(comma, ",fifo") == 0;
	snprintf(number, sizeof number, "%.*s", (int)strcspn(text, parsed.fifo ? "," : ""), text);
	if (units_number(number, 1, JOBSERVER_MOST, &n, err) != 0)
		return units_refuse(text, err, "N, 'fifo' or 'N,fifo', with N from 1 to %d",
		    JOBSERVER_MOST);
	parsed.n = (unsigned)n;
	*options = parsed;
	return 0;
}
