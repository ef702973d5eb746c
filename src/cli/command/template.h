/*
 * template - a command with placeholders, compiled once and expanded for each task
 *
 * Where a task has several items, a word with {} or its like is written once for each: x{}y becomes
 * xAy of one item A, and xAy xBy of two. A word that is {2} alone is left out
 * where there is no second item. An extension starts at the last dot of the basename unless only
 * dots stand before it: a dotfile has none. No input or output happens here.
 */
#ifndef CLI_COMMAND_TEMPLATE_H
#define CLI_COMMAND_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command/placeholder.h"
#include "cli/input/record.h"

struct template_values {
	const struct record *record;   /* the items: any bytes but NUL */
	uint64_t task;
	unsigned slot;
};

/* What becomes of a placeholder that stands for any number of values. */
enum template_how {
	TEMPLATE_WORDS,    /* a word for each */
	TEMPLATE_JOINED    /* part of one word, with blanks in between */
};

struct template;

/*
 * Compiles n > 0 words, which are copied. Where append is set and there is no placeholder at all,
 * the items become last words of their own. Returns NULL and a message in why if the first word is
 * empty, placeholder_check refuses them, or there is no memory.
 */
struct template *template_compile(char *const *words, size_t n,
    const struct placeholder_syntax *syntax, bool append, char *why, size_t why_size);

/* Compiles a text to a template of one word, however many items there are; else the same. */
struct template *template_compile_text(const char *text, const struct placeholder_syntax *syntax,
    char *why, size_t why_size);

/*
 * Fills in the values. Returns a NULL-terminated argv that belongs to the template and lasts until
 * the next call, or NULL if out of memory.
 */
const char *const *template_expand(struct template *t, const struct template_values *values);

/* Releases the template; NULL is allowed. */
void template_free(struct template *t);

/* Whether {%} occurs, so that the slot must be known. */
bool template_uses_slot(const struct template *t);

/* Whether the first word is the same for every task. */
bool template_has_fixed_command(const struct template *t);

/* Whether some word depends on the item. */
bool template_uses_item(const struct template *t);

/* ---- for readers of placeholders in another syntax ---- */

/* Makes a template without words. Returns NULL if out of memory. */
struct template *template_new(const struct placeholder_syntax *syntax);

/* Add plain text or a value to the word being built, end it. Return 0, or -1 if out of memory. */
int template_add_text(struct template *t, const char *text, size_t len);
int template_add_field(struct template *t, const struct placeholder *p, enum template_how how);
int template_end_word(struct template *t);

#endif
