/*
 * keep_order - whose turn it is to be printed
 *
 * Passes outputs on to the queue: as they come, or in the order of the tasks (-k). Outputs that come
 * before their turn are kept in one place: in memory while they are small, and then in a file.
 */
#ifndef CLI_OUTPUT_KEEP_ORDER_H
#define CLI_OUTPUT_KEEP_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/output/outq.h"

struct keep_order;

/*
 * keep: in the order of tasks. What cannot be kept is reported as TROUBLE_OUTPUT. NULL when memory
 * runs out.
 */
struct keep_order *keep_order_new(struct outq *q, bool keep, struct trouble *trouble);
void keep_order_free(struct keep_order *order);

/* Is it this task's turn now? */
bool keep_order_is_current(const struct keep_order *order, uint64_t task);

/* Adds an output of a task, which becomes the order's; NULL is allowed. */
void keep_order_put(struct keep_order *order, uint64_t task, int fd, struct covey_output *output);

/* Adds lines of a task that goes on to print; they come after the outputs that it has added. */
void keep_order_lines(struct keep_order *order, uint64_t task, int fd, const char *data, size_t len);

/* The task will print no more. */
void keep_order_finished(struct keep_order *order, uint64_t task);

/* Prints what still waits for its turn: some tasks before it will not be run. */
void keep_order_end(struct keep_order *order);

#endif
