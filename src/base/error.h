/*
 * error - why a function of the command could not do what it was asked
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
	char message[512];      /* lower case, one line, no full stop, without the "covey: " */
};

/*
 * Fills *err with the formatted message, control characters escaped, cut to size. The arguments may
 * include err->message itself, so that a caller can put more in front of it. Returns -1.
 */
int error_set(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills *err with "out of memory". Returns -1. */
int error_no_memory(struct error *err);

#endif
