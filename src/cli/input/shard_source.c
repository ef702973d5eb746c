#include "cli/input/shard_source.h"

#include <stdlib.h>

#include "cli/input/record_list.h"

struct shard_source {
	struct source source;
	struct shard shard;
	uint64_t n;                  /* records so far, of all shards */
	struct record_list records;  /* by count: all of them */
	bool loaded;
	struct shard_block ours;
};

/* ---- by hash: as they come ---- */

static enum input_result hash_next(struct source *source, struct record *record,
    struct error *err)
{
	struct shard_source *self = (struct shard_source *)source;
	enum input_result result = source_next(source->below, record, err);

	if (result != INPUT_RECORD)
		return result;
	record->number = ++self->n;
	return shard_of(record->items, record->nitems, self->shard.count) == self->shard.index
	    ? INPUT_RECORD : INPUT_OTHERS;
}

/* ---- by count: when their number is known ---- */

static enum input_result load(struct shard_source *self, struct error *err)
{
	enum input_result result = record_list_load(&self->records, self->source.below, err);

	if (result != INPUT_END)
		return result;
	self->loaded = true;
	self->ours = shard_block(self->records.n, &self->shard);
	return INPUT_RECORD;
}

static enum input_result count_next(struct source *source, struct record *record,
    struct error *err)
{
	struct shard_source *self = (struct shard_source *)source;
	enum input_result result = self->loaded ? INPUT_RECORD : load(self, err);

	if (result != INPUT_RECORD)
		return result;
	if (self->n >= self->ours.end)
		return INPUT_END;
	record_list_get(&self->records, (size_t)self->n, record);
	record->number = ++self->n;
	return self->n > self->ours.first ? INPUT_RECORD : INPUT_OTHERS;
}

static bool count_has_more(const struct source *source)
{
	const struct shard_source *self = (const struct shard_source *)source;

	return self->loaded ? self->n < self->ours.end : self->records.n > 0;
}

/* ---- both ---- */

static void shard_close(struct source *source)
{
	struct shard_source *self = (struct shard_source *)source;

	source_close(source->below);
	record_list_release(&self->records);
	free(self);
}

struct source *shard_source_open(struct source *below, const struct shard *shard, enum shard_by by)
{
	static const struct source_ops ops[] = {
		[SHARD_BY_HASH] = { .next = hash_next, .close = shard_close },
		[SHARD_BY_COUNT] = {
			.next = count_next, .close = shard_close, .has_more = count_has_more,
		},
	};
	struct shard_source *self = calloc(1, sizeof *self);

	if (self == NULL)
		return NULL;
	source_init(&self->source, &ops[by], below);
	self->shard = *shard;
	return &self->source;
}
