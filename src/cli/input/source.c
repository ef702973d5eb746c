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

/* timeout: of poll(2). */
static bool wait_for(struct source *source, int timeout)
{
	struct pollfd pfd = { .fd = source_fd(source), .events = POLLIN };

	if (poll(&pfd, 1, timeout) < (timeout < 0 ? 0 : 1))
		return false;
	source_ready(source);
	return true;
}

void source_wait(struct source *source)
{
	wait_for(source, -1);
}

bool source_poll(struct source *source)
{
	return wait_for(source, 0);
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
