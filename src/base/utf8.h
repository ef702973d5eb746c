/*
 * utf8 - characters in bytes that may be anything
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed UTF-8 character at s, of at most n bytes, n > 0, and its code; or 0. */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);

/* Are the n bytes nothing but well-formed UTF-8 characters? NUL is one. */
bool utf8_is_valid(const char *text, size_t n);

#endif
