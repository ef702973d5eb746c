/*
 * A recursive descent through the script: code holds words, words hold quotes and expansions, and
 * these hold code again. Text is copied as it is read; only placeholders are replaced, each by a
 * reference that is complete in itself, so the shell reads what is written here in the same states
 * in which it was read.
 *
 * Three things are refused. Placeholders where the shell, or the command it calls, takes text for
 * code: arithmetic, eval, trap, array subscripts, sh -c and their like. Placeholders where no
 * reference is possible: quoted here-documents, $'…', parameter names. And constructs that dash
 * and bash delimit differently, in scripts that have placeholders at all. The item is always $1,
 * so there is a way to write every script.
 */
#include "cli/command/sh/quoting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/sh/sh_call.h"
#include "cli/command/sh/sh_heredoc.h"
#include "cli/command/sh/sh_reader.h"
#include "cli/command/sh/sh_words.h"

/* What a simple command is known to do with its arguments. */
enum hazard {
	HAZARD_NONE,
	HAZARD_CODE,             /* runs or evaluates them */
	HAZARD_NAMES,            /* takes them for names: bash evaluates a subscript in them */
	HAZARD_TEST,             /* takes the word after -v for a name */
	HAZARD_PRINTF,           /* the same, also in one word, before any other argument */
	HAZARD_PARAMS            /* changes what "$@" is */
};

static const struct {
	const char *name;
	enum hazard hazard;
} hazards[] = {
	{ "eval", HAZARD_CODE }, { "trap", HAZARD_CODE }, { "let", HAZARD_CODE },
	{ "compgen", HAZARD_CODE }, { "complete", HAZARD_CODE }, { "bind", HAZARD_CODE },
	{ "read", HAZARD_NAMES }, { "unset", HAZARD_NAMES }, { "export", HAZARD_NAMES },
	{ "readonly", HAZARD_NAMES }, { "local", HAZARD_NAMES }, { "declare", HAZARD_NAMES },
	{ "typeset", HAZARD_NAMES }, { "getopts", HAZARD_NAMES }, { "mapfile", HAZARD_NAMES },
	{ "readarray", HAZARD_NAMES }, { "wait", HAZARD_NAMES },
	{ "test", HAZARD_TEST }, { "[", HAZARD_TEST }, { "printf", HAZARD_PRINTF },
	{ "set", HAZARD_PARAMS }, { "shift", HAZARD_PARAMS },
};

/* A simple command as far as it has been read. */
struct command {
	bool start;              /* the next word is in command position */
	bool redirect;           /* the next word is a redirection's */
	bool duplicate;          /* and that is >& or <& */
	bool simple;             /* no reserved word may follow: it began otherwise */
	bool prefixed;           /* options may come before the name: "command -p" */
	bool in_allowed;         /* "for NAME" has been read */
	unsigned words;
	enum hazard hazard;
	bool after_v;            /* the last word is, or might be, "-v" */
	bool after_o;            /* the last word was an option that takes another */
	struct sh_call shell;
};

static bool code(struct reader *r, enum closer closer);

/* ---- commands ---- */

static bool comment(struct reader *r)
{
	while (r->pos < r->end && sh_peek(r, 0) != '\n')
		if (!sh_copy(r, 1))
			return false;
	return true;
}

static bool is_reserved(const struct word *w, const char *name)
{
	return w->plain && w->literal && strcmp(w->value, name) == 0;
}

static enum hazard hazard_of(const char *name)
{
	for (size_t i = 0; i < sizeof hazards / sizeof hazards[0]; i++)
		if (strcmp(name, hazards[i].name) == 0)
			return hazards[i].hazard;
	return HAZARD_NONE;
}

/* Why an item may not be in the command's next word, or NULL. */
static const char *refusal_of(const struct command *cmd, bool several)
{
	const char *refusal;

	if (cmd->redirect && cmd->duplicate)
		return "after '>&' would be expanded once more by bash: write >FILE 2>&1";
	if (cmd->redirect || cmd->start)
		return NULL;
	refusal = sh_call_refusal(&cmd->shell, several);
	if (refusal != NULL)
		return refusal;
	switch (cmd->hazard) {
	case HAZARD_CODE:
		return "would be run as code here: assign it to a variable and let the code name that, as "
		    "in x={}; trap 'rm \"$x\"' EXIT";
	case HAZARD_NAMES:
		return "cannot stand where the shell expects a variable's name";
	case HAZARD_TEST:
		return cmd->after_v ? "cannot stand where the shell expects a variable's name" : NULL;
	case HAZARD_PRINTF:
		if (cmd->words == 1)
			return "could be an option here: write printf '%s' before it";
		return cmd->after_v ? "cannot stand where the shell expects a variable's name" : NULL;
	case HAZARD_PARAMS:
	case HAZARD_NONE:
		break;
	}
	return NULL;
}

/* Blanks, newlines and comments. */
static bool lines(struct reader *r)
{
	bool ok = true;

	while (ok && r->pos < r->end && sh_placeholder(r) == 0) {
		if (sh_peek(r, 0) == '#')
			ok = comment(r);
		else if (sh_peek(r, 0) == '\n')
			ok = sh_heredoc_newline(r);
		else if (is_blank(sh_peek(r, 0)))
			ok = sh_copy(r, 1);
		else
			break;
	}
	return ok;
}

static bool case_pattern(struct reader *r)
{
	for (;;) {
		struct word w = { 0 };

		if (!sh_blanks(r) || !sh_words_read(r, &w) || !sh_blanks(r))
			return false;
		if (sh_peek(r, 0) == ')')
			return sh_copy(r, 1);
		if (sh_peek(r, 0) != '|')
			return sh_unsure(r, "a pattern of 'case'");
		if (!sh_copy(r, 1))
			return false;
	}
}

/* Reads what follows the word "case". */
static bool case_statement(struct reader *r)
{
	struct word subject = { 0 }, in = { 0 };

	if (!sh_blanks(r) || !sh_words_read(r, &subject) || !lines(r) || !sh_words_read(r, &in))
		return false;
	if (!is_reserved(&in, "in"))
		return sh_unsure(r, "'case' without 'in'");
	r->esac = false;
	while (!r->esac) {
		struct word w = { 0 };

		if (!lines(r))
			return false;
		if (sh_peek(r, 0) == '(' && sh_placeholder(r) == 0) {
			if (!sh_copy(r, 1) || !case_pattern(r))
				return false;
		} else {
			if (!sh_words_read(r, &w) || !sh_blanks(r))
				return false;
			if (is_reserved(&w, "esac"))
				break;
			if (!is_one_of(sh_peek(r, 0), "|)") || is_reserved(&w, ""))
				return sh_unsure(r, "a pattern of 'case'");
			if (sh_peek(r, 0) == '|' ? !sh_copy(r, 1) || !case_pattern(r) : !sh_copy(r, 1))
				return false;
		}
		if (!code(r, CLOSER_CASE))
			return false;
	}
	return true;
}

static bool is_among(const struct word *w, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_reserved(w, names[i]))
			return true;
	return false;
}

static bool is_bash_only(const struct word *w)
{
	static const char *const names[] = { "[[", "function", "select", "coproc" };

	return is_among(w, names, sizeof names / sizeof names[0]);
}

/* Reserved words; after all of them but "case" and "for" a command may follow. */
static bool is_keyword(const struct word *w)
{
	static const char *const names[] = {
		"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "{", "}", "!", "time",
		"case", "for",
	};

	return is_bash_only(w) || is_among(w, names, sizeof names / sizeof names[0]);
}

static bool for_name(struct reader *r, struct command *cmd)
{
	struct word w = { 0 };

	if (!sh_blanks(r) || !sh_words_read(r, &w))
		return false;
	if (!w.plain || !w.literal || !sh_is_name(w.value, w.len) || sh_is_evaluated(w.value))
		return sh_unsure(r, "this kind of 'for'");
	cmd->in_allowed = true;
	return true;
}

static void command_name(struct reader *r, struct command *cmd, const struct word *w)
{
	static const char *const prefixes[] = { "command", "builtin", "exec" };

	if (cmd->prefixed && w->literal && w->value[0] == '-')
		return;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (w->literal && strcmp(w->value, prefixes[i]) == 0) {
			cmd->prefixed = cmd->simple = true;
			return;
		}
	cmd->start = false;
	cmd->words = 1;
	cmd->hazard = w->literal ? hazard_of(w->value) : HAZARD_NONE;
	if (w->literal && strcmp(w->value, "shift") == 0)
		r->sets_params = true;
	sh_call_follow(&cmd->shell, w);
}

static bool reserved_word(struct reader *r, struct command *cmd, const struct word *w)
{
	if (is_bash_only(w))
		return sh_unsure(r, "what '[[', 'function', 'select' or 'coproc' mean to a shell");
	if (is_reserved(w, "time"))
		cmd->prefixed = true;
	if (is_reserved(w, "for"))
		return for_name(r, cmd);
	return !is_reserved(w, "case") || case_statement(r);
}

static bool first_word(struct reader *r, struct command *cmd, const struct word *w)
{
	bool in_allowed = cmd->in_allowed;

	cmd->in_allowed = false;
	if (w->literal && strcmp(w->value, "alias") == 0)
		return sh_unsure(r, "what 'alias' makes of other words");
	if (w->assigns) {
		cmd->simple = true;
		return true;
	}
	if (in_allowed && is_reserved(w, "in")) {
		cmd->start = false;
		return true;
	}
	if (!cmd->simple && is_keyword(w))
		return reserved_word(r, cmd, w);
	command_name(r, cmd, w);
	return true;
}

/* "set" with something that is not an option. */
static void note_params(struct reader *r, struct command *cmd, const struct word *w)
{
	bool option = w->literal && is_one_of(w->value[0], "-+") && w->value[1] != '\0' &&
	    strcmp(w->value, "--") != 0;

	if (!option && !cmd->after_o)
		r->sets_params = true;
	cmd->after_o = option && w->value[w->len - 1] == 'o';
}

static bool argument(struct reader *r, struct command *cmd, const struct word *w)
{
	if (cmd->hazard == HAZARD_NAMES && w->literal && is_one_of(w->value[0], "-+") &&
	    strpbrk(w->value, "in") != NULL)
		return sh_unsure(r, "a variable that the shell evaluates");
	cmd->words++;
	cmd->after_v = w->literal ? strcmp(w->value, "-v") == 0 : cmd->hazard == HAZARD_TEST;
	if (cmd->hazard == HAZARD_PARAMS)
		note_params(r, cmd, w);
	sh_call_follow(&cmd->shell, w);
	return true;
}

static bool is_number(const struct word *w)
{
	return w->plain && w->literal && w->len > 0 && strspn(w->value, "0123456789") == w->len;
}

/* May a word stand here that becomes several? What follows a name or an operator is one. */
static bool takes_list(const struct command *cmd)
{
	return !cmd->redirect && cmd->hazard != HAZARD_NAMES && cmd->hazard != HAZARD_TEST;
}

/* A word of a command, and what it means for the next one. */
static bool command_word(struct reader *r, struct command *cmd, enum closer closer, bool *done)
{
	const char *outer = r->refusal;
	struct word w = { .command = cmd->start && !cmd->redirect, .list = takes_list(cmd) };
	bool ok;

	if (r->refusal == NULL) {
		r->refusal = refusal_of(cmd, placeholder_several(r->syntax));
		w.names = cmd->hazard == HAZARD_NAMES && !cmd->redirect && r->refusal != NULL;
		w.option = !cmd->redirect && !cmd->start
		    && ((cmd->hazard == HAZARD_PRINTF && cmd->words == 1) || sh_call_options(&cmd->shell));
	}
	/* a file that is read in $(…) is no part of what is made of its output */
	if (cmd->redirect && !cmd->duplicate)
		r->refusal = NULL;
	ok = sh_words_read(r, &w);
	r->refusal = outer;
	if (!ok)
		return false;
	if (is_number(&w) && is_one_of(sh_peek(r, 0), "<>"))
		return true;
	if (cmd->redirect) {
		cmd->redirect = false;
		return true;
	}
	if (!cmd->start)
		return argument(r, cmd, &w);
	*done = closer == CLOSER_CASE && !cmd->simple && is_reserved(&w, "esac");
	if (*done)
		r->esac = true;
	return *done || first_word(r, cmd, &w);
}

static bool redirection(struct reader *r, struct command *cmd)
{
	char c = sh_peek(r, 0);

	if (!sh_copy(r, 1))
		return false;
	if (c == '<' && sh_peek(r, 0) == '<')
		return sh_heredoc_begin(r, sh_call_reads_code(&cmd->shell));
	cmd->duplicate = sh_peek(r, 0) == '&';
	if (is_one_of(sh_peek(r, 0), c == '<' ? "&>" : "&>|") && !sh_copy(r, 1))
		return false;
	if (sh_peek(r, 0) == '(')
		return sh_unsure(r, "'<(' or '>('");
	cmd->redirect = true;
	cmd->simple = true;
	return true;
}

static void next_command(struct command *cmd)
{
	*cmd = (struct command){ .start = true };
}

static bool open_paren(struct reader *r, struct command *cmd)
{
	if (cmd->start && !cmd->simple && !cmd->in_allowed) {
		if (sh_peek(r, 1) == '(' || (sh_peek(r, 1) == '\\' && sh_peek(r, 2) == '\n'))
			return sh_unsure(r, "'(('");
		return sh_copy(r, 1) && code(r, CLOSER_PAREN);
	}
	if (cmd->words != 1 || !sh_copy(r, 1) || !sh_blanks(r) || sh_peek(r, 0) != ')')
		return sh_unsure(r, "'(' after a word");
	r->sets_params = true;
	next_command(cmd);
	return sh_copy(r, 1);
}

static bool operator(struct reader *r, struct command *cmd, enum closer closer, bool *done)
{
	switch (sh_peek(r, 0)) {
	case '(':
		return open_paren(r, cmd);
	case ')':
		*done = closer == CLOSER_PAREN;
		return *done ? sh_copy(r, 1) : sh_unsure(r, "')' without '('");
	case '<':
	case '>':
		return redirection(r, cmd);
	}
	next_command(cmd);
	if (closer == CLOSER_CASE && sh_peek(r, 0) == ';' && is_one_of(sh_peek(r, 1), ";&")) {
		*done = true;
		return sh_copy(r, sh_peek(r, 1) == ';' && sh_peek(r, 2) == '&' ? 3 : 2);
	}
	return sh_copy(r, 1);
}

/* A continued line between words. */
static bool continuation(struct reader *r)
{
	char before = r->pos > 0 ? r->text[r->pos - 1] : '\n';

	if (is_one_of(before, ";&|()<>") && is_one_of(sh_peek(r, 2), ";&|()<>\\"))
		return sh_unsure(r, "a line continued within an operator");
	return sh_copy(r, 2);
}

static bool token(struct reader *r, struct command *cmd, enum closer closer, bool *done)
{
	if (sh_placeholder(r) > 0)
		return command_word(r, cmd, closer, done);
	if (is_blank(sh_peek(r, 0)))
		return sh_copy(r, 1);
	if (sh_peek(r, 0) == '#')
		return comment(r);
	if (sh_peek(r, 0) == '\\' && sh_peek(r, 1) == '\n')
		return continuation(r);
	if (is_one_of(sh_peek(r, 0), ";&|()<>"))
		return operator(r, cmd, closer, done);
	return command_word(r, cmd, closer, done);
}

static bool code(struct reader *r, enum closer closer)
{
	unsigned outer_heredocs = r->outer_heredocs;
	struct command cmd = { .start = true };
	struct word *outer_word = r->word;
	bool done = false, ok = true;

	if (++r->depth > DEPTH_MAX)
		return sh_unsure(r, "so deep a nesting");
	if (closer != CLOSER_CASE)
		r->outer_heredocs = r->nheredocs;
	r->word = NULL;
	while (ok && !done && r->pos < r->end) {
		if (sh_placeholder(r) == 0 && sh_peek(r, 0) == '\n') {
			ok = sh_heredoc_newline(r);
			next_command(&cmd);
		} else
			ok = token(r, &cmd, closer, &done);
	}
	r->depth--;
	r->word = outer_word;
	if (!ok)
		return false;
	if (closer != CLOSER_END && !done)
		return sh_fail(r, "%s is open at the end", closer == CLOSER_PAREN ? "'('" : "'case'");
	if (closer == CLOSER_CASE)
		return true;
	if (r->nheredocs > r->outer_heredocs)
		return closer == CLOSER_END && !r->backquoted ?
		    sh_heredoc_unfinished(r, &r->heredocs[0]) :
		    sh_unsure(r, "a here-document that begins after the end of its command");
	r->outer_heredocs = outer_heredocs;
	return true;
}

/* ---- the call ---- */

static bool has_placeholders(const char *text, const struct placeholder_syntax *syntax)
{
	struct placeholder found;

	for (const char *p = text; *p != '\0'; p++)
		if (placeholder_scan(p, syntax, &found) > 0 && !sh_is_parameter(text, p, syntax))
			return true;
	return false;
}

static int keep_as_is(const char *script, struct quoted *out, char *why, size_t why_size)
{
	out->nfields = 0;
	out->text = strdup(script);
	if (out->text != NULL)
		return 0;
	snprintf(why, why_size, "out of memory");
	return -1;
}

static bool script(struct reader *r)
{
	if (!code(r, CLOSER_END))
		return false;
	if (!r->uses_params || !r->sets_params)
		return true;
	snprintf(r->why, r->why_size,
	    "a placeholder for all items, which is \"$@\" in a script, cannot be "
	    "used where that has another meaning, after set or shift or in a function: use \"$@\" and no "
	    "placeholder");
	return false;
}

int quoting_rewrite(const char *text, const struct placeholder_syntax *syntax,
    struct quoted *out, char *why, size_t why_size)
{
	struct reader r = {
		.text = text, .end = strlen(text), .syntax = syntax, .result = out,
		.code = code, .why = why, .why_size = why_size,
	};

	*out = (struct quoted){ .several = placeholder_several(syntax) };
	if (script(&r) && r.out.at != NULL) {
		out->text = r.out.at;
		return 0;
	}
	buf_release(&r.out);
	if (text[0] == '\0' || (r.unsure && !has_placeholders(text, syntax)))
		return keep_as_is(text, out, why, why_size);
	return -1;
}
