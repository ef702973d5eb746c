/*
 * Is the tree of an exited child gone? The answer is CV_LEFT, CV_GONE or CV_OVER. Where orphans
 * are adopted, every process of a tree descends from a child of this process. So in most turns the
 * number of children tells that nothing is left.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "error.h"
#include "turn.h"

/* how often to look for orphans without an occasion, so that those that have ended are reaped */
#define SCAN_PAUSE (1 * COVEY_SEC)
/* between looks at a tree that is being killed */
#define FIRST_PAUSE (1 * COVEY_MSEC)
#define LONGEST_PAUSE (50 * COVEY_MSEC)
/* how long a run goes on that cannot look for orphans */
#define BLIND_PATIENCE (1 * COVEY_SEC)
#define LACK_PATIENCE (30 * COVEY_SEC)
/* an unclaimed orphan that SIGKILL does not end is not waited for longer than this */
#define UNCLAIMED_PATIENCE (10 * COVEY_SEC)

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

/* ---- what is done with orphans ---- */

/* The serial number of the oldest attempt that runs; UINT64_MAX if none does. */
static uint64_t oldest_serial(const struct covey *ex)
{
	uint64_t oldest = UINT64_MAX;
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		if (cv_slot_runs(ex->slots[i]) && ex->slots[i]->serial < oldest)
			oldest = ex->slots[i]->serial;
	}
	return oldest;
}

/* Kills the orphans that belong to no attempt that runs. */
static void kill_unclaimed(struct covey *ex)
{
	uint64_t oldest;
	size_t i;

	if (!cv_tree_has(&ex->tree, cv_owner_other(CV_OWNER_UNKNOWN))
	    && !cv_tree_has(&ex->tree, cv_owner_other(CV_OWNER_ENDED)))
		return;
	oldest = oldest_serial(ex);
	for (i = 0; i < ex->tree.norphans; i++) {
		struct cv_orphan *orphan = &ex->tree.orphans[i];

		if (!cv_owner_doomed(orphan, oldest))
			continue;
		if (orphan->killed_at == 0)
			orphan->killed_at = ex->now;
		cv_tree_signal_one_tree(orphan->pid, SIGKILL);
		ex->next_scan = ex->now + FIRST_PAUSE;
		if (ex->now - orphan->killed_at > UNCLAIMED_PATIENCE)
			orphan->owner = cv_owner_other(CV_OWNER_KEPT);
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

enum scan_result {
	SCAN_DONE,
	SCAN_PUT_OFF,  /* it did not work now */
	SCAN_FAILED    /* with *err */
};

/* A scan that fails is made again for a while, longer where descriptors or memory ran out. */
static enum scan_result put_off_scan(struct covey *ex, int sys_errno, struct covey_error *err)
{
	covey_nsec patience = cv_error_is_lack(sys_errno) ? LACK_PATIENCE : BLIND_PATIENCE;

	if (ex->blind_since == 0)
		ex->blind_since = ex->now;
	if (ex->now - ex->blind_since <= patience) {
		ex->next_scan = ex->now + LONGEST_PAUSE;
		return SCAN_PUT_OFF;
	}
	cv_error(err, COVEY_SYSTEM, sys_errno, "cannot look for orphans in '/proc'");
	return SCAN_FAILED;
}

static enum scan_result scan(struct covey *ex, struct covey_error *err)
{
	struct cv_pids children = { 0 };
	bool in_passing = ex->now < ex->next_scan;
	int result;

	/* the number of children is seldom misleading; a later scan finds what was missed */
	if (in_passing && !cv_tree_changed(&ex->tree, ex->children))
		return SCAN_DONE;
	ex->next_scan = ex->now + SCAN_PAUSE;
	result = list_children(ex, &children);
	if (result == 0)
		result = cv_tree_scan(&ex->tree, &children, cv_witness_claim, ex);
	cv_pids_release(&children);
	if (result != 0)
		return put_off_scan(ex, errno, err);
	ex->blind_since = 0;
	if (cv_tree_unsettled(&ex->tree))
		ex->next_scan = ex->now + 2 * FIRST_PAUSE;
	kill_unclaimed(ex);
	release_withheld(ex);
	return SCAN_DONE;
}

/* What cannot be killed is not waited for. */
static bool is_awaited(const struct covey *ex, struct cv_owner owner)
{
	switch (owner.kind) {
	case CV_OWNER_UNSETTLED:
	case CV_OWNER_ENDED:
	case CV_OWNER_UNKNOWN:
		return true;
	case CV_OWNER_SLOT:
		return !ex->slots[owner.slot]->withheld;
	case CV_OWNER_KEPT:
	case CV_OWNER_FOREIGN:
	case CV_NOWNER_KINDS:
		break;
	}
	return false;
}

bool cv_probe_clean(const struct covey *ex)
{
	size_t i;

	for (i = 0; i < ex->tree.norphans; i++) {
		if (is_awaited(ex, ex->tree.orphans[i].owner))
			return false;
	}
	return true;
}

/* ---- is the tree gone? ---- */

static bool left(struct cv_slot *slot)
{
	struct covey *ex = slot->ex;

	if (slot->state == CV_RUNNING && (ex->options.flags & COVEY_KEEP_LEFTOVERS) != 0) {
		cv_tree_disown(&ex->tree, cv_owner_slot(slot->index),
		    cv_owner_other(CV_OWNER_KEPT));
		return false;
	}
	if (ex->adopts)
		return cv_tree_has(&ex->tree, cv_owner_slot(slot->index));
	/* while its leader is a zombie, kill(2) does not tell whether a group is empty */
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
	enum scan_result result = SCAN_DONE;
	bool known;

	if (ex->adopts && (wanted || ex->now >= ex->next_scan))
		result = scan(ex, err);
	if (result == SCAN_FAILED)
		return -1;
	known = result == SCAN_DONE && !cv_tree_unsettled(&ex->tree);
	TAILQ_FOREACH(slot, &ex->touched, entry) {
		if (slot->probe && known)
			probe(slot);
		else if (slot->probe)
			put_off(slot);
	}
	return 0;
}
