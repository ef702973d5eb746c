/*
 * input - raw records: what stands between delimiters, one at a time
 *
 * Reads only what is there, so that the first record of an endless stream is had at once, and
 * never waits.
 */
#ifndef CLI_INPUT_INPUT_H
#define CLI_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum input_result {
	INPUT_RECORD,
	INPUT_LATER,     /* nothing now: call again when input_fd is readable */
	INPUT_AGAIN,     /* nothing yet: call again; from sources only, and so is the next one */
	INPUT_OTHERS,    /* a record that another shard has */
	INPUT_END,
	INPUT_REFUSED,   /* this record cannot be used: err says why and where; the next may be */
	INPUT_BAD        /* err says what is wrong; reading cannot go on */
};

struct input_record {
	const char *text;    /* NUL-terminated; valid until the next call */
	size_t len;
	uint64_t line;       /* its number, from 1 */
};

struct input_options {
	const char *path;            /* NULL or "-": standard input */
	char *const *items;          /* instead of a file, where nitems or given says so */
	size_t nitems;
	bool given;
	int delimiter;
	bool empty_records;          /* are records, too, and not skipped */
};

struct input;

/* Opens the source. NULL with a message: it cannot be opened, or is a directory. */
struct input *input_open(const struct input_options *options, struct error *err);
void input_close(struct input *input);

/* The next record. After INPUT_LATER, call input_ready once the descriptor is readable. */
enum input_result input_next(struct input *input, struct input_record *record,
    struct error *err);

/* The descriptor to watch; -1: it is always ready (a file, items). */
int input_fd(const struct input *input);

/* The descriptor was found readable. */
void input_ready(struct input *input);

/* Is more known to be there? */
bool input_has_more(const struct input *input);

/* The name of the source in messages; of words, ":::". */
const char *input_name(const struct input *input);

#endif
