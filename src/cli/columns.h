/*
 * columns - a source that splits each item into columns, which are the items from here on
 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "colsep.h"
#include "header.h"
#include "source.h"

/*
 * Puts it on top of below; sep becomes its own. With a header that has names, the columns of each
 * item are as many as its source's names: missing ones are empty, and only the last source may
 * have others. NULL if memory is out; then nothing is taken.
 */
struct source *columns_open(struct source *below, struct colsep *sep, const struct header *header);

#endif
