/*
 * tree - everything that descends from a child, however it detached itself
 *
 * Level 1, mechanism. Three ways to hold a tree together:
 *
 *	the process group   for all; a descendant leaves it with setsid or setpgid
 *	adopted orphans     with PR_SET_CHILD_SUBREAPER, a process whose parent ends becomes a child
 *	                    of this process, so that all of a tree descends from it; owner.h says
 *	                    to which attempt an orphan belongs
 *	the cgroup          see cgroup.h; nothing leaves it by itself
 */
#ifndef CV_TREE_H
#define CV_TREE_H

#include "orphan.h"
#include "procfs.h"

/* What is known of a process that has turned up. */
struct cv_trace {
	struct cv_stat st;
	const char *environment; /* or NULL */
};

/*
 * Says whose an orphan is: fills in orphan->owner, and keeps what it needs in the fields that are
 * the claim's. It is called again in each scan while the owner is CV_OWNER_UNSETTLED.
 */
typedef void cv_tree_claim(void *arg, const struct cv_trace *trace, struct cv_orphan *orphan);

struct cv_tree {
	/* /proc/self/task/TID/children of the main thread, and of "thread"; or -1 */
	int main_fd, own_fd;
	pid_t thread;            /* the one that starts children; 0: not known yet */
	bool strayed;            /* more than one thread has started children */
	struct cv_orphan *orphans;
	size_t norphans, cap;
	size_t nowned;           /* that are not foreign: this executor reaps them */
	bool scan_proc;          /* the kernel has no children files */
};

/* Starts adopting orphans. Returns 0, or -1 with errno. */
int cv_tree_init(struct cv_tree *tree);
void cv_tree_release(struct cv_tree *tree);

/* To be called from the thread that starts children, before it does. */
void cv_tree_enter(struct cv_tree *tree);

/*
 * A quick test whether there can be new orphans. Returns false if no orphan is known, and as many
 * children are listed as there should be. Where another thread than the main one starts children,
 * and thousands run, only the main thread's list is read.
 */
bool cv_tree_changed(const struct cv_tree *tree, size_t nchildren);

/*
 * Brings the list of orphans up to date. Forgets those that have ended, and reaps them unless they
 * are the host's; has claim say whose the new ones are. children is sorted: these are not orphans.
 * Returns 0, or -1 with errno.
 */
int cv_tree_scan(struct cv_tree *tree, const struct cv_pids *children, cv_tree_claim *claim,
    void *arg);

/* Gives the orphans of one owner to another. */
void cv_tree_disown(struct cv_tree *tree, struct cv_owner owner, struct cv_owner heir);

/* Is there an orphan of which the owner is not settled yet? */
bool cv_tree_unsettled(const struct cv_tree *tree);

/* Has the owner an orphan? */
bool cv_tree_has(const struct cv_tree *tree, struct cv_owner owner);

/*
 * Sends sig to what has left the process group: the descendants of leader (0: none) and of the
 * owner's orphans that are in another group.
 */
void cv_tree_signal_detached(struct cv_tree *tree, pid_t leader, struct cv_owner owner, int sig);

/* The same for those of the owner's orphans only that have had no signal yet. */
void cv_tree_signal_new(struct cv_tree *tree, pid_t leader, struct cv_owner owner, int sig);

/* Sends sig to an orphan and its descendants. */
void cv_tree_signal_one_tree(pid_t root, int sig);

/*
 * Is the process group empty but for zombies? For trees whose orphans are not adopted; the leader
 * must have been reaped.
 */
bool cv_tree_group_gone(pid_t group);

#endif
