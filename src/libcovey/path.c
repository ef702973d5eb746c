#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* as execvp, without the current directory */
static const char default_search[] = "/bin:/usr/bin";

void cv_path_forget(struct cv_path *cache)
{
	free(cache->name);
	free(cache->path);
	free(cache->search);
	memset(cache, 0, sizeof *cache);
}

void cv_path_release(struct cv_path *cache)
{
	cv_path_forget(cache);
}

bool cv_path_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = EACCES;
		return false;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* Joins the directory, which ends at end, and name; an empty directory is the current one. */
static char *join(const char *dir, const char *end, const char *name)
{
	char *path;
	int n = asprintf(&path, "%.*s%s%s", (int)(end - dir), dir, end > dir ? "/" : "./", name);

	return n < 0 ? NULL : path;
}

static char *search_for(const char *name, const char *search)
{
	int failure = ENOENT;
	const char *end;

	for (;; search = end + 1) {
		char *path;

		end = strchrnul(search, ':');
		path = join(search, end, name);
		if (path == NULL || cv_path_executable(path))
			return path;
		if (errno == EACCES)
			failure = EACCES;
		free(path);
		if (*end == '\0')
			break;
	}
	errno = failure;
	return NULL;
}

static const char *remember(struct cv_path *cache, const char *name, const char *search, char *path)
{
	cv_path_forget(cache);
	cache->path = path;
	cache->name = strdup(name);
	cache->search = strdup(search);
	if (cache->name != NULL && cache->search != NULL)
		return cache->path;
	cv_path_forget(cache);
	errno = ENOMEM;
	return NULL;
}

const char *cv_path_find(struct cv_path *cache, const char *name, const char *search)
{
	char *path;

	if (strchr(name, '/') != NULL)
		return name;
	if (*name == '\0') {
		errno = ENOENT;
		return NULL;
	}
	if (search == NULL)
		search = default_search;
	if (cache->name != NULL && strcmp(cache->name, name) == 0
	    && strcmp(cache->search, search) == 0)
		return cache->path;
	path = search_for(name, search);
	return path == NULL ? NULL : remember(cache, name, search, path);
}
