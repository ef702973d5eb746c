/*
 * signals - signals as data
 *
 * A handler writes the signal and its sender into a pipe; everything else happens in the loop. The
 * guard passes on the signals that are sent to it. A signal that was sent to both counts once.
 */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

#include "covey.h"
#include "base/error.h"

struct signals {
	int fd;                    /* readable when a signal has come */
	int guard_fd;              /* from covey_guard; -1: no guard */
	/* of each signal, the last that counted */
	struct signals_seen {
		pid_t sender;
		covey_nsec when;       /* 0: none */
	} seen[32];
};

/*
 * Repairs what a shell or a daemon may have left to this process: resets SIGCHLD to its default,
 * and opens those of the descriptors 0 to 2 that are closed, so that using them fails. Returns 0,
 * or -1.
 */
int signals_prepare(struct error *err);

/* Catches signals from here on; guard_fd becomes its own. Returns 0, or -1. */
int signals_open(struct signals *signals, int guard_fd, struct error *err);

/* Catches SIGUSR1 and SIGUSR2 alone, even if they were ignored. Returns 0, or -1. */
int signals_open_user(struct signals *signals, struct error *err);

/* Closes guard_fd; the handlers stay, and so does the pipe they write to. */
void signals_close(struct signals *signals);

/* Takes the next signal, 0 if there is none. From one of the descriptors, when it is readable. */
int signals_next(struct signals *signals);

/* The same of the signals that the guard has passed on; -1 when the guard is gone. */
int signals_next_relayed(struct signals *signals);

/* Ends this process by the signal, as if it had not been caught. */
_Noreturn void signals_die_of(int sig);

#endif
