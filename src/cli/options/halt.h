/*
 * halt - when a run ends early, as GNU parallel's --halt expresses it
 */
#ifndef CLI_OPTIONS_HALT_H
#define CLI_OPTIONS_HALT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum halt_when {
	HALT_NEVER,
	HALT_SOON,      /* start nothing more, let running tasks finish */
	HALT_NOW        /* start nothing more, and stop running tasks */
};

enum halt_why { HALT_FAIL, HALT_SUCCESS, HALT_DONE };

struct halt {
	enum halt_when when;
	enum halt_why why;      /* which tasks are counted */
	bool percent;           /* limit is a percentage of all tasks, not a number of them */
	uint32_t limit;         /* at least 1; with percent, at most 100 */
};

/* Numbers of tasks, not of attempts. */
struct halt_counts {
	uint64_t succeeded, failed;
	uint64_t total;         /* all tasks; used only if total_known */
	bool total_known;       /* the input has ended */
};

/*
 * Reads "WHEN,WHY=N" or "WHEN,WHY=N%" (WHEN: now, soon; WHY: fail, success, done), "never", or
 * one of the older forms 0, 1, 2, -1, -2 and N%. A parser as in units.h.
 */
int halt_parse(const char *text, struct halt *halt, struct error *err);

/* Has the limit been reached? Never with HALT_NEVER, nor with percent before total_known. */
bool halt_reached(const struct halt *halt, const struct halt_counts *counts);

#endif
