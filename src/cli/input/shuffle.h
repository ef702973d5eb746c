/*
 * shuffle - a source that gives the records of another one in a random order (--shuf)
 *
 * All of them are read, into memory, before there is a first one. The order depends on the seed and
 * on how many they are, and is the same on every machine, in every version: Fisher and Yates'
 * shuffle, drawn from splitmix64.
 */
#ifndef CLI_INPUT_SHUFFLE_H
#define CLI_INPUT_SHUFFLE_H

#include <stdint.h>

#include "cli/input/source.h"

/* Puts a source on top of below. NULL if out of memory; then nothing is taken. */
struct source *shuffle_open(struct source *below, uint64_t seed);

#endif
