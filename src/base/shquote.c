#include "base/shquote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct writer {
	char *buf;
	size_t size;
	size_t len;        /* bytes of the whole text so far */
	size_t chars;      /* characters of it */
	size_t limit;      /* of characters */
	size_t cut_at;     /* bytes that leave room for one more character */
};

static void start(struct writer *w, char *buf, size_t size, size_t limit)
{
	*w = (struct writer){ .buf = buf, .size = size, .limit = limit };
}

static void store(struct writer *w, const char *bytes, size_t n)
{
	size_t room = w->size > w->len + 1 ? w->size - w->len - 1 : 0;

	if (room > 0)
		memcpy(w->buf + w->len, bytes, n < room ? n : room);
	w->len += n;
}

static bool is_full(const struct writer *w)
{
	return w->chars > w->limit;
}

/* What belongs together, such as an escape sequence, is put at once and never cut apart. */
static void put(struct writer *w, const char *bytes, size_t n, size_t chars)
{
	if (is_full(w))
		return;
	store(w, bytes, n);
	w->chars += chars;
	if (w->chars < w->limit)
		w->cut_at = w->len;
}

static size_t finish(struct writer *w)
{
	static const char ellipsis[] = "…";

	if (is_full(w)) {
		w->len = w->cut_at;
		if (w->limit > 0)
			store(w, ellipsis, sizeof ellipsis - 1);
	}
	if (w->size > 0)
		w->buf[w->len < w->size ? w->len : w->size - 1] = '\0';
	return w->len;
}

/* ---- characters ---- */

static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	    code == 0x061c ||                       /* Arabic letter mark: a bidi control */
	    code == 0x200e || code == 0x200f ||     /* left-to-right, right-to-left mark */
	    (code >= 0x2028 && code <= 0x202e) ||   /* separators, bidi embeddings and overrides */
	    (code >= 0x2066 && code <= 0x2069) ||   /* bidi isolates */
	    (code >= 0xe0000 && code <= 0xe007f);   /* tags: text that no terminal shows */
}

/* Length of the character at s if it can be shown as it is, else 0. */
static size_t shown(const char *s, size_t n)
{
	uint32_t code = 0;
	size_t len = utf8_decode(s, n, &code);

	return len > 0 && !is_unsafe(code) ? len : 0;
}

static void put_byte_escaped(struct writer *w, unsigned char byte)
{
	char text[8];
	int n;

	if (byte == '\n')
		put(w, "\\n", 2, 2);
	else if (byte == '\t')
		put(w, "\\t", 2, 2);
	else if (byte == '\r')
		put(w, "\\r", 2, 2);
	else {
		n = snprintf(text, sizeof text, "\\x%02x", byte);
		put(w, text, (size_t)n, (size_t)n);
	}
}

/* Puts the character at s, escaped where necessary; returns its length. */
static size_t put_char(struct writer *w, const char *s, size_t n)
{
	uint32_t code = 0;
	size_t len = shown(s, n);

	if (len > 0) {
		put(w, s, len, 1);
		return len;
	}
	len = utf8_decode(s, n, &code);
	if (len == 0)
		len = 1;
	for (size_t i = 0; i < len; i++)
		put_byte_escaped(w, (unsigned char)s[i]);
	return len;
}

/* ---- words ---- */

enum style { STYLE_PLAIN, STYLE_QUOTED, STYLE_ESCAPED };

static bool is_keyword(const char *word)
{
	static const char *const keywords[] = {
		"case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
		"select", "then", "time", "until", "while",
	};

	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (strcmp(word, keywords[i]) == 0)
			return true;
	return false;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("@%+=:,./_-", c) != NULL);
}

static enum style style_of(const char *word, size_t len, bool command)
{
	enum style style = STYLE_PLAIN;

	if (len == 0 || (command && (strchr(word, '=') != NULL || is_keyword(word))))
		style = STYLE_QUOTED;
	for (size_t i = 0, n; i < len; i += n) {
		n = shown(word + i, len - i);
		if (n == 0)
			return STYLE_ESCAPED;
		if (!is_plain(word[i]))
			style = STYLE_QUOTED;
	}
	return style;
}

static void put_quoted(struct writer *w, const char *word, size_t len)
{
	put(w, "'", 1, 1);
	for (size_t i = 0, n; i < len && !is_full(w); i += n) {
		n = 1;
		if (word[i] == '\'')
			put(w, "'\\''", 4, 4);
		else
			n = put_char(w, word + i, len - i);
	}
	put(w, "'", 1, 1);
}

static void put_escaped(struct writer *w, const char *word, size_t len)
{
	put(w, "$'", 2, 2);
	for (size_t i = 0, n; i < len && !is_full(w); i += n) {
		n = 1;
		if (word[i] == '\'')
			put(w, "\\'", 2, 2);
		else if (word[i] == '\\')
			put(w, "\\\\", 2, 2);
		else
			n = put_char(w, word + i, len - i);
	}
	put(w, "'", 1, 1);
}

static void put_word(struct writer *w, const char *word, bool command)
{
	size_t len = strlen(word);

	switch (style_of(word, len, command)) {
	case STYLE_PLAIN:
		for (size_t i = 0; i < len && !is_full(w); i++)
			put(w, word + i, 1, 1);
		break;
	case STYLE_QUOTED:
		put_quoted(w, word, len);
		break;
	case STYLE_ESCAPED:
		put_escaped(w, word, len);
		break;
	}
}

/* ---- the calls ---- */

size_t shquote_word_cut(char *buf, size_t size, const char *word, size_t limit)
{
	struct writer w;

	start(&w, buf, size, limit);
	put_word(&w, word, false);
	return finish(&w);
}

size_t shquote_word(char *buf, size_t size, const char *word)
{
	return shquote_word_cut(buf, size, word, SIZE_MAX);
}

size_t shquote_argv_cut(char *buf, size_t size, const char *const *argv, size_t limit)
{
	struct writer w;

	start(&w, buf, size, limit);
	for (size_t i = 0; argv[i] != NULL && !is_full(&w); i++) {
		if (i > 0)
			put(&w, " ", 1, 1);
		put_word(&w, argv[i], i == 0);
	}
	return finish(&w);
}

size_t shquote_argv(char *buf, size_t size, const char *const *argv)
{
	return shquote_argv_cut(buf, size, argv, SIZE_MAX);
}

size_t shquote_plain_cut(char *buf, size_t size, const char *text, size_t len, size_t limit)
{
	struct writer w;

	start(&w, buf, size, limit);
	for (size_t i = 0; i < len && !is_full(&w);)
		i += put_char(&w, text + i, len - i);
	return finish(&w);
}

size_t shquote_plain(char *buf, size_t size, const char *text, size_t len)
{
	return shquote_plain_cut(buf, size, text, len, SIZE_MAX);
}
