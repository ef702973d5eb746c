#include "cli/options/rlimits.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* So many seconds after SIGXCPU, the kernel sends SIGKILL. */
enum { CPU_GRACE = 5 };

enum unit { UNIT_SIZE, UNIT_NUMBER, UNIT_SEC, UNIT_USEC };

static const struct name {
	const char *name;
	int resource;
	enum unit unit;
} names[] = {
	{ "as", RLIMIT_AS, UNIT_SIZE },
	{ "core", RLIMIT_CORE, UNIT_SIZE },
	{ "cpu", RLIMIT_CPU, UNIT_SEC },
	{ "data", RLIMIT_DATA, UNIT_SIZE },
	{ "fsize", RLIMIT_FSIZE, UNIT_SIZE },
	{ "locks", RLIMIT_LOCKS, UNIT_NUMBER },
	{ "memlock", RLIMIT_MEMLOCK, UNIT_SIZE },
	{ "msgqueue", RLIMIT_MSGQUEUE, UNIT_SIZE },
	{ "nice", RLIMIT_NICE, UNIT_NUMBER },
	{ "nofile", RLIMIT_NOFILE, UNIT_NUMBER },
	{ "nproc", RLIMIT_NPROC, UNIT_NUMBER },
	{ "rss", RLIMIT_RSS, UNIT_SIZE },
	{ "rtprio", RLIMIT_RTPRIO, UNIT_NUMBER },
	{ "rttime", RLIMIT_RTTIME, UNIT_USEC },
	{ "sigpending", RLIMIT_SIGPENDING, UNIT_NUMBER },
	{ "stack", RLIMIT_STACK, UNIT_SIZE },
};

static_assert(COUNT(names) == RLIM_NLIMITS, "a name for each limit");

static const struct name *find(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i].name) == len && strncmp(names[i].name, text, len) == 0)
			return &names[i];
	return NULL;
}

static int unknown(const char *text, struct error *err)
{
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
		    i == 0 ? "" : i + 1 < COUNT(names) ? ", " : " or ", names[i].name);
	return units_refuse(text, err, "NAME=VALUE, with NAME one of %s", list);
}

/* A duration in the unit of the limit, rounded up: rounded down, it could become 0. */
static int read_time(const char *text, covey_nsec unit, rlim_t *value, struct error *err)
{
	covey_nsec time;

	if (units_duration(text, &time, err) != 0)
		return -1;
	*value = (rlim_t)(time / unit + (time % unit != 0));
	return 0;
}

static int read_quantity(const struct name *name, const char *text, rlim_t *value,
    struct error *err)
{
	uint64_t size;
	long long n;

	switch (name->unit) {
	case UNIT_SEC:
		return read_time(text, COVEY_SEC, value, err);
	case UNIT_USEC:
		return read_time(text, COVEY_MSEC / 1000, value, err);
	case UNIT_SIZE:
		if (units_size(text, &size, err) != 0)
			return -1;
		*value = size;
		return 0;
	case UNIT_NUMBER:
		if (units_number(text, 0, INT64_MAX, &n, err) != 0)
			return -1;
		*value = (rlim_t)n;
		return 0;
	}
	return -1;
}

/* text is "NAME=VALUE". */
static int read_value(const struct name *name, const char *text, rlim_t *value,
    struct error *err)
{
	static const char *const kinds[] = {
		[UNIT_SIZE] = "a size such as 512, 64K or 2G",
		[UNIT_NUMBER] = "a number such as 64",
		[UNIT_SEC] = "a duration such as 10s or 5m",
		[UNIT_USEC] = "a duration such as 20ms or 1s",
	};
	const char *given = text + strlen(name->name) + 1;

	*value = RLIM_INFINITY;
	if (strcmp(given, "unlimited") == 0 || read_quantity(name, given, value, err) == 0)
		return 0;
	return units_refuse(text, err, "%s=VALUE, with VALUE %s, or 'unlimited'", name->name,
	    kinds[name->unit]);
}

/*
 * Only the kernel knows which limits this user may set, so covey sets its own hard limit and then
 * restores it.
 * text is "NAME=VALUE".
 */
static int check_allowed(const struct name *name, const char *text, rlim_t value,
    struct error *err)
{
	__rlimit_resource_t resource = (__rlimit_resource_t)name->resource;
	struct rlimit own, other;

	if (getrlimit(resource, &own) != 0)
		return error_set(err, "cannot read the limit '%s': %s", name->name,
		    strerror(errno));
	if (value <= own.rlim_max)
		return 0;
	other = (struct rlimit){ own.rlim_cur, value };
	if (setrlimit(resource, &other) == 0 && setrlimit(resource, &own) == 0)
		return 0;
	return units_refuse(text, err, "allowed: the hard limit of '%s' is %llu", name->name,
	    (unsigned long long)own.rlim_max);
}

/* The kernel sends SIGXCPU only if the soft limit is reached before the hard one, with SIGKILL. */
static rlim_t hard_limit(const struct name *name, rlim_t soft)
{
	rlim_t grace = name->unit == UNIT_SEC ? CPU_GRACE : name->unit == UNIT_USEC
	    ? CPU_GRACE * 1000000 : 0;
	struct rlimit own;

	if (grace == 0 || soft >= RLIM_INFINITY - grace
	    || getrlimit((__rlimit_resource_t)name->resource, &own) != 0)
		return soft;
	if (soft + grace <= own.rlim_max)
		return soft + grace;
	return own.rlim_max > soft ? own.rlim_max : soft;
}

int rlimits_add(const char *text, struct rlimits *limits, struct error *err)
{
	const char *equals = strchr(text, '=');
	const struct name *name = equals == NULL ? NULL : find(text, (size_t)(equals - text));
	struct covey_limit limit;
	size_t i = 0;

	if (name == NULL)
		return unknown(text, err);
	limit.resource = name->resource;
	if (read_value(name, text, &limit.value.rlim_cur, err) != 0
	    || check_allowed(name, text, limit.value.rlim_cur, err) != 0)
		return -1;
	limit.value.rlim_max = hard_limit(name, limit.value.rlim_cur);
	while (i < limits->n && limits->list[i].resource != limit.resource)
		i++;
	limits->list[i] = limit;
	limits->n += i == limits->n;
	limits->given[name->resource] = equals + 1;
	return 0;
}

int rlimits_check_nice(int nice, struct error *err)
{
	int own;

	/* every user may raise the niceness, but could not lower it again after a try */
	if (nice >= 0)
		return 0;
	errno = 0;
	own = getpriority(PRIO_PROCESS, 0);
	if (errno == 0 && setpriority(PRIO_PROCESS, 0, own + nice) == 0
	    && setpriority(PRIO_PROCESS, 0, own) == 0)
		return 0;
	return error_set(err, "'%d' is not allowed: a niceness below covey's own, %d, needs "
	    "privileges: %s", nice, own, strerror(errno));
}

/* ---- which limit was it? ---- */

static const char *value_of(const struct rlimits *limits, int resource)
{
	return limits == NULL ? NULL : limits->given[resource];
}

/* SIGXCPU stands for two limits: this is the one that was given. */
static int time_limit(const struct rlimits *limits)
{
	return value_of(limits, RLIMIT_CPU) == NULL && value_of(limits, RLIMIT_RTTIME) != NULL
	    ? RLIMIT_RTTIME : RLIMIT_CPU;
}

/* Has the attempt used its hard limit of CPU time? Then the kernel has sent SIGKILL. */
static bool used_up(const struct rlimits *limits, const struct covey_attempt *attempt)
{
	const struct timeval *user = &attempt->usage.ru_utime, *sys = &attempt->usage.ru_stime;
	rlim_t used = (rlim_t)(user->tv_sec + sys->tv_sec
	    + (user->tv_usec + sys->tv_usec) / 1000000);

	for (size_t i = 0; i < limits->n; i++)
		if (limits->list[i].resource == RLIMIT_CPU)
			return used >= limits->list[i].value.rlim_max;
	return false;
}

/* A shell reports the signal that ended its command as 128 plus the number of the signal. */
static int signal_of(const struct rlimits *limits, const struct covey_attempt *attempt)
{
	int sig = attempt->status - 128;

	if (attempt->outcome != COVEY_EXIT)
		return attempt->signal;
	if ((sig == SIGXCPU && value_of(limits, time_limit(limits)) != NULL)
	    || (sig == SIGKILL && value_of(limits, RLIMIT_CPU) != NULL)
	    || (sig == SIGXFSZ && value_of(limits, RLIMIT_FSIZE) != NULL))
		return sig;
	return 0;
}

bool rlimits_blame(const struct rlimits *limits, const struct covey_attempt *attempt,
    char words[RLIMITS_WORDS_SIZE])
{
	int sig = signal_of(limits, attempt), resource;
	const char *name, *value, *unit;

	if (sig == SIGXCPU || (sig == SIGKILL && value_of(limits, RLIMIT_CPU) != NULL
	    && used_up(limits, attempt)))
		resource = time_limit(limits);
	else if (sig == SIGXFSZ)
		resource = RLIMIT_FSIZE;
	else
		return false;
	name = resource == RLIMIT_CPU ? "cpu" : resource == RLIMIT_RTTIME ? "rttime" : "fsize";
	value = value_of(limits, resource);
	if (value == NULL) {
		snprintf(words, RLIMITS_WORDS_SIZE, "its %s limit", name);
		return true;
	}
	/* a number without a unit means seconds on the command line only */
	unit = resource != RLIMIT_FSIZE && value[strspn(value, "0123456789.")] == '\0' ? "s" : "";
	snprintf(words, RLIMITS_WORDS_SIZE, "its %s limit of %.40s%s", name, value, unit);
	return true;
}
