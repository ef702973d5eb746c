/*
 * pacing - what --delay, --rate, --load and --memfree ask for
 */
#ifndef CLI_OPTIONS_PACING_H
#define CLI_OPTIONS_PACING_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "base/error.h"

/* A limit on the load: a number, or a percentage of the usable CPUs; 0: none. */
struct pacing_load {
	double n;
	bool percent;
};

/* All zero: there is nothing to wait for. */
struct pacing {
	covey_nsec delay;        /* between two starts */
	covey_nsec interval;     /* what a start costs of the time that passes; from --rate */
	struct pacing_load load;
	uint64_t memfree;        /* bytes that must be available */
	unsigned cpus;           /* for a percentage */
};

/* "N/s", "N/m" or "N/h"; *interval is never 0. A parser as units.h has them. */
int pacing_parse_rate(const char *text, covey_nsec *interval, struct error *err);

/* "N" or "N%", above 0. A parser as units.h has them. */
int pacing_parse_load(const char *text, struct pacing_load *load, struct error *err);

/* A size that this machine can have available. A parser as units.h has them. */
int pacing_parse_memfree(const char *text, uint64_t *size, struct error *err);

/* Is there anything to wait for? */
bool pacing_limits(const struct pacing *options);

#endif
