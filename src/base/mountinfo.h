/*
 * mountinfo - lines of /proc/PID/mountinfo and /proc/PID/cgroup, and which hierarchy they are about
 *
 * The library is built with this file, too: it includes nothing else, and its names begin with cv_.
 * Parsers cut up the line that they are given, of whatever length, and make no system call.
 */
#ifndef BASE_MOUNTINFO_H
#define BASE_MOUNTINFO_H

#include <stdbool.h>
#include <stdio.h>

/* A hierarchy of control groups: v2's one, or v1's of a controller. */
enum cv_hierarchy { CV_HIERARCHY_NONE, CV_HIERARCHY_V1, CV_HIERARCHY_V2 };

/* A mount. The texts are parts of the line. */
struct cv_mount {
	const char *root;      /* which part of the file system is mounted */
	const char *point;     /* where */
	const char *type;      /* such as "cgroup2" */
	const char *options;   /* of the file system, with commas between */
};

/* A process' place in a hierarchy. The texts are parts of the line. */
struct cv_member {
	const char *controllers;   /* with commas between; "": this is v2 */
	const char *path;          /* from the root of the hierarchy on */
};

/*
 * Parses a line of mountinfo, with or without its newline, and undoes the escapes in root and
 * point. Returns false where a field is missing.
 */
bool cv_mount_parse(char *line, struct cv_mount *mount);

/* Parses a line such as "4:memory:/a/b" or "0::/a/b". Returns false where a field is missing. */
bool cv_member_parse(char *line, struct cv_member *member);

/*
 * Which hierarchy is it? One of v1 counts only if it has the controller; with NULL, none does.
 */
enum cv_hierarchy cv_mount_hierarchy(const struct cv_mount *mount, const char *controller);
enum cv_hierarchy cv_member_hierarchy(const struct cv_member *member, const char *controller);

/*
 * The part of a control group's path below the mount's root, which goes after the mount's point:
 * "" or "/…". NULL where the mount does not show the group, as may be so in a container.
 */
const char *cv_mount_below(const struct cv_mount *mount, const char *path);

/*
 * Reads /proc/PID/cgroup up to the line of the hierarchy. Returns the path there, which the caller
 * frees; NULL if there is none, the file is NULL, or memory is short.
 */
char *cv_member_path(FILE *file, enum cv_hierarchy which, const char *controller);

#endif
