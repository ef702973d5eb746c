#include "cli/run/jobserver.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/run/makeflags.h"

extern char **environ;

enum { MOST_TAKEN = 65536 };

/*
 * What the guard finds when the supervisor was killed. Each step leaves it so that no token is lost
 * and, but for one instruction, none is given back twice: the taken tokens are the first n bytes, and
 * the one after them if it is not 0.
 */
struct taken_tokens {
	volatile unsigned n;
	volatile unsigned char tokens[MOST_TAKEN + 1];
};

struct jobserver {
	struct taken_tokens *taken;
	int fd;                     /* to take from and give to; our own, non-blocking */
	int fds[2];                 /* what tasks inherit, or -1 */
	bool mine;                  /* we made it */
	unsigned ntokens;           /* if so: how many there are */
	bool keep_lost;
	char *fifo;                 /* its path, to be removed; or NULL */
	char *makeflags;            /* "MAKEFLAGS=…" of tasks, or NULL: it is what it was */
	const char **env;
	struct covey *ex;
	unsigned running;
	bool waiting;               /* for a token to be there */
};

/* ---- taking and giving ---- */

static bool take_one(struct jobserver *js)
{
	struct taken_tokens *taken = js->taken;
	ssize_t n;

	if (taken->n == MOST_TAKEN)
		return false;
	do
		n = read(js->fd, (void *)(uintptr_t)&taken->tokens[taken->n], 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		taken->n++;
	return n == 1;
}

static void give_one(struct jobserver *js)
{
	struct taken_tokens *taken = js->taken;
	unsigned last = --taken->n;
	unsigned char token = taken->tokens[last];

	/* there is room for what came out of it; if somebody has put more in, it need not go back */
	while (write(js->fd, &token, 1) < 0 && errno == EINTR)
		continue;
	taken->tokens[last] = 0;
}

/* The first job runs without one. */
static unsigned needed(unsigned running)
{
	return running > 0 ? running - 1 : 0;
}

static void give_back(struct jobserver *js, unsigned keep)
{
	while (js->taken->n > keep)
		give_one(js);
}

/* With nothing running all tokens are here; those missing went with tasks that were killed. */
static void replace_lost(struct jobserver *js)
{
	int there;

	if (!js->mine || js->keep_lost || js->running > 0 || ioctl(js->fd, FIONREAD, &there) != 0)
		return;
	for (; there >= 0 && (unsigned)there < js->ntokens; there++) {
		if (write(js->fd, "+", 1) != 1)
			return;
	}
}

void jobserver_release(struct jobserver *js)
{
	if (js == NULL)
		return;
	if (js->taken->tokens[js->taken->n] != 0)
		js->taken->n++;
	give_back(js, 0);
}

/* ---- joining make's ---- */

/* What the children of this process are to inherit would not be open in it otherwise, either. */
static bool is_open_for(int fd, int access, struct stat *st)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && ((flags & O_ACCMODE) == access || (flags & O_ACCMODE) == O_RDWR)
	    && fstat(fd, st) == 0 && S_ISFIFO(st->st_mode);
}

/*
 * O_NONBLOCK belongs to the open file, which everybody below make shares: not ours to set. But
 * /proc opens the same pipe anew.
 */
static int open_anew(int fd, struct error *err)
{
	char path[32];
	int own;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (own < 0)
		error_set(err, "cannot open the pipe '%s': %s", path, strerror(errno));
	return own;
}

static int join_pipe(struct jobserver *js, const struct makeflags_auth *auth,
    struct error *err)
{
	struct stat to_read, to_write;

	/* 0 to 2 cannot be make's: something else was opened there */
	if (auth->read_fd < 3 || auth->write_fd < 3
	    || !is_open_for(auth->read_fd, O_RDONLY, &to_read)
	    || !is_open_for(auth->write_fd, O_WRONLY, &to_write)
	    || to_read.st_dev != to_write.st_dev || to_read.st_ino != to_write.st_ino)
		return error_set(err, "its descriptors %.*s are not open; begin the line in "
		    "the makefile with '+'", (int)auth->len, auth->text);
	js->fd = open_anew(auth->read_fd, err);
	if (js->fd < 0)
		return -1;
	js->fds[0] = auth->read_fd;
	js->fds[1] = auth->write_fd;
	return 0;
}

static int open_fifo(struct jobserver *js, const char *path, struct error *err)
{
	struct stat st;

	js->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (js->fd < 0)
		return error_set(err, "cannot open '%s': %s", path, strerror(errno));
	if (fstat(js->fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return error_set(err, "'%s' is not a FIFO", path);
	return 0;
}

static int join_fifo(struct jobserver *js, const struct makeflags_auth *auth,
    struct error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%.*s", (int)auth->path_len, auth->path)
	    >= (int)sizeof path)
		return error_set(err, "the path of its FIFO is too long");
	return open_fifo(js, path, err);
}

static struct jobserver *new_jobserver(struct error *err)
{
	struct jobserver *js = calloc(1, sizeof *js);

	if (js == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	js->fd = js->fds[0] = js->fds[1] = -1;
	js->taken = mmap(NULL, sizeof *js->taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0);
	if (js->taken != MAP_FAILED)
		return js;
	free(js);
	error_set(err, "out of memory");
	return NULL;
}

static int join(struct jobserver *js, const struct makeflags_auth *auth, struct error *err)
{
	switch (auth->style) {
	case MAKEFLAGS_PIPE:
		return join_pipe(js, auth, err);
	case MAKEFLAGS_FIFO:
		return join_fifo(js, auth, err);
	case MAKEFLAGS_UNKNOWN:
	case MAKEFLAGS_NONE:
		break;
	}
	return error_set(err, "'%.*s' is not a known kind of jobserver",
	    auth->len < 200 ? (int)auth->len : 200, auth->text);
}

int jobserver_join(const char *flags, struct jobserver **js, struct error *err)
{
	struct makeflags_auth auth;

	*js = NULL;
	makeflags_find(flags, &auth);
	if (auth.style == MAKEFLAGS_NONE)
		return 0;
	*js = new_jobserver(err);
	if (*js == NULL)
		return -1;
	if (join(*js, &auth, err) == 0)
		return 0;
	/* what was found at the numbers is not ours to close */
	jobserver_free(*js);
	*js = NULL;
	return -1;
}

/* ---- one of our own ---- */

static int make_pipe(struct jobserver *js, char *auth, size_t size, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, "cannot make a pipe: %s", strerror(errno));
	js->fds[0] = ends[0];
	js->fds[1] = ends[1];
	js->fd = open_anew(ends[0], err);
	if (js->fd < 0)
		return -1;
	snprintf(auth, size, "%d,%d", ends[0], ends[1]);
	return 0;
}

static int make_fifo(struct jobserver *js, const char *dir, char *auth, size_t size,
    struct error *err)
{
	/* a path that has a blank in it would end there, for all who read MAKEFLAGS */
	if (strchr(dir, ' ') != NULL)
		return error_set(err, "cannot make a FIFO in '%s': its name contains a blank; set "
		    "TMPDIR to another directory", dir);
	if (asprintf(&js->fifo, "%s/jobserver", dir) < 0) {
		js->fifo = NULL;
		return error_set(err, "out of memory");
	}
	if (mkfifo(js->fifo, 0600) != 0)
		return error_set(err, "cannot make the FIFO '%s': %s", js->fifo, strerror(errno));
	snprintf(auth, size, "fifo:%s", js->fifo);
	return open_fifo(js, js->fifo, err);
}

static int fill(struct jobserver *js, struct error *err)
{
	int there = 0;

	replace_lost(js);
	if (ioctl(js->fd, FIONREAD, &there) == 0 && (unsigned)there == js->ntokens)
		return 0;
	return error_set(err, "cannot put %u tokens into a pipe", js->ntokens);
}

/* The environment with MAKEFLAGS of ours. */
static int make_environ(struct jobserver *js, const char *flags, unsigned n, const char *auth)
{
	char *value = makeflags_with(flags, n, auth);
	size_t count = 0, kept = 0;
	int made = value == NULL ? -1 : asprintf(&js->makeflags, "MAKEFLAGS=%s", value);

	free(value);
	if (made < 0) {
		js->makeflags = NULL;
		return -1;
	}
	while (environ[count] != NULL)
		count++;
	js->env = reallocarray(NULL, count + 2, sizeof *js->env);
	if (js->env == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "MAKEFLAGS=", 10) != 0)
			js->env[kept++] = environ[i];
	js->env[kept++] = js->makeflags;
	js->env[kept] = NULL;
	return 0;
}

struct jobserver *jobserver_serve(const char *flags, unsigned n, const char *fifo_dir,
    struct error *err)
{
	struct jobserver *js = new_jobserver(err);
	char auth[PATH_MAX + 16];
	int made;

	if (js == NULL)
		return NULL;
	js->mine = true;
	js->ntokens = n - 1;
	made = fifo_dir == NULL ? make_pipe(js, auth, sizeof auth, err)
	    : make_fifo(js, fifo_dir, auth, sizeof auth, err);
	if (made == 0 && make_environ(js, flags, n, auth) != 0)
		made = error_set(err, "out of memory");
	if (made == 0 && fill(js, err) == 0)
		return js;
	jobserver_free(js);
	return NULL;
}

void jobserver_keep_lost(struct jobserver *js)
{
	js->keep_lost = true;
}

/* ---- in the run ---- */

size_t jobserver_fds(const struct jobserver *js, const int **fds)
{
	*fds = js == NULL ? NULL : js->fds;
	return js == NULL || js->fds[0] < 0 ? 0 : js->fds[0] == js->fds[1] ? 1 : 2;
}

const char *const *jobserver_environ(const struct jobserver *js)
{
	return js == NULL ? NULL : js->env;
}

static void stop_waiting(struct jobserver *js)
{
	if (!js->waiting)
		return;
	js->waiting = false;
	covey_watch(js->ex, js->fd, 0, NULL, NULL, NULL);
	covey_wake(js->ex);
}

static void on_token(struct covey *ex, int fd, unsigned events, void *user)
{
	(void)ex;
	(void)fd;
	(void)events;
	stop_waiting(user);
}

covey_nsec jobserver_may_start(struct jobserver *js, struct covey *ex)
{
	if (js->taken->n >= js->running || take_one(js))
		return COVEY_START_NOW;
	js->ex = ex;
	if (covey_watch(ex, js->fd, EPOLLIN, on_token, js, NULL) != 0)
		return 10 * COVEY_MSEC;  /* epoll is out of memory or watches: it is asked again */
	js->waiting = true;
	return COVEY_START_WAIT;
}

static void on_event(void *self, const struct covey_event *event)
{
	struct jobserver *js = self;

	if (event->type == COVEY_STARTED) {
		js->running++;
		return;
	}
	js->running--;
	give_back(js, needed(js->running));
	replace_lost(js);
	/* the one that runs without a token has ended, perhaps */
	stop_waiting(js);
}

struct sink jobserver_sink(struct jobserver *js)
{
	return (struct sink) {
		.stage = SINK_WATCH,
		.wants = SINK_WANTS(COVEY_STARTED) | SINK_WANTS(COVEY_ENDED),
		.event = on_event, .self = js,
	};
}

void jobserver_free(struct jobserver *js)
{
	if (js == NULL)
		return;
	if (js->fd >= 0)
		close(js->fd);
	if (js->mine && js->fds[0] >= 0) {
		close(js->fds[0]);
		close(js->fds[1]);
	}
	if (js->fifo != NULL)
		unlink(js->fifo);
	free(js->fifo);
	free(js->makeflags);
	free(js->env);
	munmap(js->taken, sizeof *js->taken);
	free(js);
}
