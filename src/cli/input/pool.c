#include "cli/input/pool.h"

#include <stdlib.h>

#include "base/grow.h"

static int reserve(struct pool *pool)
{
	struct pool_place *places = grow(pool->places, &pool->room, pool->n + 1, sizeof *places);

	if (places == NULL)
		return -1;
	pool->places = places;
	return 0;
}

static int add(struct pool *pool, const struct record *record)
{
	size_t first = pool->held.n;

	if (reserve(pool) != 0)
		return -1;
	for (size_t i = 0; i < record->nitems; i++)
		if (item_list_add(&pool->held, record->items[i].text, record->items[i].len) != 0)
			return -1;
	pool->places[pool->n++] = (struct pool_place){ first, record->line, record->number };
	return 0;
}

enum input_result pool_load(struct pool *pool, struct source *from, struct error *err)
{
	struct record record;
	enum input_result result = source_next(from, &record, err);

	if (result == INPUT_END)
		item_list_settle(&pool->held);
	if (result != INPUT_RECORD)
		return result;
	if (add(pool, &record) == 0)
		return INPUT_AGAIN;
	error_set(err, "out of memory");
	return INPUT_BAD;
}

void pool_get(const struct pool *pool, size_t at, struct record *record)
{
	const struct pool_place *place = &pool->places[at];
	size_t end = at + 1 < pool->n ? pool->places[at + 1].first : pool->held.n;

	*record = (struct record){
		.items = pool->held.items + place->first, .nitems = end - place->first,
		.line = place->line, .number = place->number,
	};
	for (size_t i = 0; i < record->nitems; i++)
		record->bytes += record->items[i].len;
}

void pool_release(struct pool *pool)
{
	item_list_release(&pool->held);
	free(pool->places);
	*pool = (struct pool){ .n = 0 };
}
