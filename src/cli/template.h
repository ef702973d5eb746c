/*
 * template - a command with placeholders, compiled once and expanded for each task
 *
 *	{}    the item                   {/}   its basename: what follows the last slash
 *	{.}   without its extension      {/.}  the basename without extension
 *	{//}  its directory, or "."      {#}   the task's number      {%}  the slot's number
 *
 * Everything else in braces is plain text. An extension starts at the last dot of the basename
 * unless only dots stand before it: a dotfile has none. No input or output happens here.
 */
#ifndef CLI_TEMPLATE_H
#define CLI_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum template_field {
	TEMPLATE_ITEM,
	TEMPLATE_NO_EXT,
	TEMPLATE_BASE,
	TEMPLATE_DIR,
	TEMPLATE_BASE_NO_EXT,
	TEMPLATE_TASK,
	TEMPLATE_SLOT,
	TEMPLATE_NFIELDS
};

struct template_values {
	const char *item;   /* any bytes but NUL; needs no NUL at its end */
	size_t item_len;
	uint64_t task;
	unsigned slot;
};

struct template;

/*
 * Compiles n > 0 words, which are copied. Where replace is not NULL it stands for the item and
 * "{}" is plain text. Where append is set and there is no placeholder at all, the item becomes a
 * last word of its own. Returns NULL and a message in why if replace or the first word is empty
 * or memory is out.
 */
struct template *template_compile(char *const *words, size_t n, const char *replace, bool append,
    char *why, size_t why_size);

/*
 * Fills in the values. Returns a NULL-terminated argv that belongs to the template and lasts until
 * the next call, or NULL if memory is out.
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

/* ---- for whoever reads placeholders in another syntax ---- */

/* Length of the placeholder that text starts with, and which one it is; 0 if there is none. */
size_t template_scan(const char *text, const char *replace, enum template_field *field);

/* Whether the field stands for the item or a part of it: all but {#} and {%}. */
bool template_is_item(enum template_field field);

/* Makes a template without words. Returns NULL if memory is out. */
struct template *template_new(void);

/* Add plain text or a value to the word being built, end it. Return 0, or -1 if memory is out. */
int template_add_text(struct template *t, const char *text, size_t len);
int template_add_field(struct template *t, enum template_field field);
int template_end_word(struct template *t);

#endif
