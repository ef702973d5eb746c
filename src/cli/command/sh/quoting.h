/*
 * quoting - puts variables where a shell script has placeholders, so that items stay data
 *
 * Follows the script's quoting as dash and bash both read it and writes, for each placeholder, a
 * reference to a variable that is one word of data at that point. Where no reference is possible,
 * or where the two shells may disagree about the quoting, it refuses the script. No input or
 * output.
 */
#ifndef CLI_COMMAND_SH_QUOTING_H
#define CLI_COMMAND_SH_QUOTING_H

#include <stddef.h>

#include "cli/command/placeholder.h"
#include "cli/command/sh/quoted.h"

/*
 * Rewrites the script. A script without placeholders stays as it is, unless a quote is unfinished.
 * Returns 0, or -1 with a message in why: what is wrong, in which line, and what to write instead.
 */
int quoting_rewrite(const char *script, const struct placeholder_syntax *syntax,
    struct quoted *out, char *why, size_t why_size);

#endif
