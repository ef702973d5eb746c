#include "cli/input/record.h"

#include <stdlib.h>
#include <string.h>

struct record *record_copy(const struct record *record)
{
	size_t spans = record->nitems * sizeof *record->items;
	struct record *copy = malloc(sizeof *copy + spans + record->bytes + record->nitems);
	struct span *items;
	char *at;

	if (copy == NULL)
		return NULL;
	*copy = *record;
	items = (struct span *)(copy + 1);
	at = (char *)(items + record->nitems);
	for (size_t i = 0; i < record->nitems; i++) {
		items[i] = (struct span){ at, record->items[i].len };
		memcpy(at, record->items[i].text, items[i].len);
		at[items[i].len] = '\0';
		at += items[i].len + 1;
	}
	copy->items = items;
	return copy;
}
