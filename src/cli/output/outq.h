/*
 * outq - bytes on their way to stdout and stderr
 *
 * Supervision never waits for a slow reader: bytes that cannot be written at once wait here, in the
 * order in which they were added, until the descriptor takes more. O_NONBLOCK is never set on an
 * inherited descriptor, since that flag belongs to all processes that share the descriptor.
 */
#ifndef CLI_OUTPUT_OUTQ_H
#define CLI_OUTPUT_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "cli/output/trouble.h"

struct outq;

/* An output that several parts of the queue refer to; freed with the last of them. */
struct outq_shared;

/*
 * Makes a queue for descriptors 1 and 2. When 1 takes no more, the queue reports it: as
 * TROUBLE_READER if its reader has gone away, else as TROUBLE_OUTPUT. When 2 takes no more, it
 * reports it as TROUBLE_MESSAGES. NULL when memory runs out.
 */
struct outq *outq_new(struct trouble *trouble);
void outq_free(struct outq *q);

/* From now on the executor's turns carry on what had to wait. */
void outq_attach(struct outq *q, struct covey *ex);

/* Called before anything is written to a descriptor, and after; for whoever draws on a terminal. */
typedef void outq_hook(void *arg, bool before);
void outq_set_hook(struct outq *q, outq_hook *hook, void *arg);

/*
 * The owner of what is added from now on: a task, by the executor's count, or 0 for covey itself.
 * The function is called with each task of which something cannot be written, perhaps repeatedly.
 */
typedef void outq_lost_fn(void *arg, uint64_t owner);
void outq_on_lost(struct outq *q, outq_lost_fn *lost, void *arg);
void outq_set_owner(struct outq *q, uint64_t owner);
uint64_t outq_owner(const struct outq *q);

/* Adds bytes, copied where they have to wait. fd is 1 or 2. */
void outq_text(struct outq *q, int fd, const char *data, size_t len);

/* Adds a formatted text of covey's own, cut at 64 KiB. */
void outq_printf(struct outq *q, int fd, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds an output, which becomes the queue's; NULL is allowed. */
void outq_output(struct outq *q, int fd, struct covey_output *output);

/* The line that stands for bytes that --max-output has cut. */
enum { OUTQ_CUT_SIZE = 64 };
void outq_cut_note(char note[OUTQ_CUT_SIZE], uint64_t cut);

/* Makes an output shareable, and becomes its owner; NULL when memory runs out. */
struct outq_shared *outq_share(struct covey_output *output);
struct covey_output *outq_shared_output(struct outq_shared *shared);

/* One owner more, one owner less; NULL is allowed. */
struct outq_shared *outq_share_again(struct outq_shared *shared);
void outq_unshare(struct outq_shared *shared);

/* Adds len bytes of a shared output. */
void outq_part(struct outq *q, int fd, struct outq_shared *shared, uint64_t offset, uint64_t len);

/* So many bytes wait that nothing more should be added unless it must. */
bool outq_full(const struct outq *q);

/*
 * Something waits, and the executor could not be told to watch for its turn: outq_flush has to be
 * called every now and then.
 */
bool outq_unwatched(const struct outq *q);

/* Nothing waits. */
bool outq_empty(const struct outq *q);

/*
 * A gate: while the queue has one, what is added waits until the next outq_open_gate, so that
 * something can be done before anybody sees it. Without a gate nothing waits for it.
 */
void outq_set_gate(struct outq *q, bool gated);
void outq_open_gate(struct outq *q);

/* Writes what can be written now; the executor's turns do, where the queue is attached to one. */
void outq_flush(struct outq *q);

/* Finds out whether the reader of a descriptor to which others write has gone away. */
void outq_check(struct outq *q, int fd);

/* Writes a text if it can be written now and whole, and nothing else waits; else not at all. */
void outq_try(struct outq *q, int fd, const char *data, size_t len);

#endif
