/*
 * verdict - counts to exit status
 */
#ifndef CLI_OUTPUT_VERDICT_H
#define CLI_OUTPUT_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options/halt.h"
#include "cli/output/sink.h"

enum {
	STATUS_OK = 0,
	STATUS_USAGE = 2,
	STATUS_FAILED = 123,    /* some task failed */
	STATUS_DEADLINE = 124,  /* the deadline passed first */
	STATUS_BROKEN = 125     /* covey itself failed */
};

/* What is different where covey stands for another program. */
struct verdict_rules {
	const char *name;              /* of that program */
	int error;                     /* the status of all that is wrong with the run itself; 0: as ever */
	bool failures_hide_bad_input;  /* a task that failed decides the status, not the input */
	/*
	 * Does that end of a task end the run? Returns the status, and why in words; or 0. Tasks that
	 * run may finish, and no more is started.
	 */
	int (*fatal)(const struct covey_event *event, const char **why);
	/* The status of covey where that is how its only task ended. NULL: there may be many. */
	int (*alone)(const struct covey_event *event);
	bool signals_change_jobs;      /* SIGUSR1 and SIGUSR2: one task more at once, and one less */
};

struct verdict {
	const struct verdict_rules *rules;  /* NULL: covey's own */
	int fatal;              /* the status of the first task whose end ended the run; 0: none did */
	const char *fatal_why;
	int alone;              /* the status of the only task of a run, if that task failed; or 0 */
	uint64_t succeeded, failed;
	uint64_t stopped;       /* tasks that were started, and stopped or not tried again */
	uint64_t failed_before; /* tasks that failed in an earlier run, and are not run again */
	bool halted_calmly;     /* --halt, not for failures: tasks that it stopped have not failed */
	bool halted_well;       /* --halt …,success=…: enough tasks succeeded, whatever failed */
	bool unfinished;        /* SIGUSR2 ended the starts, and some tasks were not started */
	bool expired;           /* the deadline passed */
	bool empty;             /* there was nothing to run, and --empty calls that a failure */
	uint64_t refused;       /* records of the input that could not be used */
	bool bad_input;         /* the input could not be read to its end */
	bool broken;            /* covey itself failed: output was lost, the executor failed, … */
};

/* The sink that counts tasks by their outcomes. */
struct sink verdict_sink(struct verdict *verdict);

/* The worst of what happened. */
int verdict_status(const struct verdict *verdict);

/* The exit status, by those rules, of a run that could not begin or go on; status is covey's own. */
int verdict_error(const struct verdict_rules *rules, int status);

#endif
