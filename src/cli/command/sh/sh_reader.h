/*
 * sh_reader - the text of a shell script while it is read, and what is written in its place
 *
 * The lowest part of quoting: knows about placeholders, characters and failing, nothing of the
 * shell's syntax. All functions that return bool return false once a message is in why.
 */
#ifndef CLI_COMMAND_SH_SH_READER_H
#define CLI_COMMAND_SH_SH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "cli/command/sh/quoted.h"

enum { DEPTH_MAX = 100, HEREDOC_MAX = 16, VALUE_MAX = 64 };

/* What surrounds an expansion. */
enum mode { MODE_BARE, MODE_DOUBLE, MODE_HEREDOC };

/* What ends a piece of code. */
enum closer { CLOSER_END, CLOSER_PAREN, CLOSER_CASE };

/*
 * How a reference to a variable must be written: outside of quotes, within "…", within '…', and
 * outside of quotes where a list may become several words.
 */
enum form { FORM_BARE, FORM_DOUBLE, FORM_SINGLE, FORM_WORDS };

struct heredoc {
	char delimiter[VALUE_MAX];
	bool strip, quoted;
	bool is_code;            /* a shell reads it */
};

/* A word as far as it has been read. */
struct word {
	char value[VALUE_MAX];   /* without its quotes */
	size_t len;
	bool literal;            /* the value is all there is */
	bool plain;              /* nothing was quoted */
	bool command;            /* stands where a command's name or an assignment may */
	bool assigns;
	bool names;              /* is refused only up to its "=" */
	bool option;             /* is refused unless it begins with anything but - or + */
	bool item;               /* an item is in it, other than in a substitution */
	bool list;               /* is one of any number: of a command's arguments, of "for" */
};

struct reader {
	const char *text;
	size_t pos, end;
	const struct placeholder_syntax *syntax;
	struct buf out;
	struct quoted *result;
	struct heredoc heredocs[HEREDOC_MAX];
	unsigned nheredocs;
	unsigned outer_heredocs; /* of them, those of the code around the one being read */
	unsigned depth;
	bool backquoted;
	bool esac;               /* what ended the last code of a case was "esac" */
	const char *refusal;     /* why an item may not stand here, or NULL */
	bool uses_params;        /* "$@" has been written for a list */
	bool sets_params;        /* a function, set or shift may make it mean something else */
	struct word *word;       /* the one being read, or NULL */
	bool (*code)(struct reader *r, enum closer closer);  /* reads commands, up to their end */
	bool unsure;             /* the failure says nothing about a script without placeholders */
	char *why;
	size_t why_size;
};

/* ---- failing ---- */

/* The script is wrong whatever the shell. */
bool sh_fail(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shells may disagree about what follows, which does not matter without placeholders. */
bool sh_unsure(struct reader *r, const char *what);

/* The placeholder here, len bytes long, cannot be replaced: the message is its name, the reason. */
bool sh_refuse(struct reader *r, size_t len, const char *reason);

/* ---- reading and writing ---- */

/* The character so many places ahead; NUL past the end. */
char sh_peek(const struct reader *r, size_t ahead);

/* Reads n characters and writes them as they are. Fails if out of memory. */
bool sh_copy(struct reader *r, size_t n);

/* Reads and writes blanks. Fails if out of memory. */
bool sh_blanks(struct reader *r);

/* ---- placeholders ---- */

/* Is what looks like a placeholder at this place the shell's parameter, such as ${1} or ${#}? */
bool sh_is_parameter(const char *text, const char *at, const struct placeholder_syntax *syntax);

/* Length of the placeholder so many places ahead, and which; 0 if none is there. */
size_t sh_placeholder_at(const struct reader *r, size_t ahead, struct placeholder *found);

/* Length of the placeholder that stands here, or 0. */
size_t sh_placeholder(const struct reader *r);

/* Writes a reference in place of the placeholder here; fails if items are refused here. */
bool sh_reference(struct reader *r, enum form form);

/* ---- the word's value, as far as it is known ---- */

/* The word has one more character; is only known when run; is quoted, at least in part. */
void sh_note(struct reader *r, char c);
void sh_note_unknown(struct reader *r);
void sh_note_quoted(struct reader *r);

/* ---- characters and names ---- */

static inline bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Can it be the name of a variable? */
bool sh_is_name(const char *s, size_t len);

/* Whether the shell evaluates what this variable holds, as it does with prompts and integers. */
bool sh_is_evaluated(const char *name);

/* Why an item may not be assigned to such a variable. */
extern const char sh_evaluated[];

#endif
