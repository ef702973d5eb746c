/*
 * cgroup - a cgroup for each slot, and the kernel's count of out-of-memory kills
 *
 * Level 1, mechanism. Where this process may make cgroups (v2), each slot has one, made at its
 * first use and kept: to make and remove one for each attempt costs several times as much.
 */
#ifndef CV_CGROUP_H
#define CV_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cv_cgroup {
	int dir_fd;              /* of the directory that holds the slots' cgroups; -1: none */
	char name[64];           /* its name */
	char *parent;            /* the path it is in */
	unsigned nslots;         /* cgroups 1 to nslots have been made */
};

/* Makes the directory covey-PID-ID. Returns 0, or -1 where there can be no cgroups. */
int cv_cgroup_init(struct cv_cgroup *cgroup, const char *id);

/* Removes the cgroups that were made. A cgroup that still has processes stays. */
void cv_cgroup_release(struct cv_cgroup *cgroup);

/* Removes the cgroups that a process with this pid made; for the guard, when that has ended. */
void cv_cgroup_remove(pid_t pid);

/*
 * A descriptor of the directory of the slot's cgroup, which the caller closes; -1 if there is
 * none. *killed says that everything in the cgroup was killed. Then the cgroup is made anew, and
 * *killed is set to false if that could be done.
 */
int cv_cgroup_open(struct cv_cgroup *cgroup, unsigned slot, bool *killed);

/* Kills everything in the slot's cgroup at once, where the kernel can (Linux 5.14). */
void cv_cgroup_kill(const struct cv_cgroup *cgroup, unsigned slot);

/* The slot in whose cgroup a process is, or -1. */
int cv_cgroup_slot_of(const struct cv_cgroup *cgroup, pid_t pid);

/*
 * A descriptor of the file that counts out-of-memory kills in our own memory cgroup (v2 or v1),
 * or -1 where there is none.
 */
int cv_oom_open(void);

/* The number of out-of-memory kills so far; 0 where fd is -1. */
long cv_oom_count(int fd);

#endif
