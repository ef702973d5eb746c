/*
 * json - values of JSON on a stream
 *
 * JSON is Unicode, and what covey writes about may be any bytes: those that are no UTF-8 appear as
 * U+FFFD, and json_is_exact tells that there are any.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A string, in its quotes. NULL gives null. */
void json_string(FILE *out, const char *text, size_t len);

/* The bytes as hexadecimal digits, in quotes. */
void json_hex(FILE *out, const char *text, size_t len);

/* Does json_string give these bytes as they are? */
bool json_is_exact(const char *text, size_t len);

#endif
