/*
 * run_setup - what a run is given, and how it ended
 */
#ifndef CLI_RUN_RUN_SETUP_H
#define CLI_RUN_RUN_SETUP_H

#include "covey.h"
#include "cli/options/options.h"
#include "cli/output/verdict.h"

/* Said of a run without items. */
#define RUN_NOTHING "no items: nothing was run"

struct run_end {
	int status;      /* to exit with */
	int sig;         /* or the signal to die of; 0: none */
};

struct run_setup {
	const struct options *options;
	const char *const *argv;            /* of the command line */
	const char *scratch;                /* for COVEY_REASON, or NULL */
	const struct covey_guard *guard;
	unsigned long long child_nofile;    /* soft limit on descriptors for children */
	unsigned long long nofile;          /* our own */
	struct jobserver *jobserver;        /* or NULL */
	struct feed *feed;
	const struct verdict_rules *rules;  /* NULL: covey's own */
};

#endif
