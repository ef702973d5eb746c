/*
 * chance - a source of chance for tests: COVEY_TEST_SEED repeats a run that failed
 */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t seed, chance;

/* From here on, chance is that of the seed and of the number. */
static inline void restart_chance(uint64_t number)
{
	chance = (seed + number) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static inline void choose_seed(void)
{
	const char *given = getenv("COVEY_TEST_SEED");

	seed = given != NULL ? strtoull(given, NULL, 10)
	    : (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid();
	restart_chance(0);
}

static inline uint32_t below(uint32_t limit)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return limit == 0 ? 0 : (uint32_t)((chance >> 20) % limit);
}

/* Mostly small, now and then up to the limit. */
static inline uint32_t skewed(uint32_t limit)
{
	return below(1 + limit / (1u << below(12)));
}

#endif
