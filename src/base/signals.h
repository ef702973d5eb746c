/*
 * signals - signals as data
 *
 * A handler writes what came, and from whom, into a pipe; everything else happens in the loop. The
 * guard passes on what was sent to it. A signal that was sent to both counts once.
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
 * Makes what a shell or a daemon may have left us orderly: SIGCHLD is the default, and descriptors
 * 0 to 2 are open, though useless where they were closed. Returns 0, or -1.
 */
int signals_prepare(struct error *err);

/* Catches signals from here on; guard_fd becomes its own. Returns 0, or -1. */
int signals_open(struct signals *signals, int guard_fd, struct error *err);

/* Catches SIGUSR1 and SIGUSR2 alone, even if they were ignored. Returns 0, or -1. */
int signals_open_user(struct signals *signals, struct error *err);

/* Closes guard_fd; the handlers stay, and with them what they write to. */
void signals_close(struct signals *signals);

/* Takes the next signal, 0 if there is none. From one of the descriptors, when it is readable. */
int signals_next(struct signals *signals);

/* As above, from the guard; -1 when the guard is gone. */
int signals_next_relayed(struct signals *signals);

/* Dies of the signal, as if nobody had caught it. */
_Noreturn void signals_die_of(int sig);

#endif
