/*
 * shheredoc - the here-documents of a shell script
 *
 * All functions return false once a message is in why.
 */
#ifndef CLI_SHHEREDOC_H
#define CLI_SHHEREDOC_H

#include "shreader.h"

/*
 * Reads the second "<" of "<<" and the delimiter; the document itself comes behind the line's end.
 * Where is_code is set a shell reads it, and items are refused in it.
 */
bool shh_begin(struct reader *r, bool is_code);

/* Reads a newline at the end of a command, and the documents that follow it. */
bool shh_newline(struct reader *r);

/* Fails because the document does not end. */
bool shh_unfinished(struct reader *r, const struct heredoc *doc);

#endif
