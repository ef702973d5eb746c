/*
 * shard_source - a source that has the records of one shard only (--shard)
 *
 * Those of other shards come as INPUT_OTHERS. Records are numbered within the whole input.
 */
#ifndef CLI_INPUT_SHARD_SOURCE_H
#define CLI_INPUT_SHARD_SOURCE_H

#include "cli/input/source.h"
#include "cli/options/shard.h"

/*
 * Puts a source on top of below. By count, all of it is read, into memory, before there is a first
 * record. NULL if out of memory; then nothing is taken.
 */
struct source *shard_source_open(struct source *below, const struct shard *shard, enum shard_by by);

#endif
