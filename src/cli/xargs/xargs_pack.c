#include "cli/xargs/xargs_pack.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/grow.h"

/* The words of a line one after the other, and where each begins; the command's are not here. */
struct xargs_pack {
	struct xargs_pack_options options;
	struct buf text;
	size_t *starts;
	size_t nwords, words_room;
	const char **argv;
	size_t argv_room;
	long command_size;        /* of the words that are in every line */
	long size;                /* of the whole line */
	unsigned long nitems, nlines;
	bool any;                 /* a line has been made */
};

static long size_of(char *const *words, size_t n)
{
	long size = 0;

	for (size_t i = 0; i < n; i++)
		size += (long)strlen(words[i]) + 1;
	return size;
}

struct xargs_pack *xargs_pack_new(const struct xargs_pack_options *options)
{
	struct xargs_pack *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->options = *options;
	/* with a replace string all words but the name are made for each line */
	p->command_size = size_of(options->command, options->replace == NULL ? options->ncommand : 1);
	p->size = p->command_size;
	return p;
}

void xargs_pack_free(struct xargs_pack *p)
{
	if (p == NULL)
		return;
	buf_release(&p->text);
	free(p->starts);
	free(p->argv);
	free(p);
}

bool xargs_pack_fits(const struct xargs_pack *p)
{
	return p->command_size <= p->options.max_chars;
}

long xargs_pack_room(const struct xargs_pack *p)
{
	/* xargs counts the name from the second line on */
	if (p->options.replace != NULL && !p->any)
		return p->options.max_chars - 1;
	return p->options.max_chars - p->command_size - 1;
}

bool xargs_pack_has_items(const struct xargs_pack *p)
{
	return p->nitems > 0;
}

void xargs_pack_clear(struct xargs_pack *p)
{
	buf_clear(&p->text);
	p->nwords = p->nitems = p->nlines = 0;
	p->size = p->command_size;
}

/* ---- words ---- */

/* Notes that the next word begins here. */
static bool start_word(struct xargs_pack *p)
{
	size_t *starts = grow(p->starts, &p->words_room, p->nwords + 1, sizeof *starts);

	if (starts == NULL)
		return false;
	p->starts = starts;
	starts[p->nwords++] = p->text.len;
	return true;
}

/* ---- items at the end ---- */

static bool counts(const struct xargs_pack *p)
{
	return p->options.max_args > 0 || p->options.max_lines > 0;
}

/* With one word more. */
static long kernel_size(const struct xargs_pack *p)
{
	return p->size + (long)((p->options.ncommand + p->nwords + 1) * sizeof(char *));
}

static enum xargs_packed append(struct xargs_pack *p, const struct xargs_item *item)
{
	const struct xargs_pack_options *o = &p->options;

	if (p->size + (long)item->len + 1 > o->max_chars) {
		if (p->nitems == 0)
			return PACK_NO_ROOM;
		return o->exit && counts(p) ? PACK_LIST_TOO_LONG : PACK_RUN_FIRST;
	}
	if (o->max_kernel > 0 && p->nitems > 0
	    && kernel_size(p) + (long)item->len + 1 > o->max_kernel)
		return PACK_RUN_FIRST;
	if (!start_word(p) || buf_add_word(&p->text, item->text, item->len) != 0)
		return PACK_NO_MEMORY;
	p->size += (long)item->len + 1;
	p->nitems++;
	p->nlines += item->ends_line;
	if ((o->max_args > 0 && p->nitems >= o->max_args)
	    || (o->max_lines > 0 && p->nlines >= o->max_lines))
		return PACK_COMPLETE;
	return PACK_PENDING;
}

/* ---- items in place of the replace string ---- */

/* The limit for a word, also of the endless one that an empty replace string would make. */
static bool too_long(const struct xargs_pack *p, size_t start, size_t more)
{
	return (long)(p->text.len - start + more) > p->options.max_chars - 2;
}

static enum xargs_packed add_replaced(struct xargs_pack *p, const char *word,
    const struct xargs_item *item)
{
	size_t start = p->text.len, replace_len = strlen(p->options.replace);

	if (!start_word(p))
		return PACK_NO_MEMORY;
	for (;;) {
		const char *place = replace_len == 0 ? word : strstr(word, p->options.replace);
		size_t before = place == NULL ? strlen(word) : (size_t)(place - word);

		if (too_long(p, start, before + (place == NULL ? 0 : item->len))
		    || replace_len == 0)
			return PACK_COMMAND_TOO_LONG;
		if (buf_add(&p->text, word, before) != 0)
			return PACK_NO_MEMORY;
		if (place == NULL)
			break;
		if (buf_add(&p->text, item->text, item->len) != 0)
			return PACK_NO_MEMORY;
		word = place + replace_len;
	}
	if (buf_add(&p->text, "", 1) != 0)
		return PACK_NO_MEMORY;
	p->size += (long)(p->text.len - start);
	return p->size > p->options.max_chars ? PACK_LIST_TOO_LONG : PACK_COMPLETE;
}

static enum xargs_packed replace(struct xargs_pack *p, const struct xargs_item *item)
{
	enum xargs_packed result = PACK_COMPLETE;

	if (!xargs_pack_fits(p))
		return PACK_NO_ROOM;
	for (size_t i = 1; i < p->options.ncommand && result == PACK_COMPLETE; i++)
		result = add_replaced(p, p->options.command[i], item);
	p->nitems = 1;
	p->any = true;
	return result;
}

enum xargs_packed xargs_pack_add(struct xargs_pack *p, const struct xargs_item *item)
{
	return p->options.replace != NULL ? replace(p, item) : append(p, item);
}

const char *const *xargs_pack_line(struct xargs_pack *p)
{
	size_t first = p->options.replace == NULL ? p->options.ncommand : 1, n = first + p->nwords;
	const char **argv = grow(p->argv, &p->argv_room, n + 1, sizeof *argv);

	if (argv == NULL)
		return NULL;
	p->argv = argv;
	for (size_t i = 0; i < first; i++)
		p->argv[i] = p->options.command[i];
	for (size_t i = 0; i < p->nwords; i++)
		p->argv[first + i] = p->text.at + p->starts[i];
	p->argv[n] = NULL;
	return p->argv;
}
