/*
 * fuzz - what fuzz targets share
 *
 * A target is a file fuzz_NAME.c that defines LLVMFuzzerTestOneInput, one word in Makefile.am, and
 * inputs in corpus/NAME. It checks what holds for any input, not only that nothing crashes.
 * Inputs are text where that is possible, so that the corpus can be read and written by hand.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target: called for each input, by libFuzzer or by driver.c. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, and so the input is kept, where something does not hold. */
#define FUZZ_CHECK(condition) \
	((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))

static inline _Noreturn void fuzz_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* The bytes as a string of its own, which ends where they do, or at a NUL among them. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Takes the first line, without its end, off the input: to read parameters from the front of it. */
static inline char *fuzz_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size == 0 ? NULL : memchr(*data, '\n', *size);
	size_t len = end == NULL ? *size : (size_t)(end - *data);
	char *line = fuzz_string(*data, len);

	*data += len;
	*size -= len;
	if (*size > 0) {
		++*data;
		--*size;
	}
	return line;
}

/* A message is one line that shows no control characters. */
static inline void fuzz_check_message(const char *message)
{
	FUZZ_CHECK(message[0] != '\0');
	for (const unsigned char *p = (const unsigned char *)message; *p != '\0'; p++)
		FUZZ_CHECK(*p >= ' ' && *p != 0x7f);
}

#endif
