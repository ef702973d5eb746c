#include "cli/command/placeholder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shquote.h"

enum { MAX_DIGITS = 9 };    /* so that a number cannot overflow */

/* What stands between the braces; for a column, what follows its number or name. */
static const char *const marks[] = {
	[PART_ITEM] = "",
	[PART_NO_EXT] = ".",
	[PART_BASE] = "/",
	[PART_DIR] = "//",
	[PART_BASE_NO_EXT] = "/.",
	[PART_TASK] = "#",
	[PART_SLOT] = "%",
};
static_assert(sizeof marks / sizeof marks[0] == PART_COUNT, "a mark for each part");

/* What was found between braces. */
enum kind { KIND_TEXT, KIND_PLAIN, KIND_NUMBER, KIND_TOO_HIGH, KIND_NAME };

static bool is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Which part the mark stands for; false if it is none that a column can have. */
static bool column_part(const char *text, size_t len, enum placeholder_part *part)
{
	for (int i = PART_ITEM; i <= PART_BASE_NO_EXT; i++)
		if (is(text, len, marks[i])) {
			*part = (enum placeholder_part)i;
			return true;
		}
	return false;
}

static enum kind plain(const char *text, size_t len, const struct placeholder_syntax *syntax,
    struct placeholder *found)
{
	for (int i = syntax->replace != NULL; i < PART_COUNT; i++)
		if (is(text, len, marks[i])) {
			found->part = (enum placeholder_part)i;
			return KIND_PLAIN;
		}
	return KIND_TEXT;
}

static enum kind numbered(const char *text, size_t len, const struct placeholder_syntax *syntax,
    struct placeholder *found)
{
	size_t digits = strspn(text, "0123456789");
	unsigned most = placeholder_several(syntax) ? syntax->columns : 1;

	if (digits == 0 || digits > len || digits > MAX_DIGITS || text[0] == '0')
		return KIND_TEXT;
	if (!column_part(text + digits, len - digits, &found->part))
		return KIND_TEXT;
	found->column = (unsigned)strtoul(text, NULL, 10);
	return found->column > most ? KIND_TOO_HIGH : KIND_NUMBER;
}

/* A name as it is, or one with a mark after it. "count" is how many columns have it. */
static enum kind named(const char *text, size_t len, const struct placeholder_syntax *syntax,
    struct placeholder *found, size_t *count)
{
	if (syntax->header == NULL)
		return KIND_TEXT;
	for (int i = PART_ITEM; i <= PART_BASE_NO_EXT; i++) {
		size_t mark = strlen(marks[i]);

		if (mark > len || memcmp(text + len - mark, marks[i], mark) != 0)
			continue;
		found->column = header_find(syntax->header, text, len - mark, count);
		found->part = (enum placeholder_part)i;
		if (found->column > 0)
			return KIND_NAME;
	}
	return KIND_TEXT;
}

/* text begins with a brace; *len is set to the length with both braces. */
static enum kind look(const char *text, const struct placeholder_syntax *syntax,
    struct placeholder *found, size_t *len, size_t *count)
{
	const char *end = strchr(text, '}');
	size_t inner = end == NULL ? 0 : (size_t)(end - text) - 1;
	enum kind kind;

	if (end == NULL)
		return KIND_TEXT;
	*len = inner + 2;
	*found = (struct placeholder){ .part = PART_ITEM };
	kind = plain(text + 1, inner, syntax, found);
	if (kind == KIND_TEXT)
		kind = numbered(text + 1, inner, syntax, found);
	if (kind == KIND_TEXT)
		kind = named(text + 1, inner, syntax, found, count);
	/* of one item all there is, so that nobody has to look for which */
	if (!placeholder_several(syntax))
		found->column = 0;
	return kind;
}

/* Length of the replacement string, if the text starts with it; else 0. */
static size_t replaced(const char *text, const struct placeholder_syntax *syntax)
{
	size_t len = syntax->replace == NULL ? 0 : strlen(syntax->replace);

	return len > 0 && strncmp(text, syntax->replace, len) == 0 ? len : 0;
}

size_t placeholder_scan(const char *text, const struct placeholder_syntax *syntax,
    struct placeholder *found)
{
	size_t len = replaced(text, syntax), count;

	if (len > 0) {
		*found = (struct placeholder){ .part = PART_ITEM };
		return len;
	}
	if (text[0] != '{')
		return 0;
	switch (look(text, syntax, found, &len, &count)) {
	case KIND_TEXT:
	case KIND_TOO_HIGH:
		break;
	case KIND_PLAIN:
	case KIND_NUMBER:
	case KIND_NAME:
		return len;
	}
	return 0;
}

/* ---- other programs' placeholders ---- */

/* What other programs put in braces, and what to write here. */
enum foreign { FOREIGN_NONE, FOREIGN_PERL, FOREIGN_FROM_END, FOREIGN_TOTAL, FOREIGN_EXTENSIONS,
	FOREIGN_PART, FOREIGN_SUFFIX, FOREIGN_NAME, FOREIGN_COUNT };

static const char *const instead[] = {
	[FOREIGN_NONE] = "",
	[FOREIGN_PERL] = "there is no Perl here; use -c and the shell, as in "
	    "-c 'x={}; mv {} \"${x%.c}.d\"'",
	[FOREIGN_FROM_END] = "items are not counted from the last one; write {} or {1} for the "
	    "item, {2} for the second",
	[FOREIGN_TOTAL] = "the number of all tasks is not known; {#} is that of the task",
	[FOREIGN_EXTENSIONS] = "{.} is without one extension; for two, use "
	    "-c 'x={}; echo \"${x%.*.*}\"'",
	[FOREIGN_PART] = "write {/} for the basename, {//} for the directory, or use -c and the "
	    "shell, as in -c 'x={}; echo \"${x##*.}\"' for the extension",
	[FOREIGN_SUFFIX] = "write {.} without the extension, or use -c and the shell, as in "
	    "-c 'x={}; echo \"${x%.c}\"'",
	[FOREIGN_NAME] = "no column has that name",
};
static_assert(sizeof instead / sizeof instead[0] == FOREIGN_COUNT, "a text for each");

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A word, as the name of a column would be, and perhaps a mark. */
static bool is_name(const char *text, size_t len)
{
	enum placeholder_part part;
	size_t n = 0;

	while (n < len && is_word_byte(text[n]))
		n++;
	return n > 0 && (text[0] < '0' || text[0] > '9') && column_part(text + n, len - n, &part);
}

/* "-1", also with a mark */
static bool is_from_end(const char *text, size_t len)
{
	size_t digits = len > 1 && text[0] == '-' ? strspn(text + 1, "0123456789") : 0;
	enum placeholder_part part;

	return digits > 0 && digits < len && column_part(text + 1 + digits, len - 1 - digits, &part);
}

/* Two extensions or three, of an item or of its basename; and the same of a column. */
static bool is_extensions(const char *text, size_t len)
{
	size_t digits = strspn(text, "0123456789");

	text += digits;
	len -= digits;
	return is(text, len, "..") || is(text, len, "...") || is(text, len, "/..")
	    || is(text, len, "/...");
}

/* One piece, without blanks, quotes and braces, as "%.txt" is and "%Y %m" is not. */
static bool is_piece(const char *text, size_t len)
{
	return len > 1 && strcspn(text, " \t\n'\"\\`{}") == len;
}

/* text begins with a brace that begins no placeholder; *len is set to what belongs to it. */
static enum foreign foreign(const char *text, const struct placeholder_syntax *syntax, size_t *len)
{
	const char *end = strchr(text, '}'), *perl = strstr(text, "=}");
	size_t inner = end == NULL ? 0 : (size_t)(end - text) - 1;

	if (text[1] == '=' && perl != NULL && perl > text + 1) {
		*len = (size_t)(perl - text) + 2;
		return FOREIGN_PERL;
	}
	if (end == NULL)
		return FOREIGN_NONE;
	*len = inner + 2;
	text++;
	if (is_from_end(text, inner))
		return FOREIGN_FROM_END;
	if (is(text, inner, "##"))
		return FOREIGN_TOTAL;
	if (is_extensions(text, inner))
		return FOREIGN_EXTENSIONS;
	if (text[0] == '+' && is_piece(text, inner))
		return FOREIGN_PART;
	if (text[0] == '%' && is_piece(text, inner))
		return FOREIGN_SUFFIX;
	return syntax->named && is_name(text, inner) ? FOREIGN_NAME : FOREIGN_NONE;
}

/* As ${x} is the shell's, what follows a dollar is text. */
static bool is_text(const char *all, const char *text, const struct placeholder_syntax *syntax)
{
	return syntax->replace != NULL || (text > all && text[-1] == '$');
}

static int check_foreign(const char *all, const char *text,
    const struct placeholder_syntax *syntax, char *why, size_t why_size)
{
	size_t len = 0;
	enum foreign found = is_text(all, text, syntax) ? FOREIGN_NONE : foreign(text, syntax, &len);
	char shown[64];

	if (found == FOREIGN_NONE)
		return 0;
	shquote_plain_cut(shown, sizeof shown, text, len, 12);
	snprintf(why, why_size, "'%s' is no placeholder of covey's: %s; if it is meant as text, add "
	    "-I {}", shown, instead[found]);
	return -1;
}

/* ---- checking ---- */

/* What has been seen in all texts; the first of each kind. */
struct seen {
	const char *too_high;
	size_t too_high_len;
	bool number;
};

static int ambiguous(const char *text, size_t len, char *why, size_t why_size)
{
	char shown[64];

	shquote_plain_cut(shown, sizeof shown, text, len, 40);
	snprintf(why, why_size, "'%s' could be one of two columns: the header has that name twice",
	    shown);
	return -1;
}

static int check_text(const char *text, const struct placeholder_syntax *syntax, struct seen *seen,
    char *why, size_t why_size)
{
	const char *all = text;
	size_t step;

	for (; *text != '\0'; text += step) {
		struct placeholder found;
		size_t len = 0, count = 0;
		enum kind kind = KIND_TEXT;

		step = replaced(text, syntax);
		if (step == 0 && *text == '{')
			kind = look(text, syntax, &found, &len, &count);
		if (kind == KIND_NAME && count > 1)
			return ambiguous(text, len, why, why_size);
		if (kind == KIND_TEXT && step == 0 && *text == '{' &&
		    check_foreign(all, text, syntax, why, why_size) != 0)
			return -1;
		seen->number = seen->number || kind == KIND_NUMBER;
		if (kind == KIND_TOO_HIGH && seen->too_high == NULL) {
			seen->too_high = text;
			seen->too_high_len = len;
		}
		if (step == 0)
			step = kind == KIND_TEXT || kind == KIND_TOO_HIGH ? 1 : len;
	}
	return 0;
}

int placeholder_check(const char *const *texts, size_t n, const struct placeholder_syntax *syntax,
    char *why, size_t why_size)
{
	struct seen seen = { .too_high = NULL };
	char shown[40];

	if (syntax->replace != NULL && syntax->replace[0] == '\0') {
		snprintf(why, why_size, "the replacement string is empty");
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (check_text(texts[i], syntax, &seen, why, why_size) != 0)
			return -1;
	if (!seen.number || seen.too_high == NULL)
		return 0;
	shquote_plain_cut(shown, sizeof shown, seen.too_high, seen.too_high_len, 20);
	if (placeholder_several(syntax))
		snprintf(why, why_size, "'%s' stands for nothing: a task has no more than %u items",
		    shown, syntax->columns);
	else
		snprintf(why, why_size, "'%s' stands for nothing: a task has one item; for more, add "
		    "another ':::', -n or --colsep", shown);
	return -1;
}
