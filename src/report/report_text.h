/*
 * report_text - values of a journal's rows, for people
 *
 * A journal comes from anywhere: nothing of it reaches the terminal as it is.
 */
#ifndef REPORT_REPORT_TEXT_H
#define REPORT_REPORT_TEXT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/units.h"

bool report_is_null(sqlite3_stmt *s, int column);

/* Never NULL; lasts until the next step. */
const char *report_text(sqlite3_stmt *s, int column);

/* Prints the label, and the text of a column in one line, cut where it is long. */
void report_print(sqlite3_stmt *s, const char *label, int column);

/* Prints the last lines of a column's text, each on a line of its own, indented. */
void report_print_tail(sqlite3_stmt *s, int column);

/* Prints a moment, in seconds since 1970, as local time. */
void report_print_time(double seconds);

void report_format_seconds(double seconds, char text[UNITS_DURATION_SIZE]);

#endif
