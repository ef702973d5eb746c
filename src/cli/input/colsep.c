#include "cli/input/colsep.h"

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

struct colsep {
	bool single;     /* the separator is one byte and needs no expression */
	char byte;
	regex_t regex;
};

/* ---- from perl's expressions to POSIX' ---- */

/* What a letter after a backslash means, outside of [...] and within; NULL: nothing there. */
static const struct escape {
	char letter;
	const char *outside, *within;
} escapes[] = {
	{ 'd', "[0-9]", "0-9" },
	{ 'D', "[^0-9]", NULL },
	{ 's', "[[:space:]]", "[:space:]" },
	{ 'S', "[^[:space:]]", NULL },
	{ 'w', "[[:alnum:]_]", "[:alnum:]_" },
	{ 'W', "[^[:alnum:]_]", NULL },
	{ 't', "\t", "\t" }, { 'n', "\n", "\n" }, { 'r', "\r", "\r" }, { 'f', "\f", "\f" },
	{ 'v', "\v", "\v" }, { 'a', "\a", "\a" }, { 'e', "\033", "\033" },
};

enum { LONGEST = sizeof "[^[:alnum:]_]" - 1, GROWTH = (LONGEST + 1) / 2 };

struct translation {
	const char *from;
	char *to;            /* has room for GROWTH bytes for each one of from */
	const char *why;     /* it cannot be done */
};

/* A byte that stands for itself. */
static void put_byte(struct translation *t, char c, bool within)
{
	if (within && strchr("]^-[", c) != NULL)
		t->why = "a backslash before ], ^, - or [ within [...]: put ] first and - last, without "
		    "backslashes";
	if (!within && strchr(".[]\\()*+?{}|^$", c) != NULL)
		*t->to++ = '\\';
	*t->to++ = c;
	*t->to = '\0';
}

/* The byte that two hexadecimal digits stand for; 0 if they are none, or it is NUL. */
static int take_hex(struct translation *t)
{
	char text[] = "\\x??";
	struct error ignored;
	int byte = 0;

	if (t->from[0] == '\0' || t->from[1] == '\0')
		return 0;
	memcpy(text + 2, t->from, 2);
	if (units_byte(text, &byte, &ignored) != 0)
		return 0;
	t->from += 2;
	return byte;
}

static void put_letter(struct translation *t, char c, bool within)
{
	const char *text = NULL;
	int byte = c == 'x' ? take_hex(t) : 0;

	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
		if (escapes[i].letter == c)
			text = within ? escapes[i].within : escapes[i].outside;
	if (text != NULL)
		t->to = stpcpy(t->to, text);
	else if (byte != 0)
		put_byte(t, (char)byte, within);
	else
		t->why = "a backslash before a letter or digit that has no meaning here";
}

/* Translates what comes after a backslash. */
static void escape(struct translation *t, bool within)
{
	char c = *t->from;

	if (c == '\0') {
		t->why = "a backslash at its end";
		return;
	}
	t->from++;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		put_letter(t, c, within);
	else
		put_byte(t, c, within);
}

/* Translates what comes after "[". */
static void bracket(struct translation *t)
{
	bool first = true;

	if (*t->from == '^')
		*t->to++ = *t->from++;
	for (; *t->from != '\0' && t->why == NULL; first = false) {
		const char *end = t->from[0] == '[' && t->from[1] == ':' ? strstr(t->from, ":]") : NULL;

		if (end != NULL) {
			t->to = mempcpy(t->to, t->from, (size_t)(end + 2 - t->from));
			t->from = end + 2;
		} else if (*t->from == '\\') {
			t->from++;
			escape(t, true);
		} else {
			*t->to++ = *t->from;
			if (*t->from++ == ']' && !first)
				break;
		}
	}
	*t->to = '\0';
}

/* Writes the expression for regcomp to "to"; returns NULL, or what is wrong. */
static const char *translate(const char *from, char *to)
{
	struct translation t = { .from = from, .to = to };

	*to = '\0';
	while (*t.from != '\0' && t.why == NULL) {
		char c = *t.from++;

		if (c == '\\') {
			escape(&t, false);
			continue;
		}
		*t.to++ = c;
		*t.to = '\0';
		if (c == '[')
			bracket(&t);
	}
	return t.why;
}

/* ---- compiling ---- */

/* Is the expression one byte that stands for itself? */
static bool is_single(const char *posix, char *byte)
{
	bool escaped = posix[0] == '\\';

	*byte = posix[escaped];
	return *byte != '\0' && posix[escaped + 1] == '\0'
	    && (escaped || strchr(".[]()*+?{}|^$", *byte) == NULL);
}

static int compile(struct colsep *sep, const char *regex, const char *posix, struct error *err)
{
	char why[128];
	int code;

	sep->single = is_single(posix, &sep->byte);
	if (sep->single)
		return 0;
	code = regcomp(&sep->regex, posix, REG_EXTENDED);
	if (code != 0) {
		regerror(code, &sep->regex, why, sizeof why);
		return error_set(err, "'%.200s' is not an extended regular expression: %s", regex, why);
	}
	if (regexec(&sep->regex, "", 0, NULL, 0) != 0)
		return 0;
	regfree(&sep->regex);
	return error_set(err, "'%.200s' matches the empty string", regex);
}

struct colsep *colsep_new(const char *regex, struct error *err)
{
	struct colsep *sep = calloc(1, sizeof *sep);
	char *posix = calloc(strlen(regex) + 1, GROWTH);
	const char *why;
	int result = -1;

	if (sep == NULL || posix == NULL)
		error_no_memory(err);
	else if ((why = translate(regex, posix)) != NULL)
		error_set(err, "'%.200s' is not an extended regular expression: it has %s", regex, why);
	else
		result = compile(sep, regex, posix, err);
	free(posix);
	if (result == 0)
		return sep;
	free(sep);
	return NULL;
}

void colsep_free(struct colsep *sep)
{
	if (sep == NULL)
		return;
	if (!sep->single)
		regfree(&sep->regex);
	free(sep);
}

/* ---- splitting ---- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int give(const char *text, size_t len, colsep_each *each, void *arg)
{
	while (len > 0 && is_space(text[0])) {
		text++;
		len--;
	}
	while (len > 0 && is_space(text[len - 1]))
		len--;
	return each(arg, text, len);
}

/* Finds the next separator from "at" on; false if there is none. */
static bool find(const struct colsep *sep, const struct span *text, size_t at, regmatch_t *found)
{
	if (sep->single) {
		const char *p = memchr(text->text + at, sep->byte, text->len - at);

		if (p == NULL)
			return false;
		found->rm_so = (regoff_t)(p - text->text);
		found->rm_eo = found->rm_so + 1;
		return true;
	}
	for (; at < text->len; at++) {
		found->rm_so = (regoff_t)at;
		found->rm_eo = (regoff_t)text->len;
		/* not from "at" alone, or each search would look for the end of the text anew */
		if (regexec(&sep->regex, text->text, 1, found, REG_STARTEND | (at > 0 ? REG_NOTBOL : 0)) != 0)
			return false;
		if (found->rm_eo > found->rm_so)
			return true;
		/* a match of the empty string separates nothing */
		at = (size_t)found->rm_so;
	}
	return false;
}

int colsep_split(const struct colsep *sep, const struct span *text, colsep_each *each, void *arg)
{
	size_t at = 0;
	regmatch_t found;
	int result;

	while (find(sep, text, at, &found)) {
		result = give(text->text + at, (size_t)found.rm_so - at, each, arg);
		if (result != 0)
			return result;
		at = (size_t)found.rm_eo;
	}
	return give(text->text + at, text->len - at, each, arg);
}
