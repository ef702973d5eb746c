/*
 * shwords - the words of a shell script: quotes, expansions, assignments
 *
 * All functions return false once a message is in why.
 */
#ifndef CLI_SHWORDS_H
#define CLI_SHWORDS_H

#include "shreader.h"

/* Reads a word up to the next blank or operator; w says what is known of it. May be empty. */
bool shw_read(struct reader *r, struct word *w);

/* Reads one piece of what double quotes and here-documents have in common. */
bool shw_double_piece(struct reader *r, enum mode mode);

/* Reads a newline that is no end of a command; fails if a here-document waits for one. */
bool shw_newline(struct reader *r);

#endif
