#include "cli/output/keep_order.h"

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Printed output leaves the disk a store at a time. */
enum { STORE_BYTES = 32 << 20 };

/* A part of the store that waits for its turn. */
struct part {
	STAILQ_ENTRY(part) entry;
	struct outq_shared *store;     /* that it is in */
	int fd;
	uint64_t offset, len;
};

/* A task whose turn has not come, and of which something is known. */
struct waiting {
	RB_ENTRY(waiting) entry;
	uint64_t task;
	uint64_t owner;                /* by the executor's count */
	bool finished;
	STAILQ_HEAD(, part) parts;
	struct covey_output *lines[2]; /* after the parts, while the task runs; by stream, or NULL */
};

RB_HEAD(waiting_tree, waiting);

struct keep_order {
	struct outq *q;
	bool keep;
	uint64_t current;
	struct waiting_tree waiting;
	struct outq_shared *store;     /* for what comes next; NULL: none yet */
	struct trouble *trouble;
};

static int by_task(const struct waiting *a, const struct waiting *b)
{
	return a->task < b->task ? -1 : a->task > b->task;
}

/* RB_GENERATE_STATIC needs an __unused that libbsd defines for itself only */
RB_GENERATE_INTERNAL(waiting_tree, waiting, entry, by_task, static __attribute__((unused)))

struct keep_order *keep_order_new(struct outq *q, bool keep, struct trouble *trouble)
{
	struct keep_order *order = calloc(1, sizeof *order);

	if (order == NULL)
		return NULL;
	order->q = q;
	order->trouble = trouble;
	order->keep = keep;
	order->current = 1;
	RB_INIT(&order->waiting);
	return order;
}

static void free_waiting(struct keep_order *order, struct waiting *waiting)
{
	struct part *part;

	while ((part = STAILQ_FIRST(&waiting->parts)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiting->parts, entry);
		outq_unshare(part->store);
		free(part);
	}
	covey_output_free(waiting->lines[0]);
	covey_output_free(waiting->lines[1]);
	RB_REMOVE(waiting_tree, &order->waiting, waiting);
	free(waiting);
}

void keep_order_free(struct keep_order *order)
{
	struct waiting *waiting;

	if (order == NULL)
		return;
	while ((waiting = RB_MIN(waiting_tree, &order->waiting)) != NULL)
		free_waiting(order, waiting);
	outq_unshare(order->store);
	free(order);
}

bool keep_order_is_current(const struct keep_order *order, uint64_t task)
{
	return !order->keep || task == order->current;
}

static struct waiting *waiting_for(struct keep_order *order, uint64_t task)
{
	struct waiting key = { .task = task };
	struct waiting *waiting = RB_FIND(waiting_tree, &order->waiting, &key);

	if (waiting != NULL)
		return waiting;
	waiting = calloc(1, sizeof *waiting);
	if (waiting == NULL)
		return NULL;
	waiting->task = task;
	waiting->owner = outq_owner(order->q);
	STAILQ_INIT(&waiting->parts);
	RB_INSERT(waiting_tree, &order->waiting, waiting);
	return waiting;
}

/* A store that is full goes when the last of its parts has been printed. */
static struct covey_output *open_store(struct keep_order *order)
{
	struct covey_output *output;

	if (order->store != NULL
	    && covey_output_size(outq_shared_output(order->store)) > STORE_BYTES) {
		outq_unshare(order->store);
		order->store = NULL;
	}
	if (order->store != NULL)
		return outq_shared_output(order->store);
	output = covey_output_new(1 << 20, NULL);
	if (output != NULL)
		order->store = outq_share(output);
	return order->store == NULL ? NULL : output;
}

static int append_range(struct covey_output *store, const struct covey_output *output, uint64_t at,
    uint64_t end)
{
	char buf[16384];

	while (at < end) {
		size_t want = end - at < sizeof buf ? (size_t)(end - at) : sizeof buf;
		ssize_t n = covey_output_read(output, at, buf, want);

		if (n <= 0 || covey_output_append(store, buf, (size_t)n) != 0)
			return -1;
		at += (uint64_t)n;
	}
	return 0;
}

/* Copies output to the end of the store, saying in its place what is missing of it. */
static int append(struct covey_output *store, const struct covey_output *output)
{
	char note[OUTQ_CUT_SIZE];
	uint64_t size = covey_output_size(output), at = size;
	uint64_t cut = covey_output_cut(output, &at);

	if (append_range(store, output, 0, cut > 0 ? at : size) != 0)
		return -1;
	if (cut == 0)
		return 0;
	outq_cut_note(note, cut);
	if (covey_output_append(store, note, strlen(note)) != 0)
		return -1;
	return append_range(store, output, at, size);
}

static int keep(struct keep_order *order, uint64_t task, int fd, const struct covey_output *output)
{
	struct waiting *waiting = waiting_for(order, task);
	struct covey_output *store = open_store(order);
	struct part *part = malloc(sizeof *part);

	if (waiting == NULL || store == NULL || part == NULL) {
		free(part);
		errno = ENOMEM;
		return -1;
	}
	part->fd = fd;
	part->offset = covey_output_size(store);
	if (append(store, output) != 0) {
		free(part);
		return -1;
	}
	part->len = covey_output_size(store) - part->offset;
	part->store = outq_share_again(order->store);
	STAILQ_INSERT_TAIL(&waiting->parts, part, entry);
	return 0;
}

void keep_order_put(struct keep_order *order, uint64_t task, int fd, struct covey_output *output)
{
	if (output == NULL)
		return;
	if (keep_order_is_current(order, task)) {
		outq_output(order->q, fd, output);
		return;
	}
	if (keep(order, task, fd, output) != 0)
		trouble_report_lost(order->trouble, errno);
	covey_output_free(output);
}

static int keep_lines(struct waiting *waiting, int fd, const char *data, size_t len)
{
	struct covey_output **lines = &waiting->lines[fd - 1];

	if (*lines == NULL)
		*lines = covey_output_new(1 << 20, NULL);
	return *lines == NULL ? -1 : covey_output_append(*lines, data, len);
}

void keep_order_lines(struct keep_order *order, uint64_t task, int fd, const char *data, size_t len)
{
	struct waiting *waiting;

	if (keep_order_is_current(order, task)) {
		outq_text(order->q, fd, data, len);
		return;
	}
	waiting = waiting_for(order, task);
	if (waiting == NULL || keep_lines(waiting, fd, data, len) != 0)
		trouble_report_lost(order->trouble, waiting == NULL ? ENOMEM : errno);
}

/* Tasks that have finished are any number: they have no files of their own. */
static void store_lines(struct keep_order *order, struct waiting *waiting)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (waiting->lines[i] == NULL)
			continue;
		if (keep(order, waiting->task, i + 1, waiting->lines[i]) != 0)
			trouble_report_lost(order->trouble, errno);
		covey_output_free(waiting->lines[i]);
		waiting->lines[i] = NULL;
	}
}

static void print(struct keep_order *order, struct waiting *waiting)
{
	uint64_t owner = outq_owner(order->q);
	const struct part *part;
	int i;

	outq_set_owner(order->q, waiting->owner);
	STAILQ_FOREACH(part, &waiting->parts, entry)
		outq_part(order->q, part->fd, part->store, part->offset, part->len);
	for (i = 0; i < 2; i++) {
		outq_output(order->q, i + 1, waiting->lines[i]);
		waiting->lines[i] = NULL;
	}
	outq_set_owner(order->q, owner);
}

/* The next task's turn; true if it has finished already. */
static bool next_turn(struct keep_order *order)
{
	struct waiting key = { .task = ++order->current };
	struct waiting *waiting = RB_FIND(waiting_tree, &order->waiting, &key);
	bool finished = waiting != NULL && waiting->finished;

	if (waiting != NULL) {
		print(order, waiting);
		free_waiting(order, waiting);
	}
	return finished;
}

void keep_order_finished(struct keep_order *order, uint64_t task)
{
	struct waiting *waiting;

	if (!order->keep)
		return;
	if (task != order->current) {
		waiting = waiting_for(order, task);
		if (waiting == NULL) {
			trouble_report_lost(order->trouble, ENOMEM);
			return;
		}
		waiting->finished = true;
		store_lines(order, waiting);
		return;
	}
	while (next_turn(order))
		continue;
	if (RB_EMPTY(&order->waiting)) {
		outq_unshare(order->store);
		order->store = NULL;
	}
}

void keep_order_end(struct keep_order *order)
{
	struct waiting *waiting;

	while ((waiting = RB_MIN(waiting_tree, &order->waiting)) != NULL) {
		print(order, waiting);
		free_waiting(order, waiting);
	}
}
