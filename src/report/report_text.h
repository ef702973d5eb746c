/*
 * report_text - prints values of a journal's rows
 *
 * A journal may come from an untrusted source, and so control characters are escaped.
 */
#ifndef REPORT_REPORT_TEXT_H
#define REPORT_REPORT_TEXT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/units.h"

bool report_is_null(sqlite3_stmt *s, int column);

/* Never NULL; valid until the next sqlite3_step. */
const char *report_text(sqlite3_stmt *s, int column);

/* Print the label and a text, or a column's, without line breaks, and cut if it is long. */
void report_print_plain(const char *label, const char *text, size_t len);
void report_print(sqlite3_stmt *s, const char *label, int column);

/* Prints the last lines of a column's text, each on its own line and indented. */
void report_print_tail(sqlite3_stmt *s, int column);

/* Prints local time; seconds are since 1970. */
void report_print_time(double seconds);

void report_format_seconds(double seconds, char text[UNITS_DURATION_SIZE]);

#endif
