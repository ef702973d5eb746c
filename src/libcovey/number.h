/*
 * number - a number in decimal, without the price of snprintf
 *
 * Level 0. For what is written for every attempt: there snprintf would be most of the work.
 */
#ifndef CV_NUMBER_H
#define CV_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Digits of the largest number, and a NUL. */
#define CV_NUMBER_SIZE 21

/* Writes the digits and a NUL; returns where the NUL is. */
static inline char *cv_number_put(char *at, uint64_t number)
{
	char digits[CV_NUMBER_SIZE];
	size_t n = 0;

	/* slots and attempts mostly are, and five such numbers are written for each attempt */
	if (number < 10) {
		*at++ = (char)('0' + number);
		*at = '\0';
		return at;
	}
	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	while (n > 0)
		*at++ = digits[--n];
	*at = '\0';
	return at;
}

#endif
