#include "cli/run/longest.h"

#include <bsd/stdlib.h>
#include <stdlib.h>

#include "cli/input/item_list.h"

/* A record, and where its items are among all of them. */
struct entry {
	double seconds;
	uint64_t number, place, line;
	size_t first, nitems;
};

struct longest {
	struct item_list held;
	struct entry *entries;
	size_t n, size, taken;
	bool sorted;
};

struct longest *longest_new(void)
{
	return calloc(1, sizeof(struct longest));
}

void longest_free(struct longest *longest)
{
	if (longest == NULL)
		return;
	item_list_release(&longest->held);
	free(longest->entries);
	free(longest);
}

static int reserve(struct longest *longest)
{
	size_t size = longest->size == 0 ? 64 : longest->size * 2;
	struct entry *entries;

	if (longest->n < longest->size)
		return 0;
	entries = reallocarray(longest->entries, size, sizeof *entries);
	if (entries == NULL)
		return -1;
	longest->entries = entries;
	longest->size = size;
	return 0;
}

int longest_add(struct longest *longest, const struct record *record, uint64_t number,
    double seconds)
{
	size_t first = longest->held.n;

	if (reserve(longest) != 0)
		return -1;
	for (size_t i = 0; i < record->nitems; i++)
		if (item_list_add(&longest->held, record->items[i].text, record->items[i].len) != 0)
			return -1;
	longest->entries[longest->n] = (struct entry){
		.seconds = seconds, .number = number, .place = longest->n + 1, .line = record->line,
		.first = first, .nitems = record->nitems,
	};
	longest->n++;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	if (one->seconds != other->seconds)
		return one->seconds > other->seconds ? -1 : 1;
	return one->place < other->place ? -1 : one->place > other->place;
}

void longest_sort(struct longest *longest)
{
	item_list_settle(&longest->held);
	if (longest->n > 1)
		qsort(longest->entries, longest->n, sizeof *longest->entries, by_time);
	longest->sorted = true;
}

bool longest_is_sorted(const struct longest *longest)
{
	return longest->sorted;
}

bool longest_take(struct longest *longest, struct record *record, uint64_t *number,
    uint64_t *place)
{
	const struct entry *entry;

	if (!longest_has_more(longest))
		return false;
	entry = &longest->entries[longest->taken++];
	*record = (struct record){
		.items = longest->held.items + entry->first, .nitems = entry->nitems,
		.line = entry->line,
	};
	for (size_t i = 0; i < entry->nitems; i++)
		record->bytes += record->items[i].len;
	record->own = record->items[0];
	*number = entry->number;
	*place = entry->place;
	return true;
}

bool longest_has_more(const struct longest *longest)
{
	return longest->taken < longest->n;
}
