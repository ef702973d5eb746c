/*
 * shard - which part of the input is this one's, where several coveys share it
 *
 * Pure arithmetic: the same input and the same number of shards give the same parts on every
 * machine, in every version. Every item is in exactly one of them.
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
	SHARD_BY_HASH,     /* each item by its bytes, whatever else there is */
	SHARD_BY_COUNT     /* neighbours together, equally many in each */
};

struct shard {
	bool automatic;    /* index, and count unless it is given, are to be found: see engine.h */
	unsigned index;    /* from 1 */
	unsigned count;    /* 0: there are no shards, or it is to be found */
};

/* Reads "I/N", "auto" or "auto/N". A parser as units.h has them. */
int shard_parse(const char *text, struct shard *shard, struct error *err);

/*
 * The shard, from 1, of what is made of these items. With one shard more, only those move that it
 * gets.
 */
unsigned shard_of(const struct span *items, size_t n, unsigned count);

/* A part of a whole: from first up to, but not with, end, both from 0. */
struct shard_block {
	uint64_t first, end;
};

/* Which of so many are in the shard. */
struct shard_block shard_block(uint64_t total, const struct shard *shard);

#endif
