#include "cli/output/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void trouble_report(struct trouble *trouble, enum trouble_kind kind, int sys_errno,
    const char *format, ...)
{
	struct trouble_report *report = &trouble->reports[kind];
	char text[sizeof report->what.message];
	va_list args;

	if (report->reported)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report->reported = true;
	report->sys_errno = sys_errno;
	error_set(&report->what, "%s%s%s", text, sys_errno != 0 ? ": " : "",
	    sys_errno != 0 ? strerror(sys_errno) : "");
}

void trouble_report_lost(struct trouble *trouble, int sys_errno)
{
	trouble_report(trouble, TROUBLE_OUTPUT, sys_errno, "cannot keep what a task has printed");
}

bool trouble_take(struct trouble *trouble, enum trouble_kind *kind, const char **what)
{
	unsigned i;

	for (i = 0; i < TROUBLE_NKINDS; i++) {
		struct trouble_report *report = &trouble->reports[i];

		if (!report->reported || report->taken)
			continue;
		report->taken = true;
		*kind = (enum trouble_kind)i;
		*what = report->what.message;
		return true;
	}
	return false;
}

const char *trouble_with_output(const struct trouble *trouble)
{
	static const enum trouble_kind kinds[] = {
		TROUBLE_RESULTS, TROUBLE_OUTPUT, TROUBLE_READER, TROUBLE_MESSAGES,
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (trouble->reports[kinds[i]].reported)
			return trouble->reports[kinds[i]].what.message;
	}
	return NULL;
}

int trouble_errno(const struct trouble *trouble, enum trouble_kind kind)
{
	return trouble->reports[kind].sys_errno;
}
