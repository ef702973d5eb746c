#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* An argument with a newline or an escape sequence must not forge a message of its own. */
static size_t put_visible(unsigned char c, char text[8])
{
	static const char letters[] = "abtnvfr";  /* 7 to 13 */

	if (c >= '\a' && c <= '\r')
		return (size_t)snprintf(text, 8, "\\%c", letters[c - '\a']);
	if (c < ' ' || c == 0x7f)
		return (size_t)snprintf(text, 8, "\\%03o", c);
	text[0] = (char)c;
	return 1;
}

int error_set(struct error *err, const char *format, ...)
{
	char raw[2 * sizeof err->message], text[8];
	size_t used = 0, n;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	for (const char *p = raw; *p != '\0'; p++) {
		n = put_visible((unsigned char)*p, text);
		if (used + n >= sizeof err->message)
			break;
		memcpy(err->message + used, text, n);
		used += n;
	}
	err->message[used] = '\0';
	return -1;
}

int error_no_memory(struct error *err)
{
	return error_set(err, "out of memory");
}
