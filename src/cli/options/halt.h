/*
 * halt - when a run ends before its input does, in the words of GNU parallel's --halt
 */
#ifndef CLI_OPTIONS_HALT_H
#define CLI_OPTIONS_HALT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum halt_when {
	HALT_NEVER,
	HALT_SOON,      /* start nothing more, let what runs finish */
	HALT_NOW        /* and stop what runs */
};

enum halt_why { HALT_FAIL, HALT_SUCCESS, HALT_DONE };

struct halt {
	enum halt_when when;
	enum halt_why why;      /* what is counted */
	bool percent;           /* limit is a percentage of all tasks, not a number of them */
	uint32_t limit;         /* from 1 on; up to 100 with percent */
};

/* Tasks, not attempts. */
struct halt_counts {
	uint64_t succeeded, failed;
	uint64_t total;         /* tasks in all; looked at only where total_known */
	bool total_known;       /* the input has ended */
};

/*
 * Reads "WHEN,WHY=N" or "WHEN,WHY=N%" (WHEN: now, soon; WHY: fail, success, done), "never", or
 * one of the older forms 0, 1, 2, -1, -2 and N%. A parser as units.h has them.
 */
int halt_parse(const char *text, struct halt *halt, struct error *err);

/* Has the number been reached? Never with HALT_NEVER, nor with percent before total_known. */
bool halt_reached(const struct halt *halt, const struct halt_counts *counts);

#endif
