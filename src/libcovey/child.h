/*
 * child - between clone or vfork and exec, or between fork and the call of a function
 *
 * Level 1, mechanism. A child that is to exec shares the parent's memory until then, and the
 * parent does not run meanwhile. So there are only async-signal-safe calls here, no allocations
 * and no locks, and nothing is written to memory except for the parent to read. Everything is
 * prepared beforehand in struct cv_child.
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

/* What the children of one executor have other than its host; mostly nothing. */
struct cv_child_settings {
	const struct covey_limit *limits;
	size_t nlimits;
	const int *inherit_fds;          /* stay open; 3 or higher */
	size_t ninherit_fds;
	bool reniced;
	int niceness;                    /* where reniced */
};

struct cv_child {
	const char *path;                /* of the program, no search */
	const char *const *argv;
	const char *const *envp;
	const char *cwd;                 /* or NULL */
	/* become 0, 1 and 2, of which 1 and 2 block then; each 3 or higher, or -1: inherited */
	int fds[CV_NSTDIO];
	bool clone;                      /* use cv_clone, not vfork. Out: whether it works */
	uint64_t handled;                /* from cv_child_handled; not needed with clone */
	int cgroup_fd;                   /* directory of the cgroup to run in, or -1 */
	bool start_in_cgroup;            /* with clone: try to. Out: whether it was possible */
	bool want_pidfd;
	bool share_fds;                  /* with clone: copy only the descriptors that are needed */
	bool new_group;                  /* lead a process group of its own */
	bool die_with_parent;            /* SIGKILL when the thread that started it ends */
	bool inherit_fds;                /* descriptors that are not close-on-exec stay open */
	const struct rlimit *nofile;     /* RLIMIT_NOFILE to set, or NULL */
	const struct cv_child_settings *settings;  /* or NULL */

	/* out */
	int pidfd;                       /* of a child that was started; -1: to be opened */
	int failed_errno;                /* when it failed */
	const char *failed_step;         /* "exec", "chdir", … */

	/* between this process and the child */
	bool to_move;                    /* the child moves itself into its cgroup */
	bool began;                      /* the child has run */
	const sigset_t *mask;            /* the parent's, which the child sets again */
};

/*
 * The signals for which this process has handlers, each as bit 1 << (number - 1). This takes 64
 * system calls, so callers ask once for many children.
 */
uint64_t cv_child_handled(void);

/*
 * Starts the child. Returns its pid once it has exec'd, or -1 with failed_errno and failed_step
 * filled in; then there is no child left to wait for. The step "fork" means that no child could be
 * made.
 */
pid_t cv_child_start(struct cv_child *child);

/*
 * Forks a child for a function; path and argv are not used. Returns its pid, or -1 with
 * failed_errno and failed_step filled in. The child writes its own failures into the call's note.
 */
pid_t cv_child_fork(struct cv_child *child, struct cv_call *call);

/* The name of the step that failed, by its number in a note; any number is allowed. */
const char *cv_child_step(int number);

#endif
