#include "source.h"

#include <poll.h>
#include <stdlib.h>

/* ---- what all have in common ---- */

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

/* ---- the stream, one item a record ---- */

static enum input_result plain_next(struct source *source, struct record *record,
    struct cli_error *err)
{
	struct input_record from;
	enum input_result result = input_next(source->stream, &from, err);

	if (result != INPUT_RECORD)
		return result;
	record_set_one(record, from.text, from.len);
	record->line = from.line;
	return INPUT_RECORD;
}

static void plain_close(struct source *source)
{
	input_close(source->stream);
	free(source);
}

static struct source *plain_open(const struct input_options *options, struct cli_error *err)
{
	static const struct source_ops ops = { .next = plain_next, .close = plain_close };
	struct source *source = calloc(1, sizeof *source);

	if (source == NULL) {
		cli_error_set(err, "out of memory");
		return NULL;
	}
	source->ops = &ops;
	source->stream = input_open(options, err);
	if (source->stream != NULL)
		return source;
	free(source);
	return NULL;
}

/* ---- the chain ---- */

struct source *source_open(const struct options *options, struct cli_error *err)
{
	struct input_options input = {
		.path = options->arg_file, .items = options->items, .nitems = options->nitems,
		.given = options->items_given, .delimiter = options->delimiter,
		.empty_records = options->empty_items,
	};

	return plain_open(&input, err);
}
