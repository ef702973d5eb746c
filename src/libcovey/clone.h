/*
 * clone - a start like vfork's that can do what vfork(2) cannot
 *
 * Level 1, mechanism. As after vfork, the child runs in the parent's memory, and the thread that
 * started it sleeps until the child execs or exits. clone3(2) can do more than vfork(2):
 *
 *	- The child starts in its cgroup. A later move takes a lock for which every fork and exit on
 *	  the machine waits.
 *	- The child shares the parent's table of descriptors until it asks for a copy. A copy of
 *	  thousands of descriptors takes longer than all the rest.
 *	- The child has a pidfd from the start, and none of the parent's signal handlers.
 */
#ifndef CV_CLONE_H
#define CV_CLONE_H

#include <stdbool.h>
#include <sys/types.h>

struct cv_clone {
	void (*run)(void *arg);  /* what the child does; never returns */
	void *arg;
	int cgroup_fd;           /* directory of the cgroup to start in; -1: the parent's */
	bool share_fds;          /* the parent's descriptors, until the child unshares them */
	bool want_pidfd;

	int pidfd;               /* out: close-on-exec, any number; -1 where there is none */
};

/* Does cv_clone work on this machine, with this kernel and in this sandbox? */
bool cv_clone_works(void);

/*
 * Starts the child; returns its pid, or -1 with errno. The caller has blocked all signals. Signals
 * that had a handler have their default action in the child.
 */
pid_t cv_clone(struct cv_clone *clone);

#endif
