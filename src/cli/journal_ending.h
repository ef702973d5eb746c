/*
 * journal_ending - how an attempt has ended: what of it is in its row
 */
#ifndef CLI_JOURNAL_ENDING_H
#define CLI_JOURNAL_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "journal_rows.h"

struct ending {
	const struct covey_attempt *attempt;
	int64_t row, task_row;          /* the attempt's and the task's, for the caller to fill in … */
	double started;                 /* … and when it was, by the wall clock */
	double ended;
	bool captured;                  /* its output went through covey */
	uint64_t out_bytes, err_bytes;
	const char *tail;               /* the end of its stderr */
	size_t tail_len;
};

enum { ENDING_TAIL = 64 << 10 };

/* Of an attempt that has just ended, to which it points, as it does to the tail. */
void ending_take(struct ending *e, const struct covey_attempt *attempt, bool captured,
    char tail[ENDING_TAIL]);

/* Writes the attempt's row, or what is new in it. Returns as rows_run. */
int ending_write(const struct ending *e, struct rows *rows, bool has_row);

#endif
