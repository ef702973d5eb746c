/*
 * jobs - how many tasks at once
 */
#ifndef CLI_RUN_JOBS_H
#define CLI_RUN_JOBS_H

#include "cli/options/options.h"

/* CPUs that this process may use, by affinity and by the quota of its cgroup; at least 1. */
unsigned jobs_cpus(void);

/* The number that the option means; nofile is the limit on descriptors. */
unsigned jobs_resolve(const struct options_jobs *jobs, unsigned long long nofile);

#endif
