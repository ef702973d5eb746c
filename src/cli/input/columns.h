/*
 * columns - a source that splits each item into columns, which are the items from here on
 */
#ifndef CLI_INPUT_COLUMNS_H
#define CLI_INPUT_COLUMNS_H

#include "cli/input/colsep.h"
#include "cli/input/header.h"
#include "cli/input/source.h"

/*
 * Puts a source on top of below; sep becomes its own. With a header that has names, the columns of
 * each item are as many as its source's names: missing ones are empty. The last source may have
 * more; a line of the stream is refused, once, and of the others none may have, which is for the
 * caller to see to. NULL if out of memory; then nothing is taken.
 */
struct source *columns_open(struct source *below, struct colsep *sep, const struct header *header);

/* How many columns the text has, without the empty ones at its end. */
size_t columns_count(const struct colsep *sep, const struct span *text);

/* Says that the header has fewer names. Returns -1. */
int columns_too_many(const struct span *text, size_t n, size_t width, struct error *err);

#endif
