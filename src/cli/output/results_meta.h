/*
 * results_meta - meta.json: what became of a task, for programs
 */
#ifndef CLI_OUTPUT_RESULTS_META_H
#define CLI_OUTPUT_RESULTS_META_H

#include <stdint.h>
#include <stdio.h>

#include "covey.h"

/*
 * The beginning of the file: the task's number, name, input and command. Where that is the same, so
 * is the task.
 */
void results_meta_task(FILE *out, const struct covey_task *task);

/* And the rest of it, from a COVEY_ENDED. out_bytes, err_bytes: how much it has printed. */
void results_meta_end(FILE *out, const struct covey_event *event, uint64_t out_bytes,
    uint64_t err_bytes);

#endif
