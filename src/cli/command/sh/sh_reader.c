#include "cli/command/sh/sh_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/shquote.h"

static const struct {
	const char *open, *close;
} forms[] = {
	[FORM_BARE] = { "\"${covey_", "}\"" },
	[FORM_DOUBLE] = { "${covey_", "}" },
	[FORM_SINGLE] = { "'\"${covey_", "}\"'" },
	[FORM_WORDS] = { "\"${covey_", "}\"" },
};

/* ---- failing ---- */

static unsigned line_number(const struct reader *r)
{
	unsigned line = 1;

	for (size_t i = 0; i < r->pos; i++)
		line += r->text[i] == '\n';
	return line;
}

bool sh_fail(struct reader *r, const char *format, ...)
{
	va_list args;
	int n = snprintf(r->why, r->why_size, "line %u of the script: ", line_number(r));

	if (n < 0 || (size_t)n >= r->why_size)
		return false;
	va_start(args, format);
	vsnprintf(r->why + n, r->why_size - (size_t)n, format, args);
	va_end(args);
	return false;
}

bool sh_unsure(struct reader *r, const char *what)
{
	r->unsure = true;
	return sh_fail(r, "%s cannot be followed with certainty; use \"$1\" for the item and no "
	    "placeholders", what);
}

bool sh_refuse(struct reader *r, size_t len, const char *reason)
{
	char shown[64];

	shquote_plain_cut(shown, sizeof shown, r->text + r->pos, len, 12);
	r->unsure = true;
	return sh_fail(r, "'%s' %s", shown, reason);
}

/* ---- reading and writing ---- */

bool sh_is_name(const char *s, size_t len)
{
	if (len == 0 || !is_name_start(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_name_start(s[i]) && !is_digit(s[i]))
			return false;
	return true;
}

char sh_peek(const struct reader *r, size_t ahead)
{
	return r->end - r->pos > ahead ? r->text[r->pos + ahead] : '\0';
}

static bool put(struct reader *r, const char *bytes, size_t n)
{
	if (buf_add(&r->out, bytes, n) == 0)
		return true;
	snprintf(r->why, r->why_size, "out of memory");
	return false;
}

bool sh_copy(struct reader *r, size_t n)
{
	r->pos += n;
	return put(r, r->text + r->pos - n, n);
}

const char sh_evaluated[] = "in a variable that the shell itself evaluates would be run as code";

/* Assignments that the shell evaluates later: prompts are expanded, integers calculated. */
bool sh_is_evaluated(const char *name)
{
	static const char *const names[] = {
		"PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "BASH_ENV", "RANDOM", "SRANDOM", "SECONDS",
		"LINENO", "OPTIND", "HISTCMD", "EPOCHSECONDS", "BASHPID", "MAILCHECK",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* An argument that so far is a name becomes an assignment. */
static void note_equals(struct reader *r, struct word *w)
{
	if (!w->names || !sh_is_name(w->value, w->len))
		return;
	w->names = false;
	r->refusal = sh_is_evaluated(w->value) ? sh_evaluated : NULL;
}

/* The word's value gets a character, or is no longer known. */
void sh_note(struct reader *r, char c)
{
	struct word *w = r->word;

	if (w == NULL || !w->literal)
		return;
	if (c == '=')
		note_equals(r, w);
	if (w->option && w->len == 0 && c != '-' && c != '+') {
		w->option = false;
		r->refusal = NULL;
	}
	if (w->len + 1 < VALUE_MAX)
		w->value[w->len++] = c;
	else
		w->literal = false;
	w->value[w->len] = '\0';
}

void sh_note_unknown(struct reader *r)
{
	if (r->word != NULL)
		r->word->literal = false;
}

void sh_note_quoted(struct reader *r)
{
	if (r->word != NULL)
		r->word->plain = false;
}

/* ---- placeholders ---- */

bool sh_is_parameter(const char *text, const char *at, const struct placeholder_syntax *syntax)
{
	size_t dollars = 0, backslashes = 0;
	const char *p = at;

	if (at[0] != '{' || (!is_digit(at[1]) && at[1] != '#'))
		return false;
	if (syntax->replace != NULL && strncmp(at, syntax->replace, strlen(syntax->replace)) == 0)
		return false;
	for (; p > text && p[-1] == '$'; p--)
		dollars++;
	for (; p > text && p[-1] == '\\'; p--)
		backslashes++;
	/* a dollar after a backslash is text, and two of them are the shell's own number */
	return (dollars - (dollars > 0 && backslashes % 2 != 0)) % 2 != 0;
}

size_t sh_placeholder_at(const struct reader *r, size_t ahead, struct placeholder *found)
{
	size_t left = r->end - r->pos, len;

	if (ahead >= left || sh_is_parameter(r->text, r->text + r->pos + ahead, r->syntax))
		return 0;
	len = placeholder_scan(r->text + r->pos + ahead, r->syntax, found);
	return len <= left - ahead ? len : 0;
}

size_t sh_placeholder(const struct reader *r)
{
	struct placeholder found;

	return sh_placeholder_at(r, 0, &found);
}

/* The number of the placeholder's variable; 0 if there are too many. */
static size_t variable_of(struct quoted *q, const struct placeholder *p)
{
	for (size_t i = 0; i < q->nfields; i++)
		if (q->fields[i].part == p->part && q->fields[i].column == p->column)
			return i + 1;
	if (q->nfields == QUOTED_MAX)
		return 0;
	q->fields[q->nfields++] = *p;
	return q->nfields;
}

/*
 * All items are the script's parameters, and "$@" is the one list that a shell can hold; of their
 * parts there is none.
 */
static bool list_reference(struct reader *r, const struct placeholder *p, size_t len)
{
	if (p->part != PART_ITEM)
		return sh_refuse(r, len, "would have to be several words: put it in quotes to have one, or "
		    "write {1/} and the like for one of the items");
	r->uses_params = true;
	r->pos += len;
	return put(r, "\"$@\"", 4);
}

/* Replaces the placeholder at this position. */
bool sh_reference(struct reader *r, enum form form)
{
	struct placeholder found;
	size_t len = sh_placeholder_at(r, 0, &found), variable;
	char text[40];
	int n;

	if (r->refusal != NULL && placeholder_is_item(&found))
		return sh_refuse(r, len, r->refusal);
	sh_note_quoted(r);
	sh_note_unknown(r);
	if (r->word != NULL && placeholder_is_item(&found))
		r->word->item = true;
	if (form == FORM_WORDS && placeholder_is_list(&found, r->syntax))
		return list_reference(r, &found, len);
	variable = variable_of(r->result, &found);
	if (variable == 0)
		return sh_fail(r, "there are more than %d different placeholders", QUOTED_MAX);
	n = snprintf(text, sizeof text, "%s%zu%s", forms[form].open, variable, forms[form].close);
	r->pos += len;
	return put(r, text, (size_t)n);
}

bool sh_blanks(struct reader *r)
{
	while (is_blank(sh_peek(r, 0)) && sh_placeholder(r) == 0)
		if (!sh_copy(r, 1))
			return false;
	return true;
}
