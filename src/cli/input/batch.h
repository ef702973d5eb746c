/*
 * batch - a source that puts the items of several records together (-n)
 */
#ifndef CLI_INPUT_BATCH_H
#define CLI_INPUT_BATCH_H

#include "cli/input/source.h"

/*
 * Puts a source on top of below; a record is made of n of those below, the last of what is left.
 * NULL if out of memory; then nothing is taken.
 */
struct source *batch_open(struct source *below, unsigned n);

#endif
