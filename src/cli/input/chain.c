#include "cli/input/chain.h"

#include <stdlib.h>
#include <string.h>

#include "cli/input/batch.h"
#include "cli/input/colsep.h"
#include "cli/input/columns.h"
#include "cli/input/engine.h"
#include "cli/input/item_list.h"
#include "cli/input/product.h"
#include "cli/input/shard_source.h"
#include "cli/input/shuffle.h"
#include "cli/input/source.h"
#include "cli/input/tasks.h"

/* ---- the stream, one item a record ---- */

static enum input_result plain_next(struct source *source, struct record *record,
    struct error *err)
{
	struct input_record from;
	enum input_result result = input_next(source->stream, &from, err);

	if (result == INPUT_RECORD)
		record_set_one(record, from.text, from.len);
	if (result == INPUT_RECORD || result == INPUT_REFUSED)
		record->line = from.line;
	return result;
}

static void plain_close(struct source *source)
{
	input_close(source->stream);
	free(source);
}

static struct source *plain_open(const struct input_options *options, struct error *err)
{
	static const struct source_ops ops = { .next = plain_next, .close = plain_close };
	struct source *source = calloc(1, sizeof *source);

	if (source == NULL) {
		error_no_memory(err);
		return NULL;
	}
	source->ops = &ops;
	source->stream = input_open(options, err);
	if (source->stream != NULL)
		return source;
	free(source);
	return NULL;
}

/* ---- the chain ---- */

/* What the chain is made of, while it is made. */
struct making {
	const struct options *options;
	struct header *header;
	struct shard shard;
	struct colsep *sep;            /* NULL: items are not split */
	struct source *top;
	struct product_part *parts;    /* the sources but the first */
	size_t nparts;
};

static struct input_options input_for(const struct options *o, const struct options_source *source)
{
	return (struct input_options){
		.path = source->path, .items = source->words, .nitems = source->nwords,
		.given = source->path == NULL, .delimiter = o->delimiter,
		.empty_records = o->empty_items,
	};
}

/* With --retry-failed they come from the journal. */
static bool is_tasks(const struct options *o)
{
	return o->tasks != NULL && o->recovery != RECOVERY_RETRY_FAILED;
}

static struct source *open_task_lines(const char *path, bool checked, struct error *err)
{
	struct input_options input = { .path = path, .delimiter = '\n' };
	struct source *stream = plain_open(&input, err), *top;

	if (stream == NULL)
		return NULL;
	top = tasks_open(stream, checked);
	if (top == NULL) {
		source_close(stream);
		error_no_memory(err);
	}
	return top;
}

/* A file is read twice: nothing is run before all of it is known to be good. */
static int open_tasks(struct making *m, struct error *err)
{
	const char *path = m->options->tasks;
	bool check = tasks_can_check(path);
	int result;

	m->top = open_task_lines(path, false, err);
	if (m->top == NULL || !check)
		return m->top == NULL ? -1 : 0;
	result = tasks_check(m->top, err);
	source_close(m->top);
	m->top = result == 0 ? open_task_lines(path, true, err) : NULL;
	return m->top == NULL ? -1 : 0;
}

static int open_stream(struct making *m, struct error *err)
{
	static const struct options_source standard_input = { .path = "-" };
	const struct options *o = m->options;
	const struct options_source *first = o->sources.n > 0 ? &o->sources.list[0] : &standard_input;
	struct input_options input = input_for(o, first);

	if (is_tasks(o))
		return open_tasks(m, err);
	m->top = plain_open(&input, err);
	return m->top == NULL ? -1 : 0;
}

static int load_parts(struct making *m, struct error *err)
{
	const struct options_sources *sources = &m->options->sources;

	if (sources->n < 2)
		return 0;
	m->parts = calloc(sources->n - 1, sizeof *m->parts);
	if (m->parts == NULL)
		return error_no_memory(err);
	for (size_t i = 1; i < sources->n; i++, m->nparts++) {
		struct input_options input = input_for(m->options, &sources->list[i]);

		m->parts[m->nparts].linked = sources->list[i].linked;
		if (item_list_load(&m->parts[m->nparts].list, &input, err) != 0)
			return -1;
	}
	return 0;
}

/* Before anything is read. */
static int find_shard(struct making *m, struct error *err)
{
	m->shard = m->options->shard;
	if (!m->shard.automatic || engine_find(&m->shard, getenv, err) == 0)
		return 0;
	return error_set(err, "option '--shard': %s", err->message);
}

/* ---- the header ---- */

static int open_separator(struct making *m, struct error *err)
{
	const struct options *o = m->options;

	if (o->colsep == NULL && !o->header)
		return 0;
	m->sep = colsep_new(o->colsep != NULL ? o->colsep : "\t", err);
	if (m->sep == NULL)
		return error_set(err, "option '--colsep': %s", err->message);
	return 0;
}

static int keep_name(void *arg, const char *text, size_t len)
{
	return item_list_add(arg, text, len);
}

/* Spreadsheets begin a file with U+FEFF, which is not part of the first name. */
static struct span without_mark(const struct span *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = sizeof mark - 1;

	if (line->len < len || memcmp(line->text, mark, len) != 0)
		return *line;
	return (struct span){ line->text + len, line->len - len };
}

static int add_names(struct making *m, const struct span *line, struct error *err)
{
	struct item_list names = { .n = 0 };
	struct span text = without_mark(line);
	int result = colsep_split(m->sep, &text, keep_name, &names);

	item_list_settle(&names);
	if (result == 0)
		result = header_add(m->header, names.items, names.n);
	item_list_release(&names);
	return result == 0 ? 0 : error_no_memory(err);
}

static int no_header(const char *name, struct error *err)
{
	return error_set(err, "'%s' is empty: '--header' needs a first line with names", name);
}

static int read_first_names(struct making *m, struct error *err)
{
	enum input_result result;
	struct record record;

	while ((result = source_next(m->top, &record, err)) == INPUT_LATER)
		source_wait(m->top);
	if (result == INPUT_END)
		return no_header(source_name(m->top), err);
	return result == INPUT_RECORD ? add_names(m, &record.own, err) : -1;
}

static int take_names(struct making *m, size_t part, struct error *err)
{
	const char *path = m->options->sources.list[part + 1].path;
	struct span line;

	if (!item_list_take_first(&m->parts[part].list, &line))
		return no_header(path == NULL ? ":::" : path, err);
	return add_names(m, &line, err);
}

/* An item of a source other than the last one must not have more columns than there are names. */
static int check_item(const struct making *m, size_t source, const struct span *item,
    struct error *err)
{
	const char *path = m->options->sources.list[source].path;
	size_t width = m->header->widths[source], n = columns_count(m->sep, item);

	if (n <= width)
		return 0;
	columns_too_many(item, n, width, err);
	return error_set(err, "%s: %s", path == NULL ? "after ':::'" : path, err->message);
}

/* Items in memory can be checked before anything runs. */
static int check_items(const struct making *m, struct error *err)
{
	const struct options_source *first = &m->options->sources.list[0];

	/* without the header; a file has no words */
	for (size_t i = 1; m->nparts > 0 && i < first->nwords; i++) {
		struct span item = { first->words[i], strlen(first->words[i]) };

		if (check_item(m, 0, &item, err) != 0)
			return -1;
	}
	for (size_t part = 0; part + 1 < m->nparts; part++)
		for (size_t i = 0; i < m->parts[part].list.n; i++)
			if (check_item(m, part + 1, &m->parts[part].list.items[i], err) != 0)
				return -1;
	return 0;
}

static int read_header(struct making *m, struct error *err)
{
	if (!m->options->header)
		return 0;
	if (read_first_names(m, err) != 0)
		return -1;
	for (size_t i = 0; i < m->nparts; i++)
		if (take_names(m, i, err) != 0)
			return -1;
	return check_items(m, err);
}

/* ---- one on top of the other ---- */

/* The new top of the chain; NULL: out of memory. */
static int put_on_top(struct making *m, struct source *top, struct error *err)
{
	if (top == NULL)
		return error_no_memory(err);
	m->top = top;
	return 0;
}

static int combine(struct making *m, struct error *err)
{
	if (m->nparts == 0)
		return 0;
	if (put_on_top(m, product_open(m->top, m->parts, m->nparts, m->options->link), err) != 0)
		return -1;
	m->parts = NULL;
	m->nparts = 0;
	return 0;
}

/* Below the sources that may refuse a record, so that one shard complains, and not all. */
static int cut(struct making *m, struct error *err)
{
	if (m->shard.count == 0)
		return 0;
	return put_on_top(m, shard_source_open(m->top, &m->shard, m->options->shard_by), err);
}

static int split(struct making *m, struct error *err)
{
	if (m->sep == NULL)
		return 0;
	if (put_on_top(m, columns_open(m->top, m->sep, m->header), err) != 0)
		return -1;
	m->sep = NULL;
	return 0;
}

static int put_together(struct making *m, struct error *err)
{
	if (m->options->max_args == 1 || m->options->tasks != NULL)
		return 0;
	return put_on_top(m, batch_open(m->top, m->options->max_args), err);
}

/* On top of all others, since whole tasks are shuffled. */
static int shuffle(struct making *m, struct error *err)
{
	if (!m->options->shuf)
		return 0;
	return put_on_top(m, shuffle_open(m->top, m->options->seed), err);
}

static int make(struct making *m, struct error *err)
{
	if (find_shard(m, err) != 0 || open_separator(m, err) != 0 || open_stream(m, err) != 0
	    || load_parts(m, err) != 0 || read_header(m, err) != 0)
		return -1;
	if (combine(m, err) != 0 || cut(m, err) != 0 || split(m, err) != 0
	    || put_together(m, err) != 0 || shuffle(m, err) != 0)
		return -1;
	return 0;
}

struct source *chain_open(const struct options *options, struct header *header,
    struct error *err)
{
	struct making m = { .options = options, .header = header };

	if (make(&m, err) == 0)
		return m.top;
	source_close(m.top);
	colsep_free(m.sep);
	product_release_parts(m.parts, m.nparts);
	return NULL;
}
