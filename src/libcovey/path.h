/*
 * path - where in PATH a command is
 *
 * Level 1, mechanism. The path is looked up before the child starts, so that the child needs a
 * single execve. The last answer is remembered, since most runs start one command many times.
 */
#ifndef CV_PATH_H
#define CV_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct cv_path {
	char *name, *path;    /* the last question, and its answer */
	char *search;         /* the PATH that was searched */
};

void cv_path_release(struct cv_path *cache);

/* Is path a program that may be executed? If not, errno says why. */
bool cv_path_executable(const char *path);

/* Forgets the last answer, which is wrong if it did not exec. */
void cv_path_forget(struct cv_path *cache);

/*
 * Returns the path of the program that name stands for; search is the value of PATH, NULL for the
 * system's default. A name with a slash is its own path. Valid until the next call. NULL with
 * errno as execvp would have it: ENOENT, EACCES, or ENOMEM.
 */
const char *cv_path_find(struct cv_path *cache, const char *name, const char *search);

#endif
