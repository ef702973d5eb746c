/*
 * sh_words - the words of a shell script: quotes, expansions, assignments
 *
 * All functions return false once a message is in why.
 */
#ifndef CLI_COMMAND_SH_SH_WORDS_H
#define CLI_COMMAND_SH_SH_WORDS_H

#include "cli/command/sh/sh_reader.h"

/*
 * Reads a word up to the next blank or operator; w tells what is known about it. The word may be
 * empty.
 */
bool sh_words_read(struct reader *r, struct word *w);

/* Reads one piece of text within double quotes or a here-document. */
bool sh_words_double_piece(struct reader *r, enum mode mode);

/* Reads a newline that does not end a command; fails if a here-document waits for one. */
bool sh_words_newline(struct reader *r);

#endif
