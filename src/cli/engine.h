/*
 * engine - which shard this is, from the environment of what has started it
 */
#ifndef CLI_ENGINE_H
#define CLI_ENGINE_H

#include "clierror.h"
#include "shard.h"

/* As getenv(3). */
typedef char *engine_getenv(const char *name);

/*
 * Fills in what *shard leaves open. Returns 0, or -1 with a message: there is no engine, or nobody
 * says how many shards there are, or what is said disagrees or makes no sense.
 */
int engine_find(struct shard *shard, engine_getenv *get, struct cli_error *err);

#endif
