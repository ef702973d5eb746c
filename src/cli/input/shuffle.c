#include "cli/input/shuffle.h"

#include <bsd/stdlib.h>
#include <stdlib.h>

#include "cli/input/record_list.h"

struct shuffle {
	struct source source;
	uint64_t state;              /* of the generator */
	struct record_list records;
	size_t *order;               /* places in the records; NULL: it is still being filled */
	size_t next;
};

/* ---- chance ---- */

static uint64_t draw(struct shuffle *shuffle)
{
	uint64_t x = shuffle->state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* A number below n, all equally likely: draws that would favour the first ones are repeated. */
static uint64_t draw_below(struct shuffle *shuffle, uint64_t n)
{
	uint64_t too_few = -n % n, x;

	do
		x = draw(shuffle);
	while (x < too_few);
	return x % n;
}

/* ---- the source ---- */

static enum input_result load(struct shuffle *shuffle, struct error *err)
{
	enum input_result result = record_list_load(&shuffle->records, shuffle->source.below, err);

	if (result != INPUT_END)
		return result;
	/* one more, so that there is an address even for none */
	shuffle->order = reallocarray(NULL, shuffle->records.n + 1, sizeof *shuffle->order);
	if (shuffle->order == NULL) {
		error_no_memory(err);
		return INPUT_BAD;
	}
	for (size_t i = 0; i < shuffle->records.n; i++)
		shuffle->order[i] = i;
	return INPUT_RECORD;
}

/* Draws the next one out of those that are left. */
static size_t take(struct shuffle *shuffle)
{
	size_t *next = &shuffle->order[shuffle->next];
	size_t *drawn = next + draw_below(shuffle, shuffle->records.n - shuffle->next);
	size_t at = *drawn;

	*drawn = *next;
	*next = at;
	shuffle->next++;
	return at;
}

static enum input_result shuffle_next(struct source *source, struct record *record,
    struct error *err)
{
	struct shuffle *shuffle = (struct shuffle *)source;
	enum input_result result = shuffle->order != NULL ? INPUT_RECORD : load(shuffle, err);
	size_t at;

	if (result != INPUT_RECORD)
		return result;
	if (shuffle->next == shuffle->records.n)
		return INPUT_END;
	at = take(shuffle);
	record_list_get(&shuffle->records, at, record);
	record->place = at + 1;
	if (record->number == 0)
		record->number = at + 1;
	return INPUT_RECORD;
}

static bool shuffle_has_more(const struct source *source)
{
	const struct shuffle *shuffle = (const struct shuffle *)source;

	return shuffle->next < shuffle->records.n;
}

static void shuffle_close(struct source *source)
{
	struct shuffle *shuffle = (struct shuffle *)source;

	source_close(source->below);
	record_list_release(&shuffle->records);
	free(shuffle->order);
	free(shuffle);
}

struct source *shuffle_open(struct source *below, uint64_t seed)
{
	static const struct source_ops ops = {
		.next = shuffle_next, .close = shuffle_close, .has_more = shuffle_has_more,
	};
	struct shuffle *shuffle = calloc(1, sizeof *shuffle);

	if (shuffle == NULL)
		return NULL;
	source_init(&shuffle->source, &ops, below);
	shuffle->state = seed;
	return &shuffle->source;
}
