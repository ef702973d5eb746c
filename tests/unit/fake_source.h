/*
 * fake_source - a source that does what a test has written down, and what is on top of it
 *
 * A record of it lasts until the next call and not longer, so that a sanitizer sees who keeps it.
 * To be included after cmocka.h.
 */
#ifndef TESTS_FAKE_SOURCE_H
#define TESTS_FAKE_SOURCE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input/record.h"
#include "cli/input/source.h"

struct fake_step {
	enum input_result result;
	const char *items;        /* of a record, with "|" in between; else what is wrong */
};

struct fake_source {
	struct source source;
	const struct fake_step *steps;     /* the last one is not INPUT_RECORD, and is repeated */
	size_t at;
	uint64_t line;
	struct record *record;             /* the last one */
	bool *closed;
};

static enum input_result fake_next(struct source *source, struct record *record,
    struct error *err)
{
	struct fake_source *fake = (struct fake_source *)source;
	const struct fake_step *step = &fake->steps[fake->at];
	struct span items[16];
	struct record from = { .items = items, .line = ++fake->line };
	char *copy, *rest, *item;

	free(fake->record);
	fake->record = NULL;
	if (step->result != INPUT_END && step->result != INPUT_BAD)
		fake->at++;
	if (step->result != INPUT_RECORD) {
		error_set(err, "%s", step->items == NULL ? "" : step->items);
		return step->result;
	}
	rest = copy = strdup(step->items);
	assert_non_null(copy);
	while ((item = strsep(&rest, "|")) != NULL) {
		assert_true(from.nitems < 16);
		items[from.nitems++] = (struct span){ item, strlen(item) };
		from.bytes += strlen(item);
	}
	fake->record = record_copy(&from);
	assert_non_null(fake->record);
	free(copy);
	*record = *fake->record;
	/* as the stream does it */
	record->own = record->items[0];
	return INPUT_RECORD;
}

static void fake_close(struct source *source)
{
	struct fake_source *fake = (struct fake_source *)source;

	if (fake->closed != NULL)
		*fake->closed = true;
	input_close(fake->source.stream);
	free(fake->record);
	free(fake);
}

/* closed, unless NULL, is set when it is closed. */
static inline struct source *fake_open(const struct fake_step *steps, bool *closed)
{
	static const struct source_ops ops = { .next = fake_next, .close = fake_close };
	static const struct input_options nothing = { .given = true };
	struct fake_source *fake = calloc(1, sizeof *fake);
	struct error err;

	assert_non_null(fake);
	*fake = (struct fake_source){ .source.ops = &ops, .steps = steps, .closed = closed };
	fake->source.stream = input_open(&nothing, &err);
	assert_non_null(fake->source.stream);
	return &fake->source;
}

/* ---- what comes ---- */

/* Reads a record; its items with "|" in between, which last until the next call. */
static inline const char *fake_show(const struct record *record)
{
	static char text[1024];
	size_t used = 0, bytes = 0;

	text[0] = '\0';
	for (size_t i = 0; i < record->nitems; i++) {
		const struct span *item = &record->items[i];

		assert_int_equal(strlen(item->text), item->len);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "|" : "",
		    item->text);
		assert_true(used < sizeof text);
		bytes += item->len;
	}
	assert_int_equal(record->bytes, bytes);
	return text;
}

static inline void expect_record(struct source *source, const char *items)
{
	struct error err = { "" };
	struct record record = { .nitems = 0 };
	enum input_result result = source_next(source, &record, &err);

	if (result != INPUT_RECORD)
		fail_msg("'%s': result %d: %s", items, (int)result, err.message);
	assert_string_equal(fake_show(&record), items);
}

/* message: NULL, where there is none. */
static inline void expect_result(struct source *source, enum input_result result,
    const char *message)
{
	struct error err = { "" };
	struct record record;

	assert_int_equal(source_next(source, &record, &err), result);
	if (message != NULL)
		assert_string_equal(err.message, message);
}

#endif
