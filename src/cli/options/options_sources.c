#include "cli/options/options_sources.h"

#include <string.h>

static int add_source(const struct options_source *source, struct options_sources *sources,
    struct error *err)
{
	if (sources->n == OPTIONS_MAX_SOURCES)
		return error_set(err, "more than %d sources of items", OPTIONS_MAX_SOURCES);
	sources->list[sources->n++] = *source;
	return 0;
}

int options_sources_add_file(const char *path, bool linked, struct options_sources *sources,
    struct error *err)
{
	struct options_source source = { .path = path, .linked = linked };

	return add_source(&source, sources, err);
}

enum separator { SEPARATOR_NONE, SEPARATOR_WORDS, SEPARATOR_FILES };

/* ":::" and "::::", and each with a plus sign at its end. */
static enum separator separator_of(const char *word, bool *linked)
{
	size_t colons = strspn(word, ":");

	*linked = strcmp(word + colons, "+") == 0;
	if ((!*linked && word[colons] != '\0') || colons < 3 || colons > 4)
		return SEPARATOR_NONE;
	return colons == 3 ? SEPARATOR_WORDS : SEPARATOR_FILES;
}

/*
 * "::" and ":::item" are separators to those who write them, and would be words of a command that
 * then has no items, or one item more. "::" is also an address and part of many names: it is a word
 * where items come from somewhere else, and ":::item" is never one.
 */
static int refuse_lookalike(const char *word, bool has_source, struct error *err)
{
	size_t colons = strspn(word, ":");
	bool linked = colons >= 3 && word[colons] == '+';
	const char *item = word + colons + linked;

	if (colons == 2 && *item == '\0' && !has_source)
		return error_set(err, "'::' is a word of COMMAND: items go after ':::'; to run "
		    "COMMAND with the word '::', name the source of items, such as '-a -'");
	if ((colons == 3 || colons == 4) && *item != '\0' && *item != '+')
		return error_set(err, "'%.100s' is one word: write '%.*s %.100s'", word,
		    (int)(item - word), word, item);
	return 0;
}

static int check_lookalikes(const struct words *w, size_t n, bool has_source, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (refuse_lookalike(w->argv[w->next + (int)i], has_source, err) != 0)
			return -1;
	return 0;
}

/* The number of words before the next separator. */
static size_t words_before_separator(const struct words *w)
{
	size_t n = 0;
	bool linked;

	while (w->next + (int)n < w->argc
	    && separator_of(w->argv[w->next + (int)n], &linked) == SEPARATOR_NONE)
		n++;
	return n;
}

/* Parses a separator and the words after it: one source, or with "::::" one for each file. */
static int take_source(struct words *w, struct options_sources *sources, struct error *err)
{
	struct options_source source = { .path = NULL };
	const char *separator = w->argv[w->next++];
	enum separator kind = separator_of(separator, &source.linked);

	source.words = w->argv + w->next;
	source.nwords = words_before_separator(w);
	if (check_lookalikes(w, source.nwords, true, err) != 0)
		return -1;
	w->next += (int)source.nwords;
	if (source.linked && sources->n == 0)
		return error_set(err, "no source of items before '%s' to link this one to",
		    separator);
	if (kind == SEPARATOR_WORDS)
		return add_source(&source, sources, err);
	if (source.nwords == 0)
		return error_set(err, "'%s' needs a file", separator);
	for (size_t i = 0; i < source.nwords; i++) {
		const char *path = source.words[i];

		if (path[0] == '\0')
			return error_set(err, "the name of a file after '%s' is empty", separator);
		if (options_sources_add_file(path, source.linked, sources, err) != 0)
			return -1;
	}
	return 0;
}

int options_sources_take_words(struct words *w, struct options *o, struct error *err)
{
	bool has_source;

	o->command = w->argv + w->next;
	if (o->once) {
		o->ncommand = (size_t)(w->argc - w->next);
		w->next = w->argc;
		return 0;
	}
	o->ncommand = words_before_separator(w);
	has_source = o->sources.n > 0 || w->next + (int)o->ncommand < w->argc;
	if (check_lookalikes(w, o->ncommand, has_source, err) != 0)
		return -1;
	w->next += (int)o->ncommand;
	while (w->next < w->argc)
		if (take_source(w, &o->sources, err) != 0)
			return -1;
	return 0;
}
