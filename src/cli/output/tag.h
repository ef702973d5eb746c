/*
 * tag - putting a tag before each line
 */
#ifndef CLI_OUTPUT_TAG_H
#define CLI_OUTPUT_TAG_H

#include <stddef.h>

#include "covey.h"

/*
 * A copy of output in which each line begins with the tag; what --max-output has cut is named in
 * its place. The caller frees it. NULL with errno: out of memory or disk.
 */
struct covey_output *tag_lines(const struct covey_output *output, const char *tag, size_t tag_len);

/*
 * Appends data to output with the tag before each line that begins in it; *at_start says whether
 * data begins a line, and is kept up to date. Returns 0, or -1 with errno.
 */
int tag_append(struct covey_output *output, const char *data, size_t len, const char *tag,
    size_t tag_len, _Bool *at_start);

#endif
