/*
 * sh_call - a call of a shell among the words of a command, as in "env sh -e -o pipefail -c CODE"
 *
 * Knows which of the words that follow is an option, an option's argument, code, $0 or data. All
 * zero: no shell has been named yet.
 */
#ifndef CLI_COMMAND_SH_SH_CALL_H
#define CLI_COMMAND_SH_SH_CALL_H

#include <stdbool.h>

struct word;

struct sh_call {
	enum { SHCALL_NONE, SHCALL_OPTIONS, SHCALL_OPERAND, SHCALL_ITEM, SHCALL_ZERO } state;
	bool code;               /* -c was given: the first operand is code */
	bool standard_input;     /* -s was given: code comes from there, whatever the operands */
	unsigned arguments;      /* of options, before anything else */
};

/* Another word has been read. */
void sh_call_follow(struct sh_call *call, const struct word *w);

/* Why an item may not be in the next word, or NULL; several: not all items are the same. */
const char *sh_call_refusal(const struct sh_call *call, bool several);

/* May the next word be an option, or the first operand? */
bool sh_call_options(const struct sh_call *call);

/* Does the shell read what it runs from its standard input, as far as is known? */
bool sh_call_reads_code(const struct sh_call *call);

#endif
