/*
 * shard - which part of the input this covey runs, if several share the input
 *
 * Pure arithmetic: the same input and the same number of shards give the same parts on every
 * machine, in every version. Every item is in exactly one part.
 */
#ifndef CLI_OPTIONS_SHARD_H
#define CLI_OPTIONS_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum { SHARD_MOST = 1000000 };

enum shard_by {
	SHARD_BY_HASH,     /* by the bytes of each item alone */
	SHARD_BY_COUNT     /* consecutive items, equally many in each part */
};

struct shard {
	bool automatic;    /* engine.h finds index, and count if it is 0 */
	unsigned index;    /* from 1 */
	unsigned count;    /* 0: there are no shards, or see automatic */
};

/* Reads "I/N", "auto" or "auto/N". A parser as in units.h. */
int shard_parse(const char *text, struct shard *shard, struct error *err);

/*
 * The shard, from 1, of a record with these items. If count grows by one, only the records of the
 * new shard move.
 */
unsigned shard_of(const struct span *items, size_t n, unsigned count);

/* The records from first up to, but not including, end; both count from 0. */
struct shard_block {
	uint64_t first, end;
};

/* The records of the shard, out of total records. */
struct shard_block shard_block(uint64_t total, const struct shard *shard);

#endif
