/*
 * wallclock - the time of day, and durations as seconds
 *
 * For what is recorded and shown. Deadlines and measurements use the monotonic clock.
 */
#ifndef BASE_WALLCLOCK_H
#define BASE_WALLCLOCK_H

#include <sys/time.h>

#include "covey.h"

/* Now, in seconds since 1970. */
double wallclock_seconds(void);

/* A duration in seconds; and back, rounded, and the nearest possible where it is out of range. */
double seconds_of(covey_nsec duration);
covey_nsec nsec_of(double seconds);

/* A time that the kernel has counted, in seconds. */
double seconds_of_timeval(const struct timeval *time);

enum { WALLCLOCK_TEXT_SIZE = 32 };

/* A moment in local time, "2026-11-24 09:05:00"; empty if there is no such time. */
void wallclock_format(double seconds, char text[WALLCLOCK_TEXT_SIZE]);

#endif
