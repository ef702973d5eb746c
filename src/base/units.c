#include "base/units.h"

#include <bsd/stdlib.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int units_refuse(const char *text, struct error *err, const char *format, ...)
{
	char right[320];
	va_list args;

	va_start(args, format);
	vsnprintf(right, sizeof right, format, args);
	va_end(args);
	return error_set(err, "'%.150s' is not %s", text, right);
}

/* ---- decimal numbers ---- */

struct decimal {
	uint64_t whole;         /* at most LARGEST_WHOLE, even if the text has more digits */
	uint32_t nano;          /* the first nine digits after the point */
	bool zero;              /* all digits are 0, also those after the ninth */
};

#define LARGEST_WHOLE ((uint64_t)1000000000000000)

/* Reads "12", "1.5", ".5" or "2."; returns its end, or NULL if there is no digit. */
static const char *scan_decimal(const char *text, struct decimal *d)
{
	const char *p = text;
	uint32_t place = 100000000;
	bool digits = false;

	*d = (struct decimal){ .zero = true };
	for (; is_digit(*p); p++, digits = true) {
		d->whole = d->whole * 10 + (unsigned)(*p - '0');
		if (d->whole > LARGEST_WHOLE)
			d->whole = LARGEST_WHOLE;
		d->zero = d->zero && *p == '0';
	}
	if (*p == '.')
		p++;
	else
		return digits ? p : NULL;
	for (; is_digit(*p); p++, digits = true, place /= 10) {
		d->nano += (uint32_t)(*p - '0') * place;
		d->zero = d->zero && *p == '0';
	}
	return digits ? p : NULL;
}

/* One division of two exact integers gives the same double for "1.1" as 1.1 in C. */
static double decimal_value(const struct decimal *d)
{
	return (double)(d->whole * 1000000000 + d->nano) / 1e9;
}

int units_number(const char *text, long long min, long long max, long long *number,
    struct error *err)
{
	const char *why = "invalid";
	long long n = 0;

	/* strtonum skips leading blanks, which are an error here */
	if (is_digit(text[0]) || text[0] == '-' || text[0] == '+')
		n = strtonum(text, min, max, &why);
	if (why != NULL)
		return units_refuse(text, err, "a number from %lld to %lld", min, max);
	*number = n;
	return 0;
}

int units_factor(const char *text, unsigned min, unsigned max, double *factor,
    struct error *err)
{
	struct decimal d;
	const char *end = scan_decimal(text, &d);

	if (end == NULL || *end != '\0' || d.whole < min || d.whole > max
	    || (d.whole == max && d.nano > 0))
		return units_refuse(text, err, "a number from %u to %u, such as %u.5", min, max,
		    min);
	*factor = decimal_value(&d);
	return 0;
}

int units_share(const char *text, double *share, struct error *err)
{
	struct decimal d;
	const char *end = scan_decimal(text, &d);
	unsigned whole = 1;

	if (end != NULL && *end == '%') {
		whole = 100;
		end++;
	}
	if (end == NULL || *end != '\0' || d.whole > whole || (d.whole == whole && d.nano > 0))
		return units_refuse(text, err, "a number from 0 to 1, or a percentage from 0%% to "
		    "100%%");
	*share = decimal_value(&d) / whole;
	return 0;
}

bool units_is_percent(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && text[n - 1] == '%';
}

int units_percent(const char *text, unsigned max, unsigned *percent, struct error *err)
{
	struct decimal d;
	const char *end = scan_decimal(text, &d);

	if (end == NULL || strcmp(end, "%") != 0 || memchr(text, '.', (size_t)(end - text)) != NULL
	    || d.whole < 1 || d.whole > max)
		return units_refuse(text, err, "a percentage from 1%% to %u%%", max);
	*percent = (unsigned)d.whole;
	return 0;
}

/* ---- durations ---- */

enum {
	MSEC_PER_SEC = 1000,
	MSEC_PER_DAY = 86400 * MSEC_PER_SEC,
	LONGEST_DAYS = 36500
};

static const struct duration_unit {
	const char *name;
	uint32_t msec;
} duration_units[] = {
	{ "", MSEC_PER_SEC },
	{ "ms", 1 },
	{ "s", MSEC_PER_SEC },
	{ "m", 60 * MSEC_PER_SEC },
	{ "h", 3600 * MSEC_PER_SEC },
	{ "d", MSEC_PER_DAY },
};

static uint32_t duration_unit(const char *name)
{
	for (size_t i = 0; i < COUNT(duration_units); i++)
		if (strcmp(duration_units[i].name, name) == 0)
			return duration_units[i].msec;
	return 0;
}

int units_duration(const char *text, covey_nsec *duration, struct error *err)
{
	struct decimal d;
	const char *end = scan_decimal(text, &d);
	uint64_t unit = end == NULL ? 0 : duration_unit(end);
	const uint64_t longest = (uint64_t)LONGEST_DAYS * MSEC_PER_DAY;

	if (unit == 0)
		return units_refuse(text, err, "a duration such as 90, 90s, 1.5m, 2h, 1d or 250ms");
	if (d.whole >= longest / unit && (d.whole > longest / unit || d.nano > 0))
		return units_refuse(text, err, "a duration of at most %dd", LONGEST_DAYS);
	*duration = (covey_nsec)(d.whole * unit) * COVEY_MSEC + (covey_nsec)(d.nano * unit / 1000);
	/* 0 means "none" to most options, so a tiny duration must not become 0 */
	if (*duration == 0 && !d.zero)
		*duration = 1;
	return 0;
}

/* A large unit, and the smaller unit that is shown with it. */
static const struct shown_pair {
	long long sec;
	long long small_sec;
	char name, small_name;
} shown_pairs[] = {
	{ 86400, 3600, 'd', 'h' },
	{ 3600, 60, 'h', 'm' },
	{ 60, 1, 'm', 's' },
};

static void format_long(long long sec, const struct shown_pair *pair, char *text)
{
	long long large = sec / pair->sec, small = sec % pair->sec / pair->small_sec;

	if (small == 0)
		snprintf(text, UNITS_DURATION_SIZE, "%lld%c", large, pair->name);
	else
		snprintf(text, UNITS_DURATION_SIZE, "%lld%c%02lld%c", large, pair->name, small,
		    pair->small_name);
}

void units_format_duration(covey_nsec duration, char text[UNITS_DURATION_SIZE])
{
	long long sec = duration / COVEY_SEC;
	int tenths = (int)(duration % COVEY_SEC / (COVEY_SEC / 10));

	for (size_t i = 0; i < COUNT(shown_pairs); i++)
		if (sec >= shown_pairs[i].sec) {
			format_long(sec, &shown_pairs[i], text);
			return;
		}
	if (duration <= 0)
		snprintf(text, UNITS_DURATION_SIZE, "0s");
	else if (sec == 0)
		snprintf(text, UNITS_DURATION_SIZE, "%dms", (int)(duration / COVEY_MSEC));
	else if (tenths == 0)
		snprintf(text, UNITS_DURATION_SIZE, "%llds", sec);
	else
		snprintf(text, UNITS_DURATION_SIZE, "%lld.%ds", sec, tenths);
}

/* ---- sizes ---- */

/* The power of 1024 that a suffix stands for, or -1. */
static int size_power(const char *suffix)
{
	static const char letters[] = "KMGTP";
	const char *at;

	if (suffix[0] == '\0')
		return 0;
	if (suffix[1] != '\0' && strcmp(suffix + 1, "iB") != 0)
		return -1;
	at = strchr(letters, suffix[0] == 'k' ? 'K' : suffix[0]);
	return at == NULL ? -1 : (int)(at - letters) + 1;
}

int units_size(const char *text, uint64_t *size, struct error *err)
{
	const char *p = text;
	bool overflow = false;
	uint64_t n = 0;
	int power;

	for (; is_digit(*p); p++)
		overflow |= __builtin_mul_overflow(n, 10u, &n)
		    || __builtin_add_overflow(n, (unsigned)(*p - '0'), &n);
	power = p == text ? -1 : size_power(p);
	if (power < 0)
		return units_refuse(text, err, "a size such as 4096, 64K, 1M or 2G");
	if (overflow || n > (uint64_t)INT64_MAX >> 10 * power)
		return units_refuse(text, err, "a size below 8192P");
	*size = n << 10 * power;
	return 0;
}

/* ---- bytes ---- */

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* The byte with these digits; -1 if there is another character, or more than max_digits. */
static int byte_from_digits(const char *digits, int base, size_t max_digits)
{
	int value = 0;
	size_t n = 0;

	for (; n < max_digits && digit_value(digits[n]) < base; n++)
		value = value * base + digit_value(digits[n]);
	return n > 0 && digits[n] == '\0' && value <= 0xff ? value : -1;
}

static int byte_from_escape(const char *escape)
{
	static const char letters[] = "abfnrtv\\", bytes[] = "\a\b\f\n\r\t\v\\";
	const char *at;

	if (escape[0] == 'x')
		return byte_from_digits(escape + 1, 16, 2);
	if (is_digit(escape[0]))
		return byte_from_digits(escape, 8, 3);
	at = escape[1] == '\0' ? strchr(letters, escape[0]) : NULL;
	return at == NULL ? -1 : (unsigned char)bytes[at - letters];
}

int units_byte(const char *text, int *byte, struct error *err)
{
	int value = -1;

	if (text[0] != '\0' && text[1] == '\0')
		value = (unsigned char)text[0];
	else if (text[0] == '\\')
		value = byte_from_escape(text + 1);
	if (value < 0)
		return units_refuse(text, err,
		    "a single byte, or an escape such as \\t, \\0, \\033 or \\x1f");
	*byte = value;
	return 0;
}

/* ---- signals ---- */

static const char *const signal_names[] = {
	[SIGHUP] = "SIGHUP", [SIGINT] = "SIGINT", [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
	[SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS", [SIGFPE] = "SIGFPE",
	[SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
#ifdef SIGSTKFLT
	[SIGSTKFLT] = "SIGSTKFLT",
#endif
	[SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT", [SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP",
	[SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU", [SIGURG] = "SIGURG", [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ", [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH", [SIGIO] = "SIGIO", [SIGPWR] = "SIGPWR", [SIGSYS] = "SIGSYS",
};

/* The C library chooses SIGRTMIN when the program starts, so a table by number is impossible. */
static const char *const realtime_names[] = {
	"SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5",
	"SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGRTMIN+10", "SIGRTMIN+11",
	"SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+16", "SIGRTMIN+17",
	"SIGRTMIN+18", "SIGRTMIN+19", "SIGRTMIN+20", "SIGRTMIN+21", "SIGRTMIN+22", "SIGRTMIN+23",
	"SIGRTMIN+24", "SIGRTMIN+25", "SIGRTMIN+26", "SIGRTMIN+27", "SIGRTMIN+28", "SIGRTMIN+29",
	"SIGRTMIN+30", "SIGRTMIN+31", "SIGRTMIN+32",
};

/* The signals between the classic ones and SIGRTMIN belong to the threads library. */
static const char *const reserved_names[] = { "SIG32", "SIG33", "SIG34" };
enum { FIRST_RESERVED = 32 };

static const struct signal_alias {
	const char *name;
	int number;
} signal_aliases[] = {
	{ "IOT", SIGABRT },
	{ "CLD", SIGCHLD },
	{ "POLL", SIGIO },
};

static const char *name_in(const char *const names[], size_t count, int index)
{
	return index >= 0 && (size_t)index < count ? names[index] : NULL;
}

const char *units_signal_name(int number)
{
	const char *name = NULL;

	if (number >= SIGRTMIN && number <= SIGRTMAX)
		name = name_in(realtime_names, COUNT(realtime_names), number - SIGRTMIN);
	else if (number >= FIRST_RESERVED && number < SIGRTMIN)
		name = name_in(reserved_names, COUNT(reserved_names), number - FIRST_RESERVED);
	else
		name = name_in(signal_names, COUNT(signal_names), number);
	return name == NULL ? "unknown signal" : name;
}

static int signal_by_number(const char *digits)
{
	const char *why = "invalid";
	int number = 0;

	if (is_digit(digits[0]))
		number = (int)strtonum(digits, 1, SIGRTMAX, &why);
	return why == NULL ? number : 0;
}

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" in upper case and without "SIG"; 0 for others. */
static int signal_by_realtime(const char *name)
{
	bool from_min = strncmp(name, "RTMIN", 5) == 0;
	const char *why = "invalid";
	int n = 0;

	if (!from_min && strncmp(name, "RTMAX", 5) != 0)
		return 0;
	if (name[5] == '\0')
		return from_min ? SIGRTMIN : SIGRTMAX;
	if (name[5] == (from_min ? '+' : '-') && is_digit(name[6]))
		n = (int)strtonum(name + 6, 0, SIGRTMAX - SIGRTMIN, &why);
	if (why != NULL)
		return 0;
	return from_min ? SIGRTMIN + n : SIGRTMAX - n;
}

static int signal_by_name(const char *name)
{
	for (int i = 1; i < (int)COUNT(signal_names); i++)
		if (signal_names[i] != NULL && strcmp(signal_names[i] + 3, name) == 0)
			return i;
	for (size_t i = 0; i < COUNT(signal_aliases); i++)
		if (strcmp(signal_aliases[i].name, name) == 0)
			return signal_aliases[i].number;
	return signal_by_realtime(name);
}

bool units_signal_known(const char *text, int *number)
{
	char upper[16];
	const char *name = upper;
	size_t n = strlen(text);
	int found;

	if (n >= sizeof upper)
		return false;
	for (size_t i = 0; i <= n; i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	if (strncmp(upper, "SIG", 3) == 0)
		name += 3;
	found = is_digit(name[0]) ? signal_by_number(name) : signal_by_name(name);
	if (found != 0)
		*number = found;
	return found != 0;
}

int units_signal(const char *text, int *number, struct error *err)
{
	if (units_signal_known(text, number))
		return 0;
	return units_refuse(text, err, "a signal such as TERM, SIGINT, RTMIN+1 or 15");
}
