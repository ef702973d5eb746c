/*
 * results - a directory for each task: what it printed, and what became of it (--results)
 *
 * While a task runs, its directory is called ".running-" and its number, and grows; when it has
 * finished it is renamed to the number alone, whole. One descriptor is used for all of them.
 */
#ifndef CLI_OUTPUT_RESULTS_H
#define CLI_OUTPUT_RESULTS_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/output/sink.h"
#include "cli/output/trouble.h"

struct results;

/*
 * path must last. What cannot be written is reported as TROUBLE_RESULTS, and from then on nothing is
 * written. NULL: out of memory.
 */
struct results *results_new(const char *path, struct trouble *trouble);
void results_free(struct results *results);

/*
 * Makes the directory, or takes one that is empty; with resumed, also one in which there are results
 * of the run that is continued: those of tasks that are run again are replaced. Returns 0, or -1 with
 * a message.
 */
int results_open(struct results *results, bool resumed, struct error *err);

struct sink results_sink(struct results *results);

#endif
