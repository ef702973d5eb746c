/*
 * summary - what covey says on stderr: what goes wrong when it does, and at the end what failed
 */
#ifndef CLI_OUTPUT_SUMMARY_H
#define CLI_OUTPUT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/output/describe.h"
#include "cli/output/outq.h"
#include "cli/output/sink.h"

struct summary;

struct summary_options {
	bool quiet;              /* nothing */
	bool verbose;            /* each command before it runs */
	bool watched;            /* the counts even if all went well */
	covey_nsec slow;
	const struct describe *about;
};

/* NULL when memory runs out. */
struct summary *summary_new(struct outq *q, const struct summary_options *options);
void summary_free(struct summary *summary);

struct sink summary_sink(struct summary *summary);

/* So many tasks were left out, as they had succeeded, or failed, in an earlier run. */
void summary_skipped(struct summary *summary, uint64_t succeeded, uint64_t failed);

/* A task that counted as a success has lost its output. */
void summary_lost(struct summary *summary);

/*
 * Prints what failed, what was flaky (it had failed, and then succeeded), and the counts. rest: the
 * input was not read to its end.
 */
void summary_end(struct summary *summary, bool rest);

#endif
