#include "cli/output/results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command/origin.h"
#include "cli/output/results_meta.h"

/* Directories that are in the making, or have been replaced. */
#define RUNNING ".running-"
#define OLD     ".old-"

enum { NAME_SIZE = 64, MOST_OF_A_NUMBER = 1000 };

static const char *const files[] = { "stdout", "stderr", "meta.json" };
enum { NFILES = sizeof files / sizeof files[0], META = 2 };

struct results {
	const char *path;
	int dir;
	/*
	 * The one file that is open, or something in its place, so that a descriptor is there even when
	 * children have taken all others.
	 */
	int fd;
	uint64_t task;                /* whose it is, by the executor's count; 0: nobody's */
	int stream;
	bool failed;
	struct trouble *trouble;
};

struct name {
	char text[NAME_SIZE];
};

/* ---- names ---- */

static struct name running_name(const struct covey_task *task)
{
	struct name name;

	snprintf(name.text, sizeof name.text, RUNNING "%llu", (unsigned long long)origin_number(task));
	return name;
}

static struct name in(const struct name *dir, const char *file)
{
	struct name name;

	snprintf(name.text, sizeof name.text, "%.40s/%.20s", dir->text, file);
	return name;
}

/* The number, or with ".2" and so on where another task of that number has its result. */
static struct name final_name(const struct covey_task *task, unsigned which)
{
	unsigned long long number = origin_number(task);
	struct name name;

	if (which == 1)
		snprintf(name.text, sizeof name.text, "%llu", number);
	else
		snprintf(name.text, sizeof name.text, "%llu.%u", number, which);
	return name;
}

/* ---- what went wrong ---- */

static int fail(struct results *r, const char *name)
{
	trouble_report(r->trouble, TROUBLE_RESULTS, errno, "cannot write results to '%s/%s'", r->path, name);
	r->failed = true;
	return -1;
}

/* ---- the directory of all ---- */

struct results *results_new(const char *path, struct trouble *trouble)
{
	struct results *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->path = path;
	r->trouble = trouble;
	r->dir = r->fd = -1;
	return r;
}

void results_free(struct results *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	if (r->dir >= 0)
		close(r->dir);
	free(r);
}

/* As mkdir -p does. */
static int make_all(const char *path)
{
	char *copy = strdup(path), *at = copy;
	int result = copy == NULL ? -1 : 0;

	while (result == 0 && (at = strchr(at + 1, '/')) != NULL) {
		*at = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			result = -1;
		*at = '/';
	}
	free(copy);
	return result != 0 || (mkdir(path, 0777) != 0 && errno != EEXIST) ? -1 : 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What it has of ours; what others have put into it stays. */
static void remove_one(int dir, const char *name)
{
	struct name whole, file;

	snprintf(whole.text, sizeof whole.text, "%.40s", name);
	for (int i = 0; i < NFILES; i++) {
		file = in(&whole, files[i]);
		if (unlinkat(dir, file.text, 0) != 0)
			continue;  /* it may not have come that far */
	}
	if (unlinkat(dir, name, AT_REMOVEDIR) != 0)
		return;
}

/* Is there anything? Removes what is not finished, where that may be. */
static bool look_through(DIR *dir, bool tidy)
{
	const struct dirent *entry;
	bool found = false;

	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (tidy && (begins(entry->d_name, RUNNING) || begins(entry->d_name, OLD)))
			remove_one(dirfd(dir), entry->d_name);
		else
			found = true;
	}
	return found;
}

static int check_contents(const struct results *r, bool resumed, struct error *err)
{
	int fd = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found;

	if (dir == NULL) {
		error_set(err, "cannot read '%s': %s", r->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	found = look_through(dir, resumed);
	closedir(dir);
	if (!found || resumed)
		return 0;
	return error_set(err, "'%s' is not empty: name a new directory, or continue the "
	    "run with --journal FILE --resume", r->path);
}

static int take_dir(struct results *r, bool resumed, struct error *err)
{
	if (make_all(r->path) != 0)
		return error_set(err, "cannot make '%s': %s", r->path, strerror(errno));
	r->dir = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir < 0)
		return error_set(err, "cannot open '%s': %s", r->path, strerror(errno));
	/* where there are no locks, it is as if nobody had one */
	if (flock(r->dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return error_set(err, "'%s' is in use by another covey", r->path);
	if (faccessat(r->dir, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return error_set(err, "cannot write to '%s': %s", r->path, strerror(errno));
	r->fd = fcntl(r->dir, F_DUPFD_CLOEXEC, 3);
	if (r->fd < 0)
		return error_set(err, "cannot open '%s': %s", r->path, strerror(errno));
	return check_contents(r, resumed, err);
}

int results_open(struct results *r, bool resumed, struct error *err)
{
	if (take_dir(r, resumed, err) == 0)
		return 0;
	return error_set(err, "option '--results': %s", err->message);
}

/* ---- files ---- */

/* In place of the one that is open now. */
static int open_file(struct results *r, const char *name, int flags)
{
	close(r->fd);
	r->task = 0;
	/* a task may have put a FIFO there, and to open that would wait for its reader */
	r->fd = openat(r->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags,
	    0666);
	return r->fd >= 0 ? 0 : fail(r, name);
}

static int write_all(struct results *r, const char *name, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(r->fd, data, len);

		if (n < 0 && errno != EINTR)
			return fail(r, name);
		data += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

static uint64_t size_of(const struct results *r, const struct name *name)
{
	struct stat st;

	return fstatat(r->dir, name->text, &st, 0) == 0 ? (uint64_t)st.st_size : 0;
}

/* ---- an attempt ---- */

static void started(struct results *r, const struct covey_task *task)
{
	struct name dir = running_name(task), name;

	/* of an earlier attempt, if it is there */
	if (mkdirat(r->dir, dir.text, 0777) != 0 && errno != EEXIST) {
		fail(r, dir.text);
		return;
	}
	for (int i = 0; i < META; i++) {
		name = in(&dir, files[i]);
		if (open_file(r, name.text, O_TRUNC) != 0)
			return;
	}
}

static bool on_output(void *self, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len)
{
	struct results *r = self;
	struct name dir, name;

	(void)attempt;
	if (r->failed)
		return false;
	dir = running_name(task);
	name = in(&dir, files[stream - 1]);
	if ((r->task != task->id || r->stream != stream) && open_file(r, name.text, O_APPEND) != 0)
		return false;
	r->task = task->id;
	r->stream = stream;
	write_all(r, name.text, data, len);
	/* others show it */
	return false;
}

static int write_meta(struct results *r, const struct name *dir, const char *text, size_t len)
{
	struct name name = in(dir, files[META]);

	return open_file(r, name.text, O_TRUNC) != 0 ? -1 : write_all(r, name.text, text, len);
}

static void ended(struct results *r, const struct covey_event *event)
{
	struct name dir = running_name(event->task), out = in(&dir, files[0]), err = in(&dir, files[1]);
	char *text = NULL;
	size_t len = 0;
	FILE *meta = open_memstream(&text, &len);
	bool made = meta != NULL;

	if (made) {
		results_meta_task(meta, event->task);
		results_meta_end(meta, event, size_of(r, &out), size_of(r, &err));
		made = fflush(meta) == 0 && !ferror(meta);
		fclose(meta);
	}
	if (made)
		write_meta(r, &dir, text, len);
	else
		fail(r, dir.text);
	free(text);
}

/* ---- the end of a task ---- */

/* Is what is there the result of the same task? Else its number is that of another one now. */
static bool is_of(struct results *r, const struct name *there, const struct covey_task *task)
{
	struct name name = in(there, files[META]);
	char *text = NULL, *head = NULL;
	size_t len = 0;
	FILE *meta = open_memstream(&text, &len);
	bool same = false;

	if (meta == NULL)
		return false;
	results_meta_task(meta, task);
	same = fclose(meta) == 0 && (head = malloc(len + 1)) != NULL;
	close(r->fd);
	r->task = 0;
	r->fd = openat(r->dir, name.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	same = same && r->fd >= 0 && read(r->fd, head, len) == (ssize_t)len
	    && memcmp(head, text, len) == 0;
	free(text);
	free(head);
	return same;
}

/* Puts the new one in the place of the old one, at once where the file system can. */
static int replace(struct results *r, const struct name *dir, const struct name *there)
{
	struct name old;

	if (renameat2(r->dir, dir->text, r->dir, there->text, RENAME_EXCHANGE) == 0) {
		remove_one(r->dir, dir->text);
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return fail(r, there->text);
	snprintf(old.text, sizeof old.text, OLD "%.30s", there->text);
	remove_one(r->dir, old.text);
	if (renameat(r->dir, there->text, r->dir, old.text) != 0
	    || renameat(r->dir, dir->text, r->dir, there->text) != 0)
		return fail(r, there->text);
	remove_one(r->dir, old.text);
	return 0;
}

static void finished(struct results *r, const struct covey_task *task)
{
	struct name dir = running_name(task), there;

	for (unsigned which = 1; which <= MOST_OF_A_NUMBER; which++) {
		there = final_name(task, which);
		if (renameat(r->dir, dir.text, r->dir, there.text) == 0)
			return;
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			break;
		if (is_of(r, &there, task)) {
			replace(r, &dir, &there);
			return;
		}
	}
	fail(r, there.text);
}

static void on_event(void *self, const struct covey_event *event)
{
	struct results *r = self;

	if (r->failed)
		return;
	if (event->type == COVEY_STARTED)
		started(r, event->task);
	else if (event->type == COVEY_ENDED)
		ended(r, event);
	else if (event->attempt != NULL)
		finished(r, event->task);
}

struct sink results_sink(struct results *r)
{
	return (struct sink) {
		.stage = SINK_RECORD,
		.wants = SINK_WANTS(COVEY_STARTED) | SINK_WANTS(COVEY_ENDED) | SINK_WANTS(COVEY_FINISHED),
		.event = on_event, .output = on_output, .self = r,
	};
}
