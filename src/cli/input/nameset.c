#include "cli/input/nameset.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

struct nameset_entry {
	uint64_t hash, line;            /* line 0: it is empty */
};

/* Cryptographic, so that nobody can make up two names with the same hash. */
static uint64_t hash_of(const char *name)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint64_t hash;
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)name, strlen(name));
	SHA256Final(digest, &context);
	memcpy(&hash, digest, sizeof hash);
	return hash;
}

/* The entry of the hash, or the empty one where it would be put. */
static struct nameset_entry *find(const struct nameset *set, uint64_t hash)
{
	size_t at = (size_t)hash & (set->size - 1);

	while (set->entries[at].line != 0 && set->entries[at].hash != hash)
		at = (at + 1) & (set->size - 1);
	return &set->entries[at];
}

static int grow(struct nameset *set)
{
	struct nameset larger = { .n = set->n, .size = set->size == 0 ? FIRST_SIZE : set->size * 2 };

	larger.entries = calloc(larger.size, sizeof *larger.entries);
	if (larger.entries == NULL)
		return -1;
	for (size_t i = 0; i < set->size; i++)
		if (set->entries[i].line != 0)
			*find(&larger, set->entries[i].hash) = set->entries[i];
	free(set->entries);
	*set = larger;
	return 0;
}

int nameset_add(struct nameset *set, const char *name, uint64_t line, uint64_t *first)
{
	uint64_t hash = hash_of(name);
	struct nameset_entry *entry;

	/* at most three quarters full */
	if (set->n >= set->size / 4 * 3 && grow(set) != 0)
		return -1;
	entry = find(set, hash);
	if (entry->line != 0) {
		*first = entry->line;
		return 1;
	}
	*entry = (struct nameset_entry){ hash, line };
	set->n++;
	return 0;
}

void nameset_release(struct nameset *set)
{
	free(set->entries);
	*set = (struct nameset){ .n = 0 };
}
