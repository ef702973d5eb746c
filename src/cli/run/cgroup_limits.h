/*
 * cgroup_limits - what the control groups that we are in, and those above them, say of a resource
 *
 * Reads v2 and v1 hierarchies, wherever they are mounted; in a container, what is visible there.
 */
#ifndef CLI_RUN_CGROUP_LIMITS_H
#define CLI_RUN_CGROUP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* A group: its directory, and which kind of files are in it. */
struct cgroup_limits_one {
	const char *dir;
	bool v2;
};

/*
 * Calls each for our group in every mounted hierarchy that may have the controller ("cpu",
 * "memory"), and for the groups above it, as far as the mount shows them. root goes in front of
 * every path that is opened: "", but for tests.
 */
typedef void cgroup_limits_each_fn(const struct cgroup_limits_one *group, void *arg);
void cgroup_limits_each(const char *root, const char *controller, cgroup_limits_each_fn *each,
    void *arg);

/*
 * Reads the number at the beginning of a group's file, or in the line of it that begins with the
 * word key, where key is not NULL. Returns false where there is none, such as for "max".
 */
bool cgroup_limits_number(const struct cgroup_limits_one *group, const char *file, const char *key,
    int64_t *number);

/* CPUs that quotas leave of most; at least 1. What is left of a CPU counts from a half on. */
unsigned cgroup_limits_cpus(const char *root, unsigned most);

/* Bytes that limits on memory leave to us; INT64_MAX where there is none. */
int64_t cgroup_limits_memory(const char *root);

#endif
