#include "procfs.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdutil.h"
#include "number.h"

int cv_pids_add(struct cv_pids *list, pid_t pid)
{
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 16 : list->cap * 2;
		pid_t *pids = reallocarray(list->pids, cap, sizeof *pids);

		if (pids == NULL)
			return -1;
		list->pids = pids;
		list->cap = cap;
	}
	list->pids[list->n++] = pid;
	return 0;
}

void cv_pids_release(struct cv_pids *list)
{
	free(list->pids);
	memset(list, 0, sizeof *list);
}

enum cv_procfs_view cv_procfs_view(void)
{
	char target[CV_NUMBER_SIZE + 1], own[CV_NUMBER_SIZE];
	ssize_t n = readlink("/proc/self", target, sizeof target - 1);

	if (n < 0)
		return CV_PROCFS_UNREADABLE;
	target[n] = '\0';
	cv_number_put(own, (unsigned long long)getpid());
	return strcmp(target, own) == 0 ? CV_PROCFS_OWN : CV_PROCFS_FOREIGN;
}

int cv_procfs_stat(pid_t pid, struct cv_stat *st)
{
	char path[32], text[512], *name_end;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (cv_fd_slurp(AT_FDCWD, path, text, sizeof text) < 0)
		return -1;
	/* the second field is the name in parentheses, and may contain anything */
	name_end = strrchr(text, ')');
	if (name_end == NULL || sscanf(name_end + 1, " %c %d %d %d", &st->state, &st->parent,
	    &st->group, &st->session) != 4) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

/* Reads the rest of fd into a string that the caller frees, or returns NULL. */
static char *slurp_fd(int fd, size_t *len)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;

	*len = 0;
	do {
		if (cap - *len <= 2) {
			char *larger = reallocarray(text, cap + 4096, 2);

			if (larger == NULL)
				break;
			text = larger;
			cap = (cap + 4096) * 2;
		}
		n = read(fd, text + *len, cap - *len - 2);
		if (n > 0)
			*len += (size_t)n;
	} while (n > 0);
	if (text != NULL)
		text[*len] = text[*len + 1] = '\0';
	return text;
}

static char *slurp_path(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	text = slurp_fd(fd, len);
	cv_fd_close(&fd);
	return text;
}

static int add_numbers(const char *text, struct cv_pids *list)
{
	char *end;
	long pid;

	for (; (pid = strtol(text, &end, 10)) > 0 && end != text; text = end) {
		if (cv_pids_add(list, (pid_t)pid) != 0)
			return -1;
	}
	return 0;
}

static int thread_children(pid_t pid, const char *thread, struct cv_pids *children)
{
	char path[80], *text;
	size_t len;
	int result;

	snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)pid, thread);
	text = slurp_path(path, &len);
	if (text == NULL)
		return -1;
	result = add_numbers(text, children);
	free(text);
	return result;
}

int cv_procfs_children(pid_t pid, struct cv_pids *children)
{
	char path[32];
	const struct dirent *entry;
	int result = -1;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && thread_children(pid, entry->d_name, children) == 0)
			result = 0;
	}
	closedir(dir);
	/* a kernel without CONFIG_PROC_CHILDREN has no such files */
	return result == 0 ? 0 : cv_procfs_by_parent(pid, children);
}

typedef bool stat_matches(const struct cv_stat *st, pid_t wanted);

static bool parent_is(const struct cv_stat *st, pid_t wanted)
{
	return st->parent == wanted;
}

static bool group_is(const struct cv_stat *st, pid_t wanted)
{
	return st->group == wanted;
}

static int find(stat_matches *matches, pid_t wanted, struct cv_pids *found)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		struct cv_stat st;
		pid_t pid = isdigit((unsigned char)entry->d_name[0])
		    ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;

		if (pid > 0 && cv_procfs_stat(pid, &st) == 0 && matches(&st, wanted))
			cv_pids_add(found, pid);
	}
	closedir(dir);
	return 0;
}

int cv_procfs_by_parent(pid_t parent, struct cv_pids *found)
{
	return find(parent_is, parent, found);
}

int cv_procfs_by_group(pid_t group, struct cv_pids *found)
{
	return find(group_is, group, found);
}

char *cv_procfs_environ(pid_t pid)
{
	char path[32], *text;
	size_t len;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	text = slurp_path(path, &len);
	if (text != NULL && len > 0)
		return text;
	free(text);
	return NULL;
}

const char *cv_environ_get(const char *environment, const char *name)
{
	size_t len = strlen(name);

	for (; *environment != '\0'; environment += strlen(environment) + 1) {
		if (strncmp(environment, name, len) == 0 && environment[len] == '=')
			return environment + len + 1;
	}
	return NULL;
}
