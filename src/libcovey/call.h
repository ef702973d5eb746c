/*
 * call - a function in its child: what it is run with, and how it ends
 *
 * Level 1, mechanism. Only what fork leaves behind is here: the parent's part is in spawn.h.
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

	/* the child's */
	int result_fd;
	uint64_t returned;           /* bytes so far */
	int failed_errno;            /* covey_return has failed; or 0 */
};

/* Has what a crash needs loaded in the parent: the child may no longer be able to. */
void cv_call_prepare(void);

/* In the child, with its descriptors in place: runs the function and exits. */
_Noreturn void cv_call_run(struct cv_call *call);

#endif
