#include "base/wallclock.h"

#include <stdint.h>
#include <time.h>

double wallclock_seconds(void)
{
	struct timespec now;

	/* cannot fail with a valid clock and pointer */
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double seconds_of(covey_nsec duration)
{
	return (double)duration / 1e9;
}

double seconds_of_timeval(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

covey_nsec nsec_of(double seconds)
{
	double nsec = seconds * 1e9;

	/* to convert what an int64_t cannot hold would be undefined */
	if (nsec >= 0x1p63)
		return INT64_MAX;
	if (nsec <= -0x1p63)
		return INT64_MIN;
	if (nsec >= 0)
		return (covey_nsec)(nsec + 0.5);
	/* not for a NaN */
	return nsec < 0 ? (covey_nsec)(nsec - 0.5) : 0;
}

void wallclock_format(double seconds, char text[WALLCLOCK_TEXT_SIZE])
{
	time_t when = nsec_of(seconds) / COVEY_SEC;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL
	    || strftime(text, WALLCLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		text[0] = '\0';
}
