#include "cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mountinfo.h"
#include "fdutil.h"
#include "clock.h"
#include "number.h"

/* how often a cgroup is tried to be removed, and how long the pauses are */
#define REMOVE_TRIES 5
#define REMOVE_PAUSE (5 * COVEY_MSEC)

/* The directory of this process's cgroup, or NULL; the caller frees it. */
static char *directory_in(const struct cv_mount *mount, const char *path)
{
	const char *below = cv_mount_below(mount, path);
	char *dir;

	return below == NULL || asprintf(&dir, "%s%s", mount->point, below) < 0 ? NULL : dir;
}

/* The path of this process's cgroup in the hierarchy; the caller frees it. */
static char *own_path(enum cv_hierarchy which, const char *controller)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *path = cv_member_path(file, which, controller);

	if (file != NULL)
		fclose(file);
	return path;
}

static char *own_directory(enum cv_hierarchy which, const char *controller)
{
	char *path = own_path(which, controller), *line = NULL, *dir = NULL;
	FILE *file = path == NULL ? NULL : fopen("/proc/self/mountinfo", "re");
	struct cv_mount mount;
	size_t cap = 0;

	while (file != NULL && dir == NULL && getline(&line, &cap, file) > 0) {
		if (cv_mount_parse(line, &mount)
		    && cv_mount_hierarchy(&mount, controller) == which)
			dir = directory_in(&mount, path);
	}
	free(line);
	free(path);
	if (file != NULL)
		fclose(file);
	return dir;
}

static int open_dir(const char *parent, const char *name)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", parent, name) < 0)
		return -1;
	fd = cv_fd_above_stdio(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	free(path);
	return fd;
}

static int make_dir(const char *parent, const char *name)
{
	char *path;
	int result;

	if (asprintf(&path, "%s/%s", parent, name) < 0)
		return -1;
	result = mkdir(path, 0755);
	free(path);
	/* a process with the same pid that was killed has left it: it can be used */
	return result != 0 && errno == EEXIST ? 0 : result;
}

/* Slots are taken from the lowest on, so cgroups are made in order. */
static int make_slots(struct cv_cgroup *cgroup, unsigned upto)
{
	char name[16];

	while (cgroup->nslots < upto) {
		snprintf(name, sizeof name, "%u", cgroup->nslots + 1);
		if (mkdirat(cgroup->dir_fd, name, 0755) != 0 && errno != EEXIST)
			return -1;
		cgroup->nslots++;
	}
	return 0;
}

int cv_cgroup_init(struct cv_cgroup *cgroup, const char *id)
{
	memset(cgroup, 0, sizeof *cgroup);
	cgroup->dir_fd = -1;
	snprintf(cgroup->name, sizeof cgroup->name, "covey-%d-%.32s", (int)getpid(), id);
	/* the id may come from the user, and the name must not lead elsewhere */
	cgroup->name[strcspn(cgroup->name, "/")] = '\0';
	cgroup->parent = own_directory(CV_HIERARCHY_V2, NULL);
	if (cgroup->parent == NULL || make_dir(cgroup->parent, cgroup->name) != 0)
		return -1;
	cgroup->dir_fd = open_dir(cgroup->parent, cgroup->name);
	if (cgroup->dir_fd >= 0 && make_slots(cgroup, 1) == 0)
		return 0;
	cv_cgroup_release(cgroup);
	return -1;
}

/* Removes the slots' directories. Any of them may be gone, and any may not go yet. */
static void remove_slots(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		/* files of a cgroup cannot be removed, and go with it */
		if (isdigit((unsigned char)entry->d_name[0]))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir != NULL)
		closedir(dir);
}

/* A cgroup can be busy for a moment after its last process has been seen to end. */
static void remove_below(const char *parent, const char *name)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE };
	char *path;
	int tries;

	if (asprintf(&path, "%s/%s", parent, name) < 0)
		return;
	for (tries = 0; tries < REMOVE_TRIES; tries++) {
		if (tries > 0)
			nanosleep(&pause, NULL);
		remove_slots(path);
		if (rmdir(path) == 0 || errno == ENOENT)
			break;
	}
	free(path);
}

void cv_cgroup_release(struct cv_cgroup *cgroup)
{
	if (cgroup->dir_fd >= 0)
		remove_below(cgroup->parent, cgroup->name);
	cv_fd_close(&cgroup->dir_fd);
	free(cgroup->parent);
	cgroup->parent = NULL;
	cgroup->nslots = 0;
}

void cv_cgroup_remove(pid_t pid)
{
	char prefix[32], *parent = own_directory(CV_HIERARCHY_V2, NULL);
	DIR *dir = parent == NULL ? NULL : opendir(parent);
	const struct dirent *entry;

	snprintf(prefix, sizeof prefix, "covey-%d-", (int)pid);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			remove_below(parent, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	free(parent);
}

int cv_cgroup_open(struct cv_cgroup *cgroup, unsigned slot, bool *killed)
{
	char name[16];

	if (cgroup->nslots <= slot && make_slots(cgroup, slot + 1) != 0)
		return -1;
	cv_number_put(name, slot + 1);
	/* the cgroup stays if a task has made another in it; an earlier call may have removed it */
	if (*killed && (unlinkat(cgroup->dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT))
		*killed = mkdirat(cgroup->dir_fd, name, 0755) != 0;
	return cv_fd_above_stdio(openat(cgroup->dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

void cv_cgroup_kill(const struct cv_cgroup *cgroup, unsigned slot)
{
	char path[32];

	snprintf(path, sizeof path, "%u/cgroup.kill", slot + 1);
	/* where it fails, the tree's other signals do the work */
	if (cv_fd_put(cgroup->dir_fd, path, "1") != 0)
		return;
}

/* The slot whose cgroup the path is in, or -1. */
static int slot_in(const struct cv_cgroup *cgroup, const char *path)
{
	const char *at = strstr(path, cgroup->name);

	if (at == NULL)
		return -1;
	at += strlen(cgroup->name);
	return *at == '/' ? (int)strtol(at + 1, NULL, 10) - 1 : -1;
}

int cv_cgroup_slot_of(const struct cv_cgroup *cgroup, pid_t pid)
{
	char name[32], text[4096], *rest = text, *line;
	struct cv_member member;

	snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
	if (cv_fd_slurp(AT_FDCWD, name, text, sizeof text) < 0)
		return -1;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (cv_member_parse(line, &member)
		    && cv_member_hierarchy(&member, NULL) == CV_HIERARCHY_V2)
			return slot_in(cgroup, member.path);
	}
	return -1;
}

static int open_counter(enum cv_hierarchy which, const char *controller, const char *file)
{
	char *dir = own_directory(which, controller), *path;
	int fd = -1;

	if (dir != NULL && asprintf(&path, "%s/%s", dir, file) >= 0) {
		fd = cv_fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
		free(path);
	}
	free(dir);
	return fd;
}

int cv_oom_open(void)
{
	int fd = open_counter(CV_HIERARCHY_V2, NULL, "memory.events");

	return fd >= 0 ? fd : open_counter(CV_HIERARCHY_V1, "memory", "memory.oom_control");
}

long cv_oom_count(int fd)
{
	char text[1024];
	const char *at;
	ssize_t n;

	if (fd < 0 || (n = pread(fd, text, sizeof text - 1, 0)) <= 0)
		return 0;
	text[n] = '\0';
	/* v1 has a line "oom_kill_disable 0", too */
	at = strstr(text, "oom_kill ");
	return at == NULL ? 0 : strtol(at + strlen("oom_kill "), NULL, 10);
}
