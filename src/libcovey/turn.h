/*
 * turn - one turn of the loop, in named phases
 *
 * Level 2: the only level that knows both policy and mechanism. The state of an executor is here;
 * the phases are spread over files by what they are about:
 *
 *	start.c      start ready: the next task into a free slot
 *	turn.c       wait, gather facts, apply actions
 *	probe.c      is the tree of an exited child gone?
 *	witness.c    whose orphan is it: what witnesses say
 *	finish.c     an attempt is over: what came of it, what is next; emit events
 */
#ifndef CV_TURN_H
#define CV_TURN_H

#include <bsd/sys/queue.h>

#include "attempt.h"
#include "capture.h"
#include "cgroup.h"
#include "clock.h"
#include "environ.h"
#include "loop.h"
#include "note.h"
#include "owner.h"
#include "retry.h"
#include "sched.h"
#include "spawn.h"
#include "timer.h"
#include "tree.h"
#include "wait.h"

enum cv_source_kind { CV_SOURCE_STREAM, CV_SOURCE_EXIT, CV_SOURCE_SIGCHLD, CV_SOURCE_HOST };

/* The deadlines that an attempt may have at once. */
enum cv_deadline {
	CV_DEADLINE_SLOW,      /* say that it is slow */
	CV_DEADLINE_SOFT,      /* its timeout: CV_SOFT */
	CV_DEADLINE_HARD,      /* CV_HARD */
	CV_DEADLINE_GIVE_UP,   /* CV_GIVE_UP */
	CV_DEADLINE_CUT,       /* CV_CUT */
	CV_DEADLINE_DOUBT,     /* an attempt has been held for long enough */
	CV_DEADLINE_PROBE,     /* look again whether the tree is gone, or the child has exited */
	CV_NDEADLINES
};

/* What is captured of an attempt. */
enum cv_stream {
	CV_STREAM_OUT,
	CV_STREAM_ERR,
	CV_STREAM_RESULT,  /* what a function returns */
	CV_NSTREAMS
};

/* A slot, with the attempt that is in it. */
struct cv_slot {
	struct covey_attempt attempt;     /* what events show */
	struct covey *ex;
	struct cv_task *task;             /* NULL: the slot is free, or withheld */
	unsigned index;                   /* from 0 */
	uint64_t serial;                  /* of the attempt: in the order of their start, from 1 */

	enum cv_state state;
	unsigned facts;                   /* bit 1u << enum cv_fact: gathered, to be applied */
	unsigned actions;                 /* taken in this phase */
	bool touched;                     /* in the list of slots with facts or a probe to make */
	bool probe;                       /* its tree is to be probed */
	TAILQ_ENTRY(cv_slot) entry;
	enum covey_outcome cause;         /* why it was stopped; COVEY_SUCCESS: it was not */
	bool exited;                      /* the child has exited */
	bool reaped;
	bool lost;                        /* other code of the host has reaped the child */
	bool in_doubt;                    /* it is over, and held: whoever ended it may stop us too */
	covey_nsec over;                  /* when it was over, if it was held; 0: it was not */
	bool withheld;                    /* a tree that could not be killed is in the slot */
	bool cgroup_killed;               /* the next attempt needs a new cgroup */
	int wait_status;

	struct cv_source exit_source, stream_sources[CV_NSTREAMS];
	struct cv_capture captures[CV_NSTREAMS];
	int open_streams;
	struct cv_note *note;             /* made at the slot's first function */

	struct cv_timer timer;            /* set to the first of: */
	covey_nsec deadlines[CV_NDEADLINES];
	covey_nsec probe_pause;
};

TAILQ_HEAD(cv_slot_list, cv_slot);

/* A descriptor of the host's. */
struct cv_watch {
	struct cv_source source;
	covey_watch_fn *on_fd;
	void *user;
	LIST_ENTRY(cv_watch) entry;
};

LIST_HEAD(cv_watch_list, cv_watch);

/* What has ended everything. After the end of a wait, more can be submitted; not after others. */
enum cv_ending { CV_ENDING_NO, CV_ENDING_WAIT, CV_ENDING_DEADLINE, CV_ENDING_CANCELLED };

struct covey {
	struct covey_options options;     /* strings in it belong to the executor */
	char *tmpdir, *reason_dir, *run_id;
	int reason_dir_fd;                /* -1: none */
	struct cv_capture_limits limits, result_limits;
	struct rlimit child_nofile;
	struct cv_child_settings child_settings;
	struct covey_limit *child_limits; /* what they point to */
	int *child_fds;

	struct cv_sched sched;
	struct cv_slots free_slots;
	struct cv_slot **slots;           /* by index; made when first taken, freed with ex */
	unsigned nslots, slots_room;
	unsigned running;                 /* slots with an attempt */
	unsigned withheld;
	unsigned in_doubt;                /* slots whose attempt is held */
	unsigned doubted;                 /* attempts that were held in vain */
	unsigned children;                /* not reaped yet */
	struct cv_retry retry;
	struct cv_timers timers;
	struct covey_counts counts;
	uint64_t next_serial;

	struct cv_loop loop;
	struct cv_wait wait;
	struct cv_source sigchld_source;
	struct cv_spawner spawner;
	struct cv_tree tree;              /* with COVEY_SUBREAPER */
	bool adopts;
	struct cv_cgroup cgroup;
	bool has_cgroup;
	int oom_fd;
	long oom_count;
	struct cv_environ environ;
	char *scratch;                    /* CV_SCRATCH_SIZE bytes to read into */

	struct cv_slot_list touched;
	struct cv_watch_list watches, dropped_watches;
	covey_nsec now;                   /* at the beginning of the phase */
	covey_nsec paused;                /* time taken out so far */
	covey_nsec suspended_at;          /* on CLOCK_MONOTONIC; -1: not suspended */
	covey_nsec deadline;              /* INT64_MAX: none */
	covey_nsec wait_until;            /* the deadline of covey_wait; INT64_MAX: none */
	covey_nsec next_scan;             /* for orphans, while something runs */
	covey_nsec blind_since;           /* since when scans have failed; 0: the last did not */

	enum cv_ending ending;
	bool cancel_asked;
	enum covey_cancel_how cancel_how;
	bool pull;                        /* the next callback may have tasks */
	bool next_ended;                  /* the next callback has said COVEY_NEXT_END */
	bool input_ended;                 /* it has, or everything is being ended */
	bool held;                        /* streams are not read */
	bool in_turn;
	unsigned emitting;                /* depth of events being delivered */
	bool uses_notes;                  /* functions have been submitted */
	void *crash_stack;                /* for functions that crash */
	struct covey_results *results;    /* where covey_wait collects what finishes; or NULL */
	bool results_lost;                /* out of memory */
	bool due;                         /* the next turn must not wait */
	bool starting;                    /* what is submitted now is started in this turn */

	covey_nsec gate;                  /* may_start is not asked before; INT64_MAX: covey_wake */

	/* when resources run out, fewer run at once than max_workers */
	unsigned limit;
	bool limit_told;                  /* COVEY_LIMITED was emitted */
	covey_nsec limit_raise;           /* when one more is tried */
	/* when nothing at all can be started */
	covey_nsec start_pause;           /* how long to wait before the next start, */
	covey_nsec start_after;           /* until when, */
	covey_nsec starving_since;        /* and since when; 0: something runs */
	bool starved;                     /* it was waited for long enough, and nothing came of it */
};

/* As covey_now, inline, since it is needed several times an attempt. */
static inline covey_nsec cv_now(const struct covey *ex)
{
	return (ex->suspended_at >= 0 ? ex->suspended_at : cv_clock_now()) - ex->paused;
}

static inline covey_nsec cv_deadline(const struct covey *ex)
{
	return ex->deadline < ex->wait_until ? ex->deadline : ex->wait_until;
}

/* Does an attempt that has a child run in the slot? */
static inline bool cv_slot_runs(const struct cv_slot *slot)
{
	return slot->task != NULL && slot->attempt.pid > 0;
}

/* One turn; as covey_step. */
int cv_turn(struct covey *ex, covey_nsec max_wait, struct covey_error *err);

/* Nothing is left to be done. */
bool cv_turn_idle(const struct covey *ex);

/* How long the next turn may wait; INT64_MAX: for ever. */
covey_nsec cv_turn_patience(const struct covey *ex);

/* Sets one of a slot's deadlines; INT64_MAX clears it. */
void cv_slot_deadline(struct cv_slot *slot, enum cv_deadline which, covey_nsec when);

/* Notes a fact about a slot, to be applied in this turn. */
void cv_slot_fact(struct cv_slot *slot, enum cv_fact fact);

/* Puts the slot into the list of slots that have something to be done in this turn. */
void cv_slot_touch(struct cv_slot *slot);

/* Stops reading a stream and closes it. */
void cv_slot_close_stream(struct cv_slot *slot, enum cv_stream stream);

/* Has the attempt in a slot end, for a cause; fact is CV_SOFT or CV_HARD. */
void cv_slot_stop(struct cv_slot *slot, enum covey_outcome cause, enum cv_fact fact);

/* Reaps the child if it has exited and was not reaped yet. */
void cv_slot_reap(struct cv_slot *slot);

/* Sends a signal to the process group of the tree in a slot, and to what has left the group. */
void cv_slot_signal_group(struct cv_slot *slot, int sig);
void cv_slot_signal_detached(const struct cv_slot *slot, int sig);

/* start.c: starts what can start. Returns true if the next turn can start more at once. */
bool cv_start_ready(struct covey *ex);

/* start.c: may an attempt be started now, if a task is ready? */
bool cv_start_allowed(const struct covey *ex);

/* probe.c: turns the exits seen in this turn into CV_LEFT, CV_GONE or CV_OVER. */
int cv_probe(struct covey *ex, struct covey_error *err);

/* witness.c: decides whose an orphan is; a cv_tree_claim, with the executor as its argument. */
void cv_witness_claim(void *arg, const struct cv_trace *trace, struct cv_orphan *orphan);

/* probe.c: no orphan of ours is left, but those kept on purpose. */
bool cv_probe_clean(const struct covey *ex);

/* finish.c: the attempt in the slot is over. */
/* The attempt is over: is it to be held, since a stop may be under way? Asked again when touched. */
bool cv_finish_holds(struct cv_slot *slot);

void cv_finish_attempt(struct cv_slot *slot);

/* finish.c: a task that waits has finished, without another attempt. */
void cv_finish_waiting(struct cv_task *task, struct covey *ex, enum covey_outcome outcome);

/* finish.c: gives a slot whose tree is gone at last back to the others. */
void cv_finish_withheld(struct cv_slot *slot);

/* collect.c: takes over a task that has finished, and what its last attempt owns. */
void cv_collect_add(struct covey *ex, struct cv_task *task, struct covey_attempt *attempt,
    enum covey_outcome outcome);

/* finish.c: moves all that an attempt points to into a copy. Returns NULL when out of memory. */
struct covey_attempt *cv_attempt_keep(struct covey_attempt *attempt);

/* finish.c: delivers an event, filling in the time. */
void cv_emit(struct covey *ex, struct covey_event *event);

#endif
