#include "cli/input/item_list.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

static int reserve(struct item_list *held)
{
	struct span *items = grow(held->items, &held->room, held->n + 1, sizeof *items);

	if (items == NULL)
		return -1;
	held->items = items;
	return 0;
}

int item_list_add(struct item_list *held, const char *text, size_t len)
{
	if (reserve(held) != 0 || buf_add_word(&held->text, text, len) != 0)
		return -1;
	held->items[held->n++] = (struct span){ NULL, len };
	return 0;
}

void item_list_settle(struct item_list *held)
{
	const char *at = held->text.at;

	for (size_t i = 0; i < held->n; i++) {
		held->items[i].text = at;
		at += held->items[i].len + 1;
	}
}

bool item_list_take_first(struct item_list *held, struct span *item)
{
	if (held->n == 0)
		return false;
	*item = *held->items++;
	held->n--;
	held->skipped++;
	return true;
}

void item_list_clear(struct item_list *held)
{
	held->n = 0;
	buf_clear(&held->text);
}

void item_list_release(struct item_list *held)
{
	if (held->items != NULL)
		free(held->items - held->skipped);
	buf_release(&held->text);
	*held = (struct item_list){ .n = 0 };
}

/* ---- loading ---- */

static int out_of_memory(struct error *err)
{
	return error_set(err, "out of memory");
}

static int load_words(struct item_list *held, const struct input_options *options,
    struct error *err)
{
	for (; held->n < options->nitems; held->n++) {
		const char *word = options->items[held->n];

		if (reserve(held) != 0)
			return out_of_memory(err);
		held->items[held->n] = (struct span){ word, strlen(word) };
	}
	return 0;
}

static void wait_for(struct input *input)
{
	struct pollfd pfd = { .fd = input_fd(input), .events = POLLIN };

	if (poll(&pfd, 1, -1) >= 0)
		input_ready(input);
}

static int load_records(struct item_list *held, struct input *input, struct error *err)
{
	struct input_record record;

	for (;;) {
		switch (input_next(input, &record, err)) {
		case INPUT_RECORD:
			if (item_list_add(held, record.text, record.len) != 0)
				return out_of_memory(err);
			break;
		case INPUT_LATER:
			wait_for(input);
			break;
		case INPUT_AGAIN:
		case INPUT_OTHERS:
			break;
		case INPUT_END:
			item_list_settle(held);
			return 0;
		case INPUT_REFUSED:
			return error_set(err, "%s:%llu: it contains a NUL byte; if items end in NUL, use -0",
			    input_name(input), (unsigned long long)record.line);
		case INPUT_BAD:
			return -1;
		}
	}
}

static int load_file(struct item_list *held, const struct input_options *options,
    struct error *err)
{
	struct input *input = input_open(options, err);
	int result;

	if (input == NULL)
		return -1;
	result = load_records(held, input, err);
	input_close(input);
	return result;
}

int item_list_load(struct item_list *held, const struct input_options *options, struct error *err)
{
	int result = options->given ? load_words(held, options, err) : load_file(held, options, err);

	if (result != 0)
		item_list_release(held);
	return result;
}
