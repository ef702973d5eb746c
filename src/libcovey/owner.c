#include "owner.h"

/* What follows from a word of a witness. */
enum verdict {
	HEAR_NEXT,   /* nothing: the next witness is heard */
	SLOT,        /* the attempt in the slot that the witness names */
	ENDED,       /* an attempt that has ended */
	UNCLAIMED,   /* one of this executor's attempts; which one cannot be told */
	FOREIGN,     /* the host */
	ASK_AGAIN,   /* nothing before the orphan is asked about again */
	NVERDICTS
};

_Static_assert(HEAR_NEXT == 0, "where a row leaves out a word, the next witness is heard");

static const enum verdict verdicts[CV_NWITNESSES][CV_NWORDS] = {
	[CV_WITNESS_GROUP] = {
		[CV_SAYS_RUNNING] = SLOT,
	},
	/* a slot's cgroup outlives its attempts: that no attempt runs in the slot says nothing */
	[CV_WITNESS_CGROUP] = {
		[CV_SAYS_RUNNING] = SLOT,
	},
	[CV_WITNESS_EXEC] = {
		[CV_SAYS_LATER] = ASK_AGAIN,
	},
	[CV_WITNESS_COOKIE] = {
		[CV_SAYS_RUNNING] = SLOT,
		[CV_SAYS_ENDED] = ENDED,
	},
	/* what a function forks has the host's environment, but the slot's note until it execs */
	[CV_WITNESS_NOTE] = {
		[CV_SAYS_RUNNING] = SLOT,
		[CV_SAYS_ENDED] = ENDED,
		[CV_SAYS_LATER] = ASK_AGAIN,
	},
	/* the orphan may have exec'd after its environment was read and before its note was */
	[CV_WITNESS_COOKIE_AGAIN] = {
		[CV_SAYS_RUNNING] = SLOT,
		[CV_SAYS_ENDED] = ENDED,
	},
	[CV_WITNESS_HOST] = {
		[CV_SAYS_HOST] = FOREIGN,
	},
	/* the last one: whatever it says settles the question */
	[CV_WITNESS_ALONE] = {
		[CV_SAYS_NOTHING] = UNCLAIMED,
		[CV_SAYS_RUNNING] = SLOT,
		[CV_SAYS_ENDED] = UNCLAIMED,
		[CV_SAYS_LATER] = UNCLAIMED,
		[CV_SAYS_HOST] = UNCLAIMED,
	},
};

/* Who owns it then, by whether leftovers are kept. */
static const enum cv_owner_kind kinds[2][NVERDICTS] = {
	[false] = {
		[HEAR_NEXT] = CV_OWNER_UNSETTLED,
		[SLOT] = CV_OWNER_SLOT,
		[ENDED] = CV_OWNER_ENDED,
		[UNCLAIMED] = CV_OWNER_UNKNOWN,
		[FOREIGN] = CV_OWNER_FOREIGN,
		[ASK_AGAIN] = CV_OWNER_UNSETTLED,
	},
	[true] = {
		[HEAR_NEXT] = CV_OWNER_UNSETTLED,
		[SLOT] = CV_OWNER_SLOT,
		[ENDED] = CV_OWNER_KEPT,
		[UNCLAIMED] = CV_OWNER_KEPT,
		[FOREIGN] = CV_OWNER_FOREIGN,
		[ASK_AGAIN] = CV_OWNER_UNSETTLED,
	},
};

bool cv_owner_settles(enum cv_witness witness, enum cv_word word)
{
	return verdicts[witness][word] != HEAR_NEXT;
}

struct cv_owner cv_owner_decide(const struct cv_evidence *evidence)
{
	struct cv_owner owner = { .kind = CV_OWNER_UNSETTLED };
	enum verdict verdict = HEAR_NEXT;
	int i;

	for (i = 0; i < CV_NWITNESSES && verdict == HEAR_NEXT; i++) {
		const struct cv_testimony *testimony = &evidence->of[i];

		verdict = verdicts[i][testimony->word];
		owner.kind = kinds[evidence->keep][verdict];
		owner.slot = owner.kind == CV_OWNER_SLOT ? testimony->slot : 0;
	}
	return owner;
}

bool cv_owner_doomed(const struct cv_orphan *orphan, uint64_t oldest)
{
	switch (orphan->owner.kind) {
	case CV_OWNER_ENDED:
		return true;
	case CV_OWNER_UNKNOWN:
		return orphan->seen_at < oldest;
	case CV_OWNER_UNSETTLED:
	case CV_OWNER_SLOT:
	case CV_OWNER_KEPT:
	case CV_OWNER_FOREIGN:
	case CV_NOWNER_KINDS:
		break;
	}
	return false;
}

const char *cv_owner_kind_name(enum cv_owner_kind kind)
{
	static const char *const names[] = {
		[CV_OWNER_UNSETTLED] = "unsettled", [CV_OWNER_SLOT] = "slot",
		[CV_OWNER_ENDED] = "ended", [CV_OWNER_UNKNOWN] = "unknown",
		[CV_OWNER_KEPT] = "kept", [CV_OWNER_FOREIGN] = "foreign",
	};
	_Static_assert(sizeof names / sizeof *names == CV_NOWNER_KINDS, "a name for each kind");

	return names[kind];
}

const char *cv_witness_name(enum cv_witness witness)
{
	static const char *const names[] = {
		[CV_WITNESS_GROUP] = "group", [CV_WITNESS_CGROUP] = "cgroup",
		[CV_WITNESS_EXEC] = "exec", [CV_WITNESS_COOKIE] = "cookie",
		[CV_WITNESS_NOTE] = "note", [CV_WITNESS_COOKIE_AGAIN] = "cookie-again",
		[CV_WITNESS_HOST] = "host", [CV_WITNESS_ALONE] = "alone",
	};
	_Static_assert(sizeof names / sizeof *names == CV_NWITNESSES, "a name for each witness");

	return names[witness];
}

const char *cv_word_name(enum cv_word word)
{
	static const char *const names[] = {
		[CV_SAYS_NOTHING] = "nothing", [CV_SAYS_RUNNING] = "running",
		[CV_SAYS_ENDED] = "ended", [CV_SAYS_LATER] = "later", [CV_SAYS_HOST] = "host",
	};
	_Static_assert(sizeof names / sizeof *names == CV_NWORDS, "a name for each word");

	return names[word];
}
