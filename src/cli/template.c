/*
 * Words that are the same for every task are put into argv once and never touched again; the
 * others are a flat list of operations that write into one arena. Expanding therefore costs an
 * addition for the size and a copy a segment, and allocates only when an item is longer than any
 * before it.
 */
#include "template.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

enum op_kind { OP_TEXT, OP_FIELD, OP_END };

struct op {
	enum op_kind kind;
	enum template_field field;  /* OP_FIELD */
	size_t n;                   /* OP_TEXT: length; OP_END: index of the word it ends */
	char *text;                 /* OP_TEXT */
};

struct template {
	struct op *ops;
	size_t nops, ops_room;
	size_t word_start;          /* the first operation of the word being built */
	const char **argv;          /* nwords entries and NULL */
	char **fixed;               /* by word: its text, or NULL for those that are expanded */
	size_t nwords;
	size_t text_bytes;          /* of all texts in ops, and the words' NULs */
	size_t item_fields, number_fields;
	bool slot;
	char *arena;
	size_t arena_size;
};

struct span {
	const char *p;
	size_t len;
};

enum { NUMBER_MAX = 20 };       /* digits of UINT64_MAX */

static const char *const names[] = {
	[TEMPLATE_ITEM] = "{}",
	[TEMPLATE_NO_EXT] = "{.}",
	[TEMPLATE_BASE] = "{/}",
	[TEMPLATE_DIR] = "{//}",
	[TEMPLATE_BASE_NO_EXT] = "{/.}",
	[TEMPLATE_TASK] = "{#}",
	[TEMPLATE_SLOT] = "{%}",
};
static_assert(sizeof names / sizeof names[0] == TEMPLATE_NFIELDS, "a name for each field");

/* ---- reading ---- */

bool template_is_item(enum template_field field)
{
	return field != TEMPLATE_TASK && field != TEMPLATE_SLOT;
}

size_t template_scan(const char *text, const char *replace, enum template_field *field)
{
	size_t len;

	if (replace != NULL && strncmp(text, replace, strlen(replace)) == 0) {
		*field = TEMPLATE_ITEM;
		return strlen(replace);
	}
	if (text[0] != '{')
		return 0;
	for (int i = replace != NULL; i < TEMPLATE_NFIELDS; i++) {
		len = strlen(names[i]);
		if (strncmp(text, names[i], len) == 0) {
			*field = (enum template_field)i;
			return len;
		}
	}
	return 0;
}

/* ---- building ---- */

struct template *template_new(void)
{
	struct template *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
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
	free(t->arena);
	free(t);
}

static struct op *push(struct template *t, enum op_kind kind)
{
	size_t room = t->ops_room == 0 ? 8 : t->ops_room * 2;
	struct op *ops;

	if (t->nops == t->ops_room) {
		ops = reallocarray(t->ops, room, sizeof *ops);
		if (ops == NULL)
			return NULL;
		t->ops = ops;
		t->ops_room = room;
	}
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

int template_add_field(struct template *t, enum template_field field)
{
	struct op *op = push(t, OP_FIELD);

	if (op == NULL)
		return -1;
	op->field = field;
	if (template_is_item(field))
		t->item_fields++;
	else
		t->number_fields++;
	t->slot = t->slot || field == TEMPLATE_SLOT;
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

static int compile_word(struct template *t, const char *word, const char *replace)
{
	const char *plain = word;
	enum template_field field;
	size_t len;

	while (*word != '\0') {
		len = template_scan(word, replace, &field);
		if (len == 0) {
			word++;
			continue;
		}
		if (word > plain && template_add_text(t, plain, (size_t)(word - plain)) != 0)
			return -1;
		if (template_add_field(t, field) != 0)
			return -1;
		word += len;
		plain = word;
	}
	if (word > plain && template_add_text(t, plain, (size_t)(word - plain)) != 0)
		return -1;
	return template_end_word(t);
}

static int compile_words(struct template *t, char *const *words, size_t n, const char *replace)
{
	for (size_t i = 0; i < n; i++)
		if (compile_word(t, words[i], replace) != 0)
			return -1;
	return 0;
}

struct template *template_compile(char *const *words, size_t n, const char *replace, bool append,
    char *why, size_t why_size)
{
	struct template *t = NULL;

	if (replace != NULL && replace[0] == '\0')
		snprintf(why, why_size, "the replacement string is empty");
	else if (words[0][0] == '\0')
		snprintf(why, why_size, "the command's name is empty");
	else if ((t = template_new()) == NULL || compile_words(t, words, n, replace) != 0)
		snprintf(why, why_size, "out of memory");
	else if (append && t->item_fields + t->number_fields == 0 &&
	    (template_add_field(t, TEMPLATE_ITEM) != 0 || template_end_word(t) != 0))
		snprintf(why, why_size, "out of memory");
	else
		return t;
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

static struct span basename_of(const struct template_values *v)
{
	const char *slash = memrchr(v->item, '/', v->item_len);

	if (slash == NULL)
		return (struct span){ v->item, v->item_len };
	slash++;
	return (struct span){ slash, v->item_len - (size_t)(slash - v->item) };
}

static size_t extension_len(struct span base)
{
	const char *dot = memrchr(base.p, '.', base.len);

	for (const char *p = base.p; dot != NULL && p < dot; p++)
		if (*p != '.')
			return base.len - (size_t)(dot - base.p);
	return 0;
}

static struct span dirname_of(const struct template_values *v)
{
	const char *p = v->item;
	size_t len = v->item_len;
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

static struct span part_of(const struct template_values *v, enum template_field field)
{
	struct span part = { v->item, v->item_len };

	switch (field) {
	case TEMPLATE_NO_EXT:
		part.len -= extension_len(basename_of(v));
		break;
	case TEMPLATE_BASE:
		return basename_of(v);
	case TEMPLATE_DIR:
		return dirname_of(v);
	case TEMPLATE_BASE_NO_EXT:
		part = basename_of(v);
		part.len -= extension_len(part);
		break;
	case TEMPLATE_ITEM:
	case TEMPLATE_TASK:
	case TEMPLATE_SLOT:
	case TEMPLATE_NFIELDS:
		break;
	}
	return part;
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

static char *write_field(char *to, const struct template_values *v, enum template_field field)
{
	struct span part;

	if (field == TEMPLATE_TASK)
		return write_number(to, v->task);
	if (field == TEMPLATE_SLOT)
		return write_number(to, v->slot);
	if (field == TEMPLATE_ITEM)
		return mempcpy(to, v->item, v->item_len);
	part = part_of(v, field);
	return mempcpy(to, part.p, part.len);
}

static int reserve(struct template *t, size_t item_len)
{
	size_t size, numbers;
	char *arena;

	/* the "." of a directory may be longer than the item */
	if (__builtin_mul_overflow(item_len + 1, t->item_fields, &size) ||
	    __builtin_mul_overflow((size_t)NUMBER_MAX, t->number_fields, &numbers) ||
	    __builtin_add_overflow(size, numbers, &size) ||
	    __builtin_add_overflow(size, t->text_bytes, &size))
		return -1;
	if (size <= t->arena_size)
		return 0;
	if (size < SIZE_MAX / 2)
		size *= 2;
	arena = malloc(size);
	if (arena == NULL)
		return -1;
	free(t->arena);
	t->arena = arena;
	t->arena_size = size;
	return 0;
}

const char *const *template_expand(struct template *t, const struct template_values *values)
{
	const struct op *end = t->ops + t->nops;
	char *word, *to;

	if (values->item_len == SIZE_MAX || reserve(t, values->item_len) != 0)
		return NULL;
	word = to = t->arena;
	for (const struct op *op = t->ops; op < end; op++) {
		switch (op->kind) {
		case OP_TEXT:
			to = mempcpy(to, op->text, op->n);
			break;
		case OP_FIELD:
			to = write_field(to, values, op->field);
			break;
		case OP_END:
			*to++ = '\0';
			t->argv[op->n] = word;
			word = to;
			break;
		}
	}
	return t->argv;
}
