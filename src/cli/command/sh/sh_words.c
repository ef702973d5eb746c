/*
 * Words hold quotes and expansions, and expansions hold words and code again, so this is a
 * recursive descent; r->code closes the circle.
 */
#include "cli/command/sh/sh_words.h"

#include <string.h>

static bool word(struct reader *r);
static bool dollar(struct reader *r, enum mode mode);

/* ---- quotes ---- */

bool sh_words_newline(struct reader *r)
{
	if (r->nheredocs > 0)
		return rd_unsure(r, "a here-document whose command goes on in the next line");
	return rd_copy(r, 1);
}

static bool single_quotes(struct reader *r)
{
	rd_note_quoted(r);
	if (!rd_copy(r, 1))
		return false;
	while (r->pos < r->end) {
		if (rd_placeholder(r) > 0) {
			if (!rd_reference(r, FORM_SINGLE))
				return false;
			continue;
		}
		if (rd_peek(r, 0) == '\'')
			return rd_copy(r, 1);
		rd_note(r, rd_peek(r, 0));
		if (rd_peek(r, 0) == '\n' ? !sh_words_newline(r) : !rd_copy(r, 1))
			return false;
	}
	return rd_fail(r, "a single quote (') is open at the end");
}

/* bash takes $'…' for C escapes, dash for a dollar and plain single quotes. */
static bool dollar_quotes(struct reader *r)
{
	size_t len = 2;

	rd_note_quoted(r);
	rd_note_unknown(r);
	for (;; len++) {
		if (rd_peek(r, len) == '\0')
			return rd_fail(r, "a single quote (') is open at the end");
		if (rd_peek(r, len) == '\'')
			break;
		if (rd_peek(r, len) == '\\' && rd_peek(r, len + 1) == '\'')
			return rd_unsure(r, "\\' within $'…'");
		if (rd_peek(r, len) == '\\' && rd_peek(r, len + 1) == '\\')
			len++;
	}
	for (size_t i = 2; i < len; i++) {
		struct placeholder found;
		size_t n = rd_placeholder_at(r, i, &found);

		if (n > 0) {
			r->pos += i;
			return rd_refuse(r, n, "cannot be replaced within $'…': close the quote before it");
		}
		if (rd_peek(r, i) == '\n' && r->nheredocs > 0)
			return sh_words_newline(r);
	}
	return rd_copy(r, len + 1);
}

/* A backslash within double quotes or a here-document: escapes few characters, else stands. */
static bool double_backslash(struct reader *r, enum mode mode)
{
	struct placeholder found;
	char next = rd_peek(r, 1);
	size_t len = rd_placeholder_at(r, 1, &found);

	if (next == '\n' && r->nheredocs > 0 && mode != MODE_HEREDOC)
		return sh_words_newline(r);
	if (is_one_of(next, "$`\\\n") || (next == '"' && mode == MODE_DOUBLE)) {
		if (next != '\n')
			rd_note(r, next);
		return rd_copy(r, 2);
	}
	if (len > 0) {
		r->pos++;
		return rd_refuse(r, len, "after a backslash within double quotes or a here-document: write "
		    "two backslashes for one and the item");
	}
	rd_note(r, '\\');
	return rd_copy(r, 1);
}

/*
 * In backquotes a backslash before $, ` or \ is taken away before the rest is read as code; without
 * these the content is code as it stands, up to the first backquote.
 */
static bool backquotes(struct reader *r)
{
	size_t len = 1, end = r->end;
	bool outer = r->backquoted;

	for (; rd_peek(r, len) != '`'; len++) {
		if (rd_peek(r, len) == '\0')
			return rd_fail(r, "a backquote (`) is open at the end");
		if (rd_peek(r, len) == '\\' && is_one_of(rd_peek(r, len + 1), "$`\\\""))
			return rd_unsure(r, "a backslash within backquotes");
	}
	rd_note_quoted(r);
	rd_note_unknown(r);
	r->end = r->pos + len;
	r->backquoted = true;
	if (!rd_copy(r, 1) || !r->code(r, CLOSER_END))
		return false;
	r->end = end;
	r->backquoted = outer;
	return rd_copy(r, 1);
}

/* One piece of what double quotes and here-documents have in common. */
bool sh_words_double_piece(struct reader *r, enum mode mode)
{
	if (rd_placeholder(r) > 0)
		return rd_reference(r, FORM_DOUBLE);
	if (rd_peek(r, 0) == '\\')
		return double_backslash(r, mode);
	if (rd_peek(r, 0) == '$')
		return dollar(r, mode);
	if (rd_peek(r, 0) == '`')
		return backquotes(r);
	rd_note(r, rd_peek(r, 0));
	return rd_peek(r, 0) == '\n' && mode == MODE_DOUBLE ? sh_words_newline(r) : rd_copy(r, 1);
}

static bool double_quotes(struct reader *r)
{
	rd_note_quoted(r);
	if (!rd_copy(r, 1))
		return false;
	while (r->pos < r->end) {
		if (rd_placeholder(r) == 0 && rd_peek(r, 0) == '"')
			return rd_copy(r, 1);
		if (!sh_words_double_piece(r, MODE_DOUBLE))
			return false;
	}
	return rd_fail(r, "a double quote (\") is open at the end");
}

/* ---- expansions ---- */

static bool arithmetic(struct reader *r)
{
	const char *outer = r->refusal;
	unsigned level = 0;
	bool ok = rd_copy(r, 3);

	r->refusal = "within $((…)) would be evaluated as an expression: assign it to a variable and "
	    "check that it is a number";
	while (ok && r->pos < r->end) {
		if (rd_placeholder(r) > 0)
			ok = rd_reference(r, FORM_DOUBLE);
		else if (rd_peek(r, 0) == '$')
			ok = dollar(r, MODE_DOUBLE);
		else if (rd_peek(r, 0) == '`')
			ok = backquotes(r);
		else if (is_one_of(rd_peek(r, 0), "'\"\\"))
			return rd_unsure(r, "a quote within $((…))");
		else if (rd_peek(r, 0) == ')' && level == 0)
			break;
		else {
			level += rd_peek(r, 0) == '(';
			level -= rd_peek(r, 0) == ')';
			ok = rd_peek(r, 0) == '\n' ? sh_words_newline(r) : rd_copy(r, 1);
		}
	}
	r->refusal = outer;
	if (!ok)
		return false;
	if (rd_peek(r, 0) != ')')
		return rd_fail(r, "'$((' is open at the end");
	return rd_peek(r, 1) == ')' ? rd_copy(r, 2) : rd_unsure(r, "'$((' that is not closed by '))'");
}

/* The rest of ${NAME-WORD} and the like, after the operator. */
static bool brace_word(struct reader *r, enum mode mode, char operator)
{
	bool pattern = operator == '%' || operator == '#';
	bool ok = true;

	while (ok && r->pos < r->end) {
		char c = rd_peek(r, 0);

		if (rd_placeholder(r) > 0) {
			if (is_one_of(operator, "=?") || (pattern && mode == MODE_HEREDOC))
				return rd_refuse(r, rd_placeholder(r), "at this place in ${…} may not stay one "
				    "word: assign it to a variable before");
			ok = rd_reference(r, pattern || mode == MODE_BARE ? FORM_BARE : FORM_DOUBLE);
		} else if (c == '}')
			return rd_copy(r, 1);
		else if (c == '\\' && mode == MODE_BARE && rd_peek(r, 1) != '\n' && rd_peek(r, 1) != '\0')
			ok = rd_copy(r, 2);
		else if (c == '\\')
			return rd_unsure(r, "a backslash within ${…}");
		else if (c == '\'' && mode == MODE_BARE)
			ok = single_quotes(r);
		else if (c == '"' && mode == MODE_BARE)
			ok = double_quotes(r);
		else if (is_one_of(c, "'\""))
			return rd_unsure(r, "a quote within ${…} within double quotes");
		else if (c == '$')
			ok = dollar(r, mode);
		else if (c == '`')
			ok = backquotes(r);
		else
			ok = c == '\n' ? sh_words_newline(r) : rd_copy(r, 1);
	}
	return ok && rd_fail(r, "'${' is open at the end");
}

/* The parameter's name; placeholders cannot be part of it. */
static bool parameter(struct reader *r)
{
	size_t start = r->pos;

	if (rd_placeholder(r) == 0 && is_one_of(rd_peek(r, 0), "@*#?-$!"))
		return rd_copy(r, 1);
	while (rd_placeholder(r) == 0 && (is_name_start(rd_peek(r, 0)) || is_digit(rd_peek(r, 0))))
		if (!rd_copy(r, 1))
			return false;
	if (rd_placeholder(r) > 0)
		return rd_refuse(r, rd_placeholder(r), "cannot be part of a variable's name");
	return r->pos > start || rd_unsure(r, "what follows '${'");
}

static bool brace(struct reader *r, enum mode mode)
{
	bool length;
	char operator;

	if (!rd_copy(r, 2))
		return false;
	length = rd_peek(r, 0) == '#' && rd_peek(r, 1) != '}' && rd_placeholder(r) == 0;
	if ((length && !rd_copy(r, 1)) || !parameter(r))
		return false;
	if (rd_peek(r, 0) == '}')
		return rd_copy(r, 1);
	if (r->pos >= r->end)
		return rd_fail(r, "'${' is open at the end");
	if (rd_peek(r, 0) == ':' && is_one_of(rd_peek(r, 1), "-=?+") && !rd_copy(r, 1))
		return false;
	operator = rd_peek(r, 0);
	if (length || !is_one_of(operator, "-=?+%#"))
		return rd_unsure(r, "this kind of ${…}");
	if (is_one_of(operator, "%#") && rd_peek(r, 1) == operator && !rd_copy(r, 1))
		return false;
	return rd_copy(r, 1) && brace_word(r, mode, operator);
}

static bool dollar(struct reader *r, enum mode mode)
{
	struct placeholder found;
	char next = rd_peek(r, 1);

	if (rd_placeholder_at(r, 1, &found) > 0) {
		r->pos++;
		return rd_refuse(r, rd_placeholder(r), "directly after '$': write \\$ for a dollar sign");
	}
	if (next == '\'' && mode == MODE_BARE)
		return dollar_quotes(r);
	if (next == '[' || (next == '\\' && rd_peek(r, 2) == '\n'))
		return rd_unsure(r, next == '[' ? "'$['" : "a line continued after '$'");
	rd_note_unknown(r);
	if (next == '(' && rd_peek(r, 2) == '\\' && rd_peek(r, 3) == '\n')
		return rd_unsure(r, "a line continued after '$('");
	if (next == '(' && rd_peek(r, 2) == '(')
		return arithmetic(r);
	if (next == '(')
		return rd_copy(r, 2) && r->code(r, CLOSER_PAREN);
	if (next == '{')
		return brace(r, mode);
	return rd_copy(r, is_digit(next) || is_one_of(next, "@*#?-$!") ? 2 : 1);
}

/* ---- words ---- */

static bool is_word_end(const struct reader *r)
{
	return r->pos >= r->end || is_one_of(rd_peek(r, 0), " \t\n;&|()<>");
}

static bool backslash(struct reader *r)
{
	char next = rd_peek(r, 1);

	rd_note_quoted(r);
	if (next == '\0')
		return rd_fail(r, "a backslash stands at the end");
	if (next != '\n') {
		rd_note(r, next);
		return rd_copy(r, 2);
	}
	/* the shell joins the lines before it looks for words */
	if (!is_blank(rd_peek(r, 2)) && rd_peek(r, 2) != '\n')
		return rd_unsure(r, "a line continued within a word");
	return rd_copy(r, 2);
}

/* An unquoted "=" or "[" behind a name in command position begins an assignment. */
static void note_assignment(struct reader *r, struct word *w)
{
	size_t len = w->len > 0 && w->value[w->len - 1] == '+' ? w->len - 1 : w->len;
	char name[VALUE_MAX];

	if (!w->command || !w->plain || !w->literal || !rd_is_name(w->value, len))
		return;
	if (rd_peek(r, 0) == '[') {
		if (r->refusal == NULL)
			r->refusal = "in an array's subscript would be evaluated as an expression";
		return;
	}
	memcpy(name, w->value, len);
	name[len] = '\0';
	w->assigns = true;
	if (r->refusal == NULL && rd_is_evaluated(name))
		r->refusal = rd_evaluated;
}

static bool word_piece(struct reader *r)
{
	switch (rd_peek(r, 0)) {
	case '\\':
		return backslash(r);
	case '\'':
		return single_quotes(r);
	case '"':
		return double_quotes(r);
	case '$':
		return dollar(r, MODE_BARE);
	case '`':
		return backquotes(r);
	case '=':
	case '[':
		note_assignment(r, r->word);
		break;
	}
	rd_note(r, rd_peek(r, 0));
	return rd_copy(r, 1);
}

static bool word(struct reader *r)
{
	bool ok = true;

	while (ok && (rd_placeholder(r) > 0 || !is_word_end(r))) {
		bool list = r->word != NULL && r->word->list && !r->word->assigns;

		ok = rd_placeholder(r) > 0 ? rd_reference(r, list ? FORM_WORDS : FORM_BARE)
		    : word_piece(r);
	}
	return ok;
}

bool sh_words_read(struct reader *r, struct word *w)
{
	const char *refusal = r->refusal;
	struct word *outer = r->word;
	bool ok;

	w->literal = w->plain = true;
	r->word = w;
	ok = word(r);
	r->word = outer;
	r->refusal = refusal;
	return ok;
}
