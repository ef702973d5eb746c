/*
 * order - whose turn it is to be printed
 *
 * Passes outputs on to the queue: as they come, or in the order of the tasks (-k). What comes
 * before its turn is kept, all of it in one place, in memory while little and then in a file.
 */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "outq.h"

struct order;

/* keep: in the order of tasks. NULL when memory runs out. */
struct order *order_new(struct outq *q, bool keep);
void order_free(struct order *order);

/* Is it this task's turn now? */
bool order_is_current(const struct order *order, uint64_t task);

/* Adds an output of a task, which becomes the order's; NULL is allowed. */
void order_put(struct order *order, uint64_t task, int fd, struct covey_output *output);

/*
 * The task will print no more. Calls turned, if it is set, for each task whose turn has come.
 */
typedef void order_turned(void *arg, uint64_t task);
void order_on_turn(struct order *order, order_turned *turned, void *arg);
void order_finished(struct order *order, uint64_t task);

/* Prints what still waits for its turn: some tasks before it will not be run. */
void order_end(struct order *order);

/* Why something could not be kept: ENOSPC, …; or 0. */
int order_error(const struct order *order);

#endif
