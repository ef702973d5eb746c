#include "cli/input/shard_source.h"

#include <stdlib.h>

#include "cli/input/pool.h"

struct shard_source {
	struct source source;
	struct shard shard;
	uint64_t n;                  /* records so far, of all shards */
	struct pool pool;            /* by count: all of them */
	bool loaded;
	struct shard_block ours;
};

/* ---- by hash: as they come ---- */

static enum input_result hash_next(struct source *source, struct record *record,
    struct error *err)
{
	struct shard_source *share = (struct shard_source *)source;
	enum input_result result = source_next(source->below, record, err);

	if (result != INPUT_RECORD)
		return result;
	record->number = ++share->n;
	return shard_of(record->items, record->nitems, share->shard.count) == share->shard.index
	    ? INPUT_RECORD : INPUT_OTHERS;
}

/* ---- by count: when their number is known ---- */

static enum input_result load(struct shard_source *share, struct error *err)
{
	enum input_result result = pool_load(&share->pool, share->source.below, err);

	if (result != INPUT_END)
		return result;
	share->loaded = true;
	share->ours = shard_block(share->pool.n, &share->shard);
	return INPUT_RECORD;
}

static enum input_result count_next(struct source *source, struct record *record,
    struct error *err)
{
	struct shard_source *share = (struct shard_source *)source;
	enum input_result result = share->loaded ? INPUT_RECORD : load(share, err);

	if (result != INPUT_RECORD)
		return result;
	if (share->n >= share->ours.end)
		return INPUT_END;
	pool_get(&share->pool, (size_t)share->n, record);
	record->number = ++share->n;
	return share->n > share->ours.first ? INPUT_RECORD : INPUT_OTHERS;
}

static bool count_has_more(const struct source *source)
{
	const struct shard_source *share = (const struct shard_source *)source;

	return share->loaded ? share->n < share->ours.end : share->pool.n > 0;
}

/* ---- both ---- */

static void share_close(struct source *source)
{
	struct shard_source *share = (struct shard_source *)source;

	source_close(source->below);
	pool_release(&share->pool);
	free(share);
}

struct source *shard_source_open(struct source *below, const struct shard *shard, enum shard_by by)
{
	static const struct source_ops ops[] = {
		[SHARD_BY_HASH] = { .next = hash_next, .close = share_close },
		[SHARD_BY_COUNT] = {
			.next = count_next, .close = share_close, .has_more = count_has_more,
		},
	};
	struct shard_source *share = calloc(1, sizeof *share);

	if (share == NULL)
		return NULL;
	source_init(&share->source, &ops[by], below);
	share->shard = *shard;
	return &share->source;
}
