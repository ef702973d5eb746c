/*
 * error - filling in struct covey_error
 *
 * Level 0. The maker returns the failure value, so that a function fails in one statement.
 */
#ifndef CV_ERROR_H
#define CV_ERROR_H

#include <errno.h>

#include "covey.h"

/*
 * Fills *err (unless NULL) with the formatted message and, when sys_errno is not 0, ": " and its
 * text. Returns -1. errno is left as it was.
 */
int cv_error(struct covey_error *err, enum covey_code code, int sys_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Does it say that descriptors or memory ran out? Then the same may succeed later. */
static inline bool cv_error_is_lack(int sys_errno)
{
	return sys_errno == EMFILE || sys_errno == ENFILE || sys_errno == ENOMEM;
}

#endif
