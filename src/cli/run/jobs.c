#include "cli/run/jobs.h"

#include <sched.h>

#include "covey.h"
#include "cli/run/cgroup_limits.h"

/* descriptors that covey needs for itself, and for each task: two pipes and a pidfd */
enum { OWN_FDS = 32, TASK_FDS = 3 };

static unsigned by_affinity(void)
{
	unsigned n = 0;
	int max = 1024;
	cpu_set_t *set;

	for (; max <= 1 << 20; max *= 2) {
		set = CPU_ALLOC((size_t)max);
		if (set == NULL)
			break;
		/* EINVAL: the kernel knows more CPUs than fit */
		if (sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)max), set) == 0)
			n = (unsigned)CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)max), set);
		CPU_FREE(set);
		if (n > 0)
			return n;
	}
	return 1;
}

unsigned jobs_cpus(void)
{
	return cgroup_limits_cpus("", by_affinity());
}

unsigned jobs_resolve(const struct options_jobs *jobs, unsigned long long nofile)
{
	unsigned long long n = 1;

	switch (jobs->how) {
	case JOBS_NUMBER:
		n = jobs->n;
		break;
	case JOBS_PERCENT:
		n = (unsigned long long)jobs_cpus() * jobs->n / 100;
		break;
	case JOBS_MANY:
		n = nofile > OWN_FDS ? (nofile - OWN_FDS) / TASK_FDS : 1;
		break;
	}
	if (n == 0)
		n = 1;
	return n > COVEY_MAX_WORKERS ? COVEY_MAX_WORKERS : (unsigned)n;
}
