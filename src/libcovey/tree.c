#include "tree.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdutil.h"

static int open_children(pid_t thread)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)thread);
	return cv_fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
}

int cv_tree_init(struct cv_tree *tree)
{
	memset(tree, 0, sizeof *tree);
	tree->main_fd = tree->own_fd = -1;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return -1;
	tree->main_fd = open_children(getpid());
	tree->scan_proc = tree->main_fd < 0;
	return 0;
}

void cv_tree_release(struct cv_tree *tree)
{
	cv_fd_close(&tree->main_fd);
	cv_fd_close(&tree->own_fd);
	free(tree->orphans);
	tree->orphans = NULL;
	tree->norphans = tree->cap = tree->nowned = 0;
}

void cv_tree_enter(struct cv_tree *tree)
{
	pid_t thread = gettid();

	if (tree->thread == 0) {
		tree->thread = thread;
		if (thread != getpid())
			tree->own_fd = open_children(thread);
	}
	tree->strayed = tree->strayed || tree->thread != thread
	    || (thread != getpid() && tree->own_fd < 0);
}

/* Counts the numbers, each followed by a blank, that the file holds now; stops past the limit. */
static size_t count_children(int fd, size_t limit)
{
	char text[4096];
	off_t offset = 0;
	size_t count = 0;
	ssize_t n;

	while (count <= limit && (n = pread(fd, text, sizeof text, offset)) > 0) {
		const char *at = text;

		while ((at = memchr(at, ' ', (size_t)(text + n - at))) != NULL) {
			count++;
			at++;
		}
		offset += n;
		if ((size_t)n < sizeof text)
			break;
	}
	return count;
}

/* Up to so many children, the list of what another thread has started is read, too. */
enum { SHORT_LIST = 64 };

bool cv_tree_changed(const struct cv_tree *tree, size_t nchildren)
{
	/* a known orphan may have ended, and a new one be there in its place */
	if (tree->scan_proc || tree->strayed || tree->norphans > 0)
		return true;
	if (tree->thread == getpid())
		return count_children(tree->main_fd, nchildren) != nchildren;
	/* the main thread adopts orphans; another one only after the main thread has ended */
	if (count_children(tree->main_fd, 0) != 0)
		return true;
	return nchildren <= SHORT_LIST && count_children(tree->own_fd, nchildren) != nchildren;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_child(const struct cv_pids *children, pid_t pid)
{
	return children->n > 0
	    && bsearch(&pid, children->pids, children->n, sizeof pid, by_pid) != NULL;
}

static struct cv_orphan *find_orphan(const struct cv_tree *tree, pid_t pid)
{
	size_t i;

	for (i = 0; i < tree->norphans; i++) {
		if (tree->orphans[i].pid == pid)
			return &tree->orphans[i];
	}
	return NULL;
}

static int add_orphan(struct cv_tree *tree, const struct cv_orphan *orphan)
{
	if (tree->norphans == tree->cap) {
		size_t cap = tree->cap == 0 ? 8 : tree->cap * 2;
		struct cv_orphan *orphans = reallocarray(tree->orphans, cap, sizeof *orphans);

		if (orphans == NULL)
			return -1;
		tree->orphans = orphans;
		tree->cap = cap;
	}
	tree->orphans[tree->norphans++] = *orphan;
	return 0;
}

/* Reaps an orphan, if it has ended; returns whether it has. */
static bool reap(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG | __WALL) == pid;
}

/* Finds out whose the orphan is. Returns 0, or -1 if it is gone. */
static int ask(struct cv_orphan *orphan, cv_tree_claim *claim, void *arg)
{
	struct cv_trace trace = { .environment = NULL };
	char *environment;

	if (cv_procfs_stat(orphan->pid, &trace.st) != 0)
		return -1;
	environment = cv_procfs_environ(orphan->pid);
	trace.environment = environment;
	claim(arg, &trace, orphan);
	free(environment);
	return 0;
}

/* Adds a process that has turned up. *reaped is set if it had ended already. */
static int meet(struct cv_tree *tree, pid_t pid, cv_tree_claim *claim, void *arg, bool *reaped)
{
	struct cv_orphan orphan = { .pid = pid, .present = true };

	if (ask(&orphan, claim, arg) != 0)
		return 0;  /* other code of the host has reaped it */
	if (orphan.owner.kind != CV_OWNER_FOREIGN && reap(pid)) {
		*reaped = true;
		return 0;
	}
	return add_orphan(tree, &orphan);
}

/* Forgets the orphans that are gone. Returns true if one of them was reaped. */
static bool forget_absent(struct cv_tree *tree)
{
	size_t i, kept = 0;
	bool reaped = false;

	tree->nowned = 0;
	for (i = 0; i < tree->norphans; i++) {
		struct cv_orphan *orphan = &tree->orphans[i];
		bool foreign = orphan->owner.kind == CV_OWNER_FOREIGN;

		if (!orphan->present)
			continue;
		if (!foreign && reap(orphan->pid)) {
			reaped = true;
			continue;
		}
		orphan->present = false;
		tree->nowned += !foreign;
		tree->orphans[kept++] = *orphan;
	}
	tree->norphans = kept;
	return reaped;
}

static int scan_once(struct cv_tree *tree, const struct cv_pids *children, cv_tree_claim *claim,
    void *arg, bool *reaped)
{
	struct cv_pids now = { 0 };
	int result = cv_procfs_children(getpid(), &now);
	size_t i;

	for (i = 0; result == 0 && i < now.n; i++) {
		struct cv_orphan *known = find_orphan(tree, now.pids[i]);

		if (known != NULL) {
			known->present = true;
			if (known->owner.kind == CV_OWNER_UNSETTLED && ask(known, claim, arg) != 0)
				known->present = false;
		} else if (!is_child(children, now.pids[i]))
			result = meet(tree, now.pids[i], claim, arg, reaped);
	}
	if (result == 0 && forget_absent(tree))
		*reaped = true;
	cv_pids_release(&now);
	return result;
}

int cv_tree_scan(struct cv_tree *tree, const struct cv_pids *children, cv_tree_claim *claim,
    void *arg)
{
	bool reaped;
	int result;

	/* the children of one that was reaped were adopted after the list was read: look again */
	do {
		reaped = false;
		result = scan_once(tree, children, claim, arg, &reaped);
	} while (result == 0 && reaped);
	return result;
}

void cv_tree_disown(struct cv_tree *tree, struct cv_owner owner, struct cv_owner heir)
{
	size_t i;

	for (i = 0; i < tree->norphans; i++) {
		if (cv_owner_same(tree->orphans[i].owner, owner))
			tree->orphans[i].owner = heir;
	}
}

bool cv_tree_unsettled(const struct cv_tree *tree)
{
	return cv_tree_has(tree, cv_owner_other(CV_OWNER_UNSETTLED));
}

bool cv_tree_has(const struct cv_tree *tree, struct cv_owner owner)
{
	size_t i;

	for (i = 0; i < tree->norphans; i++) {
		if (cv_owner_same(tree->orphans[i].owner, owner))
			return true;
	}
	return false;
}

/* A process may have ended since it was listed: then kill fails, which does not matter. */
static void signal_one(pid_t pid, int sig)
{
	if (kill(pid, sig) == 0 && sig != SIGKILL && sig != SIGSTOP)
		kill(pid, SIGCONT);
}

/*
 * Signals the processes listed and all their descendants, except those in the process group
 * "without". The list grows while it is walked, since children are listed before their parent may
 * end of the signal.
 */
static void signal_below(struct cv_pids *found, pid_t without, int sig)
{
	size_t i;

	for (i = 0; i < found->n; i++) {
		pid_t pid = found->pids[i];

		cv_procfs_children(pid, found);
		if (without <= 0 || getpgid(pid) != without)
			signal_one(pid, sig);
	}
}

/* Adds the owner's orphans; with told, also those that have had the signal. */
static void add_orphans(struct cv_tree *tree, struct cv_owner owner, bool told,
    struct cv_pids *found)
{
	size_t i;

	for (i = 0; i < tree->norphans; i++) {
		struct cv_orphan *orphan = &tree->orphans[i];

		if (!cv_owner_same(orphan->owner, owner) || (orphan->told && !told))
			continue;
		cv_pids_add(found, orphan->pid);
		orphan->told = true;
	}
}

void cv_tree_signal_detached(struct cv_tree *tree, pid_t leader, struct cv_owner owner, int sig)
{
	struct cv_pids found = { 0 };

	if (leader > 0)
		cv_procfs_children(leader, &found);
	add_orphans(tree, owner, true, &found);
	signal_below(&found, leader, sig);
	cv_pids_release(&found);
}

void cv_tree_signal_new(struct cv_tree *tree, pid_t leader, struct cv_owner owner, int sig)
{
	struct cv_pids found = { 0 };

	add_orphans(tree, owner, false, &found);
	signal_below(&found, leader, sig);
	cv_pids_release(&found);
}

void cv_tree_signal_one_tree(pid_t root, int sig)
{
	struct cv_pids found = { 0 };

	if (cv_pids_add(&found, root) == 0)
		signal_below(&found, 0, sig);
	cv_pids_release(&found);
}

bool cv_tree_group_gone(pid_t group)
{
	struct cv_pids members = { 0 };
	bool gone = true;
	size_t i;

	if (kill(-group, 0) != 0 && errno == ESRCH)
		return true;
	/* zombies that their parent does not reap are still members */
	cv_procfs_by_group(group, &members);
	for (i = 0; gone && i < members.n; i++) {
		struct cv_stat st;

		gone = cv_procfs_stat(members.pids[i], &st) != 0 || st.state == 'Z'
		    || st.state == 'X';
	}
	cv_pids_release(&members);
	return gone;
}
