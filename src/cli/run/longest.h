/*
 * longest - records that wait until all are known, to be taken by the time that they will need
 *
 * All of them are in memory: each takes its text and about 60 bytes.
 */
#ifndef CLI_RUN_LONGEST_H
#define CLI_RUN_LONGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/input/record.h"

struct longest;

/* NULL: memory is out. */
struct longest *longest_new(void);
void longest_free(struct longest *longest);

/* Adds a copy of a record, its task's number, and the seconds: INFINITY where they are not known. */
int longest_add(struct longest *longest, const struct record *record, uint64_t number,
    double seconds);

/* There are no more to be added. */
void longest_sort(struct longest *longest);
bool longest_is_sorted(const struct longest *longest);

/*
 * The next one, which lasts as long as longest; of equal ones the one that was added first. place: at
 * which it was added, from 1.
 */
bool longest_take(struct longest *longest, struct record *record, uint64_t *number,
    uint64_t *place);

/* Are there any to be taken? */
bool longest_has_more(const struct longest *longest);

#endif
