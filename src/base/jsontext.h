/*
 * jsontext - values of JSON on a stream
 *
 * JSON is Unicode, and what covey writes about may be any bytes: bytes that are not UTF-8 appear as
 * U+FFFD, and jsontext_is_exact says whether there are any.
 */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A string, in its quotes. NULL gives null. */
void jsontext_put(FILE *out, const char *text, size_t len);

/* The bytes as hexadecimal digits, in quotes. */
void jsontext_put_hex(FILE *out, const char *text, size_t len);

/* Does jsontext_put give these bytes as they are? */
bool jsontext_is_exact(const char *text, size_t len);

#endif
