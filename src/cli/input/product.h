/*
 * product - a source that combines the items of several sources
 *
 * The first source is the stream below, read as it is asked for; all others are kept in memory.
 * Each item of a source is combined with each of the others, those of the last source changing
 * fastest. A linked source changes together with the one before it; such a group is as long as its
 * shortest source. With link all sources are one group, as long as its longest source: shorter ones
 * start again. Where any source is empty, so is the whole. An item of the stream that is refused is
 * left out with those that it is linked to.
 */
#ifndef CLI_INPUT_PRODUCT_H
#define CLI_INPUT_PRODUCT_H

#include "cli/input/item_list.h"
#include "cli/input/source.h"

struct product_part {
	struct item_list list;
	bool linked;                 /* with the source before it */
};

/*
 * Puts a source on top of below; parts are the other sources, n > 0 of them, and become its own.
 * NULL if out of memory; then nothing is taken.
 */
struct source *product_open(struct source *below, struct product_part *parts, size_t n, bool link);

/* Releases parts that nobody has taken. */
void product_release_parts(struct product_part *parts, size_t n);

#endif
