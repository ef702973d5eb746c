#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdutil.h"
#include "number.h"

/* Does the comma-separated list have the word? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	while ((at = strstr(at, word)) != NULL) {
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

/*
 * The path of this process's cgroup, below the root of the hierarchy that has the controller ("":
 * the v2 hierarchy). It comes from lines such as "4:memory:/a/b" and "0::/a/b". The caller frees
 * it.
 */
static char *own_path(const char *controller)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL, *found = NULL;
	size_t cap = 0;

	while (file != NULL && found == NULL && getline(&line, &cap, file) > 0) {
		char *list = strchr(line, ':'), *path = list == NULL ? NULL : strchr(list + 1, ':');

		line[strcspn(line, "\n")] = '\0';
		if (path == NULL)
			continue;
		*path++ = '\0';
		if (*controller == '\0' ? list[1] == '\0' : has_word(list + 1, controller))
			found = strdup(path);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/* One line of /proc/self/mountinfo, cut into what matters here. */
struct mount {
	char root[1024], point[1024], type[64], options[256];
};

static bool parse_mount(const char *line, struct mount *mount)
{
	const char *dash = strstr(line, " - ");

	/* blanks in paths are written \040: a hierarchy with such a path is not found */
	return dash != NULL
	    && sscanf(line, "%*s %*s %*s %1023s %1023s", mount->root, mount->point) == 2
	    && sscanf(dash, " - %63s %*s %255s", mount->type, mount->options) == 2;
}

static bool is_hierarchy(const struct mount *mount, const char *controller)
{
	if (*controller == '\0')
		return strcmp(mount->type, "cgroup2") == 0;
	return strcmp(mount->type, "cgroup") == 0 && has_word(mount->options, controller);
}

/* The directory of this process's cgroup, or NULL; the caller frees it. */
static char *directory_in(const struct mount *mount, const char *path)
{
	size_t len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	char *dir;

	/* in a container the mount may show part of the hierarchy only */
	if (strncmp(path, mount->root, len) != 0)
		return NULL;
	return asprintf(&dir, "%s%s", mount->point, path + len) < 0 ? NULL : dir;
}

static char *own_directory(const char *controller)
{
	char *path = own_path(controller), *line = NULL, *dir = NULL;
	FILE *file = path == NULL ? NULL : fopen("/proc/self/mountinfo", "re");
	struct mount mount;
	size_t cap = 0;

	while (file != NULL && dir == NULL && getline(&line, &cap, file) > 0) {
		if (parse_mount(line, &mount) && is_hierarchy(&mount, controller))
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
	cgroup->parent = own_directory("");
	if (cgroup->parent == NULL || make_dir(cgroup->parent, cgroup->name) != 0)
		return -1;
	cgroup->dir_fd = open_dir(cgroup->parent, cgroup->name);
	if (cgroup->dir_fd >= 0 && make_slots(cgroup, 1) == 0)
		return 0;
	cv_cgroup_release(cgroup);
	return -1;
}

static void remove_below(const char *parent, const char *name, unsigned nslots)
{
	char slot[16], *path;
	int fd = open_dir(parent, name);
	unsigned i;

	if (fd < 0)
		return;
	for (i = 1; i <= nslots; i++) {
		snprintf(slot, sizeof slot, "%u", i);
		if (unlinkat(fd, slot, AT_REMOVEDIR) != 0 && errno == ENOENT)
			break;
	}
	cv_fd_close(&fd);
	if (asprintf(&path, "%s/%s", parent, name) < 0)
		return;
	rmdir(path);
	free(path);
}

void cv_cgroup_release(struct cv_cgroup *cgroup)
{
	if (cgroup->dir_fd >= 0)
		remove_below(cgroup->parent, cgroup->name, cgroup->nslots);
	cv_fd_close(&cgroup->dir_fd);
	free(cgroup->parent);
	cgroup->parent = NULL;
	cgroup->nslots = 0;
}

void cv_cgroup_remove(pid_t pid)
{
	char prefix[32], *parent = own_directory("");
	DIR *dir = parent == NULL ? NULL : opendir(parent);
	const struct dirent *entry;

	snprintf(prefix, sizeof prefix, "covey-%d-", (int)pid);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			remove_below(parent, entry->d_name, UINT_MAX);
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

int cv_cgroup_slot_of(const struct cv_cgroup *cgroup, pid_t pid)
{
	char path[32], text[4096];
	const char *at;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (cv_fd_slurp(AT_FDCWD, path, text, sizeof text) < 0)
		return -1;
	at = strstr(text, "0::");
	if (at == NULL || (at = strstr(at, cgroup->name)) == NULL)
		return -1;
	at += strlen(cgroup->name);
	return *at == '/' ? (int)strtol(at + 1, NULL, 10) - 1 : -1;
}

static int open_counter(const char *controller, const char *file)
{
	char *dir = own_directory(controller);
	char *path;
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
	int fd = open_counter("", "memory.events");

	return fd >= 0 ? fd : open_counter("memory", "memory.oom_control");
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
