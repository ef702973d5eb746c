/*
 * optset - what an option's argument is made into
 */
#ifndef CLI_OPTSET_H
#define CLI_OPTSET_H

#include "clierror.h"
#include "optable.h"
#include "options.h"

/*
 * Parses the argument into the field that the row names. text is NULL where the option has none.
 * Returns 0, or -1 with what is wrong.
 */
int optset_field(const struct option_row *row, const char *text, struct options *o,
    struct cli_error *err);

/* All fields as they are where nothing is given. Returns 0, or -1. */
int optset_defaults(struct options *o, struct cli_error *err);

#endif
