/*
 * owner - whom an orphan belongs to, decided from what witnesses say
 *
 * Level 1, policy: no system call. The decision says what is killed together with an attempt. The
 * witnesses are heard in the order of their enum, the surest first. Each row of a table is a
 * witness, each column something it may say, and a cell is what follows from that: an owner, or
 * that the next witness is heard. Whoever gathers what they say may stop at the first that settles
 * the question: what the others would say changes nothing.
 */
#ifndef CV_OWNER_H
#define CV_OWNER_H

#include "orphan.h"

enum cv_witness {
	CV_WITNESS_GROUP,         /* the orphan's process group and session */
	CV_WITNESS_CGROUP,        /* its cgroup */
	CV_WITNESS_EXEC,          /* whether it has no environment because it is in an exec */
	CV_WITNESS_COOKIE,        /* COVEY_RUN, COVEY_SLOT and so on in its environment */
	CV_WITNESS_NOTE,          /* the note of a function's slot in its memory */
	CV_WITNESS_COOKIE_AGAIN,  /* its environment, read after the note was looked for */
	CV_WITNESS_HOST,          /* whether the host starts children of its own */
	CV_WITNESS_ALONE,         /* whether a single attempt runs */
	CV_NWITNESSES
};

/* What a witness says. */
enum cv_word {
	CV_SAYS_NOTHING,
	CV_SAYS_RUNNING,  /* it is of the attempt that runs in a slot */
	CV_SAYS_ENDED,    /* it is of an attempt of this executor that does not run any more */
	CV_SAYS_LATER,    /* ask again */
	CV_SAYS_HOST,     /* it may be the host's */
	CV_NWORDS
};

struct cv_testimony {
	enum cv_word word;
	unsigned slot;       /* with CV_SAYS_RUNNING */
};

/* All zeros: no witness has said anything. */
struct cv_evidence {
	struct cv_testimony of[CV_NWITNESSES];
	bool keep;           /* COVEY_KEEP_LEFTOVERS: what is of no running attempt is kept */
};

/* Does this word of this witness settle the question, so that no other need be heard? */
bool cv_owner_settles(enum cv_witness witness, enum cv_word word);

struct cv_owner cv_owner_decide(const struct cv_evidence *evidence);

/*
 * Is the orphan to be killed though it does not belong to a running attempt? One that could be of
 * several attempts is left alone until the last of those has ended. oldest: the serial number of
 * the oldest attempt that runs, UINT64_MAX if none does.
 */
bool cv_owner_doomed(const struct cv_orphan *orphan, uint64_t oldest);

/* The names, for messages and tests. */
const char *cv_owner_kind_name(enum cv_owner_kind kind);
const char *cv_witness_name(enum cv_witness witness);
const char *cv_word_name(enum cv_word word);

#endif
