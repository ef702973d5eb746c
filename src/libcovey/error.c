#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append_cause(struct covey_error *err, int sys_errno)
{
	size_t used = strlen(err->message);
	char text[128];

	/* the GNU variant: no locale lock is taken and the text needs no buffer in most cases */
	snprintf(err->message + used, sizeof err->message - used, ": %s",
	    strerror_r(sys_errno, text, sizeof text));
}

int cv_error(struct covey_error *err, enum covey_code code, int sys_errno, const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (err == NULL)
		return -1;
	err->code = code;
	err->sys_errno = sys_errno;
	va_start(args, format);
	vsnprintf(err->message, sizeof err->message, format, args);
	va_end(args);
	if (sys_errno != 0)
		append_cause(err, sys_errno);
	errno = saved;
	return -1;
}
