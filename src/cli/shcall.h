/*
 * shcall - a call of a shell among the words of a command, as in "env sh -e -o pipefail -c CODE"
 *
 * Knows which of the words that follow is an option, an option's argument, code, $0 or data. All
 * zero: no shell has been named yet.
 */
#ifndef CLI_SHCALL_H
#define CLI_SHCALL_H

#include <stdbool.h>

struct word;

struct shcall {
	enum { SHCALL_NONE, SHCALL_OPTIONS, SHCALL_OPERAND, SHCALL_ITEM, SHCALL_ZERO } state;
	bool code;               /* -c was there: the first operand is code */
	bool standard_input;     /* -s was there: code comes from there, whatever the operands */
	unsigned arguments;      /* of options, before anything else */
};

/* Another word has been read. */
void shcall_follow(struct shcall *call, const struct word *w);

/* Why an item may not be in the next word, or NULL; several: not all items are the same. */
const char *shcall_refusal(const struct shcall *call, bool several);

/* May the next word be an option, or the first operand? */
bool shcall_options(const struct shcall *call);

/* Does the shell read what it runs from its standard input, as far as is known? */
bool shcall_reads_code(const struct shcall *call);

#endif
