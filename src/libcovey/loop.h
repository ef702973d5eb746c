/*
 * loop - descriptors that become ready, in one epoll set
 *
 * What the kernel has no memory or no watch left for is polled instead, beside the epoll set.
 *
 * Level 1, mechanism: knows what is ready, not what that means.
 */
#ifndef CV_LOOP_H
#define CV_LOOP_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "covey.h"

/* One watched descriptor; embedded in what it belongs to. */
struct cv_source {
	int fd;             /* -1: not watched */
	int kind;           /* what it is, to whoever watches it */
	void *owner;        /* what it belongs to */
	uint32_t events;    /* what it is watched for */
	bool polled;        /* it is not in the epoll set, but in the list of polled sources */
	TAILQ_ENTRY(cv_source) entry;
};

TAILQ_HEAD(cv_source_list, cv_source);

#define CV_LOOP_BATCH 64

struct cv_loop {
	int epoll_fd;
	struct cv_source_list polled;
	struct epoll_event ready[CV_LOOP_BATCH];
};

/* Returns 0, or -1 with errno. */
int cv_loop_init(struct cv_loop *loop);
void cv_loop_release(struct cv_loop *loop);

/*
 * Watches source->fd. When memory or watches run out, it is polled. Returns 0, or -1 with errno
 * where the descriptor cannot be watched at all, and then source->fd is -1.
 */
int cv_loop_add(struct cv_loop *loop, struct cv_source *source, uint32_t events);
int cv_loop_change(struct cv_loop *loop, struct cv_source *source, uint32_t events);

/* Stops watching; the descriptor stays open. Nothing happens if it is not watched. */
void cv_loop_remove(struct cv_loop *loop, struct cv_source *source);

/* Is any source polled? Then the epoll set does not become ready with all that is watched. */
bool cv_loop_polls(const struct cv_loop *loop);

/*
 * Waits up to max_wait (0: not at all; negative: as long as it takes). Returns how many entries of
 * loop->ready are filled in, 0 when the time has passed or a signal came, or -1 with errno.
 */
int cv_loop_wait(struct cv_loop *loop, covey_nsec max_wait);

#endif
