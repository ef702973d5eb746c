/*
 * executor - what the files of the public calls share
 *
 * Level 3. These files check and copy arguments; everything else happens in turns:
 *
 *	executor.c   the life of an executor: covey_new, covey_free
 *	validate.c   which options covey_new refuses
 *	defaults.c   what callers fill in, with its defaults
 *	submit.c     commands and functions to run
 *	hostloop.c   the host turns the executor, and has it watch descriptors
 *	control.c    cancelling, suspending, holding output back, how many at once
 *	collect.c    covey_wait, and the lists of what has finished
 *	inspect.c    what a host asks
 */
#ifndef CV_EXECUTOR_H
#define CV_EXECUTOR_H

#include "turn.h"

/* Returns 0 if an executor can be made with these options, or -1 with *err. */
int cv_validate_options(const struct covey_options *options, struct covey_error *err);

/* Ends all watches of descriptors of the host. */
void cv_executor_drop_watches(struct covey *ex);

#endif
