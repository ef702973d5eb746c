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
		return sh_unsure(r, "a here-document whose command goes on in the next line");
	return sh_copy(r, 1);
}

static bool single_quotes(struct reader *r)
{
	sh_note_quoted(r);
	if (!sh_copy(r, 1))
		return false;
	while (r->pos < r->end) {
		if (sh_placeholder(r) > 0) {
			if (!sh_reference(r, FORM_SINGLE))
				return false;
			continue;
		}
		if (sh_peek(r, 0) == '\'')
			return sh_copy(r, 1);
		sh_note(r, sh_peek(r, 0));
		if (sh_peek(r, 0) == '\n' ? !sh_words_newline(r) : !sh_copy(r, 1))
			return false;
	}
	return sh_fail(r, "a single quote (') is open at the end");
}

/* bash takes $'…' for C escapes, dash for a dollar and plain single quotes. */
static bool dollar_quotes(struct reader *r)
{
	size_t len = 2;

	sh_note_quoted(r);
	sh_note_unknown(r);
	for (;; len++) {
		if (sh_peek(r, len) == '\0')
			return sh_fail(r, "a single quote (') is open at the end");
		if (sh_peek(r, len) == '\'')
			break;
		if (sh_peek(r, len) == '\\' && sh_peek(r, len + 1) == '\'')
			return sh_unsure(r, "\\' within $'…'");
		if (sh_peek(r, len) == '\\' && sh_peek(r, len + 1) == '\\')
			len++;
	}
	for (size_t i = 2; i < len; i++) {
		struct placeholder found;
		size_t n = sh_placeholder_at(r, i, &found);

		if (n > 0) {
			r->pos += i;
			return sh_refuse(r, n, "cannot be replaced within $'…': close the quote before it");
		}
		if (sh_peek(r, i) == '\n' && r->nheredocs > 0)
			return sh_words_newline(r);
	}
	return sh_copy(r, len + 1);
}

/* A backslash within double quotes or a here-document: escapes few characters, else stands. */
static bool double_backslash(struct reader *r, enum mode mode)
{
	struct placeholder found;
	char next = sh_peek(r, 1);
	size_t len = sh_placeholder_at(r, 1, &found);

	if (next == '\n' && r->nheredocs > 0 && mode != MODE_HEREDOC)
		return sh_words_newline(r);
	if (is_one_of(next, "$`\\\n") || (next == '"' && mode == MODE_DOUBLE)) {
		if (next != '\n')
			sh_note(r, next);
		return sh_copy(r, 2);
	}
	if (len > 0) {
		r->pos++;
		return sh_refuse(r, len, "after a backslash within double quotes or a here-document: write "
		    "two backslashes for one and the item");
	}
	sh_note(r, '\\');
	return sh_copy(r, 1);
}

/*
 * In backquotes a backslash before $, ` or \ is taken away before the rest is read as code; without
 * these the content is code as it stands, up to the first backquote.
 */
static bool backquotes(struct reader *r)
{
	size_t len = 1, end = r->end;
	bool outer = r->backquoted;

	for (; sh_peek(r, len) != '`'; len++) {
		if (sh_peek(r, len) == '\0')
			return sh_fail(r, "a backquote (`) is open at the end");
		if (sh_peek(r, len) == '\\' && is_one_of(sh_peek(r, len + 1), "$`\\\""))
			return sh_unsure(r, "a backslash within backquotes");
	}
	sh_note_quoted(r);
	sh_note_unknown(r);
	r->end = r->pos + len;
	r->backquoted = true;
	if (!sh_copy(r, 1) || !r->code(r, CLOSER_END))
		return false;
	r->end = end;
	r->backquoted = outer;
	return sh_copy(r, 1);
}

/* One piece of what double quotes and here-documents have in common. */
bool sh_words_double_piece(struct reader *r, enum mode mode)
{
	if (sh_placeholder(r) > 0)
		return sh_reference(r, FORM_DOUBLE);
	if (sh_peek(r, 0) == '\\')
		return double_backslash(r, mode);
	if (sh_peek(r, 0) == '$')
		return dollar(r, mode);
	if (sh_peek(r, 0) == '`')
		return backquotes(r);
	sh_note(r, sh_peek(r, 0));
	return sh_peek(r, 0) == '\n' && mode == MODE_DOUBLE ? sh_words_newline(r) : sh_copy(r, 1);
}

static bool double_quotes(struct reader *r)
{
	sh_note_quoted(r);
	if (!sh_copy(r, 1))
		return false;
	while (r->pos < r->end) {
		if (sh_placeholder(r) == 0 && sh_peek(r, 0) == '"')
			return sh_copy(r, 1);
		if (!sh_words_double_piece(r, MODE_DOUBLE))
			return false;
	}
	return sh_fail(r, "a double quote (\") is open at the end");
}

/* ---- expansions ---- */

static bool arithmetic(struct reader *r)
{
	const char *outer = r->refusal;
	unsigned level = 0;
	bool ok = sh_copy(r, 3);

	r->refusal = "within $((…)) would be evaluated as an expression: assign it to a variable and "
	    "check that it is a number";
	while (ok && r->pos < r->end) {
		if (sh_placeholder(r) > 0)
			ok = sh_reference(r, FORM_DOUBLE);
		else if (sh_peek(r, 0) == '$')
			ok = dollar(r, MODE_DOUBLE);
		else if (sh_peek(r, 0) == '`')
			ok = backquotes(r);
		else if (is_one_of(sh_peek(r, 0), "'\"\\"))
			return sh_unsure(r, "a quote within $((…))");
		else if (sh_peek(r, 0) == ')' && level == 0)
			break;
		else {
			level += sh_peek(r, 0) == '(';
			level -= sh_peek(r, 0) == ')';
			ok = sh_peek(r, 0) == '\n' ? sh_words_newline(r) : sh_copy(r, 1);
		}
	}
	r->refusal = outer;
	if (!ok)
		return false;
	if (sh_peek(r, 0) != ')')
		return sh_fail(r, "'$((' is open at the end");
	return sh_peek(r, 1) == ')' ? sh_copy(r, 2) : sh_unsure(r, "'$((' that is not closed by '))'");
}

/* The rest of ${NAME-WORD} and the like, after the operator. */
static bool brace_word(struct reader *r, enum mode mode, char operator)
{
	bool pattern = operator == '%' || operator == '#';
	bool ok = true;

	while (ok && r->pos < r->end) {
		char c = sh_peek(r, 0);

		if (sh_placeholder(r) > 0) {
			if (is_one_of(operator, "=?") || (pattern && mode == MODE_HEREDOC))
				return sh_refuse(r, sh_placeholder(r), "at this place in ${…} may not stay one "
				    "word: assign it to a variable before");
			ok = sh_reference(r, pattern || mode == MODE_BARE ? FORM_BARE : FORM_DOUBLE);
		} else if (c == '}')
			return sh_copy(r, 1);
		else if (c == '\\' && mode == MODE_BARE && sh_peek(r, 1) != '\n' && sh_peek(r, 1) != '\0')
			ok = sh_copy(r, 2);
		else if (c == '\\')
			return sh_unsure(r, "a backslash within ${…}");
		else if (c == '\'' && mode == MODE_BARE)
			ok = single_quotes(r);
		else if (c == '"' && mode == MODE_BARE)
			ok = double_quotes(r);
		else if (is_one_of(c, "'\""))
			return sh_unsure(r, "a quote within ${…} within double quotes");
		else if (c == '$')
			ok = dollar(r, mode);
		else if (c == '`')
			ok = backquotes(r);
		else
			ok = c == '\n' ? sh_words_newline(r) : sh_copy(r, 1);
	}
	return ok && sh_fail(r, "'${' is open at the end");
}

/* The parameter's name; placeholders cannot be part of it. */
static bool parameter(struct reader *r)
{
	size_t start = r->pos;

	if (sh_placeholder(r) == 0 && is_one_of(sh_peek(r, 0), "@*#?-$!"))
		return sh_copy(r, 1);
	while (sh_placeholder(r) == 0 && (is_name_start(sh_peek(r, 0)) || is_digit(sh_peek(r, 0))))
		if (!sh_copy(r, 1))
			return false;
	if (sh_placeholder(r) > 0)
		return sh_refuse(r, sh_placeholder(r), "cannot be part of a variable's name");
	return r->pos > start || sh_unsure(r, "what follows '${'");
}

static bool brace(struct reader *r, enum mode mode)
{
	bool length;
	char operator;

	if (!sh_copy(r, 2))
		return false;
	length = sh_peek(r, 0) == '#' && sh_peek(r, 1) != '}' && sh_placeholder(r) == 0;
	if ((length && !sh_copy(r, 1)) || !parameter(r))
		return false;
	if (sh_peek(r, 0) == '}')
		return sh_copy(r, 1);
	if (r->pos >= r->end)
		return sh_fail(r, "'${' is open at the end");
	if (sh_peek(r, 0) == ':' && is_one_of(sh_peek(r, 1), "-=?+") && !sh_copy(r, 1))
		return false;
	operator = sh_peek(r, 0);
	if (length || !is_one_of(operator, "-=?+%#"))
		return sh_unsure(r, "this kind of ${…}");
	if (is_one_of(operator, "%#") && sh_peek(r, 1) == operator && !sh_copy(r, 1))
		return false;
	return sh_copy(r, 1) && brace_word(r, mode, operator);
}

static bool dollar(struct reader *r, enum mode mode)
{
	struct placeholder found;
	char next = sh_peek(r, 1);

	if (sh_placeholder_at(r, 1, &found) > 0) {
		r->pos++;
		return sh_refuse(r, sh_placeholder(r), "directly after '$': write \\$ for a dollar sign");
	}
	if (next == '\'' && mode == MODE_BARE)
		return dollar_quotes(r);
	if (next == '[' || (next == '\\' && sh_peek(r, 2) == '\n'))
		return sh_unsure(r, next == '[' ? "'$['" : "a line continued after '$'");
	sh_note_unknown(r);
	if (next == '(' && sh_peek(r, 2) == '\\' && sh_peek(r, 3) == '\n')
		return sh_unsure(r, "a line continued after '$('");
	if (next == '(' && sh_peek(r, 2) == '(')
		return arithmetic(r);
	if (next == '(')
		return sh_copy(r, 2) && r->code(r, CLOSER_PAREN);
	if (next == '{')
		return brace(r, mode);
	return sh_copy(r, is_digit(next) || is_one_of(next, "@*#?-$!") ? 2 : 1);
}

/* ---- words ---- */

static bool is_word_end(const struct reader *r)
{
	return r->pos >= r->end || is_one_of(sh_peek(r, 0), " \t\n;&|()<>");
}

static bool backslash(struct reader *r)
{
	char next = sh_peek(r, 1);

	sh_note_quoted(r);
	if (next == '\0')
		return sh_fail(r, "a backslash stands at the end");
	if (next != '\n') {
		sh_note(r, next);
		return sh_copy(r, 2);
	}
	/* the shell joins the lines before it looks for words */
	if (!is_blank(sh_peek(r, 2)) && sh_peek(r, 2) != '\n')
		return sh_unsure(r, "a line continued within a word");
	return sh_copy(r, 2);
}

/* An unquoted "=" or "[" after a name in command position begins an assignment. */
static void note_assignment(struct reader *r, struct word *w)
{
	size_t len = w->len > 0 && w->value[w->len - 1] == '+' ? w->len - 1 : w->len;
	char name[VALUE_MAX];

	if (!w->command || !w->plain || !w->literal || !sh_is_name(w->value, len))
		return;
	if (sh_peek(r, 0) == '[') {
		if (r->refusal == NULL)
			r->refusal = "in an array's subscript would be evaluated as an expression";
		return;
	}
	memcpy(name, w->value, len);
	name[len] = '\0';
	w->assigns = true;
	if (r->refusal == NULL && sh_is_evaluated(name))
		r->refusal = sh_evaluated;
}

static bool word_piece(struct reader *r)
{
	switch (sh_peek(r, 0)) {
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
	sh_note(r, sh_peek(r, 0));
	return sh_copy(r, 1);
}

/* A list that is not the whole word: "$@" would leave what stands beside it to one item alone. */
static bool check_list(struct reader *r, size_t begin)
{
	struct placeholder found;
	size_t len = sh_placeholder_at(r, 0, &found);
	bool alone = r->pos == begin
	    && (r->pos + len >= r->end || is_one_of(sh_peek(r, len), " \t\n;&|()<>"));

	if (alone || !placeholder_is_list(&found, r->syntax))
		return true;
	return sh_refuse(r, len, "is all items, and there is other text in its word: write "
	    "for x in {}; do … \"$x\"; done, or {1} for one of them, or put it in quotes to have one "
	    "word");
}

static bool word(struct reader *r)
{
	size_t begin = r->pos;
	bool ok = true;

	while (ok && (sh_placeholder(r) > 0 || !is_word_end(r))) {
		bool list = r->word != NULL && r->word->list && !r->word->assigns;

		if (sh_placeholder(r) == 0)
			ok = word_piece(r);
		else
			ok = (!list || check_list(r, begin)) && sh_reference(r, list ? FORM_WORDS : FORM_BARE);
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
