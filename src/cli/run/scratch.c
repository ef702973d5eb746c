#include "cli/run/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *scratch_make(void)
{
	const char *tmpdir = getenv("TMPDIR");
	char *path;

	if (tmpdir == NULL || *tmpdir == '\0')
		tmpdir = "/tmp";
	if (asprintf(&path, "%s/covey-XXXXXX", tmpdir) < 0)
		return NULL;
	if (mkdtemp(path) != NULL)
		return path;
	free(path);
	return NULL;
}

void scratch_remove(const char *path)
{
	const struct dirent *entry;
	DIR *dir = path == NULL ? NULL : opendir(path);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			continue;  /* a task made a directory of it: rmdir will leave it there */
	}
	closedir(dir);
	if (rmdir(path) != 0)
		return;
}
