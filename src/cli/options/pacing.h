/*
 * pacing - the arguments of --delay, --rate, --load and --memfree
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

/* All zero: starts never wait. */
struct pacing {
	covey_nsec delay;        /* between two starts */
	covey_nsec interval;     /* the average time between two starts; from --rate */
	struct pacing_load load;
	uint64_t memfree;        /* bytes that must be available */
	unsigned cpus;           /* the usable CPUs, for a percentage */
};

/* "N/s", "N/m" or "N/h"; *interval is never 0. A parser as in units.h. */
int pacing_parse_rate(const char *text, covey_nsec *interval, struct error *err);

/* "N" or "N%", above 0. A parser as in units.h. */
int pacing_parse_load(const char *text, struct pacing_load *load, struct error *err);

/* A size of memory, at most that of this machine. A parser as in units.h. */
int pacing_parse_memfree(const char *text, uint64_t *size, struct error *err);

/* Can a start have to wait? */
bool pacing_limits(const struct pacing *options);

#endif
