/*
 * child - between clone or vfork and exec, or between fork and the call of a function
 *
 * Level 1, mechanism. A child that is to exec shares the parent's memory until then, and the parent
 * does not run meanwhile: only async-signal-safe calls, no allocation, no locks, and nothing written
 * but what is meant for the parent. Everything is prepared beforehand in struct cv_child.
 */
#ifndef CV_CHILD_H
#define CV_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "call.h"
#include "covey.h"
#include "fdutil.h"

/* What the children of one executor are given, or kept from; seldom anything. */
struct cv_child_settings {
	const struct covey_limit *limits;
	size_t nlimits;
	const int *inherit_fds;          /* stay open; 3 or higher */
	size_t ninherit_fds;
	bool reniced;
	int niceness;                    /* if so */
};

struct cv_child {
	const char *path;                /* of the program, no search */
	const char *const *argv;
	const char *const *envp;
	const char *cwd;                 /* or NULL */
	/* become 0, 1 and 2, of which 1 and 2 will block; 3 or higher, or -1: inherited */
	int fds[CV_NSTDIO];
	bool clone;                      /* cv_clone_works; else vfork. Out: false, if it did not */
	uint64_t handled;                /* from cv_child_handled; not needed with clone */
	int cgroup_fd;                   /* directory of the cgroup to run in, or -1 */
	bool start_in_cgroup;            /* with clone: try to. Out: whether it was possible */
	bool want_pidfd;
	bool share_fds;                  /* with clone: no copy of the parent's that is not needed */
	bool new_group;                  /* lead a process group of its own */
	bool die_with_parent;            /* SIGKILL when the thread that started it ends */
	bool inherit_fds;                /* what is not close-on-exec stays open */
	const struct rlimit *nofile;     /* RLIMIT_NOFILE to set, or NULL */
	const struct cv_child_settings *settings;  /* or NULL */

	/* out */
	int pidfd;                       /* of a child that was started; -1 where there is none yet */
	int failed_errno;                /* when it failed */
	const char *failed_step;         /* "exec", "chdir", … */

	/* between this process and the child */
	bool to_move;                    /* into its cgroup, which it is not in yet */
	bool began;                      /* it has come to run */
	const sigset_t *mask;            /* to be had again */
};

/*
 * The signals for which this process has handlers, each as bit 1 << (number - 1). It takes 64 system
 * calls, so it is asked once for many children.
 */
uint64_t cv_child_handled(void);

/*
 * Starts the child. Returns its pid once it has exec'd, or -1 with failed_errno and failed_step
 * filled in; then there is no child left to wait for. "fork" as the step: none could be made.
 */
pid_t cv_child_start(struct cv_child *child);

/*
 * Forks a child for a function; path and argv are not used. Returns its pid, or -1 with
 * failed_errno and failed_step filled in. What fails in the child it writes into the call's note.
 */
pid_t cv_child_fork(struct cv_child *child, struct cv_call *call);

/* The name of what has failed according to a note, whatever number that has. */
const char *cv_child_step(int number);

#endif
