/*
 * journal_ending - how an attempt ended, for its row that is written now or later
 */
#ifndef JOURNAL_JOURNAL_ENDING_H
#define JOURNAL_JOURNAL_ENDING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "covey.h"

struct ending {
	STAILQ_ENTRY(ending) link;
	struct covey_task task;         /* user and arg must not be used */
	struct covey_attempt attempt;   /* without outputs and backtrace */
	/* the caller sets these: the ids of the attempt's and the task's row, and the wall clock */
	int64_t row, task_row;
	double started;
	double ended;                   /* by the wall clock */
	bool captured;                  /* its output went through covey */
	uint64_t out_bytes, err_bytes;
	const char *tail;               /* the end of its stderr */
	size_t tail_len;
};

enum { ENDING_TAIL = 64 << 10 };

/* From a COVEY_ENDED event. *e points to what the event points to, and into tail. */
void ending_take(struct ending *e, const struct covey_event *event, bool captured,
    char tail[ENDING_TAIL]);

/* A copy in one block, to be freed with free(3), that points into itself. NULL: out of memory. */
struct ending *ending_copy(const struct ending *e);

#endif
