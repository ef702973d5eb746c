/*
 * cgroups - what the control groups that we are in, and those above them, say of a resource
 *
 * Reads v2 and v1 hierarchies, wherever they are mounted; in a container, what is visible there.
 */
#ifndef CLI_CGROUPS_H
#define CLI_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

/* A group: its directory, and which kind of files are in it. */
struct cgroups_one {
	const char *dir;
	bool v2;
};

/*
 * Calls each for our group in every mounted hierarchy that may have the controller ("cpu",
 * "memory"), and for the groups above it, as far as the mount shows them. root goes in front of
 * every path that is opened: "", but for tests.
 */
typedef void cgroups_each_fn(const struct cgroups_one *group, void *arg);
void cgroups_each(const char *root, const char *controller, cgroups_each_fn *each, void *arg);

/*
 * Reads the number at the beginning of a group's file, or in the line of it that begins with the
 * word key, where key is not NULL. Returns false where there is none, such as for "max".
 */
bool cgroups_number(const struct cgroups_one *group, const char *file, const char *key,
    int64_t *number);

/* CPUs that quotas leave of most; at least 1. What is left of a CPU counts from a half on. */
unsigned cgroups_cpus(const char *root, unsigned most);

/* Bytes that limits on memory leave to us; INT64_MAX where there is none. */
int64_t cgroups_memory(const char *root);

#endif
