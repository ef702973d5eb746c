/*
 * batch - a source that puts the items of several records together (-n)
 */
#ifndef CLI_INPUT_BATCH_H
#define CLI_INPUT_BATCH_H

#include "cli/input/source.h"

/*
 * Puts it on top of below; a record is made of n of those below, the last of what is left. NULL if
 * memory is out; then nothing is taken.
 */
struct source *batch_open(struct source *below, unsigned n);

#endif
