/*
 * wait - noticing that a child has exited, and reaping it
 *
 * Level 1, mechanism. Where the kernel has pidfd (Linux 5.3), each child has a descriptor that
 * becomes readable. Elsewhere, and under valgrind, a handler catches SIGCHLD and calls the host's
 * handler, and then every child is asked. Other children of the host are never waited for.
 */
#ifndef CV_WAIT_H
#define CV_WAIT_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct cv_wait {
	bool pidfd;
	int wake_fd;     /* readable after a SIGCHLD; -1 with pidfd */
};

/* Chooses pidfd or SIGCHLD. Returns 0, or -1 with errno. */
int cv_wait_init(struct cv_wait *wait, bool no_pidfd);
void cv_wait_release(struct cv_wait *wait);

/* Empties wake_fd. The caller then asks every child. */
void cv_wait_woken(const struct cv_wait *wait);

/* A descriptor that is readable when pid has exited, or -1 with errno. */
int cv_wait_fd(const struct cv_wait *wait, pid_t pid);

enum cv_wait_answer {
	CV_WAIT_RUNS,
	CV_WAIT_EXITED,  /* and stays a zombie, so that its process group can be signalled safely */
	CV_WAIT_LOST     /* it is no child of this process: other code of the host has reaped it */
};

/* Has the child exited? */
enum cv_wait_answer cv_wait_ask(pid_t pid);

/* Reaps a child that has exited: *status as from wait(2). Returns 0, or -1 with errno. */
int cv_wait_reap(pid_t pid, int *status, struct rusage *usage);

#endif
