#include "cli/input/columns.h"

#include <stdlib.h>

#include "base/shquote.h"
#include "cli/input/item_list.h"

struct columns {
	struct source source;
	struct colsep *sep;
	const struct header *header;
	struct item_list list;       /* the columns of one record */
	uint64_t refused;            /* the line that was refused last; 0: none, or not known */
};

/* ---- how many there are ---- */

struct counted {
	size_t n, last;              /* columns, and the last one that is not empty */
};

static int count(void *arg, const char *text, size_t len)
{
	struct counted *counted = arg;

	(void)text;
	counted->n++;
	if (len > 0)
		counted->last = counted->n;
	return 0;
}

size_t columns_count(const struct colsep *sep, const struct span *text)
{
	struct counted counted = { .n = 0 };

	colsep_split(sep, text, count, &counted);
	return counted.last;
}

int columns_too_many(const struct span *text, size_t n, size_t width, struct error *err)
{
	char shown[200];

	shquote_plain_cut(shown, sizeof shown, text->text, text->len, 40);
	return error_set(err, "'%s' has %zu columns, but the header names %zu", shown, n, width);
}

/* ---- splitting ---- */

static int keep(void *arg, const char *text, size_t len)
{
	struct columns *columns = arg;

	return item_list_add(&columns->list, text, len);
}

static bool drop_last_if_empty(struct item_list *list)
{
	if (list->items[list->n - 1].len > 0)
		return false;
	item_list_drop_empty(list);
	return true;
}

/* Refuses an item of the stream; the items in memory have been checked before. */
static enum input_result too_many(struct columns *columns, const struct record *record,
    size_t n, size_t width, struct error *err)
{
	columns->refused = record->line;
	if (record->line == 0)
		columns_too_many(&record->items[0], n, width, err);
	else
		error_set(err, "%s:%llu: %zu columns, but the header names %zu",
		    source_name(&columns->source), (unsigned long long)record->line, n, width);
	return INPUT_REFUSED;
}

/* Splits the item of one source; what its header says about the number of columns holds. */
static enum input_result split(struct columns *columns, const struct record *record, size_t i,
    struct error *err)
{
	size_t before = columns->list.n, width, n;

	if (colsep_split(columns->sep, &record->items[i], keep, columns) != 0) {
		error_no_memory(err);
		return INPUT_BAD;
	}
	if (columns->header->nsources == 0)
		return INPUT_RECORD;
	width = columns->header->widths[i];
	for (n = columns->list.n - before; n < width; n++)
		if (item_list_add(&columns->list, "", 0) != 0) {
			error_no_memory(err);
			return INPUT_BAD;
		}
	if (i + 1 == record->nitems)
		return INPUT_RECORD;
	while (n > width && drop_last_if_empty(&columns->list))
		n--;
	return n <= width ? INPUT_RECORD : too_many(columns, record, n, width, err);
}

static enum input_result columns_next(struct source *source, struct record *record,
    struct error *err)
{
	struct columns *columns = (struct columns *)source;
	struct record from;
	enum input_result below, result = INPUT_RECORD;

	/* a line is refused once, and not for each of its combinations */
	do
		below = source_next(source->below, &from, err);
	while ((below == INPUT_RECORD || below == INPUT_OTHERS) && from.line > 0
	    && from.line == columns->refused);
	if (below != INPUT_RECORD && below != INPUT_OTHERS)
		return below;
	item_list_clear(&columns->list);
	for (size_t i = 0; i < from.nitems && result == INPUT_RECORD; i++)
		result = split(columns, &from, i, err);
	/* the shard that the record belongs to complains */
	if (result == INPUT_REFUSED && below == INPUT_OTHERS)
		return INPUT_AGAIN;
	if (result != INPUT_RECORD)
		return result;
	item_list_settle(&columns->list);
	*record = (struct record){
		.items = columns->list.items, .nitems = columns->list.n,
		.bytes = item_list_bytes(&columns->list), .line = from.line,
		.number = from.number,
	};
	return below;
}

static void columns_close(struct source *source)
{
	struct columns *columns = (struct columns *)source;

	source_close(source->below);
	colsep_free(columns->sep);
	item_list_release(&columns->list);
	free(columns);
}

struct source *columns_open(struct source *below, struct colsep *sep, const struct header *header)
{
	static const struct source_ops ops = { .next = columns_next, .close = columns_close };
	struct columns *columns = calloc(1, sizeof *columns);

	if (columns == NULL)
		return NULL;
	source_init(&columns->source, &ops, below);
	columns->sep = sep;
	columns->header = header;
	return &columns->source;
}
