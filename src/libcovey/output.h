/*
 * output - the bytes of one stream of one attempt
 *
 * Level 1, mechanism. This implements struct covey_output of covey.h: bytes are kept in memory
 * first, and in an unlinked file when there are more, and only head and tail are kept where a
 * limit is set.
 */
#ifndef CV_OUTPUT_H
#define CV_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "covey.h"

struct cv_capture_limits {
	size_t spill_bytes;   /* held in memory; more than that moves to a file */
	uint64_t max_output;  /* kept by append: half from the start, half from the end; 0: all */
	size_t tail_bytes;    /* kept by note */
	const char *tmpdir;   /* where the file is made; not NULL */
};

/*
 * Makes an empty output; *limits is copied. Returns NULL with ENOMEM. covey_output_append adds
 * bytes.
 */
struct covey_output *cv_output_create(const struct cv_capture_limits *limits);

/*
 * Adds bytes that the host has dealt with: only the last tail_bytes of them are kept. They are what
 * can be read as long as nothing has been appended. Returns 0, or -1 with ENOMEM.
 */
int cv_output_note(struct covey_output *output, const void *data, size_t len);

#endif
