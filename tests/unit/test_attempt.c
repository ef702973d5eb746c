/*
 * The state machine, twice: cell by cell against what attempt.h promises, and as a whole, driven
 * by a made-up child with descendants, streams and deadlines that do things in random order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- cell by cell ---- */

struct cell {
	enum cv_state state;
	enum cv_fact fact;
	enum cv_state next;
	unsigned actions;
};

static const struct cell cells[] = {
	/* nobody has asked for its end: leftovers are leaks, and the tree's end is the attempt's */
	{ CV_RUNNING, CV_EXIT, CV_RUNNING, CV_DO_PROBE },
	{ CV_RUNNING, CV_LEFT, CV_STOPPING, CV_DO_LEAKY | CV_DO_STOP },
	{ CV_RUNNING, CV_GONE, CV_DRAINING, CV_DO_DRAIN },
	{ CV_RUNNING, CV_OVER, CV_DONE, CV_DO_END },
	{ CV_RUNNING, CV_STREAMS_END, CV_RUNNING, 0 },
	{ CV_RUNNING, CV_SOFT, CV_STOPPING, CV_DO_STOP },
	{ CV_RUNNING, CV_HARD, CV_KILLING, CV_DO_KILL },
	{ CV_RUNNING, CV_GIVE_UP, CV_RUNNING, 0 },
	{ CV_RUNNING, CV_CUT, CV_RUNNING, 0 },

	/* one stop signal, then patience until the hard deadline, with the whole tree */
	{ CV_STOPPING, CV_EXIT, CV_STOPPING, CV_DO_PROBE },
	{ CV_STOPPING, CV_LEFT, CV_STOPPING, CV_DO_STOP_NEW },
	{ CV_STOPPING, CV_GONE, CV_DRAINING, CV_DO_DRAIN },
	{ CV_STOPPING, CV_OVER, CV_DONE, CV_DO_END },
	{ CV_STOPPING, CV_STREAMS_END, CV_STOPPING, 0 },
	{ CV_STOPPING, CV_SOFT, CV_STOPPING, 0 },
	{ CV_STOPPING, CV_HARD, CV_KILLING, CV_DO_KILL },
	{ CV_STOPPING, CV_GIVE_UP, CV_STOPPING, 0 },
	{ CV_STOPPING, CV_CUT, CV_STOPPING, 0 },

	/* killed again while something is left; given up at last, streams or not */
	{ CV_KILLING, CV_EXIT, CV_KILLING, CV_DO_PROBE },
	{ CV_KILLING, CV_LEFT, CV_KILLING, CV_DO_KILL },
	{ CV_KILLING, CV_GONE, CV_DRAINING, CV_DO_DRAIN },
	{ CV_KILLING, CV_OVER, CV_DONE, CV_DO_END },
	{ CV_KILLING, CV_STREAMS_END, CV_KILLING, 0 },
	{ CV_KILLING, CV_SOFT, CV_KILLING, 0 },
	{ CV_KILLING, CV_HARD, CV_KILLING, 0 },
	{ CV_KILLING, CV_GIVE_UP, CV_DONE, CV_DO_CUT | CV_DO_ABANDON | CV_DO_END },
	{ CV_KILLING, CV_CUT, CV_KILLING, 0 },

	/* nobody left to signal: only the streams matter, and a kill does not wait for them */
	{ CV_DRAINING, CV_EXIT, CV_DRAINING, 0 },
	{ CV_DRAINING, CV_LEFT, CV_DRAINING, 0 },
	{ CV_DRAINING, CV_GONE, CV_DRAINING, 0 },
	{ CV_DRAINING, CV_OVER, CV_DONE, CV_DO_END },
	{ CV_DRAINING, CV_STREAMS_END, CV_DONE, CV_DO_END },
	{ CV_DRAINING, CV_SOFT, CV_DRAINING, 0 },
	{ CV_DRAINING, CV_HARD, CV_DONE, CV_DO_CUT | CV_DO_END },
	{ CV_DRAINING, CV_GIVE_UP, CV_DRAINING, 0 },
	{ CV_DRAINING, CV_CUT, CV_DONE, CV_DO_CUT | CV_DO_END },

	/* over is over */
	{ CV_DONE, CV_EXIT, CV_DONE, 0 },
	{ CV_DONE, CV_LEFT, CV_DONE, 0 },
	{ CV_DONE, CV_GONE, CV_DONE, 0 },
	{ CV_DONE, CV_OVER, CV_DONE, 0 },
	{ CV_DONE, CV_STREAMS_END, CV_DONE, 0 },
	{ CV_DONE, CV_SOFT, CV_DONE, 0 },
	{ CV_DONE, CV_HARD, CV_DONE, 0 },
	{ CV_DONE, CV_GIVE_UP, CV_DONE, 0 },
	{ CV_DONE, CV_CUT, CV_DONE, 0 },
};
_Static_assert(COUNT(cells) == CV_NSTATES * CV_NFACTS, "an expectation for each cell");

static void each_cell(void **state)
{
	bool seen[CV_NSTATES][CV_NFACTS] = { { false } };

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		const struct cell *c = &cells[i];
		struct cv_transition t = cv_attempt_step(c->state, c->fact);

		assert_false(seen[c->state][c->fact]);
		seen[c->state][c->fact] = true;
		if (t.next != c->next || t.actions != c->actions)
			fail_msg("%s, %s: %s with actions %#x, not %s with %#x",
			    cv_state_name(c->state), cv_fact_name(c->fact), cv_state_name(t.next),
			    t.actions, cv_state_name(c->next), c->actions);
	}
}

static void actions_are_single_bits_in_the_order_of_doing(void **state)
{
	static const unsigned order[] = {
		CV_DO_PROBE, CV_DO_LEAKY, CV_DO_STOP, CV_DO_STOP_NEW, CV_DO_KILL, CV_DO_DRAIN,
		CV_DO_CUT, CV_DO_ABANDON, CV_DO_END,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		assert_int_equal(order[i], 1u << i);
}

static void names(void **state)
{
	static const char *const states[] = {
		[CV_RUNNING] = "running", [CV_STOPPING] = "stopping", [CV_KILLING] = "killing",
		[CV_DRAINING] = "draining", [CV_DONE] = "done",
	};
	static const char *const facts[] = {
		[CV_EXIT] = "exit", [CV_LEFT] = "left", [CV_GONE] = "gone", [CV_OVER] = "over",
		[CV_STREAMS_END] = "streams-end", [CV_SOFT] = "soft", [CV_HARD] = "hard",
		[CV_GIVE_UP] = "give-up", [CV_CUT] = "cut",
	};

	(void)state;
	for (int i = 0; i < CV_NSTATES; i++)
		assert_string_equal(cv_state_name((enum cv_state)i), states[i]);
	for (int i = 0; i < CV_NFACTS; i++)
		assert_string_equal(cv_fact_name((enum cv_fact)i), facts[i]);
}

/* ---- as a whole: a world ---- */

#define NPROCS 8          /* the first is the child */
#define NHOLDERS (NPROCS + 1)
#define OUTSIDER NPROCS   /* holds streams, but is not of the tree */

struct proc {
	bool alive;
	bool polite;      /* ends on the stop signal */
	bool unkillable;
	bool dying;       /* had a signal that ends it */
};

struct world {
	uint64_t seed, chance;
	struct proc procs[NPROCS];
	bool holds[2][NHOLDERS];  /* stream, holder */
	bool open[2];             /* as the supervisor sees it */
	bool exited;              /* seen by the supervisor */
	bool probe;
	bool hard_set, give_up_set, cut_set;
	bool forking;             /* until things calm down */

	unsigned facts;           /* gathered */
	enum cv_state state;
	bool asked, hard_given, stopped, killed, leaky, left_unasked, abandoned, cut;
	int ends, exits, probes;
	enum cv_fact last;
};

/* What the runs came across, so that a run that exercises nothing fails. */
struct coverage {
	bool cell[CV_NSTATES][CV_NFACTS];
	unsigned actions;
	unsigned long ends_by[CV_NFACTS];
};

static uint32_t below(struct world *w, uint32_t n)
{
	w->chance ^= w->chance << 13;
	w->chance ^= w->chance >> 7;
	w->chance ^= w->chance << 17;
	return (uint32_t)((w->chance >> 24) % n);
}

static bool one_in(struct world *w, uint32_t n)
{
	return below(w, n) == 0;
}

static void check(const struct world *w, bool holds, const char *promise)
{
	if (!holds)
		fail_msg("%s: broken by %s, now %s; COVEY_SEED=%" PRIu64, promise,
		    cv_fact_name(w->last), cv_state_name(w->state), w->seed);
}

static bool tree_alive(const struct world *w)
{
	for (int i = 0; i < NPROCS; i++) {
		if (w->procs[i].alive)
			return true;
	}
	return false;
}

static bool any_open(const struct world *w)
{
	return w->open[0] || w->open[1];
}

static void start_proc(struct world *w, int i, int parent)
{
	w->procs[i] = (struct proc){
		.alive = true, .polite = !one_in(w, 3), .unkillable = one_in(w, 12),
	};
	for (int s = 0; s < 2; s++)
		w->holds[s][i] = parent < 0 ? true : w->holds[s][parent] && !one_in(w, 3);
}

static void start_world(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	w->seed = seed;
	w->chance = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (int i = 0; i < 16; i++)
		below(w, 1);
	start_proc(w, 0, -1);
	w->open[0] = w->open[1] = !one_in(w, 10);
	w->forking = true;
	w->state = CV_RUNNING;
}

/* ---- what the supervisor does ---- */

static void signal_tree(struct world *w, bool kill)
{
	for (int i = 0; i < NPROCS; i++) {
		struct proc *p = &w->procs[i];

		if (p->alive && !p->unkillable && (kill || p->polite))
			p->dying = true;
	}
}

static void perform(struct world *w, unsigned actions)
{
	if ((actions & CV_DO_PROBE) != 0) {
		w->probe = true;
		w->probes++;
	}
	if ((actions & CV_DO_LEAKY) != 0)
		w->leaky = true;
	if ((actions & CV_DO_STOP) != 0) {
		signal_tree(w, false);
		w->hard_set = true;
		w->stopped = true;
	}
	if ((actions & CV_DO_KILL) != 0) {
		signal_tree(w, true);
		w->hard_set = false;
		w->give_up_set = true;
		w->killed = true;
	}
	if ((actions & CV_DO_DRAIN) != 0)
		w->cut_set = true;
	if ((actions & CV_DO_CUT) != 0) {
		w->open[0] = w->open[1] = false;
		w->cut = true;
	}
	if ((actions & CV_DO_ABANDON) != 0)
		w->abandoned = true;
	if ((actions & CV_DO_END) != 0)
		w->ends++;
}

static void check_signals(const struct world *w, enum cv_fact fact, unsigned actions)
{
	if ((actions & CV_DO_STOP) != 0) {
		check(w, !w->killed, "no stop signal after SIGKILL");
		check(w, !w->stopped, "one stop signal");
		check(w, fact == CV_SOFT || fact == CV_LEFT, "a stop has a reason");
	}
	if ((actions & CV_DO_KILL) != 0) {
		check(w, w->hard_given, "no SIGKILL before the hard deadline or a kill");
		check(w, fact == CV_HARD || (fact == CV_LEFT && w->killed), "a kill has a reason");
	}
	if ((actions & CV_DO_LEAKY) != 0)
		check(w, fact == CV_LEFT && !w->asked, "leaky only if nobody asked for the end");
	if ((actions & CV_DO_ABANDON) != 0)
		check(w, fact == CV_GIVE_UP && w->state == CV_KILLING, "given up after SIGKILL");
}

static void check_end(const struct world *w, enum cv_fact fact, unsigned actions)
{
	bool gone = !tree_alive(w);

	if ((actions & CV_DO_CUT) != 0)
		check(w, gone || fact == CV_GIVE_UP, "no cut while the tree may still write");
	if ((actions & CV_DO_END) != 0) {
		check(w, gone || (actions & CV_DO_ABANDON) != 0, "no end before the tree's");
		check(w, !any_open(w) || (actions & CV_DO_CUT) != 0, "no end with an open stream");
	}
}

static void apply_fact(struct world *w, enum cv_fact fact, struct coverage *c)
{
	struct cv_transition t;

	/* what is asked for and what is given: a hard fact says both */
	w->hard_given |= fact == CV_HARD;
	w->last = fact;
	t = cv_attempt_step(w->state, fact);
	check_signals(w, fact, t.actions);
	check_end(w, fact, t.actions);
	check(w, ((t.actions & CV_DO_END) != 0) == (w->state != CV_DONE && t.next == CV_DONE),
	    "the end and the state 'done' come together");
	if (w->state == CV_DONE)
		check(w, t.next == CV_DONE && t.actions == 0, "nothing follows the end");
	if (fact == CV_EXIT && w->state != CV_DONE)
		check(w, (t.actions & CV_DO_PROBE) != 0, "a look at the tree follows the exit");
	if (fact == CV_LEFT && !w->asked && w->state != CV_DONE)
		w->left_unasked = true;
	if (fact == CV_SOFT || fact == CV_HARD)
		w->asked = true;
	c->cell[w->state][fact] = true;
	c->actions |= t.actions;
	c->ends_by[fact] += (t.actions & CV_DO_END) != 0;
	w->state = t.next;
	perform(w, t.actions);
	check(w, w->ends == (w->state == CV_DONE), "one end");
	check(w, w->leaky == w->left_unasked, "leaky if something was left and nobody had asked");
}

/* In the order of the facts, as the turn does. */
static void apply_facts(struct world *w, struct coverage *c)
{
	unsigned facts = w->facts;

	w->facts = 0;
	for (int fact = 0; fact < CV_NFACTS; fact++) {
		if ((facts >> fact & 1) != 0)
			apply_fact(w, (enum cv_fact)fact, c);
	}
}

/* ---- what happens in the world ---- */

static void gather(struct world *w, enum cv_fact fact)
{
	w->facts |= 1u << fact;
}

/* Closes, as the supervisor sees it, the streams that nobody holds any more. */
static void see_streams(struct world *w)
{
	bool before = any_open(w);

	for (int s = 0; s < 2; s++) {
		bool held = false;

		for (int i = 0; i < NHOLDERS; i++)
			held |= w->holds[s][i];
		w->open[s] = w->open[s] && held;
	}
	if (before && !any_open(w))
		gather(w, CV_STREAMS_END);
}

static void end_proc(struct world *w, int i)
{
	if (!w->procs[i].alive || w->procs[i].unkillable)
		return;
	w->procs[i].alive = false;
	w->holds[0][i] = w->holds[1][i] = false;
}

static void see_exit(struct world *w)
{
	if (w->exited || w->procs[0].alive)
		return;
	w->exited = true;
	w->exits += w->state != CV_DONE;
	gather(w, CV_EXIT);
}

static void fork_proc(struct world *w)
{
	int parent = (int)below(w, NPROCS), child = (int)below(w, NPROCS);

	if (w->forking && w->procs[parent].alive && child != 0 && !w->procs[child].alive)
		start_proc(w, child, parent);
}

static void look_at_tree(struct world *w)
{
	if (!w->exited || !w->probe || w->state == CV_DRAINING || w->state == CV_DONE)
		return;
	gather(w, tree_alive(w) ? CV_LEFT : any_open(w) ? CV_GONE : CV_OVER);
	w->probe = tree_alive(w);
}

static void pass(struct world *w, bool *deadline, enum cv_fact fact)
{
	if (!*deadline)
		return;
	*deadline = false;
	gather(w, fact);
}

static void signals_arrive(struct world *w)
{
	for (int i = 0; i < NPROCS; i++) {
		if (w->procs[i].dying && one_in(w, 2))
			end_proc(w, i);
	}
}

static void let_go(struct world *w)
{
	w->holds[below(w, 2)][below(w, NHOLDERS)] = false;
}

static void hand_out(struct world *w)
{
	int stream = (int)below(w, 2);

	if (w->forking && tree_alive(w) && w->open[stream])
		w->holds[stream][OUTSIDER] = true;
}

static void something_happens(struct world *w)
{
	switch (below(w, 16)) {
	case 0:
		end_proc(w, (int)below(w, NPROCS));
		break;
	case 1:
	case 2:
		fork_proc(w);
		break;
	case 3:
		let_go(w);
		break;
	case 4:
		if (one_in(w, 4))
			hand_out(w);
		break;
	case 5:
		if (one_in(w, 8))
			gather(w, CV_SOFT);
		break;
	case 6:
		if (one_in(w, 16))
			gather(w, CV_HARD);
		break;
	case 7:
		pass(w, &w->hard_set, CV_HARD);
		break;
	case 8:
		if (one_in(w, 4))
			pass(w, &w->give_up_set, CV_GIVE_UP);
		break;
	case 9:
		if (one_in(w, 3))
			pass(w, &w->cut_set, CV_CUT);
		break;
	case 10:
	case 11:
		look_at_tree(w);
		break;
	case 12:
	case 13:
		signals_arrive(w);
		break;
	default:
		see_exit(w);
		break;
	}
	see_streams(w);
}

/* Everything that has begun comes to its end: nothing is forked, every deadline passes. */
static void things_calm_down(struct world *w, struct coverage *c)
{
	bool hangs = one_in(w, 2);

	w->forking = false;
	for (int round = 0; round < 40 && w->state != CV_DONE; round++) {
		if (!hangs)
			end_proc(w, round % NPROCS);
		else if (round == 5)
			gather(w, CV_SOFT);
		for (int i = 0; i < 5; i++)
			signals_arrive(w);
		see_exit(w);
		see_streams(w);
		look_at_tree(w);
		apply_facts(w, c);
		if (round % 10 != 9)
			continue;
		/* what cannot be killed and does not end has to be asked for */
		if (w->state == CV_RUNNING)
			gather(w, CV_SOFT);
		pass(w, &w->hard_set, CV_HARD);
		pass(w, &w->give_up_set, CV_GIVE_UP);
		pass(w, &w->cut_set, CV_CUT);
		apply_facts(w, c);
	}
}

/* Facts that come too late change nothing. */
static void echoes(struct world *w, struct coverage *c)
{
	for (int fact = 0; fact < CV_NFACTS; fact++)
		gather(w, (enum cv_fact)fact);
	apply_facts(w, c);
}

static void one_life(uint64_t seed, struct coverage *c)
{
	struct world w;
	uint32_t steps;

	start_world(&w, seed);
	steps = below(&w, 200);
	for (uint32_t i = 0; i < steps && w.state != CV_DONE; i++) {
		something_happens(&w);
		if (!one_in(&w, 3))
			apply_facts(&w, c);
	}
	apply_facts(&w, c);
	things_calm_down(&w, c);
	check(&w, w.state == CV_DONE && w.ends == 1, "it ends once all else has ended");
	check(&w, w.probes == w.exits, "one look at the tree for the exit");
	if (w.abandoned)
		check(&w, w.cut && w.killed, "given up: killed before, nothing read after");
	echoes(&w, c);
	check(&w, w.ends == 1, "one end");
}

static void check_coverage(const struct coverage *c)
{
	static const enum cv_fact enders[] = {
		CV_OVER, CV_STREAMS_END, CV_HARD, CV_GIVE_UP, CV_CUT,
	};

	assert_int_equal(c->actions, 2 * CV_DO_END - 1);
	for (size_t i = 0; i < COUNT(enders); i++)
		assert_true(c->ends_by[enders[i]] > 0);
	for (int fact = 0; fact < CV_NFACTS; fact++)
		assert_true(c->cell[CV_DONE][fact]);
	assert_true(c->cell[CV_STOPPING][CV_LEFT]);
	assert_true(c->cell[CV_KILLING][CV_LEFT]);
	assert_true(c->cell[CV_DRAINING][CV_SOFT]);
}

/* COVEY_SEED repeats the run that failed. */
static void any_order_of_facts(void **state)
{
	const char *given = getenv("COVEY_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
	    : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	struct coverage c = { .actions = 0 };
	int lives = given != NULL ? 1 : 20000;

	(void)state;
	for (int i = 0; i < lives; i++)
		one_life(seed + (uint64_t)i, &c);
	if (given == NULL)
		check_coverage(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell),
		cmocka_unit_test(actions_are_single_bits_in_the_order_of_doing),
		cmocka_unit_test(names),
		cmocka_unit_test(any_order_of_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
