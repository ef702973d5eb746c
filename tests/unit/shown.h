/*
 * shown - text that is expected, and whether a file has it
 */
#ifndef TESTS_SHOWN_H
#define TESTS_SHOWN_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
	char *bytes;
	size_t len, cap;
};

/* Returns 0, or the line of what was wrong. */
static inline int text_add(struct text *text, const char *bytes, size_t len)
{
	if (text->cap - text->len < len) {
		size_t cap = (text->len + len) * 2;
		char *larger = realloc(text->bytes, cap);

		if (larger == NULL)
			return __LINE__;
		text->bytes = larger;
		text->cap = cap;
	}
	if (len > 0)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	return 0;
}

static inline void text_clear(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ .len = 0 };
}

static inline bool is_size(int file, size_t size)
{
	struct stat st;

	return fstat(file, &st) == 0 && (size_t)st.st_size == size;
}

/* The file has exactly this in it. */
static inline bool holds(int file, const char *bytes, size_t len)
{
	char *got = malloc(len + 1);
	bool same = got != NULL && is_size(file, len) && pread(file, got, len, 0) == (ssize_t)len
	    && memcmp(got, bytes, len) == 0;

	free(got);
	return same;
}

static inline bool shows(int file, const char *text)
{
	return holds(file, text, strlen(text));
}

#endif
