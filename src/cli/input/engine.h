/*
 * engine - which shard this is, from the environment of what has started it
 */
#ifndef CLI_INPUT_ENGINE_H
#define CLI_INPUT_ENGINE_H

#include "base/error.h"
#include "cli/options/shard.h"

/* As getenv(3). */
typedef char *engine_getenv(const char *name);

/*
 * Fills in what *shard leaves open. Returns 0, or -1 with a message: there is no engine, or nobody
 * says how many shards there are, or what is said disagrees or makes no sense.
 */
int engine_find(struct shard *shard, engine_getenv *get, struct error *err);

#endif
