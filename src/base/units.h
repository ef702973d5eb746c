/*
 * units - parse and format the values of options: numbers, durations, sizes, signals
 *
 * Numbers are decimal and independent of the locale: "1.5" is one and a half everywhere.
 *
 * Parsers, these and those of other modules, return 0; or -1 with a message that quotes the text
 * (of a list, the element that is wrong) and says what would be right. A value that is refused is
 * not stored.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "covey.h"
#include "base/error.h"

/*
 * The message of a parser: "'text' is not …", where the rest is formatted and says what would be
 * right. Returns -1.
 */
int units_refuse(const char *text, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A whole number from min to max. */
int units_number(const char *text, long long min, long long max, long long *number,
    struct error *err);

/* A number with or without a fraction, from min to max. */
int units_factor(const char *text, unsigned min, unsigned max, double *factor,
    struct error *err);

/* A fraction: "0" to "1", or "0%" to "100%". */
int units_share(const char *text, double *share, struct error *err);

/* Does the text end in a percent sign? */
bool units_is_percent(const char *text);

/* A whole percentage from "1%" to max. */
int units_percent(const char *text, unsigned max, unsigned *percent, struct error *err);

/*
 * A duration: "90", "90s", "1.5m", "2h", "1d", "250ms". At most 36500 days, so that
 * sums of several durations and the present time cannot overflow. Only zero itself gives 0.
 */
int units_duration(const char *text, covey_nsec *duration, struct error *err);

/* A number of bytes: "10", "64K", "1M", "2GiB", in powers of 1024. At most INT64_MAX. */
int units_size(const char *text, uint64_t *size, struct error *err);

/* One byte: itself, or an escape as xargs -d knows them: \a \b \f \n \r \t \v \\ \0 \NNN \xHH. */
int units_byte(const char *text, int *byte, struct error *err);

/*
 * A signal: "TERM", "SIGTERM", "term", "15", "RTMIN+3", "RTMAX". The second form has no
 * message; it returns false, and leaves *number alone, if the text is not a signal.
 */
int units_signal(const char *text, int *number, struct error *err);
bool units_signal_known(const char *text, int *number);

/* "SIGSEGV", "SIGRTMIN+3", "SIG32"; "unknown signal" for other numbers. Never NULL. */
const char *units_signal_name(int number);

enum { UNITS_DURATION_SIZE = 24 };

/*
 * Writes a duration for people, rounded down: "250ms", "1.5s", "30s", "2m05s", "1h02m", "1d03h",
 * and "2m" if the smaller part is zero. A negative duration is "0s".
 */
void units_format_duration(covey_nsec duration, char text[UNITS_DURATION_SIZE]);

#endif
