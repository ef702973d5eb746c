/*
 * Is the tree of an exited child gone? The answer is CV_LEFT, CV_GONE or CV_OVER. Where orphans
 * are adopted, whatever is left of a tree has an ancestor among our own children, so that one look
 * at their number tells, in most turns, that nothing is left.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "turn.h"

/* how often to look for orphans that nothing else announces: the dead want to be reaped */
#define SCAN_PAUSE (1 * COVEY_SEC)
/* between looks at a tree that is being killed */
#define FIRST_PAUSE (1 * COVEY_MSEC)
#define LONGEST_PAUSE (50 * COVEY_MSEC)
/* how long a process may be without an environment before that says something about it */
#define SETTLING (30 * COVEY_MSEC)
/* an unclaimed orphan that SIGKILL does not end is not waited for longer than this */
#define UNCLAIMED_PATIENCE (10 * COVEY_SEC)

static bool alive(const struct cv_slot *slot)
{
	return slot->task != NULL && slot->attempt.pid > 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

/* The children that are not orphans, sorted. */
static int list_children(const struct covey *ex, struct cv_pids *list)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		const struct cv_slot *slot = ex->slots[i];

		if (slot->reaped || slot->attempt.pid <= 0)
			continue;
		if (cv_pids_add(list, slot->attempt.pid) != 0)
			return -1;
	}
	if (list->n > 1)
		qsort(list->pids, list->n, sizeof *list->pids, by_number);
	return 0;
}

static uint64_t number_in(const char *environment, const char *name)
{
	const char *text = cv_environ_get(environment, name);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* The slot that the cookie in a process's environment names, -1: none, -2: an earlier attempt's. */
static int slot_by_cookie(const struct covey *ex, const char *environment)
{
	const char *run = environment == NULL ? NULL : cv_environ_get(environment, "COVEY_RUN");
	uint64_t slot;

	if (run == NULL || strcmp(run, ex->options.run_id) != 0)
		return -1;
	slot = number_in(environment, "COVEY_SLOT");
	if (slot >= 1 && slot <= ex->nslots && alive(ex->slots[slot - 1])
	    && ex->slots[slot - 1]->task->view.id == number_in(environment, "COVEY_TASK")
	    && ex->slots[slot - 1]->attempt.number == number_in(environment, "COVEY_ATTEMPT"))
		return (int)slot - 1;
	return -2;
}

static int slot_by_group(const struct covey *ex, const struct cv_stat *st)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		if (alive(ex->slots[i]) && (ex->slots[i]->attempt.pid == st->group
		    || ex->slots[i]->attempt.pid == st->session))
			return (int)i;
	}
	return -1;
}

/* The only slot with an attempt, or -1: then an orphan can be nobody else's. */
static int only_slot(const struct covey *ex)
{
	int only = -1;
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		if (!alive(ex->slots[i]))
			continue;
		if (only >= 0)
			return -1;
		only = (int)i;
	}
	return only;
}

static int unclaimed(const struct covey *ex)
{
	if ((ex->options.flags & COVEY_KEEP_LEFTOVERS) != 0)
		return CV_OWNER_KEPT;
	return CV_OWNER_UNKNOWN;
}

/*
 * While it execs, a process has no environment; one that has none for good is soon old. since: when
 * it was first asked about; 0: never.
 */
static bool may_be_in_exec(const struct covey *ex, const struct cv_trace *trace, uint64_t since)
{
	return trace->environment == NULL && trace->st.state != 'Z'
	    && (since == 0 || ex->now - (covey_nsec)since < SETTLING);
}

static int slot_by_place(const struct covey *ex, const struct cv_trace *trace)
{
	int slot = slot_by_group(ex, &trace->st);

	if (slot < 0 && ex->has_cgroup)
		slot = cv_cgroup_slot_of(&ex->cgroup, trace->pid);
	return slot >= 0 && (unsigned)slot < ex->nslots && alive(ex->slots[slot]) ? slot : -1;
}

/*
 * What a function has forked has the host's environment still, but the slot's note as well, until
 * it execs; it may have done so since its environment was read. -3: that cannot be told now.
 */
static int slot_by_note(const struct covey *ex, pid_t pid)
{
	int slot = cv_note_slot_of(ex->run_id, pid);
	char *environment;

	if (slot >= 0)
		return (unsigned)slot < ex->nslots && alive(ex->slots[slot]) ? slot : -2;
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return -3;
	environment = cv_procfs_environ(pid);
	slot = slot_by_cookie(ex, environment);
	free(environment);
	return slot;
}

static int claim(void *arg, const struct cv_trace *trace, uint64_t *seen)
{
	const struct covey *ex = arg;
	int slot = slot_by_place(ex, trace);

	if (slot < 0 && may_be_in_exec(ex, trace, *seen)) {
		*seen = *seen == 0 ? (uint64_t)ex->now : *seen;
		return CV_OWNER_UNSETTLED;
	}
	if (slot < 0)
		slot = slot_by_cookie(ex, trace->environment);
	if (slot == -1 && ex->uses_notes)
		slot = slot_by_note(ex, trace->pid);
	if (slot == -3)
		return CV_OWNER_UNSETTLED;
	*seen = ex->next_serial;
	if (slot >= 0)
		return slot;
	if (slot == -2) {
		*seen = 0;
		return unclaimed(ex);
	}
	if ((ex->options.flags & COVEY_SOLE_PARENT) == 0)
		return CV_OWNER_FOREIGN;
	slot = only_slot(ex);
	return slot >= 0 ? slot : unclaimed(ex);
}

/* The serial number of the oldest attempt that runs; UINT64_MAX if none does. */
static uint64_t oldest_serial(const struct covey *ex)
{
	uint64_t oldest = UINT64_MAX;
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		if (alive(ex->slots[i]) && ex->slots[i]->serial < oldest)
			oldest = ex->slots[i]->serial;
	}
	return oldest;
}

/*
 * An orphan that could belong to several attempts is left alone until the last of them has ended.
 */
static void kill_unclaimed(struct covey *ex)
{
	uint64_t oldest;
	size_t i;

	if (!cv_tree_has(&ex->tree, CV_OWNER_UNKNOWN))
		return;
	oldest = oldest_serial(ex);
	for (i = 0; i < ex->tree.norphans; i++) {
		struct cv_orphan *orphan = &ex->tree.orphans[i];

		if (orphan->owner != CV_OWNER_UNKNOWN || orphan->seen >= oldest)
			continue;
		if (orphan->killed_at == 0)
			orphan->killed_at = ex->now;
		cv_tree_signal_one_tree(orphan->pid, SIGKILL);
		ex->next_scan = ex->now + FIRST_PAUSE;
		if (ex->now - orphan->killed_at > UNCLAIMED_PATIENCE)
			orphan->owner = CV_OWNER_KEPT;
	}
}

static void release_withheld(struct covey *ex)
{
	unsigned i;

	for (i = 0; ex->withheld > 0 && i < ex->nslots; i++) {
		if (ex->slots[i]->withheld)
			cv_finish_withheld(ex->slots[i]);
	}
}

/* Returns 0; 1 if it could not be done now; -1 with *err. */
static int scan(struct covey *ex, struct covey_error *err)
{
	struct cv_pids children = { 0 };
	bool in_passing = ex->now < ex->next_scan;
	int result;

	/* that is right almost always; what it has missed is found in time */
	if (in_passing && !cv_tree_changed(&ex->tree, ex->children))
		return 0;
	ex->next_scan = ex->now + SCAN_PAUSE;
	result = list_children(ex, &children);
	if (result == 0)
		result = cv_tree_scan(&ex->tree, &children, claim, ex);
	cv_pids_release(&children);
	if (result != 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
		ex->next_scan = ex->now + LONGEST_PAUSE;
		return 1;
	}
	if (result != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot look for orphans in /proc");
	if (cv_tree_unsettled(&ex->tree))
		ex->next_scan = ex->now + 2 * FIRST_PAUSE;
	kill_unclaimed(ex);
	release_withheld(ex);
	return 0;
}

/* What cannot be killed is not waited for. */
bool cv_probe_clean(const struct covey *ex)
{
	size_t i;

	for (i = 0; i < ex->tree.norphans; i++) {
		int owner = ex->tree.orphans[i].owner;

		if (owner == CV_OWNER_UNKNOWN || owner == CV_OWNER_UNSETTLED
		    || (owner >= 0 && !ex->slots[owner]->withheld))
			return false;
	}
	return true;
}

static bool left(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	if (slot->state == CV_RUNNING && (ex->options.flags & COVEY_KEEP_LEFTOVERS) != 0) {
		cv_tree_disown(&ex->tree, (int)slot->index, CV_OWNER_KEPT);
		return false;
	}
	if (ex->adopts)
		return cv_tree_has(&ex->tree, (int)slot->index);
	/* as long as its leader is a zombie, kill(2) cannot tell whether a group is empty */
	cv_slot_reap(slot);
	return !cv_tree_group_gone(slot->attempt.pid);
}

static void probe(struct cv_slot *slot)
{
	slot->probe = false;
	if (!left(slot)) {
		cv_slot_fact(slot, slot->open_streams > 0 ? CV_GONE : CV_OVER);
		return;
	}
	slot->probe_pause = slot->probe_pause == 0 ? FIRST_PAUSE : slot->probe_pause * 2;
	if (slot->probe_pause > LONGEST_PAUSE)
		slot->probe_pause = LONGEST_PAUSE;
	cv_slot_deadline(slot, CV_DEADLINE_PROBE, slot->ex->now + slot->probe_pause);
	cv_slot_fact(slot, CV_LEFT);
}

static bool any_probe(const struct covey *ex)
{
	const struct cv_slot *slot;

	TAILQ_FOREACH(slot, &ex->touched, entry) {
		if (slot->probe)
			return true;
	}
	return false;
}

static void put_off(struct cv_slot *slot)
{
	slot->probe = false;
	cv_slot_deadline(slot, CV_DEADLINE_PROBE, slot->ex->now + 2 * FIRST_PAUSE);
}

int cv_probe(struct covey *ex, struct covey_error *err)
{
	bool wanted = any_probe(ex);
	struct cv_slot *slot;
	int result = 0;

	if (ex->adopts && (wanted || ex->now >= ex->next_scan))
		result = scan(ex, err);
	if (!wanted || result < 0)
		return result < 0 ? -1 : 0;
	if (cv_tree_unsettled(&ex->tree))
		result = 1;
	TAILQ_FOREACH(slot, &ex->touched, entry) {
		if (slot->probe && result == 0)
			probe(slot);
		else if (slot->probe)
			put_off(slot);
	}
	return 0;
}
