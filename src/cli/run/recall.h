/*
 * recall - the options of the last run, for --retry-failed
 */
#ifndef CLI_RUN_RECALL_H
#define CLI_RUN_RECALL_H

#include "base/error.h"
#include "cli/options/options.h"

/*
 * Options that were given to the last run of the journal, and not now, hold as they were given then.
 * *argv is what *options then points to, and the caller's to free. Returns 0, or -1 with a message.
 */
int recall_options(struct options *options, const char ***argv, struct error *err);

#endif
