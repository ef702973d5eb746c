#include "cli/xargs/xargs_delimiter.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct xargs_delimiter good(unsigned char byte)
{
	return (struct xargs_delimiter){ .byte = byte < 0x80 ? byte : XARGS_NEVER };
}

static struct xargs_delimiter number(const char *digits, int base)
{
	char *end;
	unsigned long byte = strtoul(digits, &end, base);

	if (byte > UCHAR_MAX)
		return (struct xargs_delimiter){ .problem = DELIMITER_TOO_LARGE, .base = base };
	if (*end != '\0')
		return (struct xargs_delimiter){ .problem = DELIMITER_TRAILING, .rest = end };
	return good((unsigned char)byte);
}

struct xargs_delimiter xargs_delimiter_parse(const char *text)
{
	static const char letters[] = "abfnrtv\\", bytes[] = "\a\b\f\n\r\t\v\\";
	const char *letter;

	if (text[0] != '\0' && text[1] == '\0')
		return good((unsigned char)text[0]);
	if (text[0] != '\\')
		return (struct xargs_delimiter){ .problem = DELIMITER_NOT_ONE };
	/* characters after a letter are ignored */
	letter = strchr(letters, text[1]);
	if (letter != NULL)
		return good((unsigned char)bytes[letter - letters]);
	if (text[1] == 'x')
		return number(text + 2, 16);
	if (text[1] >= '0' && text[1] <= '9')
		return number(text + 1, 8);
	return (struct xargs_delimiter){ .problem = DELIMITER_UNKNOWN };
}
