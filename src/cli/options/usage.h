/*
 * usage - the text of --help, made from the table of options
 */
#ifndef CLI_OPTIONS_USAGE_H
#define CLI_OPTIONS_USAGE_H

#include <stdio.h>

/* Prints the help, 80 columns at most. Whether it arrived is for the caller to see: ferror(3). */
void usage_print(FILE *out);

/*
 * Prints a line for each option: its long name, its letters, its argument, its default, with tabs
 * between and nothing where there is none. For tests that hold table, help and manual together.
 */
void usage_table(FILE *out);

#endif
