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
 * Fills in what *shard does not say. Returns 0, or -1 with a message: there is no engine, or none
 * says how many shards there are, or what they say is invalid or contradictory.
 */
int engine_find(struct shard *shard, engine_getenv *get, struct error *err);

#endif
