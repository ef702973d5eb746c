/*
 * source - a stream of records, one for each task
 *
 * One struct input is read as it is asked for, the stream; what is made of its records is a chain
 * of sources, each of which takes from the one below it. To put another one on top (to shuffle,
 * to leave some out) embed a struct source as the first member, set it up with source_init, and
 * give the chain below to it: source_close closes all of it. The order of the chain is that of
 * chain_open.
 */
#ifndef CLI_INPUT_SOURCE_H
#define CLI_INPUT_SOURCE_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/input/input.h"
#include "cli/input/record.h"

struct source;

struct source_ops {
	/* As source_next. */
	enum input_result (*next)(struct source *source, struct record *record,
	    struct error *err);
	/* Closes the source below and frees this one. */
	void (*close)(struct source *source);
	/* Does it hold anything back? NULL: never. */
	bool (*has_more)(const struct source *source);
};

struct source {
	const struct source_ops *ops;
	struct source *below;      /* NULL: the stream itself */
	struct input *stream;      /* to wait for */
};

/* Closes the whole chain; NULL is allowed. */
void source_close(struct source *source);

/* Sets up the struct source within another one, on top of below. */
void source_init(struct source *source, const struct source_ops *ops, struct source *below);

/*
 * The next record, which lasts until the next call. After INPUT_LATER, wait until source_fd is
 * readable and call source_ready; INPUT_REFUSED and INPUT_BAD as from input_next, and after the
 * latter or INPUT_END it is not called again.
 */
static inline enum input_result source_next(struct source *source, struct record *record,
    struct error *err)
{
	return source->ops->next(source, record, err);
}

/* Waits until there is more, after INPUT_LATER. */
void source_wait(struct source *source);

/* The descriptor to watch, -1 where none has to be; and that it was found readable. */
int source_fd(const struct source *source);
void source_ready(struct source *source);

/* Is more known to be there? */
bool source_has_more(const struct source *source);

/* The name of the stream in messages. */
const char *source_name(const struct source *source);

#endif
