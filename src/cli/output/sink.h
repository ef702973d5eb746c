/*
 * sink - what consumes events: one row of callbacks for each, called stage by stage
 */
#ifndef CLI_OUTPUT_SINK_H
#define CLI_OUTPUT_SINK_H

#include "covey.h"

/* The order in which sinks get an event: by stage, and within a stage as they were added. */
enum sink_stage {
	SINK_RECORD,    /* writes down what happened, before anybody sees it */
	SINK_WATCH,     /* may read the outputs of an attempt, and leaves them where they are */
	SINK_TAKE       /* takes the outputs with covey_take_output: no other sink finds them after that */
};

struct sink {
	enum sink_stage stage;
	unsigned wants;    /* SINK_WANTS of the events that it is called for */
	void (*event)(void *self, const struct covey_event *event);
	/* Output as it arrives, as covey_output_fn; NULL: not interested. */
	bool (*output)(void *self, const struct covey_task *task,
	    const struct covey_attempt *attempt, int stream, const void *data, size_t len);
	void *self;
};

#define SINK_WANTS(type) (1U << (type))

enum { SINK_MAX = 12, SINK_TYPES = COVEY_EXPIRED + 1 };

struct sinks {
	struct sink list[SINK_MAX];
	unsigned n;
	unsigned wants;    /* of all of them */
	struct {
		unsigned n;
		unsigned char who[SINK_MAX];
	} by_type[SINK_TYPES];    /* which of them want an event of that type */
};

/* Adds a sink after the others of its stage and of earlier ones. */
void sinks_add(struct sinks *sinks, const struct sink *sink);

/* Hands an event to every sink that wants it. */
void sinks_event(const struct sinks *sinks, const struct covey_event *event);

/* Is there a sink for output as it arrives? */
bool sinks_want_output(const struct sinks *sinks);

/* Hands output to every sink that wants it; false if none has dealt with it. */
bool sinks_output(const struct sinks *sinks, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len);

#endif
