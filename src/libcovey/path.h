/*
 * path - where in PATH a command is
 *
 * Level 1, mechanism. Looking it up beforehand leaves a single execve for the child, and the last
 * answer is remembered, since most runs start one command over and over.
 */
#ifndef CV_PATH_H
#define CV_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct cv_path {
	char *name, *path;    /* what was asked last, for which PATH, and the answer */
	char *search;
};

void cv_path_release(struct cv_path *cache);

/* Is path a program that may be executed? If not, errno says why. */
bool cv_path_executable(const char *path);

/* Forgets the last answer: it did not exec. */
void cv_path_forget(struct cv_path *cache);

/*
 * Returns the path of the program that name stands for; search is the value of PATH, NULL for the
 * system's default. A name with a slash is its own path. Valid until the next call. NULL with
 * errno as execvp would have it: ENOENT, EACCES, or ENOMEM.
 */
const char *cv_path_find(struct cv_path *cache, const char *name, const char *search);

#endif
