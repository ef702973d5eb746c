#include "cli/command/origin.h"

#include <stdlib.h>
#include <string.h>

/* Copies the texts one after the other, each with its NUL, and returns where they end. */
static char *copy_record(struct record *to, struct span *items, char *at, const struct record *from)
{
	*to = *from;
	for (size_t i = 0; i < from->nitems; i++) {
		items[i] = (struct span){ at, from->items[i].len };
		at = mempcpy(at, from->items[i].text, from->items[i].len);
		*at++ = '\0';
	}
	to->items = items;
	return at;
}

static size_t text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

struct origin *origin_new(const struct plan *plan, const char *tag)
{
	const struct record *record = &plan->record;
	size_t spans = record->nitems * sizeof *record->items, name_size = text_size(plan->name);
	size_t tag_size = text_size(tag);
	struct origin *origin = malloc(sizeof *origin + spans + record->bytes + record->nitems
	    + tag_size + name_size);
	struct span *items;
	char *at;

	if (origin == NULL)
		return NULL;
	*origin = (struct origin){
		.number = plan->number, .place = plan->place, .key = plan->key,
		.occurrence = plan->occurrence,
	};
	items = (struct span *)(origin + 1);
	at = copy_record(&origin->record, items, (char *)items + spans, record);
	if (tag != NULL) {
		/* a tab where the NUL was */
		origin->tag = at;
		origin->tag_len = tag_size;
		at = mempcpy(at, tag, tag_size - 1);
		*at++ = '\t';
	}
	if (plan->name != NULL)
		origin->name = memcpy(at, plan->name, name_size);
	return origin;
}

struct span origin_input(const struct origin *origin)
{
	const struct record *record = &origin->record;

	if (record->nitems == 0)
		return (struct span){ "", 0 };
	return (struct span){ record->items[0].text, record->bytes + record->nitems - 1 };
}
