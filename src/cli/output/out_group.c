#include "cli/output/out_group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command/origin.h"
#include "cli/output/tag.h"

struct out_group {
	struct keep_order *order;
	struct trouble *trouble;
};

struct out_group *out_group_new(struct keep_order *order, struct trouble *trouble)
{
	struct out_group *group = calloc(1, sizeof *group);

	if (group == NULL)
		return NULL;
	group->order = order;
	group->trouble = trouble;
	return group;
}

void out_group_free(struct out_group *group)
{
	free(group);
}

static bool is_torn(const struct covey_attempt *attempt, const struct covey_output *output)
{
	char last = '\n';

	return attempt->output_errno != 0 && covey_output_tail(output, &last, 1) == 1 && last != '\n';
}

void out_group_put(struct keep_order *order, struct trouble *trouble,
    const struct covey_event *event, int stream)
{
	const struct origin *item = event->task->user;
	struct covey_output *output = covey_take_output(event->attempt, stream);
	bool torn;

	if (output == NULL)
		return;
	torn = is_torn(event->attempt, output);
	if (item != NULL && item->tag != NULL) {
		struct covey_output *tagged = tag_lines(output, item->tag, item->tag_len);

		if (tagged == NULL)
			trouble_report_lost(trouble, errno);
		covey_output_free(output);
		output = tagged;
	}
	keep_order_put(order, origin_place(event->task), stream, output);
	/* what comes next must not look like the end of the line that was lost */
	if (torn)
		keep_order_lines(order, origin_place(event->task), stream, "\n", 1);
}

static void put(struct out_group *group, const struct covey_event *event, int stream)
{
	out_group_put(group->order, group->trouble, event, stream);
}

static void on_event(void *self, const struct covey_event *event)
{
	struct out_group *group = self;

	if (event->type == COVEY_ENDED) {
		if (!event->attempt->retry)
			put(group, event, STDOUT_FILENO);
		put(group, event, STDERR_FILENO);
	} else if (event->type == COVEY_FINISHED) {
		keep_order_finished(group->order, origin_place(event->task));
	}
}

struct sink out_group_sink(struct out_group *group)
{
	return (struct sink) {
		.stage = SINK_TAKE,
		.wants = SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED), .event = on_event,
		.self = group,
	};
}
