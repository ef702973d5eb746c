#include "cli/input/source.h"

#include <poll.h>

void source_init(struct source *source, const struct source_ops *ops, struct source *below)
{
	source->ops = ops;
	source->below = below;
	source->stream = below->stream;
}

void source_close(struct source *source)
{
	if (source != NULL)
		source->ops->close(source);
}

int source_fd(const struct source *source)
{
	return input_fd(source->stream);
}

void source_ready(struct source *source)
{
	input_ready(source->stream);
}

void source_wait(struct source *source)
{
	struct pollfd pfd = { .fd = source_fd(source), .events = POLLIN };

	if (poll(&pfd, 1, -1) >= 0)
		source_ready(source);
}

bool source_has_more(const struct source *source)
{
	const struct source *s;

	for (s = source; s != NULL; s = s->below)
		if (s->ops->has_more != NULL && s->ops->has_more(s))
			return true;
	return input_has_more(source->stream);
}

const char *source_name(const struct source *source)
{
	return input_name(source->stream);
}
