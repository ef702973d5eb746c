/*
 * xargs_delimiter - the argument of xargs -d
 */
#ifndef CLI_XARGS_XARGS_DELIMITER_H
#define CLI_XARGS_XARGS_DELIMITER_H

/* What the input never contains: xargs takes a byte of 0x80 or more for a number below zero. */
enum { XARGS_NEVER = 256 };

enum xargs_delimiter_problem {
	DELIMITER_GOOD,
	DELIMITER_NOT_ONE,      /* neither one byte nor an escape */
	DELIMITER_UNKNOWN,      /* no such escape */
	DELIMITER_TOO_LARGE,    /* the number is; see base */
	DELIMITER_TRAILING      /* see rest */
};

struct xargs_delimiter {
	enum xargs_delimiter_problem problem;
	int byte;               /* of what is good; or XARGS_NEVER */
	int base;               /* in which the number was written */
	const char *rest;       /* what follows the number, in the text */
};

/* One byte, or an escape: \a \b \f \n \r \t \v \\, \NNN, \xHH. */
struct xargs_delimiter xargs_delimiter_parse(const char *text);

#endif
