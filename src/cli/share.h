/*
 * share - a source that has the records of one shard only (--shard)
 *
 * Those of other shards come as INPUT_OTHERS. Records are numbered within the whole input.
 */
#ifndef CLI_SHARE_H
#define CLI_SHARE_H

#include "shard.h"
#include "source.h"

/*
 * Puts it on top of below. By count, all of it is read, into memory, before there is a first record.
 * NULL if memory is out; then nothing is taken.
 */
struct source *share_open(struct source *below, const struct shard *shard, enum shard_by by);

#endif
