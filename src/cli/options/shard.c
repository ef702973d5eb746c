#include "cli/options/shard.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

/* ---- I/N ---- */

static int parse_count(const char *text, struct shard *shard, struct error *err)
{
	long long n;

	if (units_number(text, 1, SHARD_MOST, &n, err) != 0)
		return -1;
	shard->count = (unsigned)n;
	return 0;
}

static int parse_index(const char *text, size_t len, struct shard *shard, struct error *err)
{
	char digits[32];
	long long n;

	if (len >= sizeof digits)
		return -1;
	snprintf(digits, sizeof digits, "%.*s", (int)len, text);
	if (units_number(digits, 1, shard->count, &n, err) != 0)
		return -1;
	shard->index = (unsigned)n;
	return 0;
}

int shard_parse(const char *text, struct shard *shard, struct error *err)
{
	size_t len = strcspn(text, "/");

	struct shard parsed = { .automatic = len == 4 && memcmp(text, "auto", len) == 0 };

	if (!(parsed.automatic && text[len] == '\0') && (text[len] != '/'
	    || parse_count(text + len + 1, &parsed, err) != 0
	    || (!parsed.automatic && parse_index(text, len, &parsed, err) != 0)))
		return units_refuse(text, err, "I/N, 'auto' or 'auto/N', with I from 1 to N and N "
		    "from 1 to %d", SHARD_MOST);
	*shard = parsed;
	return 0;
}

/* ---- by hash ---- */

/* FNV-1a, a byte at a time; the NUL after each item separates the items. */
static uint64_t hash_items(const struct span *items, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k <= items[i].len; k++) {
			hash ^= k < items[i].len ? (unsigned char)items[i].text[k] : 0;
			hash *= 0x100000001b3;
		}
	return hash;
}

/* The last step of splitmix64: a difference in a few bits spreads over all bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/*
 * The jump consistent hash of Lamping and Veach: it adds one shard after another, and follows the
 * item through its moves until it stays. It computes in integers, so that rounding is the same on
 * every machine.
 */
static unsigned jump(uint64_t key, unsigned count)
{
	uint64_t at = 0, next = 0;

	while (next < count) {
		at = next;
		key = key * 2862933555777941757 + 1;
		next = ((at + 1) << 31) / ((key >> 33) + 1);
	}
	return (unsigned)at;
}

unsigned shard_of(const struct span *items, size_t n, unsigned count)
{
	return jump(mix(hash_items(items, n)), count) + 1;
}

/* ---- by count ---- */

/* The number of items in the first k shards. If there is a remainder, the first shards share it. */
static uint64_t before(uint64_t total, unsigned k, unsigned count)
{
	uint64_t more = total % count;

	return total / count * k + (k < more ? k : more);
}

struct shard_block shard_block(uint64_t total, const struct shard *shard)
{
	return (struct shard_block){
		.first = before(total, shard->index - 1, shard->count),
		.end = before(total, shard->index, shard->count),
	};
}
