#include "cli/output/sink.h"

#include <assert.h>

/* An event of a type is handed out without a look at the sinks that do not want it. */
static void index_by_type(struct sinks *sinks)
{
	unsigned type, i;

	for (type = 0; type < SINK_TYPES; type++) {
		sinks->by_type[type].n = 0;
		for (i = 0; i < sinks->n; i++) {
			if ((sinks->list[i].wants & SINK_WANTS(type)) != 0)
				sinks->by_type[type].who[sinks->by_type[type].n++] = (unsigned char)i;
		}
	}
}

void sinks_add(struct sinks *sinks, const struct sink *sink)
{
	unsigned at = sinks->n;

	assert(sinks->n < SINK_MAX);
	for (; at > 0 && sinks->list[at - 1].stage > sink->stage; at--)
		sinks->list[at] = sinks->list[at - 1];
	sinks->list[at] = *sink;
	sinks->n++;
	sinks->wants |= sink->wants;
	index_by_type(sinks);
}

void sinks_event(const struct sinks *sinks, const struct covey_event *event)
{
	unsigned i;

	for (i = 0; i < sinks->by_type[event->type].n; i++) {
		const struct sink *sink = &sinks->list[sinks->by_type[event->type].who[i]];

		sink->event(sink->self, event);
	}
}

bool sinks_want_output(const struct sinks *sinks)
{
	unsigned i;

	for (i = 0; i < sinks->n; i++) {
		if (sinks->list[i].output != NULL)
			return true;
	}
	return false;
}

bool sinks_output(const struct sinks *sinks, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len)
{
	bool dealt_with = false;
	unsigned i;

	for (i = 0; i < sinks->n; i++) {
		const struct sink *sink = &sinks->list[i];

		if (sink->output != NULL)
			dealt_with |= sink->output(sink->self, task, attempt, stream, data, len);
	}
	return dealt_with;
}
