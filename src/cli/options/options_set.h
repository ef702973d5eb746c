/*
 * options_set - what an option's argument is made into
 */
#ifndef CLI_OPTIONS_OPTIONS_SET_H
#define CLI_OPTIONS_OPTIONS_SET_H

#include "base/error.h"
#include "cli/options/options.h"
#include "cli/options/options_table.h"

/*
 * Parses the argument into the field that the row names. text is NULL where the option has none:
 * then what the row implies is parsed.
 * Returns 0, or -1 with what is wrong.
 */
int options_set_field(const struct option_row *row, const char *text, struct options *o,
    struct error *err);

/* All fields as they are where nothing is given. Returns 0, or -1. */
int options_set_defaults(struct options *o, struct error *err);

#endif
