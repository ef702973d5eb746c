#include "cli/input/product.h"

#include <stdlib.h>

struct product {
	struct source source;
	struct product_part *parts;
	size_t n;
	bool link;
	bool empty;                  /* some part is, and so there is nothing */
	bool ended;                  /* the stream has */
	bool has_first;              /* an item of the stream is in items[0] */
	uint64_t nfirst;             /* how many there have been, refused ones too */
	size_t longest, shortest;    /* of the parts that change with the stream */
	struct item_list kept;       /* with link: the stream's items that may come again */
	size_t *at;                  /* of each part: its present item */
	uint64_t line;
	struct span *items;          /* the present combination */
};

/* ---- one group: everything changes together ---- */

/* Stands for an item that cannot be used, so that the items after it keep their partners. */
static const struct span refused = { "", 1 };

static bool is_refused(const struct span *item)
{
	return item->len == 1 && item->text[0] == '\0';
}

/* With link: keeps the stream's item, if it may come again. */
static int keep(struct product *p, const struct span *item)
{
	if (!p->link || p->nfirst >= p->longest)
		return 0;
	return item_list_add(&p->kept, item->text, item->len);
}

static enum input_result next_of_stream(struct product *p, struct error *err)
{
	struct record from;
	enum input_result result = source_next(p->source.below, &from, err);

	if (result != INPUT_RECORD && result != INPUT_REFUSED)
		return result;
	if (keep(p, result == INPUT_RECORD ? &from.own : &refused) != 0) {
		error_no_memory(err);
		return INPUT_BAD;
	}
	if (result == INPUT_REFUSED) {
		p->nfirst++;
		return result;
	}
	p->items[0] = from.own;
	p->line = from.line;
	return INPUT_RECORD;
}

/* The stream has ended before another source: its items come again. */
static enum input_result repeat(struct product *p)
{
	for (; p->kept.n > 0 && p->nfirst < p->longest; p->nfirst++) {
		p->items[0] = p->kept.items[p->nfirst % p->kept.n];
		p->line = 0;
		if (!is_refused(&p->items[0]))
			return INPUT_RECORD;
	}
	return INPUT_END;
}

static enum input_result next_linked(struct product *p, struct error *err)
{
	enum input_result result = INPUT_END;

	if (!p->ended)
		result = next_of_stream(p, err);
	if (!p->ended && result == INPUT_END) {
		p->ended = true;
		item_list_settle(&p->kept);
	}
	if (p->ended)
		result = repeat(p);
	if (result != INPUT_RECORD)
		return result;
	for (size_t i = 0; i < p->n; i++)
		p->items[i + 1] = p->parts[i].list.items[p->nfirst % p->parts[i].list.n];
	p->nfirst++;
	return INPUT_RECORD;
}

/* ---- groups: each combination ---- */

/* The end of the group that begins with part "from": what is linked to it. */
static size_t group_end(const struct product *p, size_t from)
{
	size_t end = from + 1;

	while (end < p->n && p->parts[end].linked)
		end++;
	return end;
}

/* How many parts change together with the stream. */
static size_t with_stream(const struct product *p)
{
	size_t n = 0;

	while (n < p->n && p->parts[n].linked)
		n++;
	return n;
}

static size_t shortest_of(const struct product *p, size_t from, size_t end)
{
	size_t shortest = SIZE_MAX;

	for (size_t i = from; i < end; i++)
		if (p->parts[i].list.n < shortest)
			shortest = p->parts[i].list.n;
	return shortest;
}

static void set_part(struct product *p, size_t i, size_t at)
{
	p->at[i] = at;
	p->items[i + 1] = p->parts[i].list.items[at];
}

/* Sets the group that ends there to its next item; false: to its first again. */
static bool advance_group(struct product *p, size_t from, size_t end)
{
	size_t next = p->at[from] + 1;
	bool more = next < shortest_of(p, from, end);

	for (size_t i = from; i < end; i++)
		set_part(p, i, more ? next : 0);
	return more;
}

/* To the next combination with the same item of the stream; false if that was the last. */
static bool advance(struct product *p)
{
	size_t first = with_stream(p), end = p->n, from;

	for (; end > first; end = from) {
		for (from = end - 1; from > first && p->parts[from].linked; from--)
			;
		if (advance_group(p, from, end))
			return true;
	}
	return false;
}

static enum input_result next_first(struct product *p, struct error *err)
{
	enum input_result result;

	if (p->nfirst >= p->shortest)
		return INPUT_END;
	result = next_of_stream(p, err);
	p->ended = result == INPUT_END;
	if (result != INPUT_RECORD)
		return result;
	for (size_t i = 0; i < p->n; i++)
		set_part(p, i, i < with_stream(p) ? (size_t)p->nfirst : 0);
	p->nfirst++;
	p->has_first = true;
	return INPUT_RECORD;
}

static enum input_result next_combination(struct product *p, struct error *err)
{
	if (p->has_first && advance(p))
		return INPUT_RECORD;
	p->has_first = false;
	return next_first(p, err);
}

/* ---- the source ---- */

static enum input_result product_next(struct source *source, struct record *record,
    struct error *err)
{
	struct product *p = (struct product *)source;
	enum input_result result;

	if (p->empty)
		return INPUT_END;
	result = p->link ? next_linked(p, err) : next_combination(p, err);
	if (result != INPUT_RECORD)
		return result;
	*record = (struct record){ .items = p->items, .nitems = p->n + 1, .line = p->line };
	for (size_t i = 0; i <= p->n; i++)
		record->bytes += p->items[i].len;
	return INPUT_RECORD;
}

/* Are there items that nothing was combined with? */
static bool left_over(const struct product *p, size_t from, size_t end, uint64_t used)
{
	for (size_t i = from; i < end; i++)
		if (p->parts[i].list.n > used)
			return true;
	return false;
}

static bool product_has_more(const struct source *source)
{
	const struct product *p = (const struct product *)source;
	size_t first = with_stream(p), end;

	if (p->empty)
		return false;
	if (p->link)
		return p->nfirst < p->longest;
	if (left_over(p, 0, first, p->nfirst))
		return true;
	for (size_t from = first; from < p->n; from = end) {
		end = group_end(p, from);
		if (left_over(p, from, end, shortest_of(p, from, end)))
			return true;
	}
	return p->has_first && !p->ended;
}

static void product_close(struct source *source)
{
	struct product *p = (struct product *)source;

	source_close(source->below);
	product_release_parts(p->parts, p->n);
	item_list_release(&p->kept);
	free(p->items);
	free(p->at);
	free(p);
}

void product_release_parts(struct product_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		item_list_release(&parts[i].list);
	free(parts);
}

static void measure(struct product *p)
{
	for (size_t i = 0; i < p->n; i++) {
		size_t n = p->parts[i].list.n;

		p->empty = p->empty || n == 0;
		if (n > p->longest)
			p->longest = n;
	}
	p->shortest = shortest_of(p, 0, with_stream(p));
}

struct source *product_open(struct source *below, struct product_part *parts, size_t n, bool link)
{
	static const struct source_ops ops = {
		.next = product_next, .close = product_close, .has_more = product_has_more,
	};
	struct product *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->items = calloc(n + 1, sizeof *p->items);
	p->at = calloc(n, sizeof *p->at);
	if (p->items == NULL || p->at == NULL) {
		free(p->items);
		free(p->at);
		free(p);
		return NULL;
	}
	source_init(&p->source, &ops, below);
	p->parts = parts;
	p->n = n;
	p->link = link;
	measure(p);
	return &p->source;
}
