/*
 * sh_words - the words of a shell script: quotes, expansions, assignments
 *
 * All functions return false once a message is in why.
 */
#ifndef CLI_COMMAND_SH_SH_WORDS_H
#define CLI_COMMAND_SH_SH_WORDS_H

#include "cli/command/sh/sh_reader.h"

/* Reads a word up to the next blank or operator; w says what is known of it. May be empty. */
bool sh_words_read(struct reader *r, struct word *w);

/* Reads one piece of what double quotes and here-documents have in common. */
bool sh_words_double_piece(struct reader *r, enum mode mode);

/* Reads a newline that is no end of a command; fails if a here-document waits for one. */
bool sh_words_newline(struct reader *r);

#endif
