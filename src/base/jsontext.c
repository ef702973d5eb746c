#include "base/jsontext.h"

#include <stdint.h>

#include "base/utf8.h"

static void put_char(FILE *out, const char *at, size_t len, uint32_t code)
{
	if (code == '"' || code == '\\')
		fprintf(out, "\\%c", (int)code);
	else if (code == '\n')
		fputs("\\n", out);
	else if (code == '\t')
		fputs("\\t", out);
	/* what separates lines for some readers, and what terminals obey, is escaped as well */
	else if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029)
		fprintf(out, "\\u%04x", (unsigned)code);
	else
		fwrite(at, 1, len, out);
}

void jsontext_put(FILE *out, const char *text, size_t len)
{
	uint32_t code = 0;
	size_t n;

	if (text == NULL) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < len; i += n == 0 ? 1 : n) {
		n = utf8_decode(text + i, len - i, &code);
		if (n == 0)
			fputs("\\ufffd", out);
		else
			put_char(out, text + i, n, code);
	}
	fputc('"', out);
}

void jsontext_put_hex(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", (unsigned char)text[i]);
	fputc('"', out);
}

bool jsontext_is_exact(const char *text, size_t len)
{
	return utf8_is_valid(text, len);
}
