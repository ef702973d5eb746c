/*
 * sh_heredoc - the here-documents of a shell script
 *
 * All functions return false once a message is in why.
 */
#ifndef CLI_COMMAND_SH_SH_HEREDOC_H
#define CLI_COMMAND_SH_SH_HEREDOC_H

#include "cli/command/sh/sh_reader.h"

/*
 * Reads the second "<" of "<<" and the delimiter; the document itself follows the end of the line.
 * Where is_code is set a shell reads it, and items are refused in it.
 */
bool sh_heredoc_begin(struct reader *r, bool is_code);

/* Reads a newline at the end of a command, and the documents that follow it. */
bool sh_heredoc_newline(struct reader *r);

/* Fails because the document does not end. */
bool sh_heredoc_unfinished(struct reader *r, const struct heredoc *doc);

#endif
