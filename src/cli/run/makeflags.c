#include "cli/run/makeflags.h"

#include <bsd/stdlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "--jobserver-auth=", "--jobserver-fds=" };

/*
 * Words are separated by blanks; what comes after "--" are variables, which may say anything.
 * Returns false at the end.
 */
static bool next_word(const char **at, const char **word, size_t *len)
{
	*word = *at + strspn(*at, " ");
	*len = strcspn(*word, " ");
	*at = *word + *len;
	return *len > 0 && !(*len == 2 && memcmp(*word, "--", 2) == 0);
}

/* The value, if the word names a jobserver; else NULL. */
static const char *value_of(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i]);

		if (len > n && memcmp(word, names[i], n) == 0)
			return word + n;
	}
	return NULL;
}

/* A descriptor, or a negative number for none. */
static bool read_fd(const char *text, size_t len, int *fd)
{
	const char *why = NULL;
	char number[16];

	/* strtonum skips blanks in front; there are none in a word */
	if (len == 0 || len >= sizeof number)
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	*fd = (int)strtonum(number, INT_MIN, INT_MAX, &why);
	return why == NULL;
}

static void parse(struct makeflags_auth *auth)
{
	const char *comma = memchr(auth->text, ',', auth->len);
	size_t first = comma == NULL ? 0 : (size_t)(comma - auth->text);

	auth->style = MAKEFLAGS_UNKNOWN;
	if (auth->len > 5 && memcmp(auth->text, "fifo:", 5) == 0) {
		auth->style = MAKEFLAGS_FIFO;
		auth->path = auth->text + 5;
		auth->path_len = auth->len - 5;
	} else if (comma != NULL && read_fd(auth->text, first, &auth->read_fd)
	    && read_fd(comma + 1, auth->len - first - 1, &auth->write_fd)) {
		auth->style = MAKEFLAGS_PIPE;
	}
}

void makeflags_find(const char *flags, struct makeflags_auth *auth)
{
	const char *word;
	size_t len;

	memset(auth, 0, sizeof *auth);
	if (flags == NULL)
		return;
	while (next_word(&flags, &word, &len)) {
		const char *value = value_of(word, len);

		if (value == NULL)
			continue;
		auth->text = value;
		auth->len = len - (size_t)(value - word);
	}
	if (auth->text != NULL)
		parse(auth);
}

/* "-j", "-j4", or a jobserver: what another jobserver replaces. */
static bool is_about_jobs(const char *word, size_t len)
{
	return value_of(word, len) != NULL
	    || (len >= 2 && memcmp(word, "-j", 2) == 0
	    && strspn(word + 2, "0123456789") == len - 2);
}

char *makeflags_with(const char *flags, unsigned n, const char *auth)
{
	size_t old = flags == NULL ? 0 : strlen(flags);
	size_t size = old + strlen(auth) + 64, used = 0, len;
	char *result = malloc(size);
	const char *at = flags == NULL ? "" : flags, *word;

	if (result == NULL)
		return NULL;
	/* letters without a dash come first, and are letters only as long as they do */
	while (next_word(&at, &word, &len)) {
		if (!is_about_jobs(word, len))
			used += (size_t)snprintf(result + used, size - used, "%s%.*s",
			    used == 0 && word[0] != '-' ? "" : " ", (int)len, word);
	}
	used += (size_t)snprintf(result + used, size - used, " -j%u --jobserver-auth=%s", n, auth);
	if (len > 0)
		snprintf(result + used, size - used, " %s", word);
	return result;
}
