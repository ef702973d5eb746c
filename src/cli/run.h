/*
 * run - one run of the command: the executor, what feeds it, and what listens to it
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "covey.h"
#include "options.h"

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
};

/* Runs everything. What went wrong has been said on stderr. */
struct run_end run(const struct run_setup *setup);

/* Prints the commands that would be run. */
struct run_end run_dry(const struct run_setup *setup);

#endif
