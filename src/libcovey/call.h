/*
 * call - a function in its child: what it is run with, and how it ends
 *
 * Level 1, mechanism. This runs in the forked child; the parent's part is in spawn.h.
 */
#ifndef CV_CALL_H
#define CV_CALL_H

#include "covey.h"
#include "note.h"

struct cv_call {
	struct covey_call view;      /* what the function is given: must be first */
	covey_function_fn *run;
	struct cv_note *note;
	uint64_t max_result;         /* 0: any number of bytes */
	void *crash_stack;           /* from cv_call_prepare */

	/* the child's */
	int result_fd;
	uint64_t returned;           /* bytes so far */
	int failed_errno;            /* covey_return has failed; or 0 */
};

/*
 * In the parent: loads the unwinder and maps a stack for the handler of crashes, since a child that
 * crashes may not be able to. Every child has a copy of the stack. NULL when out of memory: crashes
 * then have no backtrace.
 */
void *cv_call_prepare(void);
void cv_call_release(void *crash_stack);

/* In the child, with its descriptors in place: runs the function and exits. */
_Noreturn void cv_call_run(struct cv_call *call);

#endif
