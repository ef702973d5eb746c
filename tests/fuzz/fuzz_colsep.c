/*
 * Columns: the first line of the input is a --colsep, the rest is what is split.
 */
#include <stdbool.h>

#include "cli/input/colsep.h"
#include "fuzz.h"

/*
 * regcomp writes what is repeated once more for each + and as often as {…} says, also within each
 * other: who writes a+++++++++ or a{9}{9}{9} has asked for it.
 */
enum { MAX_REGEX = 64, MAX_TEXT = 512, MAX_PLUS = 5, MAX_BRACES = 1 };

struct seen {
	const struct span *text;
	const char *end;      /* of the last column */
	size_t n;
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Columns lie in the text one behind the other, without blanks at their ends. */
static int check_column(void *arg, const char *text, size_t len)
{
	struct seen *seen = arg;

	FUZZ_CHECK(text >= seen->end);
	FUZZ_CHECK(text + len <= seen->text->text + seen->text->len);
	FUZZ_CHECK(len == 0 || (!is_blank(text[0]) && !is_blank(text[len - 1])));
	seen->end = text + len;
	seen->n++;
	return 0;
}

static int stop(void *arg, const char *text, size_t len)
{
	size_t *left = arg;

	(void)text;
	(void)len;
	return --*left == 0 ? 5 : 0;
}

static size_t count_byte(const struct span *text, char byte)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->text[i] == byte;
	return n;
}

static void check_split(const struct colsep *sep, const char *regex, const struct span *text)
{
	struct seen seen = { text, text->text, 0 };
	size_t left;

	FUZZ_CHECK(colsep_split(sep, text, check_column, &seen) == 0);
	FUZZ_CHECK(seen.n >= 1 && seen.n <= text->len + 1);
	if (strlen(regex) == 1)
		FUZZ_CHECK(seen.n == (regex[0] == '.' ? text->len : count_byte(text, regex[0])) + 1);
	/* the last one stops it, as any would */
	left = seen.n;
	FUZZ_CHECK(colsep_split(sep, text, stop, &left) == 5 && left == 0);
}

static bool is_too_much(const char *regex, size_t text_len)
{
	struct span span = { regex, strlen(regex) };

	return span.len > MAX_REGEX || text_len > MAX_TEXT || count_byte(&span, '+') > MAX_PLUS
	    || count_byte(&span, '{') > MAX_BRACES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { "" };
	char *regex = fuzz_line(&data, &size), *copy = fuzz_string(data, size);
	struct span text = { copy, strlen(copy) };
	struct colsep *sep = is_too_much(regex, size) ? NULL : colsep_new(regex, &err);

	if (sep != NULL)
		check_split(sep, regex, &text);
	else if (!is_too_much(regex, size))
		fuzz_check_message(err.message);
	colsep_free(sep);
	free(copy);
	free(regex);
	return 0;
}
