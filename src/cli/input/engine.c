#include "cli/input/engine.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"

enum { LARGEST = 1000000000 };

static const struct engine {
	const char *name;
	const char *index;
	long long first;           /* the index of the first shard, unless min says it */
	const char *count;         /* NULL: not said */
	const char *min, *step;    /* of indexes that are a range; NULL: from first on, one by one */
	bool may_lack_count;
} engines[] = {
	{
		.name = "Slurm", .index = "SLURM_ARRAY_TASK_ID", .count = "SLURM_ARRAY_TASK_COUNT",
		.min = "SLURM_ARRAY_TASK_MIN", .step = "SLURM_ARRAY_TASK_STEP",
	},
	{ .name = "Kubernetes", .index = "JOB_COMPLETION_INDEX" },
	{ .name = "Cloud Run", .index = "CLOUD_RUN_TASK_INDEX", .count = "CLOUD_RUN_TASK_COUNT" },
	{
		.name = "AWS Batch", .index = "AWS_BATCH_JOB_ARRAY_INDEX",
		.count = "AWS_BATCH_JOB_ARRAY_SIZE", .may_lack_count = true,
	},
	{ .name = "GitLab", .index = "CI_NODE_INDEX", .first = 1, .count = "CI_NODE_TOTAL" },
	{ .name = "CircleCI", .index = "CIRCLE_NODE_INDEX", .count = "CIRCLE_NODE_TOTAL" },
	{
		.name = "Buildkite", .index = "BUILDKITE_PARALLEL_JOB",
		.count = "BUILDKITE_PARALLEL_JOB_COUNT",
	},
};

enum { NENGINES = sizeof engines / sizeof engines[0] };

/* ---- one engine ---- */

/* A variable that is set to nothing counts as unset: that is what passing on an unset one gives. */
static const char *value(engine_getenv *get, const char *name)
{
	const char *text = name == NULL ? NULL : get(name);

	return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Reads the variable if it is set, else leaves *number alone. */
static int read_number(engine_getenv *get, const char *name, long long min, long long *number,
    struct error *err)
{
	const char *text = value(get, name);

	if (text == NULL || units_number(text, min, LARGEST, number, err) == 0)
		return 0;
	return error_set(err, "'auto': %s is '%.100s', which is not a number from %lld to %d",
	    name, text, min, LARGEST);
}

static int lacks(const struct engine *engine, const char *name, struct error *err)
{
	return error_set(err, "'auto': %s is set, but %s is not; use I/N to say which shard this is",
	    engine->index, name);
}

struct reading {
	long long index, min, step, count;    /* count 0: not said */
};

static int read_all(const struct engine *engine, engine_getenv *get, struct reading *r,
    struct error *err)
{
	*r = (struct reading){ .min = engine->first, .step = 1 };
	if (engine->count != NULL && !engine->may_lack_count && value(get, engine->count) == NULL)
		return lacks(engine, engine->count, err);
	if (engine->min != NULL && value(get, engine->min) == NULL)
		return lacks(engine, engine->min, err);
	if (read_number(get, engine->min, 0, &r->min, err) != 0
	    || read_number(get, engine->step, 1, &r->step, err) != 0
	    || read_number(get, engine->index, r->min, &r->index, err) != 0)
		return -1;
	return read_number(get, engine->count, 1, &r->count, err);
}

static int unfit(const struct engine *engine, engine_getenv *get, const struct reading *r,
    struct error *err)
{
	if (r->count == 0)
		return error_set(err, "'auto': %s is '%.100s', but at most %d shards are possible",
		    engine->index, value(get, engine->index), SHARD_MOST);
	return error_set(err, "'auto': %s is '%.100s', which is not one of the %lld indexes of %s, "
	    "from %lld in steps of %lld; use I/N to say which shard this is", engine->index,
	    value(get, engine->index), r->count, engine->name, r->min, r->step);
}

/*
 * The shard according to the engine's variables, which are set; count is 0 if they do not say it.
 */
static int read_engine(const struct engine *engine, engine_getenv *get, struct shard *shard,
    struct error *err)
{
	struct reading r;
	long long at;

	if (read_all(engine, get, &r, err) != 0)
		return -1;
	at = (r.index - r.min) / r.step;
	if (r.count > SHARD_MOST)
		return error_set(err, "'auto': %s is '%.100s', but at most %d shards are possible",
		    engine->count, value(get, engine->count), SHARD_MOST);
	if ((r.index - r.min) % r.step != 0 || at >= (r.count > 0 ? r.count : SHARD_MOST))
		return unfit(engine, get, &r, err);
	*shard = (struct shard){ .index = (unsigned)at + 1, .count = (unsigned)r.count };
	return 0;
}

/* ---- all of them ---- */

static int none_found(struct error *err)
{
	error_set(err, "'auto' needs one of the variables that say which shard this is; none is set:");
	for (size_t i = 0; i < NENGINES; i++)
		error_set(err, "%s %s (%s)%s", err->message, engines[i].index, engines[i].name,
		    i + 1 < NENGINES ? "," : "; or use I/N");
	return -1;
}

static int disagree(const struct engine *one, const struct engine *other, engine_getenv *get,
    struct error *err)
{
	return error_set(err, "'auto': %s (%s is '%.60s') and %s (%s is '%.60s') disagree; use "
	    "I/N to say which shard this is", one->name, one->index, value(get, one->index), other->name,
	    other->index, value(get, other->index));
}

static bool same(const struct shard *a, const struct shard *b)
{
	return a->index == b->index && (a->count == b->count || a->count == 0 || b->count == 0);
}

/* What all engines that are present say together; the count of any of them will do. */
static const struct engine *read_engines(engine_getenv *get, struct shard *found,
    struct error *err)
{
	const struct engine *first = NULL;
	struct shard shard;

	for (size_t i = 0; i < NENGINES; i++) {
		const struct engine *engine = &engines[i];

		if (value(get, engine->index) == NULL)
			continue;
		if (read_engine(engine, get, &shard, err) != 0)
			return NULL;
		if (first == NULL) {
			first = engine;
			*found = shard;
		} else if (!same(found, &shard)) {
			disagree(first, engine, get, err);
			return NULL;
		}
		if (found->count == 0)
			found->count = shard.count;
	}
	if (first == NULL)
		none_found(err);
	return first;
}

int engine_find(struct shard *shard, engine_getenv *get, struct error *err)
{
	struct shard found;
	const struct engine *engine = read_engines(get, &found, err);

	if (engine == NULL)
		return -1;
	if (shard->count == 0 && found.count == 0)
		return error_set(err, "'auto': %s does not say how many shards there are; use "
		    "auto/N", engine->name);
	if (shard->count > 0 && found.count > 0 && shard->count != found.count)
		return error_set(err, "'auto/%u': according to %s there are %u shards",
		    shard->count, engine->name, found.count);
	if (found.count == 0)
		found.count = shard->count;
	if (found.index > found.count)
		return error_set(err, "'auto/%u': %s is '%.100s', which is shard %u", found.count,
		    engine->index, value(get, engine->index), found.index);
	*shard = found;
	return 0;
}
