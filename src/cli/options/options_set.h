/*
 * options_set - put the argument of an option into its field
 */
#ifndef CLI_OPTIONS_OPTIONS_SET_H
#define CLI_OPTIONS_OPTIONS_SET_H

#include "base/error.h"
#include "cli/options/options.h"
#include "cli/options/options_table.h"

/*
 * Parses the argument into the field that the row names. If the option has no argument, text is
 * NULL, and the text that the row implies is parsed. Returns 0, or -1 with a message.
 */
int options_set_field(const struct option_row *row, const char *text, struct options *o,
    struct error *err);

/* Sets all fields to their defaults. Returns 0, or -1 with a message. */
int options_set_defaults(struct options *o, struct error *err);

#endif
