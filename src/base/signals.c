#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* the descriptor that the handler writes to: a handler has no other way to get at it */
static volatile sig_atomic_t handler_fd = -1;

/* Reports of a signal from one process this close together are one request. */
#define SAME_WITHIN (200 * COVEY_MSEC)

static const int caught[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGUSR1, SIGUSR2, SIGWINCH,
};

/* Where writing fails with an errno, which says as much. */
static const int unheard[] = { SIGPIPE, SIGXFSZ };

struct message {
	int sig;
	pid_t sender;     /* 0: the kernel */
};

static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct message message = { .sig = sig };
	int saved = errno;

	(void)context;
	if (info->si_code <= 0)
		message.sender = info->si_pid;
	/* a full pipe holds more signals than anybody needs to count */
	if (write(handler_fd, &message, sizeof message) < 0)
		errno = saved;
	errno = saved;
}

/* Does nothing; unlike SIG_IGN it does not outlive an exec, so children have the default. */
static void on_unheard(int sig)
{
	(void)sig;
}

static covey_nsec now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (covey_nsec)ts.tv_sec * COVEY_SEC + ts.tv_nsec;
}

int signals_prepare(struct error *err)
{
	int fd;

	/* an ignored SIGCHLD, inherited, would throw the children's statuses away */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return error_set(err, "cannot reset SIGCHLD: %s", strerror(errno));
	/* 0 for writing and 1 and 2 for reading, so that their use fails as if they were closed */
	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= 2) {
		if (fd == STDIN_FILENO && (close(fd) != 0 || open("/dev/null", O_WRONLY) != 0))
			return error_set(err, "cannot open '/dev/null': %s", strerror(errno));
	}
	if (fd < 0)
		return error_set(err, "cannot open '/dev/null': %s", strerror(errno));
	close(fd);
	return 0;
}

static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int catch(int sig)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_sigaction = on_signal;
	action.sa_flags = SA_SIGINFO | SA_RESTART;
	sigfillset(&action.sa_mask);
	return sigaction(sig, &action, NULL);
}

static int catch_all(void)
{
	struct sigaction action;
	size_t i;

	for (i = 0; i < sizeof caught / sizeof *caught; i++) {
		/*
		 * a parent that ignores a signal (nohup, a shell for a background job) wants it
		 * ignored
		 */
		if (!is_ignored(caught[i]) && catch(caught[i]) != 0)
			return -1;
	}
	memset(&action, 0, sizeof action);
	action.sa_handler = on_unheard;
	action.sa_flags = SA_RESTART;
	for (i = 0; i < sizeof unheard / sizeof *unheard; i++) {
		if (!is_ignored(unheard[i]) && sigaction(unheard[i], &action, NULL) != 0)
			return -1;
	}
	return 0;
}

static int open_pipe(struct signals *signals, int guard_fd, struct error *err)
{
	int ends[2];

	memset(signals, 0, sizeof *signals);
	signals->fd = -1;
	signals->guard_fd = guard_fd;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_set(err, "cannot make a pipe: %s", strerror(errno));
	signals->fd = ends[0];
	handler_fd = ends[1];
	return 0;
}

int signals_open(struct signals *signals, int guard_fd, struct error *err)
{
	if (open_pipe(signals, guard_fd, err) != 0)
		return -1;
	if (catch_all() != 0)
		return error_set(err, "cannot catch signals: %s", strerror(errno));
	return 0;
}

int signals_open_user(struct signals *signals, struct error *err)
{
	if (open_pipe(signals, -1, err) != 0)
		return -1;
	if (catch(SIGUSR1) != 0 || catch(SIGUSR2) != 0)
		return error_set(err, "cannot catch signals: %s", strerror(errno));
	return 0;
}

void signals_close(struct signals *signals)
{
	if (signals->guard_fd >= 0)
		close(signals->guard_fd);
	signals->guard_fd = -1;
}

/*
 * Is it the same request as the one before? A sender that means both of us, or us and our group as
 * timeout(1) does, is heard of up to four times.
 */
static bool is_echo(struct signals_seen *seen, pid_t sender)
{
	covey_nsec when = now();

	if (seen->when > 0 && seen->sender == sender && when - seen->when < SAME_WITHIN)
		return true;
	seen->sender = sender;
	seen->when = when;
	return false;
}

int signals_next(struct signals *signals)
{
	struct message message;

	while (read(signals->fd, &message, sizeof message) == sizeof message) {
		int sig = message.sig;

		if (signals->guard_fd < 0 || message.sender == 0
		    || !is_echo(&signals->seen[sig], message.sender))
			return sig;
	}
	return 0;
}

int signals_next_relayed(struct signals *signals)
{
	struct covey_relayed relayed;
	ssize_t n;

	while ((n = read(signals->guard_fd, &relayed, sizeof relayed)) == sizeof relayed) {
		int sig = relayed.signal;

		if (sig > 0 && sig < 32
		    && !is_echo(&signals->seen[sig], relayed.sender))
			return sig;
	}
	return n == 0 ? -1 : 0;
}

_Noreturn void signals_die_of(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* not reached by a signal whose default is to end the process */
	_exit(128 + sig);
}
