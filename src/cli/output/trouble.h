/*
 * trouble - what goes wrong with the run itself, and not with a task
 *
 * Whoever cannot write or keep something reports it here, and goes on as well as it can. The run
 * takes the reports and reacts to them, in one place. Only the first report of each kind counts.
 */
#ifndef CLI_OUTPUT_TROUBLE_H
#define CLI_OUTPUT_TROUBLE_H

#include <stdbool.h>

#include "base/error.h"

enum trouble_kind {
	TROUBLE_READER,     /* nobody reads standard output any more */
	TROUBLE_OUTPUT,     /* what tasks print cannot be kept, or not be written */
	TROUBLE_MESSAGES,   /* standard error cannot be written */
	TROUBLE_RECORDS,    /* the journal or the job log cannot be written */
	TROUBLE_RESULTS,    /* the directory of --results cannot be written */
	TROUBLE_NKINDS
};

/* All zero: no trouble. */
struct trouble {
	struct trouble_report {
		bool reported, taken;
		int sys_errno;
		struct error what;
	} reports[TROUBLE_NKINDS];
};

/* Reports what failed; sys_errno, where it is not 0, becomes the end of the message. */
void trouble_report(struct trouble *trouble, enum trouble_kind kind, int sys_errno,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reports, as TROUBLE_OUTPUT, that what a task has printed cannot be kept. */
void trouble_report_lost(struct trouble *trouble, int sys_errno);

/* Takes the next report that nobody has taken: its kind, and its message. False: there is none. */
bool trouble_take(struct trouble *trouble, enum trouble_kind *kind, const char **what);

/* Why what tasks print or save does not arrive whole; NULL: it does. */
const char *trouble_with_output(const struct trouble *trouble);

/* The errno of what was reported of that kind; 0: nothing was, or without one. */
int trouble_errno(const struct trouble *trouble, enum trouble_kind kind);

#endif
