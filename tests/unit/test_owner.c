/*
 * Whom an orphan belongs to, twice: cell by cell against what owner.h promises, and as a whole, for
 * every combination of words against the same rules written down as a chain of questions. What is
 * killed follows from it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "owner.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* which slot the witnesses name in tests */
enum { THE_SLOT = 7 };

static struct cv_testimony says(enum cv_word word)
{
	return (struct cv_testimony){
		.word = word, .slot = word == CV_SAYS_RUNNING ? THE_SLOT : 0,
	};
}

/* ---- cell by cell ---- */

/* In place of an owner: the next witness is heard. */
#define NEXT CV_NOWNER_KINDS

struct cell {
	enum cv_witness witness;
	enum cv_word word;
	enum cv_owner_kind owner, kept;  /* the second one where leftovers are kept */
};

static const struct cell cells[] = {
	/* where the kernel says that it is of a running attempt, it is */
	{ CV_WITNESS_GROUP, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_GROUP, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_GROUP, CV_SAYS_ENDED, NEXT, NEXT },
	{ CV_WITNESS_GROUP, CV_SAYS_LATER, NEXT, NEXT },
	{ CV_WITNESS_GROUP, CV_SAYS_HOST, NEXT, NEXT },
	{ CV_WITNESS_CGROUP, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_CGROUP, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_CGROUP, CV_SAYS_ENDED, NEXT, NEXT },
	{ CV_WITNESS_CGROUP, CV_SAYS_LATER, NEXT, NEXT },
	{ CV_WITNESS_CGROUP, CV_SAYS_HOST, NEXT, NEXT },

	/* nothing is decided while its environment is not there yet */
	{ CV_WITNESS_EXEC, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_EXEC, CV_SAYS_RUNNING, NEXT, NEXT },
	{ CV_WITNESS_EXEC, CV_SAYS_ENDED, NEXT, NEXT },
	{ CV_WITNESS_EXEC, CV_SAYS_LATER, CV_OWNER_UNSETTLED, CV_OWNER_UNSETTLED },
	{ CV_WITNESS_EXEC, CV_SAYS_HOST, NEXT, NEXT },

	/* what names an attempt that has ended is a leftover */
	{ CV_WITNESS_COOKIE, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_COOKIE, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_COOKIE, CV_SAYS_ENDED, CV_OWNER_ENDED, CV_OWNER_KEPT },
	{ CV_WITNESS_COOKIE, CV_SAYS_LATER, NEXT, NEXT },
	{ CV_WITNESS_COOKIE, CV_SAYS_HOST, NEXT, NEXT },
	{ CV_WITNESS_NOTE, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_NOTE, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_NOTE, CV_SAYS_ENDED, CV_OWNER_ENDED, CV_OWNER_KEPT },
	{ CV_WITNESS_NOTE, CV_SAYS_LATER, CV_OWNER_UNSETTLED, CV_OWNER_UNSETTLED },
	{ CV_WITNESS_NOTE, CV_SAYS_HOST, NEXT, NEXT },
	{ CV_WITNESS_COOKIE_AGAIN, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_COOKIE_AGAIN, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_COOKIE_AGAIN, CV_SAYS_ENDED, CV_OWNER_ENDED, CV_OWNER_KEPT },
	{ CV_WITNESS_COOKIE_AGAIN, CV_SAYS_LATER, NEXT, NEXT },
	{ CV_WITNESS_COOKIE_AGAIN, CV_SAYS_HOST, NEXT, NEXT },

	/* what nothing ties to an attempt may be a child of the host's: never killed */
	{ CV_WITNESS_HOST, CV_SAYS_NOTHING, NEXT, NEXT },
	{ CV_WITNESS_HOST, CV_SAYS_RUNNING, NEXT, NEXT },
	{ CV_WITNESS_HOST, CV_SAYS_ENDED, NEXT, NEXT },
	{ CV_WITNESS_HOST, CV_SAYS_LATER, NEXT, NEXT },
	{ CV_WITNESS_HOST, CV_SAYS_HOST, CV_OWNER_FOREIGN, CV_OWNER_FOREIGN },

	/* where the host has none, it is of the only attempt, or of one of several */
	{ CV_WITNESS_ALONE, CV_SAYS_NOTHING, CV_OWNER_UNKNOWN, CV_OWNER_KEPT },
	{ CV_WITNESS_ALONE, CV_SAYS_RUNNING, CV_OWNER_SLOT, CV_OWNER_SLOT },
	{ CV_WITNESS_ALONE, CV_SAYS_ENDED, CV_OWNER_UNKNOWN, CV_OWNER_KEPT },
	{ CV_WITNESS_ALONE, CV_SAYS_LATER, CV_OWNER_UNKNOWN, CV_OWNER_KEPT },
	{ CV_WITNESS_ALONE, CV_SAYS_HOST, CV_OWNER_UNKNOWN, CV_OWNER_KEPT },
};
_Static_assert(COUNT(cells) == CV_NWITNESSES * CV_NWORDS, "an expectation for each cell");

/* A witness's word with nothing from those before it; what comes after must not matter. */
static void check_cell(const struct cell *c, bool keep)
{
	enum cv_owner_kind expected = keep ? c->kept : c->owner;
	struct cv_evidence evidence = { .keep = keep };
	struct cv_owner owner;
	int i;

	evidence.of[c->witness] = says(c->word);
	/* no cell names this slot: it comes out where a later witness was heard */
	for (i = c->witness + 1; i < CV_NWITNESSES; i++)
		evidence.of[i] = (struct cv_testimony){ .word = CV_SAYS_RUNNING, .slot = 99 };
	owner = cv_owner_decide(&evidence);
	assert_int_equal(cv_owner_settles(c->witness, c->word), expected != NEXT);
	if (expected == NEXT)
		assert_true(cv_owner_same(owner, cv_owner_slot(99)));
	else if (owner.kind != expected || owner.slot != (expected == CV_OWNER_SLOT ? THE_SLOT : 0))
		fail_msg("%s, %s%s: %s of slot %u, not %s", cv_witness_name(c->witness),
		    cv_word_name(c->word), keep ? ", leftovers kept" : "",
		    cv_owner_kind_name(owner.kind), owner.slot, cv_owner_kind_name(expected));
}

static void each_cell(void **state)
{
	bool seen[CV_NWITNESSES][CV_NWORDS] = { { false } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cells); i++) {
		assert_false(seen[cells[i].witness][cells[i].word]);
		seen[cells[i].witness][cells[i].word] = true;
		check_cell(&cells[i], false);
		check_cell(&cells[i], true);
	}
}

/* ---- as a whole ---- */

static struct cv_owner of_nobody_running(const struct cv_evidence *e, enum cv_owner_kind kind)
{
	return cv_owner_other(e->keep ? CV_OWNER_KEPT : kind);
}

/* The same rules in words: a question after the other. */
static struct cv_owner expect(const struct cv_evidence *e)
{
	const struct cv_testimony *of = e->of;

	if (of[CV_WITNESS_GROUP].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_GROUP].slot);
	if (of[CV_WITNESS_CGROUP].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_CGROUP].slot);
	if (of[CV_WITNESS_EXEC].word == CV_SAYS_LATER)
		return cv_owner_other(CV_OWNER_UNSETTLED);
	if (of[CV_WITNESS_COOKIE].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_COOKIE].slot);
	if (of[CV_WITNESS_COOKIE].word == CV_SAYS_ENDED)
		return of_nobody_running(e, CV_OWNER_ENDED);
	if (of[CV_WITNESS_NOTE].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_NOTE].slot);
	if (of[CV_WITNESS_NOTE].word == CV_SAYS_ENDED)
		return of_nobody_running(e, CV_OWNER_ENDED);
	if (of[CV_WITNESS_NOTE].word == CV_SAYS_LATER)
		return cv_owner_other(CV_OWNER_UNSETTLED);
	if (of[CV_WITNESS_COOKIE_AGAIN].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_COOKIE_AGAIN].slot);
	if (of[CV_WITNESS_COOKIE_AGAIN].word == CV_SAYS_ENDED)
		return of_nobody_running(e, CV_OWNER_ENDED);
	if (of[CV_WITNESS_HOST].word == CV_SAYS_HOST)
		return cv_owner_other(CV_OWNER_FOREIGN);
	if (of[CV_WITNESS_ALONE].word == CV_SAYS_RUNNING)
		return cv_owner_slot(of[CV_WITNESS_ALONE].slot);
	return of_nobody_running(e, CV_OWNER_UNKNOWN);
}

/* Hears the witnesses up to the first that settles the question, as the executor does. */
static struct cv_owner decide_at_the_first(const struct cv_evidence *all)
{
	struct cv_evidence heard = { .keep = all->keep };
	int i;

	for (i = 0; i < CV_NWITNESSES; i++) {
		heard.of[i] = all->of[i];
		if (cv_owner_settles((enum cv_witness)i, heard.of[i].word))
			break;
	}
	return cv_owner_decide(&heard);
}

static void check_combination(unsigned number)
{
	struct cv_evidence e = { .keep = number % 2 != 0 };
	struct cv_owner owner;
	int i;

	number /= 2;
	for (i = 0; i < CV_NWITNESSES; i++, number /= CV_NWORDS)
		e.of[i] = (struct cv_testimony){
			.word = (enum cv_word)(number % CV_NWORDS), .slot = 10U + (unsigned)i,
		};
	owner = cv_owner_decide(&e);
	if (!cv_owner_same(owner, expect(&e)))
		fail_msg("%s of slot %u, not %s of slot %u",
		    cv_owner_kind_name(owner.kind), owner.slot,
		    cv_owner_kind_name(expect(&e).kind), expect(&e).slot);
	assert_true(cv_owner_same(owner, decide_at_the_first(&e)));
}

static void each_combination(void **state)
{
	unsigned n = 2, i;

	(void)state;
	for (i = 0; i < CV_NWITNESSES; i++)
		n *= CV_NWORDS;
	for (i = 0; i < n; i++)
		check_combination(i);
}

/* Where nothing ties the orphan to an attempt, it is spared if it may be the host's. */
static void nothing_is_known(void **state)
{
	struct cv_evidence evidence = { .keep = false };

	(void)state;
	assert_int_equal(cv_owner_decide(&evidence).kind, CV_OWNER_UNKNOWN);
	evidence.of[CV_WITNESS_HOST] = says(CV_SAYS_HOST);
	assert_int_equal(cv_owner_decide(&evidence).kind, CV_OWNER_FOREIGN);
}

/* ---- what is killed beside the trees of attempts ---- */

static bool doomed(struct cv_owner owner, uint64_t seen_at, uint64_t oldest)
{
	struct cv_orphan orphan = { .owner = owner, .seen_at = seen_at };

	return cv_owner_doomed(&orphan, oldest);
}

static void doom(void **state)
{
	(void)state;
	/* a leftover at once; what may be of several attempts, when the last of them has ended */
	assert_true(doomed(cv_owner_other(CV_OWNER_ENDED), 5, 1));
	assert_true(doomed(cv_owner_other(CV_OWNER_ENDED), 5, UINT64_MAX));
	assert_false(doomed(cv_owner_other(CV_OWNER_UNKNOWN), 5, 4));
	assert_false(doomed(cv_owner_other(CV_OWNER_UNKNOWN), 5, 5));
	assert_true(doomed(cv_owner_other(CV_OWNER_UNKNOWN), 5, 6));
	assert_true(doomed(cv_owner_other(CV_OWNER_UNKNOWN), 5, UINT64_MAX));
	/* the orphans of a running attempt are killed with it, and these not at all */
	assert_false(doomed(cv_owner_slot(0), 0, UINT64_MAX));
	assert_false(doomed(cv_owner_other(CV_OWNER_KEPT), 0, UINT64_MAX));
	assert_false(doomed(cv_owner_other(CV_OWNER_FOREIGN), 0, UINT64_MAX));
	assert_false(doomed(cv_owner_other(CV_OWNER_UNSETTLED), 0, UINT64_MAX));
}

static void names(void **state)
{
	static const char *const kinds[] = {
		[CV_OWNER_UNSETTLED] = "unsettled", [CV_OWNER_SLOT] = "slot",
		[CV_OWNER_ENDED] = "ended", [CV_OWNER_UNKNOWN] = "unknown",
		[CV_OWNER_KEPT] = "kept", [CV_OWNER_FOREIGN] = "foreign",
	};
	static const char *const witnesses[] = {
		[CV_WITNESS_GROUP] = "group", [CV_WITNESS_CGROUP] = "cgroup",
		[CV_WITNESS_EXEC] = "exec", [CV_WITNESS_COOKIE] = "cookie",
		[CV_WITNESS_NOTE] = "note", [CV_WITNESS_COOKIE_AGAIN] = "cookie-again",
		[CV_WITNESS_HOST] = "host", [CV_WITNESS_ALONE] = "alone",
	};
	static const char *const words[] = {
		[CV_SAYS_NOTHING] = "nothing", [CV_SAYS_RUNNING] = "running",
		[CV_SAYS_ENDED] = "ended", [CV_SAYS_LATER] = "later", [CV_SAYS_HOST] = "host",
	};
	int i;

	(void)state;
	for (i = 0; i < CV_NOWNER_KINDS; i++)
		assert_string_equal(cv_owner_kind_name((enum cv_owner_kind)i), kinds[i]);
	for (i = 0; i < CV_NWITNESSES; i++)
		assert_string_equal(cv_witness_name((enum cv_witness)i), witnesses[i]);
	for (i = 0; i < CV_NWORDS; i++)
		assert_string_equal(cv_word_name((enum cv_word)i), words[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell),
		cmocka_unit_test(each_combination),
		cmocka_unit_test(nothing_is_known),
		cmocka_unit_test(doom),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
