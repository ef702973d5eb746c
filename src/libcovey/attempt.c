#include "attempt.h"

#define STAY(state) { state, 0 }

static const struct cv_transition table[CV_NSTATES][CV_NFACTS] = {
	[CV_RUNNING] = {
		[CV_EXIT] = { CV_RUNNING, CV_DO_PROBE },
		[CV_LEFT] = { CV_STOPPING, CV_DO_LEAKY | CV_DO_STOP },
		[CV_GONE] = { CV_DRAINING, CV_DO_DRAIN },
		[CV_OVER] = { CV_DONE, CV_DO_END },
		[CV_STREAMS_END] = STAY(CV_RUNNING),
		[CV_SOFT] = { CV_STOPPING, CV_DO_STOP },
		[CV_HARD] = { CV_KILLING, CV_DO_KILL },
		[CV_GIVE_UP] = STAY(CV_RUNNING),
		[CV_CUT] = STAY(CV_RUNNING),
	},
	[CV_STOPPING] = {
		[CV_EXIT] = { CV_STOPPING, CV_DO_PROBE },
		/* a process that left the group turns up as an orphan when its parent is gone */
		[CV_LEFT] = { CV_STOPPING, CV_DO_STOP_NEW },
		[CV_GONE] = { CV_DRAINING, CV_DO_DRAIN },
		[CV_OVER] = { CV_DONE, CV_DO_END },
		[CV_STREAMS_END] = STAY(CV_STOPPING),
		[CV_SOFT] = STAY(CV_STOPPING),
		[CV_HARD] = { CV_KILLING, CV_DO_KILL },
		[CV_GIVE_UP] = STAY(CV_STOPPING),
		[CV_CUT] = STAY(CV_STOPPING),
	},
	[CV_KILLING] = {
		[CV_EXIT] = { CV_KILLING, CV_DO_PROBE },
		/* again: a process forked while the tree was walked has not had the signal */
		[CV_LEFT] = { CV_KILLING, CV_DO_KILL },
		[CV_GONE] = { CV_DRAINING, CV_DO_DRAIN },
		[CV_OVER] = { CV_DONE, CV_DO_END },
		[CV_STREAMS_END] = STAY(CV_KILLING),
		[CV_SOFT] = STAY(CV_KILLING),
		[CV_HARD] = STAY(CV_KILLING),
		[CV_GIVE_UP] = { CV_DONE, CV_DO_CUT | CV_DO_ABANDON | CV_DO_END },
		[CV_CUT] = STAY(CV_KILLING),
	},
	[CV_DRAINING] = {
		[CV_EXIT] = STAY(CV_DRAINING),
		[CV_LEFT] = STAY(CV_DRAINING),
		[CV_GONE] = STAY(CV_DRAINING),
		[CV_OVER] = { CV_DONE, CV_DO_END },
		[CV_STREAMS_END] = { CV_DONE, CV_DO_END },
		[CV_SOFT] = STAY(CV_DRAINING),
		[CV_HARD] = { CV_DONE, CV_DO_CUT | CV_DO_END },
		[CV_GIVE_UP] = STAY(CV_DRAINING),
		[CV_CUT] = { CV_DONE, CV_DO_CUT | CV_DO_END },
	},
	[CV_DONE] = {
		[CV_EXIT] = STAY(CV_DONE),
		[CV_LEFT] = STAY(CV_DONE),
		[CV_GONE] = STAY(CV_DONE),
		[CV_OVER] = STAY(CV_DONE),
		[CV_STREAMS_END] = STAY(CV_DONE),
		[CV_SOFT] = STAY(CV_DONE),
		[CV_HARD] = STAY(CV_DONE),
		[CV_GIVE_UP] = STAY(CV_DONE),
		[CV_CUT] = STAY(CV_DONE),
	},
};

struct cv_transition cv_attempt_step(enum cv_state state, enum cv_fact fact)
{
	return table[state][fact];
}

const char *cv_state_name(enum cv_state state)
{
	static const char *const names[] = {
		[CV_RUNNING] = "running", [CV_STOPPING] = "stopping", [CV_KILLING] = "killing",
		[CV_DRAINING] = "draining", [CV_DONE] = "done",
	};
	_Static_assert(sizeof names / sizeof *names == CV_NSTATES, "a name for each state");

	return names[state];
}

const char *cv_fact_name(enum cv_fact fact)
{
	static const char *const names[] = {
		[CV_EXIT] = "exit", [CV_LEFT] = "left", [CV_GONE] = "gone", [CV_OVER] = "over",
		[CV_STREAMS_END] = "streams-end", [CV_SOFT] = "soft", [CV_HARD] = "hard",
		[CV_GIVE_UP] = "give-up", [CV_CUT] = "cut",
	};
	_Static_assert(sizeof names / sizeof *names == CV_NFACTS, "a name for each fact");

	return names[fact];
}
