/*
 * out_group - the default: what an attempt printed appears whole
 *
 * On stdout only the attempt that succeeded, or the last one, appears; stderr of each.
 */
#ifndef CLI_OUTPUT_OUT_GROUP_H
#define CLI_OUTPUT_OUT_GROUP_H

#include "cli/output/keep_order.h"
#include "cli/output/sink.h"

struct out_group;

/*
 * Puts outputs into the order; reports as TROUBLE_OUTPUT if tags cannot be put before lines. NULL
 * when memory runs out.
 */
struct out_group *out_group_new(struct keep_order *order, struct trouble *trouble);
void out_group_free(struct out_group *group);
struct sink out_group_sink(struct out_group *group);

/* Takes what the attempt of an event has captured of a stream, tags it, and puts it into the order. */
void out_group_put(struct keep_order *order, struct trouble *trouble,
    const struct covey_event *event, int stream);

#endif
