/*
 * procfs - what /proc tells about processes
 *
 * Level 0.
 */
#ifndef CV_PROCFS_H
#define CV_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cv_pids {
	pid_t *pids;
	size_t n, cap;
};

/* Adds a pid; returns 0, or -1 when out of memory. */
int cv_pids_add(struct cv_pids *list, pid_t pid);
void cv_pids_release(struct cv_pids *list);

struct cv_stat {
	char state;           /* 'Z' for a zombie */
	pid_t parent, group, session;
};

enum cv_procfs_view {
	CV_PROCFS_OWN,         /* /proc shows this process under its own number */
	CV_PROCFS_FOREIGN,     /* it shows another PID namespace, with other processes */
	CV_PROCFS_UNREADABLE   /* see errno */
};

/* Which processes does /proc show? */
enum cv_procfs_view cv_procfs_view(void);

/* Reads /proc/PID/stat; returns 0, or -1 if there is no such process. */
int cv_procfs_stat(pid_t pid, struct cv_stat *st);

/* Adds the children of all threads of a process; returns 0, or -1. */
int cv_procfs_children(pid_t pid, struct cv_pids *children);

/* Adds every process for which /proc/PID/stat says that its parent or group is the one given. */
int cv_procfs_by_parent(pid_t parent, struct cv_pids *found);
int cv_procfs_by_group(pid_t group, struct cv_pids *found);

/*
 * The environment that a process was started with: "NAME=VALUE" strings, each with its NUL, and
 * one more NUL at the end. The caller frees it. NULL if it cannot be read, or is empty.
 */
char *cv_procfs_environ(pid_t pid);

/* The value of a variable in what cv_procfs_environ returned, or NULL. */
const char *cv_environ_get(const char *environment, const char *name);

#endif
