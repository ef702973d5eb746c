/*
 * capture - one pipe, read to its end
 *
 * Level 1, mechanism. Takes bytes out of the pipe, so that the child never waits, and puts them
 * into an output. The caller decides when the pipe is read.
 */
#ifndef CV_CAPTURE_H
#define CV_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "covey.h"
#include "output.h"

enum { CV_SCRATCH_SIZE = 64 << 10 };

struct cv_capture {
	int fd;                       /* the pipe's read end, non-blocking; -1 once closed */
	int error;                    /* why bytes have been lost (ENOSPC, …), or 0 */
	size_t seen;                  /* bytes read while the pipe had its first size */
	const struct cv_capture_limits *limits;
	struct covey_output *output;  /* NULL until there is something to keep */
};

enum cv_capture_state {
	CV_CAPTURE_OPEN,   /* more may come */
	CV_CAPTURE_ENDED   /* end of file, or the pipe cannot be read: see error */
};

/* Gets the bytes first. Returns true if it has dealt with them, false if they are to be kept. */
typedef bool cv_capture_offer_fn(void *arg, const void *data, size_t len);

/* Takes over fd. *limits must stay as long as the capture. */
void cv_capture_init(struct cv_capture *c, int fd, const struct cv_capture_limits *limits);

/*
 * Reads until the pipe is empty or at its end, or about 1 MiB has come. scratch has CV_SCRATCH_SIZE
 * bytes and may be shared by all captures; offer may be NULL. When bytes cannot be kept, c->error
 * says why, what was kept before stays, and the rest is read and dropped.
 */
enum cv_capture_state cv_capture_read(struct cv_capture *c, void *scratch,
    cv_capture_offer_fn *offer, void *arg);

/* Closes the pipe; the output stays. */
void cv_capture_close(struct cv_capture *c);

/* Moves the output out; the caller frees it. Returns NULL where no bytes came. */
struct covey_output *cv_capture_take(struct cv_capture *c);

#endif
