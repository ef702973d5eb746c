#include "cli/input/batch.h"

#include <stdlib.h>

#include "cli/input/item_list.h"

struct batch {
	struct source source;
	unsigned n, gathered;        /* records that make one, and how many are there */
	struct item_list list;       /* their items */
	uint64_t line;               /* of the first of them */
	bool given;                  /* the list was given out, and is to be cleared */
	bool ended;                  /* below has ended, as "end" and "why" say */
	enum input_result end;
	struct error why;
};

static enum input_result give(struct batch *batch, struct record *record)
{
	item_list_settle(&batch->list);
	batch->given = true;
	*record = (struct record){
		.items = batch->list.items, .nitems = batch->list.n,
		.bytes = item_list_bytes(&batch->list), .line = batch->line,
	};
	return INPUT_RECORD;
}

static int gather(struct batch *batch, const struct record *from)
{
	if (batch->gathered++ == 0)
		batch->line = from->line;
	for (size_t i = 0; i < from->nitems; i++)
		if (item_list_add(&batch->list, from->items[i].text, from->items[i].len) != 0)
			return -1;
	return 0;
}

static enum input_result batch_next(struct source *source, struct record *record,
    struct error *err)
{
	struct batch *batch = (struct batch *)source;
	enum input_result result;
	struct record from;

	if (batch->given) {
		item_list_clear(&batch->list);
		batch->gathered = 0;
		batch->given = false;
	}
	while (!batch->ended && batch->gathered < batch->n) {
		result = source_next(source->below, &from, err);
		if (result == INPUT_LATER || result == INPUT_AGAIN || result == INPUT_OTHERS
		    || result == INPUT_REFUSED)
			return result;
		batch->ended = result != INPUT_RECORD;
		if (!batch->ended && gather(batch, &from) != 0) {
			error_no_memory(err);
			return INPUT_BAD;
		}
		batch->end = result;
		if (result == INPUT_BAD)
			batch->why = *err;
	}
	if (batch->gathered > 0)
		return give(batch, record);
	*err = batch->why;
	return batch->end;
}

/* Records that wait for others to complete the batch were read, but not given out. */
static bool batch_has_more(const struct source *source)
{
	const struct batch *batch = (const struct batch *)source;

	return batch->gathered > 0 && !batch->given;
}

static void batch_close(struct source *source)
{
	struct batch *batch = (struct batch *)source;

	source_close(source->below);
	item_list_release(&batch->list);
	free(batch);
}

struct source *batch_open(struct source *below, unsigned n)
{
	static const struct source_ops ops = {
		.next = batch_next, .close = batch_close, .has_more = batch_has_more,
	};
	struct batch *batch = calloc(1, sizeof *batch);

	if (batch == NULL)
		return NULL;
	source_init(&batch->source, &ops, below);
	batch->n = n;
	return &batch->source;
}
