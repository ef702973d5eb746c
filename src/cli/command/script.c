/*
 * Decides whether a text needs a shell. A line is split by one pass over a table of character
 * classes; whatever is not certain to be a plain word goes to the shell. Placeholders of a script
 * are kept in the split words after a byte that no plain word has.
 */
#include "cli/command/script.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/grow.h"
#include "cli/command/sh/quoting.h"
#include "cli/command/sh/sh_reader.h"

struct script {
	struct template *shell;
	struct template *direct;
};

struct line_splitter {
	struct buf arena;
	const char **argv;
	size_t argv_room;
	size_t argc;
	const char *text;                          /* all of what is being split */
	const struct placeholder_syntax *syntax;   /* NULL: without placeholders */
	struct placeholder fields[QUOTED_MAX];     /* those that were found, one after the other */
	size_t nfields;
};

/*
 * A placeholder in the split words is this byte, a control character and so never part of a plain
 * word, and its place in fields, from 1.
 */
enum { FIELD_BYTE = 1 };
static_assert(QUOTED_MAX < UCHAR_MAX, "a place is a byte");

enum class {
	CLASS_SHELL,      /* only the shell can read it */
	CLASS_PLAIN,
	CLASS_BLANK,
	CLASS_EQUALS,     /* an assignment, in the first word */
	CLASS_HASH,       /* a comment, where a word begins */
	CLASS_SINGLE,
	CLASS_DOUBLE,
	CLASS_BACKSLASH
};

static const unsigned char classes[UCHAR_MAX + 1] = {
	[' '] = CLASS_BLANK, ['\t'] = CLASS_BLANK, ['='] = CLASS_EQUALS, ['#'] = CLASS_HASH,
	['\''] = CLASS_SINGLE, ['"'] = CLASS_DOUBLE, ['\\'] = CLASS_BACKSLASH,
	['a' ... 'z'] = CLASS_PLAIN, ['A' ... 'Z'] = CLASS_PLAIN, ['0' ... '9'] = CLASS_PLAIN,
	['!'] = CLASS_PLAIN, ['%'] = CLASS_PLAIN, ['+'] = CLASS_PLAIN, [','] = CLASS_PLAIN,
	['-'] = CLASS_PLAIN, ['.'] = CLASS_PLAIN, ['/'] = CLASS_PLAIN, [':'] = CLASS_PLAIN,
	['@'] = CLASS_PLAIN, [']'] = CLASS_PLAIN, ['^'] = CLASS_PLAIN, ['_'] = CLASS_PLAIN,
	['}'] = CLASS_PLAIN, [0x80 ... 0xff] = CLASS_PLAIN,
};

/* In strcmp's order. */
static const char *const shell_words[] = {
	"!", ".", ":", "[", "[[", "]]", "alias", "bg", "bind", "break", "builtin", "caller", "case",
	"cd", "chdir", "command", "compgen", "complete", "compopt", "continue", "coproc", "declare",
	"dirs", "disown", "do", "done", "echo", "elif", "else", "enable", "esac", "eval", "exec",
	"exit", "export", "false", "fc", "fg", "fi", "for", "function", "getopts", "hash", "help",
	"history", "if", "in", "jobs", "kill", "let", "local", "logout", "mapfile", "newgrp", "popd",
	"printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "select", "set", "shift",
	"shopt", "source", "suspend", "test", "then", "time", "times", "trap", "true", "type",
	"typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while", "{", "}",
};

/* ---- splitting ---- */

/* A binary search by hand: most names differ in the first character, and this is done per line. */
static bool is_shell_word(const char *name)
{
	size_t low = 0, high = sizeof shell_words / sizeof shell_words[0];

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = (unsigned char)name[0] - (unsigned char)shell_words[middle][0];

		if (order == 0)
			order = strcmp(name, shell_words[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* bash takes "%1" for a job */
static bool needs_shell(const char *name)
{
	return name[0] == '\0' || name[0] == '%' || is_shell_word(name);
}

static bool add_word(struct line_splitter *sp, const char *word)
{
	const char **argv = grow(sp->argv, &sp->argv_room, sp->argc + 2, sizeof *argv);

	if (argv == NULL)
		return false;
	sp->argv = argv;
	sp->argv[sp->argc++] = word;
	return true;
}

/* Length of the placeholder at this place, or 0. */
static size_t scan(const struct line_splitter *sp, const char *p, struct placeholder *found)
{
	if (sp->syntax == NULL || sh_is_parameter(sp->text, p, sp->syntax))
		return 0;
	return placeholder_scan(p, sp->syntax, found);
}

/* Where a placeholder is one byte, as with -I @, what is written is longer than what is read. */
static size_t field_at(struct line_splitter *sp, const char *p, const char *end, char **to)
{
	struct placeholder found;
	size_t len;

	if (sp->nfields == QUOTED_MAX)
		return 0;
	len = scan(sp, p, &found);
	if (len == 0 || len > (size_t)(end - p))
		return 0;
	sp->fields[sp->nfields++] = found;
	*(*to)++ = FIELD_BYTE;
	*(*to)++ = (char)sp->nfields;
	return len;
}

/* Reads what stands in single quotes, up to and with the closing one; NULL for the shell. */
static const char *read_single(struct line_splitter *sp, const char *p, const char *end, char **to)
{
	while (p < end) {
		size_t len = field_at(sp, p, end, to);

		if (len == 0 && *p == '\'')
			return p + 1;
		if (len == 0 && (unsigned char)*p < ' ' && *p != '\t')
			return NULL;
		if (len == 0)
			*(*to)++ = *p;
		p += len > 0 ? len : 1;
	}
	return NULL;
}

static const char *read_double(struct line_splitter *sp, const char *p, const char *end, char **to)
{
	while (p < end) {
		size_t len = field_at(sp, p, end, to);

		if (len > 0) {
			p += len;
			continue;
		}
		if (*p == '"')
			return p + 1;
		if (*p == '$' || *p == '`' || ((unsigned char)*p < ' ' && *p != '\t'))
			return NULL;
		if (*p == '\\' && p + 1 < end && strchr("$`\"\\", p[1]) != NULL && p[1] != '\0')
			p++;
		*(*to)++ = *p++;
	}
	return NULL;
}

static const char *read_backslash(const char *p, const char *end, char **to)
{
	if (p >= end || (unsigned char)*p < ' ')
		return NULL;
	*(*to)++ = *p;
	return p + 1;
}

static const char *read_piece(struct line_splitter *sp, const char *p, const char *end, char **to)
{
	size_t len = field_at(sp, p, end, to);

	if (len > 0)
		return p + len;
	switch ((enum class)classes[(unsigned char)*p]) {
	case CLASS_PLAIN:
	case CLASS_HASH:
		*(*to)++ = *p;
		return p + 1;
	case CLASS_EQUALS:
		*(*to)++ = *p;
		return sp->argc > 0 ? p + 1 : NULL;
	case CLASS_SINGLE:
		return read_single(sp, p + 1, end, to);
	case CLASS_DOUBLE:
		return read_double(sp, p + 1, end, to);
	case CLASS_BACKSLASH:
		return read_backslash(p + 1, end, to);
	case CLASS_SHELL:
	case CLASS_BLANK:
		break;
	}
	return NULL;
}

static bool separates(const struct line_splitter *sp, const char *p)
{
	struct placeholder found;

	return classes[(unsigned char)*p] == CLASS_BLANK && scan(sp, p, &found) == 0;
}

/* Reads a word and ends it; returns where it stops, or NULL where the shell is needed. */
static const char *read_word(struct line_splitter *sp, const char *p, const char *end, char **to)
{
	for (;;) {
		char *plain = *to;

		while (p < end && sp->syntax == NULL && classes[(unsigned char)*p] == CLASS_PLAIN)
			*plain++ = *p++;
		*to = plain;
		if (p == end || separates(sp, p))
			break;
		p = read_piece(sp, p, end, to);
		if (p == NULL)
			return NULL;
	}
	*(*to)++ = '\0';
	return p;
}

/* Splits the text; false where the shell is needed. */
static bool split(struct line_splitter *sp, const char *p, size_t len)
{
	const char *end = p + len;
	char *to, *word;

	sp->text = p;
	sp->argc = 0;
	/*
	 * a word and its NUL are as long as what they are read from, but a placeholder may be
	 * longer
	 */
	if (buf_reserve(&sp->arena, 2 * len) != 0)
		return false;
	to = sp->arena.at;
	for (;;) {
		while (p < end && separates(sp, p))
			p++;
		if (p == end)
			break;
		if (*p == '#')
			return false;
		word = to;
		p = read_word(sp, p, end, &to);
		if (p == NULL || !add_word(sp, word))
			return false;
	}
	if (sp->argc == 0 || needs_shell(sp->argv[0]))
		return false;
	sp->argv[sp->argc] = NULL;
	return true;
}

struct line_splitter *line_splitter_new(void)
{
	return calloc(1, sizeof(struct line_splitter));
}

void line_splitter_free(struct line_splitter *sp)
{
	if (sp == NULL)
		return;
	buf_release(&sp->arena);
	free(sp->argv);
	free(sp);
}

const char *const *script_split_line(struct line_splitter *sp, const char *line, size_t len)
{
	return split(sp, line, len) ? sp->argv : NULL;
}

/* ---- the direct form ---- */

static int add_split_word(struct template *t, const struct line_splitter *sp, const char *word)
{
	while (*word != '\0') {
		size_t len = strcspn(word, (const char[]){ FIELD_BYTE, '\0' });

		if (len > 0) {
			if (template_add_text(t, word, len) != 0)
				return -1;
			word += len;
			continue;
		}
		if (template_add_field(t, &sp->fields[(unsigned char)word[1] - 1], TEMPLATE_JOINED)
		    != 0)
			return -1;
		word += 2;
	}
	return template_end_word(t);
}

static int build_direct(struct template *t, const struct line_splitter *sp)
{
	for (size_t i = 0; i < sp->argc; i++)
		if (add_split_word(t, sp, sp->argv[i]) != 0)
			return -1;
	return 0;
}

/* How many words a list becomes depends on its quotes, which are gone when the words are split. */
static bool has_list(const struct line_splitter *sp)
{
	for (size_t i = 0; i < sp->nfields; i++)
		if (placeholder_is_list(&sp->fields[i], sp->syntax))
			return true;
	return false;
}

static struct template *build_if_direct(struct line_splitter *sp, const char *text, size_t len)
{
	struct template *t;

	if (!split(sp, text, len) || sp->nfields == QUOTED_MAX || has_list(sp))
		return NULL;
	t = template_new(sp->syntax);
	if (t != NULL && build_direct(t, sp) == 0 && template_has_fixed_command(t))
		return t;
	template_free(t);
	return NULL;
}

/* Returns NULL if the shell is needed, or if out of memory, when the shell's form will do. */
static struct template *compile_direct(const char *text, const struct placeholder_syntax *syntax)
{
	struct line_splitter *sp = line_splitter_new();
	struct template *t;
	size_t len = strlen(text);

	if (sp == NULL)
		return NULL;
	sp->syntax = syntax;
	while (len > 0 && text[len - 1] == '\n' && (len < 2 || text[len - 2] != '\\'))
		len--;
	t = build_if_direct(sp, text, len);
	line_splitter_free(sp);
	return t;
}

/* ---- the shell's form ---- */

static int add_word_text(struct template *t, const char *text)
{
	return template_add_text(t, text, strlen(text)) == 0 ? template_end_word(t) : -1;
}

/* The item itself is $1 anyhow, and needs no second word for its value. */
static bool only_item(const struct quoted *q)
{
	return q->nfields == 1 && q->fields[0].part == PART_ITEM && !q->several;
}

/* The script, after assignments on its first line, so that line numbers stay right. */
static int add_script(struct template *t, const struct quoted *q)
{
	char prelude[QUOTED_MAX * 24 + 16];
	size_t used = 0;

	if (q->nfields == 0)
		return add_word_text(t, q->text);
	for (size_t i = 1; i <= q->nfields; i++)
		used += (size_t)snprintf(prelude + used, sizeof prelude - used,
		    i < 10 ? "covey_%zu=$%zu " : "covey_%zu=${%zu} ", i, i);
	used--;
	if (only_item(q))
		used += (size_t)snprintf(prelude + used, sizeof prelude - used, "; ");
	else
		used += (size_t)snprintf(prelude + used, sizeof prelude - used, "; shift %zu; ",
		    q->nfields);
	return template_add_text(t, prelude, used) == 0 ? add_word_text(t, q->text) : -1;
}

static int add_field_word(struct template *t, const struct placeholder *p, enum template_how how)
{
	return template_add_field(t, p, how) == 0 ? template_end_word(t) : -1;
}

static bool looks_like_option(const struct quoted *q)
{
	return q->nfields == 0 && (q->text[0] == '-' || q->text[0] == '+');
}

static int build_shell(struct template *t, const struct quoted *q)
{
	static const struct placeholder all = { .part = PART_ITEM };

	if (add_word_text(t, SCRIPT_SHELL) != 0 || add_word_text(t, "-c") != 0 ||
	    /* the script is an operand, so one that begins like an option would be taken for it */
	    (looks_like_option(q) && add_word_text(t, "--") != 0) ||
	    add_script(t, q) != 0 || add_word_text(t, "covey") != 0)
		return -1;
	for (size_t i = 0; i < q->nfields && !only_item(q); i++)
		if (add_field_word(t, &q->fields[i], TEMPLATE_JOINED) != 0)
			return -1;
	return add_field_word(t, &all, TEMPLATE_WORDS);
}

static struct template *compile_shell(const char *text, const struct placeholder_syntax *syntax,
    char *why, size_t why_size)
{
	struct template *t = NULL;
	struct quoted q;

	if (placeholder_check(&text, 1, syntax, why, why_size) != 0)
		return NULL;
	if (quoting_rewrite(text, syntax, &q, why, why_size) != 0)
		return NULL;
	t = template_new(syntax);
	if (t == NULL || build_shell(t, &q) != 0) {
		snprintf(why, why_size, "out of memory");
		template_free(t);
		t = NULL;
	}
	free(q.text);
	return t;
}

/* ---- the calls ---- */

struct script *script_compile(const char *text, const struct placeholder_syntax *syntax, char *why,
    size_t why_size)
{
	struct script *s = calloc(1, sizeof *s);

	if (s == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	s->shell = compile_shell(text, syntax, why, why_size);
	if (s->shell == NULL) {
		free(s);
		return NULL;
	}
	s->direct = compile_direct(text, syntax);
	return s;
}

void script_free(struct script *s)
{
	if (s == NULL)
		return;
	template_free(s->shell);
	template_free(s->direct);
	free(s);
}

struct template *script_shell(struct script *s)
{
	return s->shell;
}

struct template *script_direct(struct script *s)
{
	return s->direct;
}
