/*
 * pace - when the next attempt may start, as far as time, load and memory are concerned
 *
 * --delay, --rate, --load and --memfree. The pace is asked before every start and told of every
 * start and end; it reads what the system says of itself no oftener than that changes.
 */
#ifndef CLI_RUN_PACE_H
#define CLI_RUN_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "covey.h"
#include "cli/options/pacing.h"
#include "cli/output/sink.h"

/* What is asked of the system; for tests. */
struct pace_system {
	double (*load)(void *arg);        /* the load average; negative where it is not known */
	int64_t (*memory)(void *arg);     /* available bytes */
	void *arg;
};

enum pace_reason { PACE_NONE, PACE_DELAY, PACE_RATE, PACE_LOAD, PACE_MEMORY };

struct pace {
	struct pacing options;
	struct pace_system system;
	struct covey *ex;             /* to be woken when an attempt has ended; or NULL */
	enum pace_reason reason;      /* of the last wait */
	covey_nsec last_start;        /* meaningful when started_any */
	bool started_any;
	covey_nsec credit, credit_at; /* the token bucket, in time, and when that was right */
	unsigned running;
	double load;                  /* as last read */
	unsigned load_running;        /* what ran then */
	covey_nsec load_next;         /* when it is read again */
	int64_t memory;
	covey_nsec memory_next;
};

/* system may be NULL: the real one. */
void pace_init(struct pace *pace, const struct pacing *options,
    const struct pace_system *system);

/* 0 if an attempt may start at now, else how long until it is worth asking again. */
covey_nsec pace_wait(struct pace *pace, covey_nsec now);

/* Why it is waiting, for people: "load average 5.20 is not below the limit 4". */
enum { PACE_WORDS_SIZE = 128 };
void pace_why(const struct pace *pace, char words[PACE_WORDS_SIZE]);

/* Tells the pace of starts and ends. */
struct sink pace_sink(struct pace *pace);

#endif
