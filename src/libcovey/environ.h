/*
 * environ - the children's environment
 *
 * Level 1, mechanism. The environment is made once. For each attempt only the values that differ
 * are written anew, in place: the child has a copy of its own once it has exec'd.
 */
#ifndef CV_ENVIRON_H
#define CV_ENVIRON_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"

struct cv_environ {
	const char **envp;      /* the exported variables, the base, NULL */
	size_t nexports;        /* how many of the first are exported ones; 0: none are set */
	size_t n;
	char *block;            /* the base's strings */
	char task[32], attempt[32], tries[32], slot[32];
	char *task_end;         /* the last digit in task */
	char *slot_from_0;      /* "NAME=" with room for a number, or NULL */
	char *slot_from_0_number;  /* where in it that goes */
	char *run, *reason;     /* "COVEY_RUN=…", "COVEY_REASON=DIR/" with room for the slot */
	char *reason_slot;      /* where in reason the slot goes */
	struct cv_environ_values {
		uint64_t task;
		unsigned attempt, tries, slot;
	} written;              /* what the strings say now */
	const char *base_search;  /* PATH, in the base */
	const char *search;     /* PATH, in the last answer */
	const char **merged;    /* the last answer of cv_environ_for, if a task had changes */
};

/* What is exported; a member that is NULL is not. */
struct cv_environ_exports {
	const char *run_id;      /* as COVEY_RUN, and with it COVEY_TASK and the others */
	const char *reason_dir;  /* with run_id: for COVEY_REASON */
	const char *slot_var;    /* the name of a variable for the slot's number from 0 */
	bool keep_outer;         /* COVEY_* of an outer run are kept */
};

/*
 * Copies base, without any COVEY_* of an outer run, and adds the exports. Returns 0, or -1 when
 * out of memory.
 */
int cv_environ_init(struct cv_environ *environment, const char *const *base,
    const struct cv_environ_exports *exports);
void cv_environ_release(struct cv_environ *environment);

/*
 * The environment of an attempt; changes is NULL or "NAME=VALUE" to set and "NAME" to unset. Valid
 * until the next call. NULL when out of memory.
 */
const char *const *cv_environ_for(struct cv_environ *environment,
    const struct cv_environ_values *values, const char *const *changes);

/* The value of PATH in the base, or NULL; it lasts. */
const char *cv_environ_base_search(const struct cv_environ *environment);

/* The value of PATH in the last answer, or NULL; it lasts no longer than that. */
const char *cv_environ_search(const struct cv_environ *environment);

#endif
