#include "cli/command/sh/sh_heredoc.h"

#include <string.h>

#include "base/shquote.h"
#include "cli/command/sh/sh_words.h"

/* Reads the delimiter, without its quotes, after "<<" or "<<-". */
static bool heredoc_delimiter(struct reader *r, struct heredoc *doc)
{
	size_t len = 0;
	char quote = '\0';

	for (; r->pos < r->end && (quote != '\0' || !is_one_of(sh_peek(r, 0), " \t\n;&|()<>"));) {
		char c = sh_peek(r, 0);

		if (sh_placeholder(r) > 0)
			return sh_refuse(r, sh_placeholder(r), "cannot delimit a here-document");
		if (is_one_of(c, "$`\n") || (c == '\\' && (quote != '\0' || sh_peek(r, 1) == '\n')))
			return sh_unsure(r, "this delimiter of a here-document");
		if (quote != '\0' ? c == quote : is_one_of(c, "'\"\\")) {
			doc->quoted = true;
			quote = quote == '\0' && c != '\\' ? c : '\0';
			if (!sh_copy(r, 1))
				return false;
			if (c != '\\' || r->pos >= r->end)
				continue;
		}
		if (len + 1 >= sizeof doc->delimiter)
			return sh_unsure(r, "so long a delimiter of a here-document");
		doc->delimiter[len++] = sh_peek(r, 0);
		if (!sh_copy(r, 1))
			return false;
	}
	doc->delimiter[len] = '\0';
	if (quote != '\0')
		return sh_fail(r, "a quote (%c) is open at the end", quote);
	return len > 0 || doc->quoted || sh_unsure(r, "a here-document without delimiter");
}

/* Reads what follows the first "<" of "<<". */
bool sh_heredoc_begin(struct reader *r, bool is_code)
{
	struct heredoc *doc = &r->heredocs[r->nheredocs];

	if (r->backquoted)
		return sh_unsure(r, "a here-document within backquotes");
	if (r->nheredocs == HEREDOC_MAX)
		return sh_unsure(r, "so many here-documents in one line");
	if (!sh_copy(r, 1))
		return false;
	if (sh_peek(r, 0) == '<')
		return sh_unsure(r, "'<<<'");
	*doc = (struct heredoc){ .strip = sh_peek(r, 0) == '-', .is_code = is_code };
	if ((doc->strip && !sh_copy(r, 1)) || !sh_blanks(r) || !heredoc_delimiter(r, doc))
		return false;
	r->nheredocs++;
	return true;
}

bool sh_heredoc_unfinished(struct reader *r, const struct heredoc *doc)
{
	char shown[4 * VALUE_MAX];

	shquote_plain(shown, sizeof shown, doc->delimiter, strlen(doc->delimiter));
	return sh_fail(r, "the here-document '%s' is open at the end", shown);
}

static bool is_delimiter(const struct reader *r, const struct heredoc *doc, size_t at, size_t len)
{
	while (doc->strip && len > 0 && r->text[at] == '\t') {
		at++;
		len--;
	}
	return len == strlen(doc->delimiter) && memcmp(r->text + at, doc->delimiter, len) == 0;
}

/* Finds where the document's last line begins and how long it is. */
static bool heredoc_end(struct reader *r, const struct heredoc *doc, size_t *at, size_t *len)
{
	bool continued = false;

	for (*at = r->pos; *at < r->end; *at += *len + 1) {
		const char *line = r->text + *at;
		const char *newline = memchr(line, '\n', r->end - *at);

		*len = newline != NULL ? (size_t)(newline - line) : r->end - *at;
		if (is_delimiter(r, doc, *at, *len))
			return !continued ||
			    sh_unsure(r, "a here-document whose last but one line is continued");
		continued = !doc->quoted && *len > 0 && line[*len - 1] == '\\';
	}
	return sh_heredoc_unfinished(r, doc);
}

static bool heredoc_body(struct reader *r, const struct heredoc *doc)
{
	size_t end = r->end, last = 0, len = 0;
	const char *refusal = r->refusal;
	bool ok = true;

	if (!heredoc_end(r, doc, &last, &len))
		return false;
	r->end = last;
	if (doc->is_code)
		r->refusal = "would be run as code by the shell that reads this here-document";
	while (ok && r->pos < r->end) {
		if (doc->quoted && sh_placeholder(r) > 0)
			return sh_refuse(r, sh_placeholder(r), "cannot be replaced in a here-document whose "
			    "delimiter is quoted: leave off the quotes, or use printf");
		ok = doc->quoted ? sh_copy(r, 1) : sh_words_double_piece(r, MODE_HEREDOC);
	}
	if (ok && r->pos != last)
		return sh_unsure(r, "an escape at the end of a here-document");
	r->end = end;
	r->refusal = refusal;
	return ok && sh_copy(r, len);
}

/* A newline, and the here-documents that it starts. */
bool sh_heredoc_newline(struct reader *r)
{
	struct heredoc docs[HEREDOC_MAX];
	unsigned n = r->nheredocs;

	if (r->outer_heredocs > 0)
		return sh_words_newline(r);
	memcpy(docs, r->heredocs, sizeof docs);
	r->nheredocs = 0;
	if (!sh_copy(r, 1))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!heredoc_body(r, &docs[i]))
			return false;
		if (i + 1 < n && (sh_peek(r, 0) != '\n' || !sh_copy(r, 1)))
			return sh_heredoc_unfinished(r, &docs[i + 1]);
	}
	return true;
}
