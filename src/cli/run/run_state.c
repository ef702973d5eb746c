#include "cli/run/run_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void run_complain(struct run *run, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	outq_printf(run->q, STDERR_FILENO, "covey: %s\n", text);
}

void run_break_off(struct run *run, const char *what, int sys_errno)
{
	if (!run->verdict.broken)
		run_complain(run, "%s: %s", what, strerror(sys_errno));
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_STOP);
}

void run_stop_recording(struct run *run, const struct error *why)
{
	run_complain(run, "%s; what runs may finish, and no more is started", why->message);
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}
