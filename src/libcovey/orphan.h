/*
 * orphan - a process whose parent has ended, so that it has become a child of this process
 *
 * Level 0. The tree finds orphans, and the policy in owner.h decides whom each belongs to; this is
 * what the two have in common.
 */
#ifndef CV_ORPHAN_H
#define CV_ORPHAN_H

#include "covey.h"

enum cv_owner_kind {
	CV_OWNER_UNSETTLED,  /* cannot be told now: to be asked again */
	CV_OWNER_SLOT,       /* the attempt that runs in a slot */
	CV_OWNER_ENDED,      /* an attempt of this executor that has ended */
	CV_OWNER_UNKNOWN,    /* one of this executor's attempts; which one cannot be told */
	CV_OWNER_KEPT,       /* no attempt: left running on purpose, and reaped when it ends */
	CV_OWNER_FOREIGN,    /* the host, which started it as a child of its own */
	CV_NOWNER_KINDS
};

struct cv_owner {
	enum cv_owner_kind kind;
	unsigned slot;           /* with CV_OWNER_SLOT: from 0; otherwise 0 */
};

struct cv_orphan {
	pid_t pid;
	struct cv_owner owner;
	covey_nsec first_asked;  /* the claim's: when it first put its answer off; 0: never */
	uint64_t seen_at;        /* the claim's: serial number of the newest attempt at that time */
	covey_nsec killed_at;    /* the claim's: since when it is being killed; 0: it is not */
	bool told;               /* has had the stop signal */
	bool present;            /* used while scanning */
};

static inline struct cv_owner cv_owner_slot(unsigned slot)
{
	return (struct cv_owner){ .kind = CV_OWNER_SLOT, .slot = slot };
}

/* One of the kinds that have no slot. */
static inline struct cv_owner cv_owner_other(enum cv_owner_kind kind)
{
	return (struct cv_owner){ .kind = kind };
}

static inline bool cv_owner_same(struct cv_owner a, struct cv_owner b)
{
	return a.kind == b.kind && a.slot == b.slot;
}

#endif
