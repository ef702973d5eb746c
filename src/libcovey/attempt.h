/*
 * attempt - the state machine of one attempt, as a table
 *
 * Level 1, policy: no system call. An attempt is over when two separate facts are in: nothing of
 * its tree is left, and its streams have ended (or were cut off after a grace). Either may come
 * first, and neither implies the other: a child may close its streams and go on, and a grandchild
 * may hold a stream open after the child has exited.
 *
 *	RUNNING    the child runs, and nobody has asked for its end
 *	STOPPING   the stop signal was sent to the tree; the hard deadline is running
 *	KILLING    SIGKILL was sent to the tree
 *	DRAINING   the tree is gone, but a process outside it still holds a stream open
 *	DONE       the attempt is over
 */
#ifndef CV_ATTEMPT_H
#define CV_ATTEMPT_H

enum cv_state { CV_RUNNING, CV_STOPPING, CV_KILLING, CV_DRAINING, CV_DONE, CV_NSTATES };

enum cv_fact {
	CV_EXIT,         /* the child has exited */
	CV_LEFT,         /* probe: the child has exited, and something of its tree is left */
	CV_GONE,         /* probe: the tree is gone, and a stream is open */
	CV_OVER,         /* probe: the tree is gone, and all streams have ended */
	CV_STREAMS_END,  /* the last open stream has ended */
	CV_SOFT,         /* the soft deadline passed, or a stop was asked for */
	CV_HARD,         /* the hard deadline passed, or a kill was asked for */
	CV_GIVE_UP,      /* SIGKILL has done nothing for too long */
	CV_CUT,          /* the drain deadline passed */
	CV_NFACTS
};

/* What to do, in this order. */
enum cv_action {
	CV_DO_PROBE = 1 << 0,      /* is the tree gone? The answer is CV_LEFT, CV_GONE or CV_OVER */
	CV_DO_LEAKY = 1 << 1,      /* note that the child left processes behind */
	CV_DO_STOP = 1 << 2,       /* stop signal and SIGCONT to the tree; set the hard deadline */
	CV_DO_STOP_NEW = 1 << 3,   /* stop signal to orphans that turned up after the last one */
	CV_DO_KILL = 1 << 4,       /* SIGKILL to the tree; set the give-up deadline once */
	CV_DO_DRAIN = 1 << 5,      /* set the drain deadline */
	CV_DO_CUT = 1 << 6,        /* close the streams, noting that they were cut off */
	CV_DO_ABANDON = 1 << 7,    /* note that the tree cannot be killed */
	CV_DO_END = 1 << 8         /* the attempt is over: reap, report */
};

struct cv_transition {
	enum cv_state next;
	unsigned actions;
};

/* What follows from a fact in a state. */
struct cv_transition cv_attempt_step(enum cv_state state, enum cv_fact fact);

/* The names, for messages and tests. */
const char *cv_state_name(enum cv_state state);
const char *cv_fact_name(enum cv_fact fact);

#endif
