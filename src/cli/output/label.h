/*
 * label - a task as messages name it: its name, where it has one, and its command
 */
#ifndef CLI_OUTPUT_LABEL_H
#define CLI_OUTPUT_LABEL_H

#include <stddef.h>

#include "covey.h"
#include "base/shquote.h"

/* More of a name than that is not shown. */
enum { LABEL_NAME = 80 };
enum { LABEL_SIZE = (SHQUOTE_LIMIT + LABEL_NAME) * 4 + 8 };

/* "NAME: COMMAND", or the command alone, on one line. */
void label_task(char text[LABEL_SIZE], const struct covey_task *task);

/* The name, or else the command, cut to limit characters, which is at most LABEL_NAME. */
void label_short(char text[LABEL_SIZE], const struct covey_task *task, size_t limit);

#endif
