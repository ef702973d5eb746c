#include "cli/output/joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shquote.h"
#include "base/wallclock.h"
#include "cli/command/origin.h"

static const char header[] =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/* room for the columns but the last */
enum { COLUMNS_SIZE = 256 };

/* covey's own status where covey has failed */
enum { STATUS_LOST = 125 };

struct joblog {
	const char *path;
	int fd;
	bool append;
	char *buf;
	size_t len, size;
	uint64_t noted;      /* the task whose line was added last, by the executor's count */
	struct error error;
	bool failed;
};

struct joblog *joblog_open(const char *name, bool append, struct error *err)
{
	struct joblog *log = calloc(1, sizeof *log);

	if (log == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	log->append = append || name[0] == '+';
	log->path = name + (name[0] == '+');
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (log->fd >= 0)
		return log;
	error_set(err, "cannot open the job log '%s': %s", log->path, strerror(errno));
	free(log);
	return NULL;
}

void joblog_close(struct joblog *log)
{
	if (log == NULL)
		return;
	close(log->fd);
	free(log->buf);
	free(log);
}

static int fail(struct joblog *log, const char *why)
{
	error_set(&log->error, "cannot write the job log '%s': %s", log->path, why);
	log->failed = true;
	return -1;
}

static char *reserve(struct joblog *log, size_t len)
{
	size_t size = (log->len + len) * 2;
	char *buf;

	if (log->len + len <= log->size)
		return log->buf + log->len;
	buf = realloc(log->buf, size);
	if (buf == NULL) {
		fail(log, "out of memory");
		return NULL;
	}
	log->buf = buf;
	log->size = size;
	return buf + log->len;
}

/* A covey that was killed, or had no room left, may have left half a line. */
static bool is_torn(const struct joblog *log, off_t size)
{
	int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char last = '\n';

	if (fd < 0)
		return false;
	if (pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

static int add(struct joblog *log, const char *text, size_t len)
{
	char *at = reserve(log, len);

	if (at == NULL)
		return -1;
	memcpy(at, text, len);
	log->len += len;
	return 0;
}

int joblog_start(struct joblog *log)
{
	struct stat st;
	int result = 0;

	if (fstat(log->fd, &st) != 0)
		return fail(log, strerror(errno));
	/* what is no file has no length to be kept or cut */
	if (S_ISREG(st.st_mode) && !log->append && st.st_size > 0 && ftruncate(log->fd, 0) != 0)
		return fail(log, strerror(errno));
	if (!log->append || st.st_size == 0)
		result = add(log, header, sizeof header - 1);
	else if (S_ISREG(st.st_mode) && is_torn(log, st.st_size))
		result = add(log, "\n", 1);
	return result != 0 ? -1 : joblog_flush(log);
}

bool joblog_is_behind(const struct joblog *log)
{
	return log->len > 0;
}

int joblog_flush(struct joblog *log)
{
	size_t done = 0;
	ssize_t n;

	if (log->failed)
		return -1;
	while (done < log->len) {
		n = write(log->fd, log->buf + done, log->len - done);
		if (n < 0 && errno != EINTR)
			return fail(log, strerror(errno));
		done += n < 0 ? 0 : (size_t)n;
	}
	log->len = 0;
	return 0;
}

const char *joblog_error(const struct joblog *log)
{
	return log->error.message;
}

/* ---- lines ---- */

struct result {
	int status, signal;
};

static struct result result_of(const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;

	switch (attempt->outcome) {
	case COVEY_SPAWN:
		return (struct result){ attempt->sys_errno == ENOENT ? 127 : 126, 0 };
	case COVEY_TIMEOUT:
	case COVEY_DEADLINE:
	case COVEY_CANCELLED:
		return (struct result){ -1, 15 };
	case COVEY_LOST:
		/* a log has no word for it; scripts that read it must not take it for a success */
		return (struct result){ STATUS_LOST, 0 };
	case COVEY_SUCCESS:
	case COVEY_EXIT:
	case COVEY_SIGNAL:
	case COVEY_NOUTCOMES:
		break;
	}
	return (struct result){ attempt->status, attempt->signal };
}

static double start_time(const struct covey_event *event)
{
	return wallclock_seconds() - seconds_of(event->now - event->attempt->started);
}

static void add_line(struct joblog *log, const struct covey_event *event)
{
	const struct covey_attempt *attempt = event->attempt;
	size_t command = shquote_argv(NULL, 0, event->task->argv);
	char *at = log->failed ? NULL : reserve(log, COLUMNS_SIZE + command + 2);
	struct result result = result_of(event);
	int n;

	if (at == NULL)
		return;
	n = snprintf(at, COLUMNS_SIZE, "%llu\t:\t%.3f\t%10.3f\t0\t%llu\t%d\t%d\t",
	    (unsigned long long)origin_number(event->task), start_time(event),
	    seconds_of(attempt->ended - attempt->started),
	    (unsigned long long)(covey_output_size(attempt->out)
	    + covey_output_cut(attempt->out, NULL)), result.status, result.signal);
	if (n <= 0)
		return;
	shquote_argv(at + n, command + 1, event->task->argv);
	at[(size_t)n + command] = '\n';
	log->len += (size_t)n + command + 1;
}

static void on_event(void *self, const struct covey_event *event)
{
	struct joblog *log = self;

	if (event->type == COVEY_ENDED && !event->attempt->retry) {
		add_line(log, event);
		log->noted = event->task->id;
	}
	/* by then its outputs are gone; but one that waits to be run again may end without running */
	if (event->type == COVEY_FINISHED && event->attempt != NULL
	    && log->noted != event->task->id)
		add_line(log, event);
}

struct sink joblog_sink(struct joblog *log)
{
	return (struct sink) {
		.stage = SINK_RECORD,
		.wants = SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED), .event = on_event,
		.self = log,
	};
}
