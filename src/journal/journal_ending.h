/*
 * journal_ending - how an attempt has ended: taken down at once, and written now or later
 */
#ifndef JOURNAL_JOURNAL_ENDING_H
#define JOURNAL_JOURNAL_ENDING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "covey.h"

struct ending {
	STAILQ_ENTRY(ending) link;
	struct covey_task task;         /* … whose user and arg are of no use */
	struct covey_attempt attempt;   /* without outputs and backtrace */
	int64_t row, task_row;          /* the attempt's and the task's, for the caller to fill in … */
	double started;                 /* … and when it was, by the wall clock */
	double ended;
	bool captured;                  /* its output went through covey */
	uint64_t out_bytes, err_bytes;
	const char *tail;               /* the end of its stderr */
	size_t tail_len;
};

enum { ENDING_TAIL = 64 << 10 };

/* Of an event that an attempt has ended: points to what the event does, and into tail. */
void ending_take(struct ending *e, const struct covey_event *event, bool captured,
    char tail[ENDING_TAIL]);

/* A copy in one block, for free(3), that points to nothing else. NULL: memory is out. */
struct ending *ending_copy(const struct ending *e);

#endif
