/*
 * output - the bytes of one stream of one attempt
 *
 * Level 1, mechanism. Behind struct covey_output of covey.h, whose readers are implemented here:
 * memory first, an unlinked file for more than that, and only head and tail where a limit is set.
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
 * An empty output; *limits is copied. Returns NULL with ENOMEM. covey_output_append adds bytes:
 * where it fails, a beginning of them may have been added.
 */
struct covey_output *cv_output_create(const struct cv_capture_limits *limits);

/*
 * Adds bytes that somebody else has dealt with: only the last tail_bytes of them stay. They are
 * what the readers give as long as nothing has been appended. Returns 0, or -1 with ENOMEM.
 */
int cv_output_note(struct covey_output *output, const void *data, size_t len);

#endif
