#include "cli/input/record_list.h"

#include <stdlib.h>

#include "base/grow.h"

static int reserve(struct record_list *list)
{
	struct record_list_place *places = grow(list->places, &list->room, list->n + 1,
	    sizeof *places);

	if (places == NULL)
		return -1;
	list->places = places;
	return 0;
}

static int add(struct record_list *list, const struct record *record)
{
	size_t first = list->items.n;

	if (reserve(list) != 0)
		return -1;
	for (size_t i = 0; i < record->nitems; i++)
		if (item_list_add(&list->items, record->items[i].text, record->items[i].len) != 0)
			return -1;
	list->places[list->n++] = (struct record_list_place){ first, record->line, record->number };
	return 0;
}

enum input_result record_list_load(struct record_list *list, struct source *from, struct error *err)
{
	struct record record;
	enum input_result result = source_next(from, &record, err);

	if (result == INPUT_END)
		item_list_settle(&list->items);
	if (result != INPUT_RECORD)
		return result;
	if (add(list, &record) == 0)
		return INPUT_AGAIN;
	error_no_memory(err);
	return INPUT_BAD;
}

void record_list_get(const struct record_list *list, size_t at, struct record *record)
{
	const struct record_list_place *place = &list->places[at];
	size_t end = at + 1 < list->n ? list->places[at + 1].first : list->items.n;

	*record = (struct record){
		.items = list->items.items + place->first, .nitems = end - place->first,
		.line = place->line, .number = place->number,
	};
	for (size_t i = 0; i < record->nitems; i++)
		record->bytes += record->items[i].len;
}

void record_list_release(struct record_list *list)
{
	item_list_release(&list->items);
	free(list->places);
	*list = (struct record_list){ .n = 0 };
}
