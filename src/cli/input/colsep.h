/*
 * colsep - where a line is cut into columns
 *
 * A separator is an extended regular expression in which \t, \n, \d, \s, \w and \x1f mean what
 * they mean to perl, as users of parallel(1) write them; also within [...]. A column has no blanks
 * at its ends.
 */
#ifndef CLI_INPUT_COLSEP_H
#define CLI_INPUT_COLSEP_H

#include <stddef.h>

#include "base/error.h"
#include "cli/input/record.h"

struct colsep;

/* Compiles the expression. NULL with a message: it is not one, or it matches the empty string. */
struct colsep *colsep_new(const char *regex, struct error *err);
void colsep_free(struct colsep *sep);

/* Called for each column, in their order. Returns 0 to go on. */
typedef int colsep_each(void *arg, const char *text, size_t len);

/* Splits the text, which is NUL-terminated; returns 0, or what each has returned. */
int colsep_split(const struct colsep *sep, const struct span *text, colsep_each *each, void *arg);

#endif
