#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "sched.h"

/* Tasks as the scheduler sees them: a number, and whether they have been started before. */
static struct cv_task task(uint64_t id, unsigned attempts)
{
	return (struct cv_task){ .view = { .id = id, .attempts = attempts } };
}

static uint64_t next_id(struct cv_sched *sched)
{
	const struct cv_task *next = cv_sched_next(sched);

	return next == NULL ? 0 : next->view.id;
}

/* ---- the ready queue ---- */

static void empty(void **state)
{
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	assert_null(cv_sched_next(&s));
	assert_null(cv_sched_take(&s, 1));
	assert_int_equal(cv_sched_due(&s), INT64_MAX);
	cv_sched_promote(&s, INT64_MAX);
	cv_sched_promote_all(&s);
	assert_null(cv_sched_next(&s));
	assert_int_equal(s.nready, 0);
	assert_int_equal(s.ndelayed, 0);
}

static void retries_go_first_and_equals_in_turn(void **state)
{
	struct cv_task t[] = { task(9, 0), task(2, 1), task(3, 0), task(1, 2), task(5, 0) };
	static const uint64_t order[] = { 2, 1, 9, 3, 5, 0 };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	for (size_t i = 0; i < 5; i++) {
		cv_sched_add(&s, &t[i]);
		assert_int_equal(s.nready, i + 1);
	}
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(next_id(&s), order[i]);
	assert_int_equal(s.nready, 0);
}

static void put_back_is_next_of_its_kind(void **state)
{
	struct cv_task fresh[] = { task(1, 0), task(2, 0), task(3, 0) };
	struct cv_task retries[] = { task(4, 1), task(5, 1) };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	for (size_t i = 0; i < 3; i++)
		cv_sched_add(&s, &fresh[i]);
	assert_ptr_equal(cv_sched_next(&s), &fresh[0]);
	cv_sched_put_back(&s, &fresh[0]);
	assert_int_equal(s.nready, 3);
	assert_ptr_equal(cv_sched_next(&s), &fresh[0]);
	cv_sched_put_back(&s, &fresh[0]);

	cv_sched_add(&s, &retries[0]);
	cv_sched_add(&s, &retries[1]);
	assert_ptr_equal(cv_sched_next(&s), &retries[0]);
	cv_sched_put_back(&s, &retries[0]);
	assert_ptr_equal(cv_sched_next(&s), &retries[0]);
	assert_ptr_equal(cv_sched_next(&s), &retries[1]);
	assert_ptr_equal(cv_sched_next(&s), &fresh[0]);
	assert_ptr_equal(cv_sched_next(&s), &fresh[1]);
	assert_ptr_equal(cv_sched_next(&s), &fresh[2]);
	assert_null(cv_sched_next(&s));
}

/* ---- the delayed queue ---- */

static void delayed_by_due_then_number(void **state)
{
	struct cv_task t[] = {
		task(7, 1), task(3, 1), task(9, 1), task(1, 1), task(4, 1),
	};
	static const covey_nsec due[] = { 50, 20, 20, 90, 20 };
	static const uint64_t order[] = { 3, 4, 9, 7, 1, 0 };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	for (size_t i = 0; i < 5; i++) {
		cv_sched_delay(&s, &t[i], due[i]);
		assert_true(t[i].is_delayed);
		assert_int_equal(s.ndelayed, i + 1);
	}
	assert_int_equal(cv_sched_due(&s), 20);
	assert_null(cv_sched_next(&s));
	cv_sched_promote(&s, 1000);
	assert_int_equal(s.ndelayed, 0);
	assert_int_equal(s.nready, 5);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(next_id(&s), order[i]);
}

static void due_at_that_very_nanosecond(void **state)
{
	struct cv_task t[] = { task(1, 1), task(2, 1) };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	cv_sched_delay(&s, &t[0], 100);
	cv_sched_delay(&s, &t[1], 101);
	cv_sched_promote(&s, 99);
	assert_null(cv_sched_next(&s));
	assert_int_equal(cv_sched_due(&s), 100);
	cv_sched_promote(&s, 100);
	assert_false(t[0].is_delayed);
	assert_true(t[1].is_delayed);
	assert_int_equal(cv_sched_due(&s), 101);
	assert_ptr_equal(cv_sched_next(&s), &t[0]);
	assert_null(cv_sched_next(&s));
}

static void due_retries_queue_behind_those_due_before(void **state)
{
	struct cv_task early = task(9, 1), late = task(1, 1), fresh = task(2, 0);
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	cv_sched_add(&s, &fresh);
	cv_sched_delay(&s, &early, 10);
	cv_sched_promote(&s, 10);
	cv_sched_delay(&s, &late, 5);
	cv_sched_promote(&s, 11);
	assert_ptr_equal(cv_sched_next(&s), &early);
	assert_ptr_equal(cv_sched_next(&s), &late);
	assert_ptr_equal(cv_sched_next(&s), &fresh);
}

static void promote_all_leaves_none_waiting(void **state)
{
	struct cv_task t[] = { task(1, 1), task(2, 1), task(3, 1) };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	cv_sched_delay(&s, &t[0], INT64_MAX);
	cv_sched_delay(&s, &t[1], 5);
	cv_sched_delay(&s, &t[2], INT64_MAX - 1);
	cv_sched_promote_all(&s);
	assert_int_equal(s.ndelayed, 0);
	assert_int_equal(cv_sched_due(&s), INT64_MAX);
	assert_int_equal(next_id(&s), 2);
	assert_int_equal(next_id(&s), 3);
	assert_int_equal(next_id(&s), 1);
}

static void promote_late_leaves_the_early_waiting(void **state)
{
	struct cv_task t[] = { task(1, 1), task(2, 1), task(3, 1) };
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	cv_sched_delay(&s, &t[0], 30);
	cv_sched_delay(&s, &t[1], 19);
	cv_sched_delay(&s, &t[2], 20);
	cv_sched_promote_late(&s, 20);
	assert_int_equal(s.ndelayed, 1);
	assert_int_equal(cv_sched_due(&s), 19);
	assert_int_equal(next_id(&s), 3);
	assert_int_equal(next_id(&s), 1);
}

static void take_from_every_queue(void **state)
{
	struct cv_task t[] = {
		task(1, 0), task(2, 0), task(3, 0), task(4, 1), task(5, 1), task(6, 1), task(7, 1),
	};
	struct cv_sched s;

	(void)state;
	cv_sched_init(&s);
	for (size_t i = 0; i < 5; i++)
		cv_sched_add(&s, &t[i]);
	cv_sched_delay(&s, &t[5], 10);
	cv_sched_delay(&s, &t[6], 20);

	assert_ptr_equal(cv_sched_take(&s, 2), &t[1]);
	assert_int_equal(s.nready, 4);
	assert_ptr_equal(cv_sched_take(&s, 4), &t[3]);
	assert_int_equal(s.nready, 3);
	assert_ptr_equal(cv_sched_take(&s, 6), &t[5]);
	assert_false(t[5].is_delayed);
	assert_int_equal(s.ndelayed, 1);
	assert_int_equal(cv_sched_due(&s), 20);
	assert_null(cv_sched_take(&s, 2));
	assert_null(cv_sched_take(&s, 6));
	assert_null(cv_sched_take(&s, 8));

	cv_sched_promote(&s, 20);
	assert_int_equal(next_id(&s), 5);
	assert_int_equal(next_id(&s), 7);
	assert_int_equal(next_id(&s), 1);
	assert_int_equal(next_id(&s), 3);
	assert_int_equal(next_id(&s), 0);
}

/* ---- slots ---- */

static void the_lowest_free_slot(void **state)
{
	struct cv_slots slots;

	(void)state;
	cv_slots_init(&slots);
	for (int i = 0; i < 4; i++)
		assert_int_equal(cv_slots_take(&slots), i);
	cv_slots_give(&slots, 2);
	cv_slots_give(&slots, 0);
	assert_int_equal(cv_slots_take(&slots), 0);
	assert_int_equal(cv_slots_take(&slots), 2);
	assert_int_equal(cv_slots_take(&slots), 4);
	cv_slots_release(&slots);
}

static void more_slots_than_a_word_has_bits(void **state)
{
	struct cv_slots slots;

	(void)state;
	cv_slots_init(&slots);
	for (int i = 0; i < 300; i++)
		assert_int_equal(cv_slots_take(&slots), i);
	cv_slots_give(&slots, 299);
	cv_slots_give(&slots, 128);
	cv_slots_give(&slots, 64);
	cv_slots_give(&slots, 63);
	assert_int_equal(cv_slots_take(&slots), 63);
	assert_int_equal(cv_slots_take(&slots), 64);
	assert_int_equal(cv_slots_take(&slots), 128);
	assert_int_equal(cv_slots_take(&slots), 299);
	assert_int_equal(cv_slots_take(&slots), 300);
	cv_slots_release(&slots);
}

static void released_slots_begin_anew(void **state)
{
	struct cv_slots slots;

	(void)state;
	cv_slots_init(&slots);
	for (int i = 0; i < 70; i++)
		cv_slots_take(&slots);
	cv_slots_release(&slots);
	assert_int_equal(cv_slots_take(&slots), 0);
	cv_slots_release(&slots);
}

/* ---- the same against a naive model ---- */

#define SAME(got, wanted) same((int64_t)(got), (int64_t)(wanted), #got, __LINE__)

static void same(int64_t got, int64_t wanted, const char *what, int line)
{
	if (got != wanted)
		fail_msg("line %d: %s is %" PRId64 ", not %" PRId64 "; COVEY_SEED=%" PRIu64, line,
		    what, got, wanted, seed);
}

#define NTASKS 40

/* Where a task is. "turn" orders the ready ones of a kind: lower first. */
enum place { OUT, READY, DELAYED };

struct model {
	struct cv_task tasks[NTASKS];
	enum place where[NTASKS];
	int64_t turn[NTASKS];
	int64_t first, last;      /* turns given out at the head and at the tail */
	covey_nsec now;
};

static bool goes_before(const struct model *m, int a, int b)
{
	bool retry_a = m->tasks[a].view.attempts > 0, retry_b = m->tasks[b].view.attempts > 0;

	return retry_a != retry_b ? retry_a : m->turn[a] < m->turn[b];
}

static int model_next(const struct model *m)
{
	int best = -1;

	for (int i = 0; i < NTASKS; i++) {
		if (m->where[i] == READY && (best < 0 || goes_before(m, i, best)))
			best = i;
	}
	return best;
}

/* The delayed task that is due first, or -1; ids rise with the index. */
static int model_due(const struct model *m)
{
	int best = -1;

	for (int i = 0; i < NTASKS; i++) {
		if (m->where[i] == DELAYED && (best < 0 || m->tasks[i].due < m->tasks[best].due))
			best = i;
	}
	return best;
}

static void model_promote(struct model *m, covey_nsec now)
{
	int i;

	while ((i = model_due(m)) >= 0 && m->tasks[i].due <= now) {
		m->where[i] = READY;
		m->turn[i] = ++m->last;
	}
}

static size_t model_count(const struct model *m, enum place place)
{
	size_t n = 0;

	for (int i = 0; i < NTASKS; i++)
		n += m->where[i] == place;
	return n;
}

/* Puts a task that is out somewhere: the tail, the head, or to sleep. */
static void put_in(struct cv_sched *s, struct model *m, int i)
{
	m->tasks[i].view.attempts = below(2);
	switch (below(3)) {
	case 0:
		cv_sched_add(s, &m->tasks[i]);
		m->turn[i] = ++m->last;
		m->where[i] = READY;
		break;
	case 1:
		cv_sched_put_back(s, &m->tasks[i]);
		m->turn[i] = --m->first;
		m->where[i] = READY;
		break;
	default:
		m->tasks[i].view.attempts++;
		cv_sched_delay(s, &m->tasks[i], m->now + below(20));
		m->where[i] = DELAYED;
		break;
	}
}

static void take_next(struct cv_sched *s, struct model *m)
{
	int wanted = model_next(m);
	const struct cv_task *got = cv_sched_next(s);

	SAME(got == NULL ? -1 : got - m->tasks, wanted);
	if (wanted >= 0)
		m->where[wanted] = OUT;
}

static void take_numbered(struct cv_sched *s, struct model *m, int i)
{
	const struct cv_task *got = cv_sched_take(s, m->tasks[i].view.id);

	SAME(got == NULL ? -1 : got - m->tasks, m->where[i] == OUT ? -1 : i);
	SAME(m->tasks[i].is_delayed, false);
	m->where[i] = OUT;
}

static void one_step(struct cv_sched *s, struct model *m)
{
	int i = (int)below(NTASKS), due;

	switch (below(8)) {
	case 0:
		take_next(s, m);
		break;
	case 1:
		take_numbered(s, m, i);
		break;
	case 2:
		m->now += below(10);
		cv_sched_promote(s, m->now);
		model_promote(m, m->now);
		break;
	case 3:
		if (below(20) == 0) {
			cv_sched_promote_all(s);
			model_promote(m, INT64_MAX);
		}
		break;
	default:
		if (m->where[i] == OUT)
			put_in(s, m, i);
		break;
	}
	due = model_due(m);
	SAME(cv_sched_due(s), due < 0 ? INT64_MAX : m->tasks[due].due);
	SAME(s->nready, model_count(m, READY));
	SAME(s->ndelayed, model_count(m, DELAYED));
}

static void queues_like_the_model(void **state)
{
	struct model m = { .now = 0 };
	struct cv_sched s;

	(void)state;
	choose_seed();
	cv_sched_init(&s);
	for (int i = 0; i < NTASKS; i++)
		m.tasks[i] = task((uint64_t)i + 1, 0);
	for (int i = 0; i < 50000; i++)
		one_step(&s, &m);
	cv_sched_promote_all(&s);
	model_promote(&m, INT64_MAX);
	while (model_next(&m) >= 0)
		take_next(&s, &m);
	assert_null(cv_sched_next(&s));
}

static void slots_like_the_model(void **state)
{
	enum { N = 1000 };
	bool used[N] = { false };
	struct cv_slots slots;
	uint32_t favour = 5;

	(void)state;
	choose_seed();
	cv_slots_init(&slots);
	for (int i = 0; i < 30000; i++) {
		uint32_t slot = below(N);

		if (i % 1500 == 0)
			favour = 2 + below(7);
		if (below(10) >= favour) {
			if (used[slot])
				cv_slots_give(&slots, slot);
			used[slot] = false;
			continue;
		}
		for (slot = 0; slot < N && used[slot]; slot++)
			;
		if (slot == N)
			continue;
		SAME(cv_slots_take(&slots), slot);
		used[slot] = true;
	}
	cv_slots_release(&slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(retries_go_first_and_equals_in_turn),
		cmocka_unit_test(put_back_is_next_of_its_kind),
		cmocka_unit_test(delayed_by_due_then_number),
		cmocka_unit_test(due_at_that_very_nanosecond),
		cmocka_unit_test(due_retries_queue_behind_those_due_before),
		cmocka_unit_test(promote_all_leaves_none_waiting),
		cmocka_unit_test(promote_late_leaves_the_early_waiting),
		cmocka_unit_test(take_from_every_queue),
		cmocka_unit_test(the_lowest_free_slot),
		cmocka_unit_test(more_slots_than_a_word_has_bits),
		cmocka_unit_test(released_slots_begin_anew),
		cmocka_unit_test(queues_like_the_model),
		cmocka_unit_test(slots_like_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
