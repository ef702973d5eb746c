#include "cli/xargs/xargs_quote.h"

#include <langinfo.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* ---- characters ---- */

struct character {
	size_t len;        /* in bytes */
	bool printable;
};

/* The first character of text; a byte that belongs to no character counts as not printable. */
static struct character look(const char *text)
{
	struct character c = { .len = 1 };
	mbstate_t state;
	wchar_t wide;
	size_t n;

	memset(&state, 0, sizeof state);
	n = mbrtowc(&wide, text, strlen(text), &state);
	if (n == (size_t)-1 || n == (size_t)-2 || n == 0)
		return c;
	c.len = n;
	c.printable = iswprint((wint_t)wide) != 0;
	return c;
}

/* As in C and in $'…'. */
static void put_escaped(FILE *out, const char *bytes, size_t len)
{
	static const char letters[] = "abtnvfr";    /* 7 to 13 */

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c >= '\a' && c <= '\r')
			fprintf(out, "\\%c", letters[c - '\a']);
		else
			fprintf(out, "\\%03o", c);
	}
}

/* ---- words for the shell ---- */

/* Is special to a shell at this place of a word. */
static bool is_special(const char *word, size_t at)
{
	switch (word[at]) {
	case '#':
	case '~':
		return at == 0;
	case '{':
	case '}':
		return at == 0 && word[1] == '\0';
	default:
		return strchr(" !\"$&'()*;<=>?[\\^`|", word[at]) != NULL;
	}
}

/* Is not special within "…" either, which then can quote. */
static bool is_plain_in_double(const char *word, size_t at)
{
	if (word[at] == '#' || word[at] == '~')
		return at == 0;
	return strchr("!\"$&()*;<=>?[\\^`|{}", word[at]) == NULL;
}

struct looks {
	bool special, quote, double_will_do;
};

static struct looks look_at_word(const char *word)
{
	struct looks looks = { .special = *word == '\0', .double_will_do = true };
	size_t i = 0;

	while (word[i] != '\0') {
		struct character c = look(word + i);

		looks.special |= !c.printable || is_special(word, i);
		looks.quote |= word[i] == '\'';
		looks.double_will_do &= c.printable && is_plain_in_double(word, i);
		i += c.len;
	}
	return looks;
}

/* 'a'\''b', with 'c'$'\n''d' for what cannot be printed. */
static void put_in_single(FILE *out, const char *word)
{
	bool escaping = false;

	putc('\'', out);
	while (*word != '\0') {
		struct character c = look(word);

		if (!c.printable) {
			fputs(escaping ? "" : "'$'", out);
			put_escaped(out, word, c.len);
			escaping = true;
		} else if (*word == '\'') {
			fputs("'\\''", out);
			escaping = false;
		} else {
			fprintf(out, "%s%.*s", escaping ? "''" : "", (int)c.len, word);
			escaping = false;
		}
		word += c.len;
	}
	putc('\'', out);
}

static void put_word(FILE *out, const char *word)
{
	struct looks looks = look_at_word(word);

	if (!looks.special)
		fputs(word, out);
	else if (looks.quote && looks.double_will_do)
		fprintf(out, "\"%s\"", word);
	else
		put_in_single(out, word);
}

void xargs_quote_line(FILE *out, const char *const *argv)
{
	for (size_t i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			putc(' ', out);
		put_word(out, argv[i]);
	}
}

/* ---- names in messages ---- */

static bool must_be_escaped(const char *text, const char *closing)
{
	return *text == '\\' || strncmp(text, closing, strlen(closing)) == 0;
}

void xargs_quote_name(FILE *out, const char *name)
{
	bool unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *closing = unicode ? "\xe2\x80\x99" : "'";

	fputs(unicode ? "\xe2\x80\x98" : "'", out);
	while (*name != '\0') {
		struct character c = look(name);

		if (!c.printable)
			put_escaped(out, name, c.len);
		else
			fprintf(out, "%s%.*s", must_be_escaped(name, closing) ? "\\" : "",
			    (int)c.len, name);
		name += c.len;
	}
	fputs(closing, out);
}
