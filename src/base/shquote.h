/*
 * shquote - commands and texts for messages: one line, ready to paste, unable to do harm
 *
 * Words of letters, digits and @%+=:,./_- stay as they are; others are put in '…', and those with
 * control characters, bytes that are not UTF-8, or characters that reorder or break lines (bidi
 * controls, line and paragraph separators) in $'…' with \n, \t, \r and \xHH. The result never holds
 * a control character, whatever went in.
 *
 * All write a NUL-terminated text to buf, cut where size is too small (size 0: nothing), and
 * return the length it has uncut. The variants with a limit leave it at that many characters, the
 * last of which is then "…"; they stop reading there, too.
 */
#ifndef BASE_SHQUOTE_H
#define BASE_SHQUOTE_H

#include <stddef.h>

enum { SHQUOTE_LIMIT = 200 };   /* characters in a message */

/* One word, as an argument. */
size_t shquote_word(char *buf, size_t size, const char *word);
size_t shquote_word_cut(char *buf, size_t size, const char *word, size_t limit);

/* A command line; its first word is quoted, too, where it would be an assignment or a keyword. */
size_t shquote_argv(char *buf, size_t size, const char *const *argv);
size_t shquote_argv_cut(char *buf, size_t size, const char *const *argv, size_t limit);

/* Any text of len bytes, without quotes; only what is escaped above is escaped. */
size_t shquote_plain(char *buf, size_t size, const char *text, size_t len);
size_t shquote_plain_cut(char *buf, size_t size, const char *text, size_t len, size_t limit);

#endif
