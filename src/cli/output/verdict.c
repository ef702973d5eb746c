#include "cli/output/verdict.h"

static void check_fatal(struct verdict *verdict, const struct covey_event *event)
{
	if (verdict->rules != NULL && verdict->rules->fatal != NULL && verdict->fatal == 0)
		verdict->fatal = verdict->rules->fatal(event, &verdict->fatal_why);
}

static void on_event(void *self, const struct covey_event *event)
{
	struct verdict *verdict = self;

	if (event->type == COVEY_EXPIRED)
		verdict->expired = true;
	if (event->type != COVEY_FINISHED)
		return;
	check_fatal(verdict, event);
	if (verdict->rules != NULL && verdict->rules->alone != NULL)
		verdict->alone = verdict->rules->alone(event);
	if (event->outcome == COVEY_SUCCESS)
		verdict->succeeded++;
	else if (event->outcome != COVEY_CANCELLED || event->attempt == NULL)
		verdict->failed += event->outcome != COVEY_CANCELLED || !verdict->halted_calmly;
	else
		verdict->stopped++;
}

struct sink verdict_sink(struct verdict *verdict)
{
	return (struct sink) {
		.stage = SINK_WATCH,
		.wants = SINK_WANTS(COVEY_FINISHED) | SINK_WANTS(COVEY_EXPIRED),
		.event = on_event, .self = verdict,
	};
}

static bool is_bad_input(const struct verdict *verdict)
{
	return verdict->bad_input && !(verdict->rules != NULL
	    && verdict->rules->failures_hide_bad_input && verdict->failed > 0);
}

int verdict_status(const struct verdict *verdict)
{
	if (verdict->broken || is_bad_input(verdict))
		return verdict_error(verdict->rules, STATUS_BROKEN);
	if (verdict->expired)
		return STATUS_DEADLINE;
	if (verdict->failed + verdict->failed_before + verdict->refused == 0
	    && !verdict->unfinished && !verdict->empty && (verdict->stopped == 0 || verdict->halted_calmly))
		return STATUS_OK;
	if (verdict->halted_well)
		return STATUS_OK;
	if (verdict->alone != 0)
		return verdict->alone;
	return verdict->fatal != 0 ? verdict->fatal : STATUS_FAILED;
}

int verdict_error(const struct verdict_rules *rules, int status)
{
	return rules == NULL || rules->error == 0 ? status : rules->error;
}
