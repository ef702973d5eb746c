#include "cli/run/cgroup_limits.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mountinfo.h"

static FILE *open_in(const char *root, const char *path)
{
	char whole[PATH_MAX];

	if (snprintf(whole, sizeof whole, "%s%s", root, path) >= (int)sizeof whole)
		return NULL;
	return fopen(whole, "re");
}

/* ---- where they are ---- */

/* Our path in the hierarchy, or NULL; the caller frees it. */
static char *own_path(const char *root, enum cv_hierarchy which, const char *controller)
{
	FILE *file = open_in(root, "/proc/self/cgroup");
	char *path = cv_member_path(file, which, controller);

	if (file != NULL)
		fclose(file);
	return path;
}

/* From dir up to the mount point, which is the last. */
static void walk_up(char *dir, size_t shortest, bool v2, cgroup_limits_each_fn *each, void *arg)
{
	struct cgroup_limits_one group = { .dir = dir, .v2 = v2 };

	for (;;) {
		each(&group, arg);
		if (strlen(dir) <= shortest)
			return;
		*strrchr(dir, '/') = '\0';
		if (strlen(dir) < shortest)
			return;
	}
}

/* The directory of our group, or the mount point where that is all that can be seen. */
static void find_dir(const struct cv_mount *mount, const char *root, const char *path,
    char dir[PATH_MAX])
{
	const char *below = cv_mount_below(mount, path);

	/* a container may see its own part only, under a name that it knows nothing of */
	if (below == NULL
	    || snprintf(dir, PATH_MAX, "%s%s%s", root, mount->point, below) >= PATH_MAX
	    || access(dir, F_OK) != 0)
		snprintf(dir, PATH_MAX, "%s%s", root, mount->point);
	for (size_t len = strlen(dir); len > 0 && dir[len - 1] == '/'; len--)
		dir[len - 1] = '\0';
}

void cgroup_limits_each(const char *root, const char *controller, cgroup_limits_each_fn *each,
    void *arg)
{
	FILE *file = open_in(root, "/proc/self/mountinfo");
	char *line = NULL, *path, dir[PATH_MAX];
	struct cv_mount mount;
	size_t cap = 0;

	while (file != NULL && getline(&line, &cap, file) > 0) {
		enum cv_hierarchy which = cv_mount_parse(line, &mount)
		    ? cv_mount_hierarchy(&mount, controller) : CV_HIERARCHY_NONE;

		path = which == CV_HIERARCHY_NONE ? NULL : own_path(root, which, controller);
		if (path == NULL)
			continue;
		find_dir(&mount, root, path, dir);
		walk_up(dir, strlen(root) + strlen(mount.point), which == CV_HIERARCHY_V2, each, arg);
		free(path);
	}
	free(line);
	if (file != NULL)
		fclose(file);
}

/* ---- what they say ---- */

bool cgroup_limits_number(const struct cgroup_limits_one *group, const char *file, const char *key,
    int64_t *number)
{
	char path[PATH_MAX], line[256];
	size_t len = key == NULL ? 0 : strlen(key);
	bool found = false;
	FILE *in;

	if (snprintf(path, sizeof path, "%s/%s", group->dir, file) >= (int)sizeof path)
		return false;
	in = fopen(path, "re");
	while (in != NULL && !found && fgets(line, sizeof line, in) != NULL) {
		if (key == NULL || (strncmp(line, key, len) == 0 && line[len] == ' '))
			found = sscanf(line + len, "%" SCNd64, number) == 1;
		if (key == NULL)
			break;
	}
	if (in != NULL)
		fclose(in);
	return found;
}

static bool cpu_quota(const struct cgroup_limits_one *group, int64_t *quota, int64_t *period)
{
	char path[PATH_MAX], line[128];
	bool found = false;
	FILE *file;

	if (!group->v2)
		return cgroup_limits_number(group, "cpu.cfs_quota_us", NULL, quota)
		    && cgroup_limits_number(group, "cpu.cfs_period_us", NULL, period);
	if (snprintf(path, sizeof path, "%s/cpu.max", group->dir) >= (int)sizeof path)
		return false;
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	/* "max 100000", or "150000 100000" */
	if (fgets(line, sizeof line, file) != NULL)
		found = sscanf(line, "%" SCNd64 " %" SCNd64, quota, period) == 2;
	fclose(file);
	return found;
}

static void lower_cpus(const struct cgroup_limits_one *group, void *arg)
{
	unsigned *most = arg;
	int64_t quota, period;
	double cpus;

	if (!cpu_quota(group, &quota, &period) || quota <= 0 || period <= 0)
		return;
	cpus = (double)quota / (double)period + 0.5;
	if (cpus < *most)
		*most = cpus < 1 ? 1 : (unsigned)cpus;
}

unsigned cgroup_limits_cpus(const char *root, unsigned most)
{
	cgroup_limits_each(root, "cpu", lower_cpus, &most);
	return most;
}

/* What the kernel would give up before it kills anybody is free. */
static int64_t reclaimable(const struct cgroup_limits_one *group)
{
	int64_t bytes;

	return cgroup_limits_number(group, "memory.stat", group->v2 ? "inactive_file"
	    : "total_inactive_file", &bytes) ? bytes : 0;
}

static void lower_memory(const struct cgroup_limits_one *group, void *arg)
{
	const char *const limits[2] = {
		group->v2 ? "memory.max" : "memory.limit_in_bytes", group->v2 ? "memory.high" : NULL,
	};
	int64_t *least = arg, used, limit, left;

	if (!cgroup_limits_number(group, group->v2 ? "memory.current" : "memory.usage_in_bytes", NULL, &used))
		return;
	for (int i = 0; i < 2; i++) {
		/* v1 has a very large number for none */
		if (limits[i] == NULL || !cgroup_limits_number(group, limits[i], NULL, &limit)
		    || limit >= INT64_MAX / 2)
			continue;
		left = limit - used + reclaimable(group);
		if (left < *least)
			*least = left < 0 ? 0 : left;
	}
}

int64_t cgroup_limits_memory(const char *root)
{
	int64_t least = INT64_MAX;

	cgroup_limits_each(root, "memory", lower_memory, &least);
	return least;
}
