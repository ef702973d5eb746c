#include "cli/run/pace.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/units.h"
#include "cli/run/cgroup_limits.h"

/* what was not used of the rate is kept for this long, so that a late waking costs nothing */
#define MOST_CREDIT (100 * COVEY_MSEC)
/* the kernel computes the load average every 5 s */
#define LOAD_PERIOD (1 * COVEY_SEC)
#define MEMORY_PERIOD (100 * COVEY_MSEC)

/* ---- what the system says ---- */

static double system_load(void *arg)
{
	double load;

	(void)arg;
	return getloadavg(&load, 1) == 1 ? load : -1;
}

static int64_t available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	int64_t kib = INT64_MAX / 1024;
	char line[256];

	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNd64, &kib) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return kib * 1024;
}

static int64_t system_memory(void *arg)
{
	int64_t ours = cgroup_limits_memory(""), all = available();

	(void)arg;
	return ours < all ? ours : all;
}

static const struct pace_system real = { .load = system_load, .memory = system_memory };

/* ---- the four reasons to wait ---- */

static covey_nsec by_delay(const struct pace *pace, covey_nsec now)
{
	covey_nsec since = now - pace->last_start;

	return pace->started_any && since < pace->options.delay ? pace->options.delay - since : 0;
}

static void earn(struct pace *pace, covey_nsec now)
{
	covey_nsec cost = pace->options.interval, most = cost > MOST_CREDIT ? cost : MOST_CREDIT;
	covey_nsec passed = now - pace->credit_at;

	pace->credit = passed >= most - pace->credit ? most : pace->credit + passed;
	pace->credit_at = now;
}

static covey_nsec by_rate(struct pace *pace, covey_nsec now)
{
	if (pace->options.interval == 0)
		return 0;
	earn(pace, now);
	return pace->credit >= pace->options.interval ? 0 : pace->options.interval - pace->credit;
}

static double load_limit(const struct pace *pace)
{
	const struct pacing_load *load = &pace->options.load;

	return load->percent ? load->n / 100 * pace->options.cpus : load->n;
}

/*
 * The load follows what is started slowly. Until it is read again no more are added to those that
 * run than there was room for; what ends makes room at once.
 */
static covey_nsec by_load(struct pace *pace, covey_nsec now)
{
	double room;

	if (pace->options.load.n <= 0)
		return 0;
	if (now >= pace->load_next) {
		pace->load = pace->system.load(pace->system.arg);
		pace->load_running = pace->running;
		pace->load_next = now + LOAD_PERIOD;
	}
	room = pace->load < 0 ? INFINITY : ceil(load_limit(pace) - pace->load);
	return room > 0 && pace->running < pace->load_running + room ? 0 : pace->load_next - now;
}

static covey_nsec by_memory(struct pace *pace, covey_nsec now)
{
	if (pace->options.memfree == 0)
		return 0;
	if (now >= pace->memory_next) {
		pace->memory = pace->system.memory(pace->system.arg);
		pace->memory_next = now + MEMORY_PERIOD;
	}
	return pace->memory >= 0 && (uint64_t)pace->memory >= pace->options.memfree ? 0
	    : pace->memory_next - now;
}

/* ---- the calls ---- */

void pace_init(struct pace *pace, const struct pacing *options,
    const struct pace_system *system)
{
	memset(pace, 0, sizeof *pace);
	pace->options = *options;
	pace->system = system != NULL ? *system : real;
	/* the first is free */
	pace->credit = options->interval;
	pace->credit_at = INT64_MAX;
}

static covey_nsec wait_for(struct pace *pace, enum pace_reason reason, covey_nsec wait)
{
	if (wait > 0)
		pace->reason = reason;
	return wait;
}

covey_nsec pace_wait(struct pace *pace, covey_nsec now)
{
	covey_nsec wait;

	if (pace->credit_at > now)
		pace->credit_at = now;
	pace->reason = PACE_NONE;
	wait = wait_for(pace, PACE_DELAY, by_delay(pace, now));
	if (wait == 0)
		wait = wait_for(pace, PACE_RATE, by_rate(pace, now));
	if (wait == 0)
		wait = wait_for(pace, PACE_LOAD, by_load(pace, now));
	if (wait == 0)
		wait = wait_for(pace, PACE_MEMORY, by_memory(pace, now));
	return wait;
}

void pace_why(const struct pace *pace, char words[PACE_WORDS_SIZE])
{
	switch (pace->reason) {
	case PACE_LOAD:
		snprintf(words, PACE_WORDS_SIZE, "load average %.2f is not below the limit %g", pace->load,
		    load_limit(pace));
		return;
	case PACE_MEMORY:
		snprintf(words, PACE_WORDS_SIZE, "only %" PRId64 " MiB of memory available, %" PRIu64
		    " MiB required", pace->memory >> 20, pace->options.memfree >> 20);
		return;
	case PACE_NONE:
	case PACE_DELAY:
	case PACE_RATE:
		break;
	}
	snprintf(words, PACE_WORDS_SIZE, "it is not time yet");
}

static void on_event(void *self, const struct covey_event *event)
{
	struct pace *pace = self;

	if (event->type == COVEY_STARTED) {
		pace->running++;
		pace->started_any = true;
		pace->last_start = event->now;
		pace->credit -= pace->options.interval;
	} else {
		pace->running--;
		if (pace->reason == PACE_LOAD)
			covey_wake(pace->ex);
	}
}

struct sink pace_sink(struct pace *pace)
{
	return (struct sink) {
		.stage = SINK_WATCH,
		.wants = SINK_WANTS(COVEY_STARTED) | SINK_WANTS(COVEY_ENDED),
		.event = on_event, .self = pace,
	};
}
