#include "cli/input/item_list.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

static int reserve(struct item_list *list)
{
	struct span *items = grow(list->items, &list->room, list->n + 1, sizeof *items);

	if (items == NULL)
		return -1;
	list->items = items;
	return 0;
}

int item_list_add(struct item_list *list, const char *text, size_t len)
{
	if (reserve(list) != 0 || buf_add_word(&list->text, text, len) != 0)
		return -1;
	list->items[list->n++] = (struct span){ NULL, len };
	return 0;
}

void item_list_settle(struct item_list *list)
{
	const char *at = list->text.at;

	for (size_t i = 0; i < list->n; i++) {
		list->items[i].text = at;
		at += list->items[i].len + 1;
	}
}

bool item_list_take_first(struct item_list *list, struct span *item)
{
	if (list->n == 0)
		return false;
	*item = *list->items++;
	list->n--;
	list->skipped++;
	return true;
}

void item_list_clear(struct item_list *list)
{
	list->n = 0;
	buf_clear(&list->text);
}

void item_list_release(struct item_list *list)
{
	if (list->items != NULL)
		free(list->items - list->skipped);
	buf_release(&list->text);
	*list = (struct item_list){ .n = 0 };
}

/* ---- loading ---- */

static int load_words(struct item_list *list, const struct input_options *options,
    struct error *err)
{
	for (; list->n < options->nitems; list->n++) {
		const char *word = options->items[list->n];

		if (reserve(list) != 0)
			return error_no_memory(err);
		list->items[list->n] = (struct span){ word, strlen(word) };
	}
	return 0;
}

static void wait_for(struct input *input)
{
	struct pollfd pfd = { .fd = input_fd(input), .events = POLLIN };

	if (poll(&pfd, 1, -1) >= 0)
		input_ready(input);
}

static int load_records(struct item_list *list, struct input *input, struct error *err)
{
	struct input_record record;

	for (;;) {
		switch (input_next(input, &record, err)) {
		case INPUT_RECORD:
			if (item_list_add(list, record.text, record.len) != 0)
				return error_no_memory(err);
			break;
		case INPUT_LATER:
			wait_for(input);
			break;
		case INPUT_AGAIN:
		case INPUT_OTHERS:
			break;
		case INPUT_END:
			item_list_settle(list);
			return 0;
		case INPUT_REFUSED:
			return error_set(err, "%s:%llu: item with a NUL byte; use -0 if NUL ends each item",
			    input_name(input), (unsigned long long)record.line);
		case INPUT_BAD:
			return -1;
		}
	}
}

static int load_file(struct item_list *list, const struct input_options *options,
    struct error *err)
{
	struct input *input = input_open(options, err);
	int result;

	if (input == NULL)
		return -1;
	result = load_records(list, input, err);
	input_close(input);
	return result;
}

int item_list_load(struct item_list *list, const struct input_options *options, struct error *err)
{
	int result = options->given ? load_words(list, options, err) : load_file(list, options, err);

	if (result != 0)
		item_list_release(list);
	return result;
}
