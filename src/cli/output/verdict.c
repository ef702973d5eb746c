#include "cli/output/verdict.h"

static void on_event(void *self, const struct covey_event *event)
{
	struct verdict *verdict = self;

	if (event->type == COVEY_EXPIRED)
		verdict->expired = true;
	if (event->type != COVEY_FINISHED)
		return;
	if (event->outcome == COVEY_SUCCESS)
		verdict->succeeded++;
	else if (event->outcome != COVEY_CANCELLED || !verdict->halted_calmly)
		verdict->failed++;
}

struct sink verdict_sink(struct verdict *verdict)
{
	return (struct sink) {
		.wants = SINK_WANTS(COVEY_FINISHED) | SINK_WANTS(COVEY_EXPIRED),
		.event = on_event, .self = verdict,
	};
}

int verdict_status(const struct verdict *verdict)
{
	if (verdict->broken || verdict->bad_input)
		return STATUS_BROKEN;
	if (verdict->expired)
		return STATUS_DEADLINE;
	if (verdict->failed + verdict->failed_before + verdict->refused == 0 && !verdict->unfinished)
		return STATUS_OK;
	return verdict->halted_well ? STATUS_OK : STATUS_FAILED;
}
