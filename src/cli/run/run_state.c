#include "cli/run/run_state.h"

#include <stdarg.h>
#include <stdio.h>
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
