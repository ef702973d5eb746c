/*
 * Whose orphan is it? What each witness says is gathered here; owner.c decides.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "turn.h"

/* how long a process may be without an environment before that says something about it */
#define SETTLING (30 * COVEY_MSEC)

static uint64_t number_in(const char *environment, const char *name)
{
	const char *text = cv_environ_get(environment, name);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static struct cv_testimony nothing(void)
{
	return (struct cv_testimony){ .word = CV_SAYS_NOTHING };
}

/* Names a slot, by number from 0; the attempt in it has ended where none runs there. */
static struct cv_testimony name_slot(const struct covey *ex, unsigned slot)
{
	if (slot < ex->nslots && cv_slot_runs(ex->slots[slot]))
		return (struct cv_testimony){ .word = CV_SAYS_RUNNING, .slot = slot };
	return (struct cv_testimony){ .word = CV_SAYS_ENDED };
}

static struct cv_testimony hear_group(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	unsigned i;

	(void)orphan;
	for (i = 0; i < ex->nslots; i++) {
		pid_t leader = ex->slots[i]->attempt.pid;

		if (cv_slot_runs(ex->slots[i])
		    && (leader == trace->st.group || leader == trace->st.session))
			return name_slot(ex, i);
	}
	return nothing();
}

static struct cv_testimony hear_cgroup(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	int slot = ex->has_cgroup ? cv_cgroup_slot_of(&ex->cgroup, orphan->pid) : -1;

	(void)trace;
	return slot >= 0 ? name_slot(ex, (unsigned)slot) : nothing();
}

/* While it execs, a process has no environment; one that has none for good is soon old. */
static struct cv_testimony hear_exec(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	if (trace->environment != NULL || trace->st.state == 'Z'
	    || (orphan->first_asked != 0 && ex->now - orphan->first_asked >= SETTLING))
		return nothing();
	return (struct cv_testimony){ .word = CV_SAYS_LATER };
}

static struct cv_testimony read_cookie(const struct covey *ex, const char *environment)
{
	const char *run = environment == NULL ? NULL : cv_environ_get(environment, "COVEY_RUN");
	uint64_t number;

	if (run == NULL || strcmp(run, ex->options.run_id) != 0)
		return nothing();
	number = number_in(environment, "COVEY_SLOT");
	if (number >= 1 && number <= ex->nslots) {
		const struct cv_slot *slot = ex->slots[number - 1];

		if (slot->task != NULL
		    && slot->task->view.id == number_in(environment, "COVEY_TASK")
		    && slot->attempt.number == number_in(environment, "COVEY_ATTEMPT"))
			return name_slot(ex, slot->index);
	}
	return (struct cv_testimony){ .word = CV_SAYS_ENDED };
}

static struct cv_testimony hear_cookie(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	(void)orphan;
	return read_cookie(ex, trace->environment);
}

static struct cv_testimony hear_note(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	int slot = ex->uses_notes ? cv_note_slot_of(ex->run_id, orphan->pid) : -1;

	(void)trace;
	if (slot >= 0)
		return name_slot(ex, (unsigned)slot);
	if (ex->uses_notes && cv_error_is_lack(errno))
		return (struct cv_testimony){ .word = CV_SAYS_LATER };
	return nothing();
}

static struct cv_testimony hear_cookie_again(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	char *environment = ex->uses_notes ? cv_procfs_environ(orphan->pid) : NULL;
	struct cv_testimony testimony = read_cookie(ex, environment);

	(void)trace;
	free(environment);
	return testimony;
}

static struct cv_testimony hear_host(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	(void)trace;
	(void)orphan;
	if ((ex->options.flags & COVEY_SOLE_PARENT) != 0)
		return nothing();
	return (struct cv_testimony){ .word = CV_SAYS_HOST };
}

static struct cv_testimony hear_alone(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan)
{
	const struct cv_slot *only = NULL;
	unsigned i;

	(void)trace;
	(void)orphan;
	for (i = 0; i < ex->nslots; i++) {
		if (!cv_slot_runs(ex->slots[i]))
			continue;
		if (only != NULL)
			return nothing();
		only = ex->slots[i];
	}
	return only != NULL ? name_slot(ex, only->index) : nothing();
}

typedef struct cv_testimony hear_fn(const struct covey *ex, const struct cv_trace *trace,
    const struct cv_orphan *orphan);

static hear_fn *const hear[] = {
	[CV_WITNESS_GROUP] = hear_group,
	[CV_WITNESS_CGROUP] = hear_cgroup,
	[CV_WITNESS_EXEC] = hear_exec,
	[CV_WITNESS_COOKIE] = hear_cookie,
	[CV_WITNESS_NOTE] = hear_note,
	[CV_WITNESS_COOKIE_AGAIN] = hear_cookie_again,
	[CV_WITNESS_HOST] = hear_host,
	[CV_WITNESS_ALONE] = hear_alone,
};
_Static_assert(sizeof hear / sizeof *hear == CV_NWITNESSES, "a way to hear each witness");

void cv_witness_claim(void *arg, const struct cv_trace *trace, struct cv_orphan *orphan)
{
	const struct covey *ex = arg;
	struct cv_evidence evidence = {
		.keep = (ex->options.flags & COVEY_KEEP_LEFTOVERS) != 0,
	};
	int i;

	/* later witnesses take several system calls each, and are seldom needed */
	for (i = 0; i < CV_NWITNESSES; i++) {
		evidence.of[i] = hear[i](ex, trace, orphan);
		if (cv_owner_settles((enum cv_witness)i, evidence.of[i].word))
			break;
	}
	if (evidence.of[CV_WITNESS_EXEC].word == CV_SAYS_LATER && orphan->first_asked == 0)
		orphan->first_asked = ex->now;
	orphan->seen_at = ex->next_serial;
	orphan->owner = cv_owner_decide(&evidence);
}
