#include "report/report_text.h"

#include <stdio.h>
#include <string.h>

#include "base/shquote.h"
#include "base/wallclock.h"

enum { TEXT_SIZE = SHQUOTE_LIMIT * 4 + 1, TAIL_LINES = 10 };

const char *report_text(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text == NULL ? "" : text;
}

bool report_is_null(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL;
}

void report_print_plain(const char *label, const char *text, size_t len)
{
	char plain[TEXT_SIZE];

	shquote_plain_cut(plain, sizeof plain, text, len, SHQUOTE_LIMIT);
	printf("%s%s", label, plain);
}

void report_print(sqlite3_stmt *s, const char *label, int column)
{
	const char *text = report_text(s, column);

	report_print_plain(label, text, (size_t)sqlite3_column_bytes(s, column));
}

void report_print_time(double seconds)
{
	char text[WALLCLOCK_TEXT_SIZE];

	wallclock_format(seconds, text);
	printf("%s", text);
}

void report_format_seconds(double seconds, char text[UNITS_DURATION_SIZE])
{
	units_format_duration(nsec_of(seconds), text);
}

void report_print_tail(sqlite3_stmt *s, int column)
{
	const char *text = sqlite3_column_blob(s, column), *at, *end;
	size_t len = (size_t)sqlite3_column_bytes(s, column);
	int lines = 0;

	if (text == NULL)
		return;
	end = text + len - (text[len - 1] == '\n');
	for (at = end; at > text; at--)
		if (at[-1] == '\n' && ++lines == TAIL_LINES)
			break;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline == NULL ? end : newline;

		report_print_plain("    | ", at, (size_t)(stop - at));
		putchar('\n');
		at = stop + 1;
	}
}
