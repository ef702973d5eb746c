/* Which shard the environment names, for each engine, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/input/engine.h"

/* The environment of a case: names and values in turn. */
static const char *const *environment;

static char *get(const char *name)
{
	for (const char *const *at = environment; *at != NULL; at += 2)
		if (strcmp(*at, name) == 0)
			return (char *)(uintptr_t)at[1];
	return NULL;
}

enum { MOST = 20 };

static void finds_them(void **state)
{
	static const struct {
		const char *const env[MOST];
		unsigned given;          /* N of auto/N, or 0 */
		unsigned index, count;
	} cases[] = {
		{ { "SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_MIN", "0", "SLURM_ARRAY_TASK_COUNT", "8",
		    "SLURM_ARRAY_TASK_STEP", "1" }, 0, 1, 8 },
		{ { "SLURM_ARRAY_TASK_ID", "17", "SLURM_ARRAY_TASK_MIN", "5", "SLURM_ARRAY_TASK_COUNT",
		    "6", "SLURM_ARRAY_TASK_STEP", "4" }, 0, 4, 6 },
		{ { "SLURM_ARRAY_TASK_ID", "3", "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_COUNT",
		    "3" }, 3, 3, 3 },
		{ { "JOB_COMPLETION_INDEX", "0" }, 4, 1, 4 },
		{ { "JOB_COMPLETION_INDEX", "3" }, 4, 4, 4 },
		{ { "CLOUD_RUN_TASK_INDEX", "2", "CLOUD_RUN_TASK_COUNT", "10" }, 0, 3, 10 },
		{ { "AWS_BATCH_JOB_ARRAY_INDEX", "9" }, 10, 10, 10 },
		{ { "AWS_BATCH_JOB_ARRAY_INDEX", "1", "AWS_BATCH_JOB_ARRAY_SIZE", "2" }, 0, 2, 2 },
		{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "5" }, 0, 1, 5 },
		{ { "CI_NODE_INDEX", "5", "CI_NODE_TOTAL", "5" }, 5, 5, 5 },
		{ { "CIRCLE_NODE_INDEX", "0", "CIRCLE_NODE_TOTAL", "1" }, 0, 1, 1 },
		{ { "BUILDKITE_PARALLEL_JOB", "4", "BUILDKITE_PARALLEL_JOB_COUNT", "7" }, 0, 5, 7 },
		/* one that is set to nothing, and one that always has a total */
		{ { "CI_NODE_INDEX", "", "CI_NODE_TOTAL", "1", "JOB_COMPLETION_INDEX", "1" }, 2, 2, 2 },
		/* two that agree, one of which does not say of how many */
		{ { "JOB_COMPLETION_INDEX", "1", "CIRCLE_NODE_INDEX", "1", "CIRCLE_NODE_TOTAL", "3" }, 0,
		    2, 3 },
		{ { "CI_NODE_INDEX", "2", "CI_NODE_TOTAL", "3", "AWS_BATCH_JOB_ARRAY_INDEX", "1" }, 0,
		    2, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct shard shard = { .automatic = true, .count = cases[i].given };
		struct error err = { "" };

		environment = cases[i].env;
		if (engine_find(&shard, get, &err) != 0)
			fail_msg("case %zu: %s", i, err.message);
		assert_int_equal(shard.index, cases[i].index);
		assert_int_equal(shard.count, cases[i].count);
	}
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *const env[MOST];
		unsigned given;
		const char *message;
	} cases[] = {
		{ { NULL }, 3, "'auto' needs one of the variables that say which shard this is; none is set: "
		    "SLURM_ARRAY_TASK_ID (Slurm), JOB_COMPLETION_INDEX (Kubernetes), CLOUD_RUN_TASK_INDEX "
		    "(Cloud Run), AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch), CI_NODE_INDEX (GitLab), "
		    "CIRCLE_NODE_INDEX (CircleCI), BUILDKITE_PARALLEL_JOB (Buildkite); or use I/N" },
		{ { "CI_NODE_TOTAL", "1" }, 0, "'auto' needs one of the variables" },
		{ { "JOB_COMPLETION_INDEX", "1" }, 0, "'auto': Kubernetes does not say how many shards there "
		    "are; use auto/N" },
		{ { "AWS_BATCH_JOB_ARRAY_INDEX", "1" }, 0, "'auto': AWS Batch does not say how many shards "
		    "there are; use auto/N" },
		{ { "JOB_COMPLETION_INDEX", "4" }, 4, "'auto/4': JOB_COMPLETION_INDEX is '4', which is shard "
		    "5" },
		{ { "CI_NODE_INDEX", "1" }, 3, "'auto': CI_NODE_INDEX is set, but CI_NODE_TOTAL is not; use "
		    "I/N to say which shard this is" },
		{ { "CI_NODE_INDEX", "two", "CI_NODE_TOTAL", "3" }, 0, "'auto': CI_NODE_INDEX is 'two', which "
		    "is not a number from 1 to 1000000000" },
		{ { "CI_NODE_INDEX", "0", "CI_NODE_TOTAL", "3" }, 0, "'auto': CI_NODE_INDEX is '0', which is "
		    "not a number from 1 to 1000000000" },
		{ { "CI_NODE_INDEX", "4", "CI_NODE_TOTAL", "3" }, 0, "'auto': CI_NODE_INDEX is '4', which is "
		    "not one of the 3 indexes of GitLab, from 1 in steps of 1; use I/N to say which "
		    "shard this is" },
		{ { "CIRCLE_NODE_INDEX", "3", "CIRCLE_NODE_TOTAL", "3" }, 0, "'auto': CIRCLE_NODE_INDEX is "
		    "'3', which is not one of the 3 indexes of CircleCI, from 0" },
		{ { "BUILDKITE_PARALLEL_JOB", "0", "BUILDKITE_PARALLEL_JOB_COUNT", "0" }, 0, "'auto': "
		    "BUILDKITE_PARALLEL_JOB_COUNT is '0', which is not a number from 1 to 1000000000" },
		{ { "BUILDKITE_PARALLEL_JOB", "-1", "BUILDKITE_PARALLEL_JOB_COUNT", "2" }, 0, "'auto': "
		    "BUILDKITE_PARALLEL_JOB is '-1', which is not a number from 0 to 1000000000" },
		{ { "CLOUD_RUN_TASK_INDEX", "0", "CLOUD_RUN_TASK_COUNT", "2000000" }, 0, "'auto': "
		    "CLOUD_RUN_TASK_COUNT is '2000000', but at most 1000000 shards are possible" },
		/* --array=1,2,9,22,31 */
		{ { "SLURM_ARRAY_TASK_ID", "9", "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_COUNT",
		    "5", "SLURM_ARRAY_TASK_STEP", "1" }, 0, "'auto': SLURM_ARRAY_TASK_ID is '9', which is "
		    "not one of the 5 indexes of Slurm, from 1 in steps of 1" },
		{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_COUNT",
		    "5", "SLURM_ARRAY_TASK_STEP", "2" }, 0, "'auto': SLURM_ARRAY_TASK_ID is '2', which is "
		    "not one of the 5 indexes of Slurm, from 1 in steps of 2" },
		{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_COUNT",
		    "5", "SLURM_ARRAY_TASK_STEP", "0" }, 0, "'auto': SLURM_ARRAY_TASK_STEP is '0'" },
		{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "5" }, 0, "'auto': "
		    "SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_MIN is not" },
		{ { "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_MIN", "1" }, 3, "'auto': "
		    "SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_COUNT is not" },
		/* two that disagree, on the index and on the count; and one with what was given */
		{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "3", "JOB_COMPLETION_INDEX", "1" }, 0, "'auto': "
		    "Kubernetes (JOB_COMPLETION_INDEX is '1') and GitLab (CI_NODE_INDEX is '1') disagree; use "
		    "I/N to say which shard this is" },
		{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "3", "CIRCLE_NODE_INDEX", "0",
		    "CIRCLE_NODE_TOTAL", "4" }, 0, "'auto': GitLab (CI_NODE_INDEX is '1') and CircleCI "
		    "(CIRCLE_NODE_INDEX is '0') disagree" },
		{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "3" }, 4, "'auto/4': according to GitLab there are "
		    "3 shards" },
		/* a sound one does not make up for one that is not */
		{ { "CI_NODE_INDEX", "1", "CI_NODE_TOTAL", "3", "CIRCLE_NODE_INDEX", "x" }, 0, "'auto': "
		    "CIRCLE_NODE_INDEX is set, but CIRCLE_NODE_TOTAL is not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct shard shard = { .automatic = true, .count = cases[i].given };
		struct error err = { "" };

		environment = cases[i].env;
		if (engine_find(&shard, get, &err) == 0)
			fail_msg("case %zu gave shard %u of %u", i, shard.index, shard.count);
		if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("case %zu: %s", i, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_them),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
