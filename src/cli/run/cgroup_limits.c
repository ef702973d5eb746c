#include "cli/run/cgroup_limits.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_in(const char *root, const char *path)
{
	char whole[PATH_MAX];

	if (snprintf(whole, sizeof whole, "%s%s", root, path) >= (int)sizeof whole)
		return NULL;
	return fopen(whole, "re");
}

/* Does the comma-separated list have the word? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; list != NULL; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, word, len) == 0 && (list[len] == ',' || list[len] == '\0'))
			return true;
	}
	return false;
}

/* ---- where they are ---- */

/* A line of /proc/self/mountinfo, as far as it matters here. */
struct mount {
	char root[1024], point[1024], type[64], options[256];
};

static bool parse_mount(const char *line, struct mount *mount)
{
	const char *dash = strstr(line, " - ");

	/* blanks in paths are written \040; such a hierarchy is not found, and done without */
	return dash != NULL
	    && sscanf(line, "%*s %*s %*s %1023s %1023s", mount->root, mount->point) == 2
	    && sscanf(dash, " - %63s %*s %255s", mount->type, mount->options) == 2;
}

/*
 * Our path in the hierarchy of the mount, from lines such as "4:memory:/a/b" and, for v2,
 * "0::/a/b". Returns false where there is none.
 */
static bool own_path(const char *root, bool v2, const char *controller, char path[PATH_MAX])
{
	FILE *file = open_in(root, "/proc/self/cgroup");
	bool found = false;
	char line[PATH_MAX];

	while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
		char *list = strchr(line, ':'), *at = list == NULL ? NULL : strchr(list + 1, ':');

		if (at == NULL)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		found = v2 ? list[1] == '\0' : has_word(list + 1, controller);
		if (found)
			memcpy(path, at, strlen(at) + 1);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

/* From dir up to the mount point, which is the last. */
static void walk_up(const struct mount *mount, const char *root, char *dir, bool v2,
    cgroup_limits_each_fn *each, void *arg)
{
	size_t shortest = strlen(root) + strlen(mount->point);
	struct cgroup_limits_one group = { .dir = dir, .v2 = v2 };

	for (;;) {
		char *slash;

		each(&group, arg);
		if (strlen(dir) <= shortest)
			return;
		slash = strrchr(dir, '/');
		*slash = '\0';
		if (strlen(dir) < shortest)
			return;
	}
}

static void each_in(const struct mount *mount, const char *root, const char *controller,
    cgroup_limits_each_fn *each, void *arg)
{
	bool v2 = strcmp(mount->type, "cgroup2") == 0;
	size_t len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	char path[PATH_MAX], dir[PATH_MAX];

	if (!own_path(root, v2, controller, path))
		return;
	/* a container may see its own part only, under a name that it knows nothing of */
	if (strncmp(path, mount->root, len) != 0 || strstr(path, "/..") != NULL
	    || snprintf(dir, sizeof dir, "%s%s%s", root, mount->point, path + len) >= (int)sizeof dir
	    || access(dir, F_OK) != 0)
		snprintf(dir, sizeof dir, "%s%s", root, mount->point);
	while (dir[0] != '\0' && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	walk_up(mount, root, dir, v2, each, arg);
}

void cgroup_limits_each(const char *root, const char *controller, cgroup_limits_each_fn *each, void *arg)
{
	FILE *file = open_in(root, "/proc/self/mountinfo");
	struct mount mount;
	char *line = NULL;
	size_t cap = 0;

	while (file != NULL && getline(&line, &cap, file) > 0) {
		if (parse_mount(line, &mount) && (strcmp(mount.type, "cgroup2") == 0
		    || (strcmp(mount.type, "cgroup") == 0 && has_word(mount.options, controller))))
			each_in(&mount, root, controller, each, arg);
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
