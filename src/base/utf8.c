#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t n, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
	    s[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

bool utf8_is_valid(const char *text, size_t n)
{
	uint32_t code;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(text + i, n - i, &code);
		if (len == 0)
			return false;
	}
	return true;
}
