/*
 * Words that are the same for every task are put into argv once and never touched again; the
 * others are a flat list of operations that write into one arena. Where all tasks have one item,
 * expanding therefore costs an addition for the size and a copy a segment, and allocates only when
 * an item is longer than any before it. Where tasks may have several, the number of words changes
 * from one to the next, and argv is made anew.
 */
#include "cli/command/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/buf.h"
#include "base/grow.h"

enum op_kind { OP_TEXT, OP_FIELD, OP_LIST, OP_JOINED, OP_END };

struct op {
	enum op_kind kind;
	enum placeholder_part part;
	unsigned column;            /* OP_FIELD, where there are several items */
	bool optional;              /* OP_FIELD: its word goes with it, if there is nothing else */
	size_t n;                   /* OP_TEXT: length; OP_END: index of the word it ends */
	char *text;                 /* OP_TEXT */
};

struct template {
	bool several;               /* a task may have more than one item */
	struct op *ops;
	size_t nops, ops_room;
	size_t word_start;          /* the first operation of the word being built */
	const char **argv;          /* with one item: nwords entries and NULL */
	size_t argv_room;
	char **fixed;               /* by word: its text, or NULL for those that are expanded */
	size_t nwords;
	size_t text_bytes;          /* of all texts in ops, and the words' NULs */
	size_t item_fields, number_fields, lists;
	bool slot;
	struct buf arena;
};

enum { NUMBER_MAX = 20 };       /* digits of UINT64_MAX */

/* ---- building ---- */

struct template *template_new(const struct placeholder_syntax *syntax)
{
	struct template *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->several = placeholder_several(syntax);
	t->argv = calloc(1, sizeof *t->argv);
	if (t->argv == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nops; i++)
		free(t->ops[i].text);
	for (size_t i = 0; i < t->nwords; i++)
		free(t->fixed[i]);
	free(t->ops);
	free(t->fixed);
	free(t->argv);
	buf_release(&t->arena);
	free(t);
}

static struct op *push(struct template *t, enum op_kind kind)
{
	struct op *ops = grow(t->ops, &t->ops_room, t->nops + 1, sizeof *ops);

	if (ops == NULL)
		return NULL;
	t->ops = ops;
	t->ops[t->nops] = (struct op){ .kind = kind };
	return &t->ops[t->nops++];
}

int template_add_text(struct template *t, const char *text, size_t len)
{
	struct op *op = t->nops > t->word_start ? &t->ops[t->nops - 1] : NULL;
	char *joined;

	if (op == NULL || op->kind != OP_TEXT)
		op = push(t, OP_TEXT);
	if (op == NULL || len > SIZE_MAX / 2 - op->n)
		return -1;
	joined = realloc(op->text, op->n + len + 1);
	if (joined == NULL)
		return -1;
	memcpy(joined + op->n, text, len);
	op->text = joined;
	op->n += len;
	joined[op->n] = '\0';
	return 0;
}

static enum op_kind kind_of(const struct template *t, const struct placeholder *p,
    enum template_how how)
{
	if (!t->several || p->column > 0 || !placeholder_is_item(p))
		return OP_FIELD;
	return how == TEMPLATE_WORDS ? OP_LIST : OP_JOINED;
}

int template_add_field(struct template *t, const struct placeholder *p, enum template_how how)
{
	struct op *op = push(t, kind_of(t, p, how));

	if (op == NULL)
		return -1;
	op->part = p->part;
	op->column = p->column;
	op->optional = how == TEMPLATE_WORDS;
	if (placeholder_is_item(p))
		t->item_fields++;
	else
		t->number_fields++;
	t->lists += op->kind == OP_LIST;
	t->slot = t->slot || p->part == PART_SLOT;
	return 0;
}

static int add_word(struct template *t)
{
	const char **argv = reallocarray(t->argv, t->nwords + 2, sizeof *argv);
	char **fixed;

	if (argv == NULL)
		return -1;
	t->argv = argv;
	fixed = reallocarray(t->fixed, t->nwords + 1, sizeof *fixed);
	if (fixed == NULL)
		return -1;
	t->fixed = fixed;
	fixed[t->nwords] = NULL;
	argv[t->nwords++] = NULL;
	argv[t->nwords] = NULL;
	return 0;
}

int template_end_word(struct template *t)
{
	struct op *op;

	if (t->nops == t->word_start && template_add_text(t, "", 0) != 0)
		return -1;
	if (add_word(t) != 0)
		return -1;
	if (t->nops == t->word_start + 1 && t->ops[t->word_start].kind == OP_TEXT) {
		op = &t->ops[--t->nops];
		t->fixed[t->nwords - 1] = op->text;
		t->argv[t->nwords - 1] = op->text;
		return 0;
	}
	op = push(t, OP_END);
	if (op == NULL)
		return -1;
	op->n = t->nwords - 1;
	t->text_bytes++;
	for (size_t i = t->word_start; i < t->nops - 1; i++)
		t->text_bytes += t->ops[i].kind == OP_TEXT ? t->ops[i].n : 0;
	t->word_start = t->nops;
	return 0;
}

static int compile_word(struct template *t, const char *word,
    const struct placeholder_syntax *syntax, enum template_how how)
{
	const char *plain = word;
	struct placeholder found;
	size_t len;

	while (*word != '\0') {
		len = placeholder_scan(word, syntax, &found);
		if (len == 0) {
			word++;
			continue;
		}
		if (word > plain && template_add_text(t, plain, (size_t)(word - plain)) != 0)
			return -1;
		if (template_add_field(t, &found, how) != 0)
			return -1;
		word += len;
		plain = word;
	}
	if (word > plain && template_add_text(t, plain, (size_t)(word - plain)) != 0)
		return -1;
	return template_end_word(t);
}

static int compile_words(struct template *t, char *const *words, size_t n,
    const struct placeholder_syntax *syntax)
{
	for (size_t i = 0; i < n; i++)
		if (compile_word(t, words[i], syntax, TEMPLATE_WORDS) != 0)
			return -1;
	return 0;
}

static int append_items(struct template *t)
{
	static const struct placeholder all = { .part = PART_ITEM };

	if (t->item_fields + t->number_fields > 0)
		return 0;
	return template_add_field(t, &all, TEMPLATE_WORDS) == 0 ? template_end_word(t) : -1;
}

struct template *template_compile(char *const *words, size_t n,
    const struct placeholder_syntax *syntax, bool append, char *why, size_t why_size)
{
	struct template *t;

	if (words[0][0] == '\0') {
		snprintf(why, why_size, "the command's name is empty");
		return NULL;
	}
	if (placeholder_check((const char *const *)words, n, syntax, why, why_size) != 0)
		return NULL;
	t = template_new(syntax);
	if (t != NULL && compile_words(t, words, n, syntax) == 0
	    && (!append || append_items(t) == 0))
		return t;
	snprintf(why, why_size, "out of memory");
	template_free(t);
	return NULL;
}

struct template *template_compile_text(const char *text, const struct placeholder_syntax *syntax,
    char *why, size_t why_size)
{
	struct template *t;

	if (placeholder_check(&text, 1, syntax, why, why_size) != 0)
		return NULL;
	t = template_new(syntax);
	if (t != NULL && compile_word(t, text, syntax, TEMPLATE_JOINED) == 0)
		return t;
	snprintf(why, why_size, "out of memory");
	template_free(t);
	return NULL;
}

/* ---- asking ---- */

bool template_uses_slot(const struct template *t)
{
	return t->slot;
}

bool template_uses_item(const struct template *t)
{
	return t->item_fields > 0;
}

bool template_has_fixed_command(const struct template *t)
{
	return t->nwords > 0 && t->fixed[0] != NULL;
}

/* ---- expanding ---- */

static struct span basename_of(const struct span *item)
{
	const char *slash = memrchr(item->text, '/', item->len);

	if (slash == NULL)
		return *item;
	slash++;
	return (struct span){ slash, item->len - (size_t)(slash - item->text) };
}

static size_t extension_len(struct span base)
{
	const char *dot = memrchr(base.text, '.', base.len);

	for (const char *p = base.text; dot != NULL && p < dot; p++)
		if (*p != '.')
			return base.len - (size_t)(dot - base.text);
	return 0;
}

static struct span dirname_of(const struct span *item)
{
	const char *p = item->text;
	size_t len = item->len;
	bool rooted = len > 0 && p[0] == '/';

	while (len > 0 && p[len - 1] == '/')
		len--;
	while (len > 0 && p[len - 1] != '/')
		len--;
	while (len > 0 && p[len - 1] == '/')
		len--;
	if (len > 0)
		return (struct span){ p, len };
	return rooted ? (struct span){ "/", 1 } : (struct span){ ".", 1 };
}

static struct span part_of(const struct span *item, enum placeholder_part part)
{
	struct span span = *item;

	switch (part) {
	case PART_NO_EXT:
		span.len -= extension_len(basename_of(item));
		break;
	case PART_BASE:
		return basename_of(item);
	case PART_DIR:
		return dirname_of(item);
	case PART_BASE_NO_EXT:
		span = basename_of(item);
		span.len -= extension_len(span);
		break;
	case PART_ITEM:
	case PART_TASK:
	case PART_SLOT:
	case PART_COUNT:
		break;
	}
	return span;
}

static char *write_number(char *to, uint64_t n)
{
	char digits[NUMBER_MAX];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (len > 0)
		*to++ = digits[--len];
	return to;
}

static char *write_part(char *to, const struct span *item, enum placeholder_part part)
{
	struct span span;

	if (part == PART_ITEM)
		return mempcpy(to, item->text, item->len);
	span = part_of(item, part);
	return mempcpy(to, span.text, span.len);
}

static char *write_field(char *to, const struct template_values *v, const struct op *op)
{
	if (op->part == PART_TASK)
		return write_number(to, v->task);
	if (op->part == PART_SLOT)
		return write_number(to, v->slot);
	if (op->column <= 1)
		return write_part(to, &v->record->items[0], op->part);
	if (op->column > v->record->nitems)
		return to;
	return write_part(to, &v->record->items[op->column - 1], op->part);
}

static int reserve(struct template *t, const struct record *record)
{
	size_t size, numbers;

	/* each item may need a blank or a NUL, and the "." of a directory may be longer than it */
	if (__builtin_add_overflow(record->bytes, 2 * record->nitems, &size) ||
	    __builtin_mul_overflow(size, t->item_fields, &size) ||
	    __builtin_mul_overflow((size_t)NUMBER_MAX, t->number_fields, &numbers) ||
	    __builtin_add_overflow(size, numbers, &size) ||
	    __builtin_add_overflow(size, t->text_bytes, &size))
		return -1;
	return buf_reserve(&t->arena, size);
}

static void expand_one(struct template *t, const struct template_values *values)
{
	const struct span *item = values->record->items;
	const struct op *end = t->ops + t->nops;
	char *word, *to;

	word = to = t->arena.at;
	for (const struct op *op = t->ops; op < end; op++) {
		switch (op->kind) {
		case OP_TEXT:
			to = mempcpy(to, op->text, op->n);
			break;
		case OP_FIELD:
			to = op->part == PART_ITEM ? mempcpy(to, item->text, item->len)
			    : write_field(to, values, op);
			break;
		case OP_END:
			*to++ = '\0';
			t->argv[op->n] = word;
			word = to;
			break;
		case OP_LIST:
		case OP_JOINED:
			break;
		}
	}
}

/* ---- with several items ---- */

/* The argv being made. */
struct growing {
	const char **argv;
	size_t n;
	char *to;
};

static bool has_list(const struct op *op)
{
	for (; op->kind != OP_END; op++)
		if (op->kind == OP_LIST)
			return true;
	return false;
}

/* The most bytes that the operation writes, once; SIZE_MAX if that is more than can be counted. */
static size_t size_of(const struct op *op, const struct record *record)
{
	size_t all;

	switch (op->kind) {
	case OP_TEXT:
		return op->n;
	case OP_FIELD:
		if (op->part == PART_TASK || op->part == PART_SLOT)
			return NUMBER_MAX;
		/* the "." of a directory may be longer than the item */
		if (op->column <= record->nitems)
			return record->items[op->column > 0 ? op->column - 1 : 0].len + 1;
		break;
	case OP_LIST:
	case OP_JOINED:
		if (__builtin_add_overflow(record->bytes, 2 * record->nitems, &all))
			return SIZE_MAX;
		return all;
	case OP_END:
		return 1;
	}
	return 0;
}

static int reserve_several(struct template *t, const struct record *record)
{
	size_t size = 0, times = 1, more;
	bool begins = true;

	for (size_t i = 0; i < t->nops; i++) {
		const struct op *op = &t->ops[i];

		if (begins)
			times = has_list(op) ? record->nitems : 1;
		begins = op->kind == OP_END;
		/* of a list, each copy of the word has one item */
		if (__builtin_mul_overflow(size_of(op, record), op->kind == OP_LIST ? 1 : times, &more)
		    || __builtin_add_overflow(size, more, &size))
			return -1;
	}
	return buf_reserve(&t->arena, size);
}

static int reserve_argv(struct template *t, const struct record *record)
{
	const char **argv;
	size_t n;

	if (__builtin_mul_overflow(t->lists, record->nitems, &n) ||
	    __builtin_add_overflow(n, t->nwords + 1, &n))
		return -1;
	argv = grow(t->argv, &t->argv_room, n, sizeof *argv);
	if (argv == NULL)
		return -1;
	t->argv = argv;
	return 0;
}

static void write_joined(struct growing *g, const struct record *record, const struct op *op)
{
	for (size_t i = 0; i < record->nitems; i++) {
		if (i > 0)
			*g->to++ = ' ';
		g->to = write_part(g->to, &record->items[i], op->part);
	}
}

/* nth: which item a list stands for, in the word that is being written for that item. */
static void write_op(struct growing *g, const struct template_values *values, const struct op *op,
    size_t nth)
{
	switch (op->kind) {
	case OP_TEXT:
		g->to = mempcpy(g->to, op->text, op->n);
		break;
	case OP_FIELD:
		g->to = write_field(g->to, values, op);
		break;
	case OP_LIST:
		g->to = write_part(g->to, &values->record->items[nth], op->part);
		break;
	case OP_JOINED:
		write_joined(g, values->record, op);
		break;
	case OP_END:
		break;
	}
}

/* A word of nothing but an item that is not there. */
static bool is_missing(const struct op *op, const struct record *record)
{
	return op->kind == OP_FIELD && op->optional && op->column > record->nitems
	    && op[1].kind == OP_END;
}

/*
 * Expands the word that begins at op, once for each item if a list is in it; returns where the next
 * one begins.
 */
static const struct op *expand_word(struct growing *g, const struct template_values *values,
    const struct op *op)
{
	size_t times = has_list(op) ? values->record->nitems : 1;
	const struct op *first = op;

	/* the command's name stays, so that no argument takes its place */
	if (g->n > 0 && is_missing(op, values->record))
		return op + 2;
	for (size_t i = 0; i < times; i++) {
		g->argv[g->n++] = g->to;
		for (op = first; op->kind != OP_END; op++)
			write_op(g, values, op, i);
		*g->to++ = '\0';
	}
	return op + 1;
}

static void expand_several(struct template *t, const struct template_values *values)
{
	struct growing g = { .argv = t->argv, .to = t->arena.at };
	const struct op *op = t->ops;

	for (size_t i = 0; i < t->nwords; i++) {
		if (t->fixed[i] != NULL)
			g.argv[g.n++] = t->fixed[i];
		else
			op = expand_word(&g, values, op);
	}
	g.argv[g.n] = NULL;
}

const char *const *template_expand(struct template *t, const struct template_values *values)
{
	if (!t->several) {
		if (reserve(t, values->record) != 0)
			return NULL;
		expand_one(t, values);
		return t->argv;
	}
	if (reserve_several(t, values->record) != 0 || reserve_argv(t, values->record) != 0)
		return NULL;
	expand_several(t, values);
	return t->argv;
}
