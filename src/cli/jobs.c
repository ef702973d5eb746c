#include "jobs.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey.h"

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

static int read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int result = -1;

	if (file == NULL)
		return -1;
	if (fgets(line, size, file) != NULL)
		result = 0;
	fclose(file);
	return result;
}

/* Our path in the v2 hierarchy, from the line "0::/path". */
static int own_cgroup(char *path, int size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	int result = -1;
	char line[4096];

	if (file == NULL)
		return -1;
	while (result != 0 && fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			result = snprintf(path, (size_t)size, "/sys/fs/cgroup%s", line + 3) < size ? 0 : -1;
	}
	fclose(file);
	return result;
}

static unsigned whole_cpus(double quota, double period, unsigned most)
{
	unsigned n;

	if (quota <= 0 || period <= 0 || quota / period >= most)
		return most;
	n = (unsigned)(quota / period + 0.5);
	return n > 0 ? n : 1;
}

/* cpu.max of our cgroup and of those above it: "max 100000", or "150000 100000". */
static unsigned by_quota_v2(unsigned most)
{
	char dir[4096], path[4200], line[128], *slash;
	double quota, period;

	if (own_cgroup(dir, sizeof dir) != 0)
		return most;
	while (strlen(dir) >= strlen("/sys/fs/cgroup")) {
		snprintf(path, sizeof path, "%s/cpu.max", dir);
		if (read_line(path, line, sizeof line) == 0
		    && sscanf(line, "%lf %lf", &quota, &period) == 2)
			most = whole_cpus(quota, period, most);
		slash = strrchr(dir, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
	}
	return most;
}

/* As a container sees its own v1 hierarchy. */
static unsigned by_quota_v1(unsigned most)
{
	char quota[64], period[64];

	if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) != 0
	    || read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period) != 0)
		return most;
	return whole_cpus((double)strtol(quota, NULL, 10), (double)strtol(period, NULL, 10), most);
}

unsigned jobs_cpus(void)
{
	return by_quota_v1(by_quota_v2(by_affinity()));
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
