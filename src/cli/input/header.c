#include "cli/input/header.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

static int add_name(struct header *header, const struct span *name)
{
	struct header_name *names = reallocarray(header->names, header->n + 1, sizeof *names);
	char *text;

	if (names == NULL)
		return -1;
	header->names = names;
	text = strndup(name->text, name->len);
	if (text == NULL)
		return -1;
	names[header->n++] = (struct header_name){ text, name->len };
	return 0;
}

int header_add(struct header *header, const struct span *names, size_t n)
{
	size_t *widths = reallocarray(header->widths, header->nsources + 1, sizeof *widths);

	if (widths == NULL)
		return -1;
	header->widths = widths;
	widths[header->nsources++] = n;
	for (size_t i = 0; i < n; i++)
		if (add_name(header, &names[i]) != 0)
			return -1;
	return 0;
}

unsigned header_find(const struct header *header, const char *name, size_t len, size_t *count)
{
	unsigned column = 0;

	*count = 0;
	for (size_t i = 0; i < header->n && len > 0; i++) {
		const struct header_name *n = &header->names[i];

		if (n->len != len || memcmp(n->text, name, len) != 0)
			continue;
		if (++*count == 1)
			column = (unsigned)(i + 1);
	}
	return column;
}

void header_release(struct header *header)
{
	for (size_t i = 0; i < header->n; i++)
		free(header->names[i].text);
	free(header->names);
	free(header->widths);
	*header = (struct header){ .n = 0 };
}
