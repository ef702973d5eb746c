/*
 * usage - the texts of -h and --help, made from the table of options
 */
#ifndef CLI_OPTIONS_USAGE_H
#define CLI_OPTIONS_USAGE_H

#include <stdio.h>

/*
 * Prints what -h prints: one screen of 24 lines with the options that are used most. The caller must
 * check for write errors with ferror(3).
 */
void usage_print_short(FILE *out);

/* Prints the help, 80 columns wide. The caller must check for write errors with ferror(3). */
void usage_print(FILE *out);

/*
 * Prints a line for each option: its long name, its letters, its argument and its default,
 * separated by tabs; a missing one is empty. Tests compare the lines with --help and the manual.
 */
void usage_table(FILE *out);

#endif
