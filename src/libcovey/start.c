/*
 * Starting the next task in the lowest free slot. When descriptors, processes or memory run out,
 * fewer tasks run at once, and the task goes back to its place in the queue.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdutil.h"
#include "turn.h"

/* a start may take milliseconds, and deadlines are looked at between turns only */
#define STARTS_PER_TURN 8
/* how long until one more than the limit is tried */
#define LIMIT_PAUSE (1 * COVEY_SEC)
/* with nothing running, no end of an attempt frees resources: so the wait for them is bounded */
#define STARVING_PAUSE (10 * COVEY_MSEC)
#define STARVING_PATIENCE (30 * COVEY_SEC)

bool cv_start_allowed(const struct covey *ex)
{
	unsigned limit = ex->limit < ex->options.max_workers ? ex->limit : ex->options.max_workers;

	return ex->ending == CV_ENDING_NO && ex->suspended_at < 0 && !ex->cancel_asked
	    && ex->running + ex->withheld < limit && ex->now >= ex->gate && ex->in_doubt == 0
	    && (ex->starving_since == 0 || ex->now >= ex->start_after);
}

static struct cv_slot *new_slot(struct covey *ex, unsigned index)
{
	struct cv_slot *slot = calloc(1, sizeof *slot);
	int i;

	if (slot == NULL)
		return NULL;
	slot->ex = ex;
	slot->index = index;
	slot->attempt.slot = index + 1;
	slot->timer.owner = slot;
	slot->exit_source.fd = -1;
	slot->exit_source.kind = CV_SOURCE_EXIT;
	slot->exit_source.owner = slot;
	for (i = 0; i < CV_NSTREAMS; i++) {
		slot->captures[i].fd = slot->stream_sources[i].fd = -1;
		slot->stream_sources[i].kind = CV_SOURCE_STREAM;
		slot->stream_sources[i].owner = slot;
	}
	return slot;
}

/* The lowest free slot is always taken, so the array grows by one slot at a time. */
static int grow_slots(struct covey *ex, unsigned index)
{
	unsigned room = ex->slots_room == 0 ? 16 : ex->slots_room * 2;
	struct cv_slot **slots;

	if (index >= ex->slots_room) {
		slots = reallocarray(ex->slots, room, sizeof(struct cv_slot *));
		if (slots == NULL)
			return -1;
		ex->slots = slots;
		ex->slots_room = room;
	}
	ex->slots[index] = new_slot(ex, index);
	if (ex->slots[index] == NULL)
		return -1;
	ex->nslots = index + 1;
	return 0;
}

static struct cv_slot *take_slot(struct covey *ex)
{
	int index = cv_slots_take(&ex->free_slots);

	if (index < 0)
		return NULL;
	if (((unsigned)index < ex->nslots || grow_slots(ex, (unsigned)index) == 0)
	    && ex->slots[index] != NULL)
		return ex->slots[index];
	cv_slots_give(&ex->free_slots, (unsigned)index);
	return NULL;
}

/* Fills in what a function is called with, and makes the slot's note if there is none. */
static int make_call(const struct covey *ex, const struct cv_task *task, struct cv_slot *slot,
    struct cv_call *call)
{
	/* leftovers that are kept may still write into the old note */
	if (slot->note != NULL && (ex->options.flags & COVEY_KEEP_LEFTOVERS) != 0) {
		cv_note_free(slot->note);
		slot->note = NULL;
	}
	if (slot->note == NULL)
		slot->note = cv_note_new(ex->run_id, slot->index);
	if (slot->note == NULL)
		return -1;
	cv_note_clear(slot->note);
	*call = (struct cv_call){
		.view = {
			.arg = task->view.arg, .arg_len = task->view.arg_len, .task = task->view.id,
			.attempt = task->view.attempts, .tries = task->view.tries,
			.slot = slot->index + 1,
		},
		.run = task->view.run, .note = slot->note, .max_result = ex->options.max_result,
		.crash_stack = ex->crash_stack, .result_fd = -1,
	};
	return 0;
}

static int lacks(struct cv_spawned *spawned, int sys_errno)
{
	spawned->step = "fork";
	spawned->sys_errno = sys_errno;
	spawned->exhausted = true;
	return -1;
}

static int spawn(struct covey *ex, const struct cv_task *task, struct cv_slot *slot,
    struct cv_spawned *spawned)
{
	unsigned index = slot->index;
	struct cv_call call;
	int result;

	struct cv_environ_values values = {
		.task = task->view.id, .attempt = task->view.attempts, .tries = task->view.tries,
		.slot = index + 1,
	};
	struct cv_spawn what = {
		.argv = task->view.argv, .cwd = task->cwd, .stdin_source = task->stdin_source,
		.stdin_path = task->stdin_path, .stdin_bytes = task->stdin_bytes,
		.stdin_len = task->stdin_len, .stdin_fd = task->stdin_fd,
	};
	const char *const *argv = ex->options.prepare == NULL ? NULL
	    : ex->options.prepare(&task->view, index + 1, ex->options.user);

	if (argv != NULL)
		what.argv = argv;
	what.envp = cv_environ_for(&ex->environ, &values, task->env);
	if (what.envp == NULL)
		return lacks(spawned, ENOMEM);
	if (task->view.run != NULL) {
		if (make_call(ex, task, slot, &call) != 0)
			return lacks(spawned, errno);
		what.call = &call;
	}
	what.search = cv_environ_search(&ex->environ);
	what.cgroup_fd = -1;
	if (ex->has_cgroup)
		what.cgroup_fd = cv_cgroup_open(&ex->cgroup, index, &slot->cgroup_killed);
	result = cv_spawn(&ex->spawner, &what, spawned);
	cv_fd_close(&what.cgroup_fd);
	return result;
}

static void reset(struct cv_slot *slot, struct cv_task *task)
{
	unsigned index = slot->attempt.slot;
	int i;

	memset(&slot->attempt, 0, sizeof slot->attempt);
	slot->attempt.slot = index;
	slot->attempt.number = task->view.attempts;
	slot->task = task;
	slot->serial = ++slot->ex->next_serial;
	slot->state = CV_RUNNING;
	slot->facts = slot->actions = 0;
	slot->cause = COVEY_SUCCESS;
	slot->probe = slot->exited = slot->reaped = slot->lost = slot->withheld = false;
	slot->open_streams = 0;
	slot->probe_pause = 0;
	for (i = 0; i < CV_NSTREAMS; i++)
		slot->captures[i].error = 0;
	for (i = 0; i < CV_NDEADLINES; i++)
		slot->deadlines[i] = INT64_MAX;
}

static void watch_stream(struct cv_slot *slot, enum cv_stream stream, int fd)
{
	struct covey *ex = slot->ex;

	if (fd < 0)
		return;
	cv_capture_init(&slot->captures[stream], fd,
	    stream == CV_STREAM_RESULT ? &ex->result_limits : &ex->limits);
	slot->open_streams++;
	slot->stream_sources[stream].fd = fd;
	if (ex->held) {
		slot->stream_sources[stream].fd = -1;
		return;
	}
	if (cv_loop_add(&ex->loop, &slot->stream_sources[stream], EPOLLIN) == 0)
		return;
	/* no kernel refuses a pipe for another reason than a lack, which the loop deals with */
	slot->attempt.sys_errno = errno;
	slot->attempt.spawn_step = "epoll_ctl";
	cv_slot_close_stream(slot, stream);
	cv_slot_stop(slot, COVEY_SPAWN, CV_HARD);
}

static void watch_exit(struct cv_slot *slot, int pidfd)
{
	struct covey *ex = slot->ex;
	int fd;

	if (!ex->wait.pidfd)
		return;
	fd = slot->exit_source.fd = pidfd >= 0 ? pidfd : cv_wait_fd(&ex->wait, slot->attempt.pid);
	if (fd >= 0 && cv_loop_add(&ex->loop, &slot->exit_source, EPOLLIN) == 0)
		return;
	/* without a descriptor, the child is asked now and then */
	if (fd >= 0)
		close(fd);
	slot->exit_source.fd = -1;
	cv_slot_deadline(slot, CV_DEADLINE_PROBE, ex->now);
}

static void set_deadlines(struct cv_slot *slot)
{
	const struct covey_options *options = &slot->ex->options;
	covey_nsec timeout = slot->task->view.timeout;
	covey_nsec now = slot->attempt.started;

	if (options->slow > 0)
		cv_slot_deadline(slot, CV_DEADLINE_SLOW, cv_clock_add(now, options->slow));
	if (timeout > 0)
		cv_slot_deadline(slot, CV_DEADLINE_SOFT, cv_clock_add(now, timeout));
}

/* began: before the child was made, whose first work may be done when that call returns. */
static void begin(struct cv_slot *slot, struct cv_task *task, const struct cv_spawned *spawned,
    covey_nsec began)
{
	struct covey *ex = slot->ex;
	struct covey_event event = { .type = COVEY_STARTED };

	ex->now = cv_now(ex);
	reset(slot, task);
	slot->attempt.started = began;
	if (task->last != NULL)
		cv_task_forget(task);
	slot->attempt.pid = spawned->pid;
	ex->running++;
	if (spawned->pid > 0) {
		ex->children++;
		watch_exit(slot, spawned->pidfd);
		watch_stream(slot, CV_STREAM_OUT, spawned->out);
		watch_stream(slot, CV_STREAM_ERR, spawned->err);
		watch_stream(slot, CV_STREAM_RESULT, spawned->result);
		set_deadlines(slot);
	} else {
		slot->attempt.sys_errno = spawned->sys_errno;
		slot->attempt.spawn_step = spawned->step;
		slot->cause = COVEY_SPAWN;
		slot->exited = slot->reaped = true;
		slot->state = CV_DONE;
		cv_slot_touch(slot);
	}
	event.task = &task->view;
	event.attempt = &slot->attempt;
	cv_emit(ex, &event);
}

/* From now on fewer run at once; the first time, an event says so. */
static void lower_limit(struct covey *ex, int sys_errno)
{
	struct covey_event event = { .type = COVEY_LIMITED };

	/* one less than run now, so that those that run have some room */
	ex->limit = ex->running > 1 ? ex->running - 1 : 1;
	ex->limit_raise = ex->now + LIMIT_PAUSE;
	if (ex->running == 0) {
		ex->starving_since = ex->starving_since == 0 ? ex->now : ex->starving_since;
		ex->start_pause = ex->start_pause == 0 ? STARVING_PAUSE
		    : ex->start_pause < COVEY_SEC ? ex->start_pause * 2 : COVEY_SEC;
		ex->start_after = ex->now + ex->start_pause;
	}
	if (ex->limit_told)
		return;
	ex->limit_told = true;
	event.sys_errno = sys_errno;
	event.workers = ex->limit;
	cv_emit(ex, &event);
}

static bool hopeless(const struct covey *ex)
{
	return ex->running == 0 && (ex->starved || (ex->starving_since > 0
	    && ex->now - ex->starving_since > STARVING_PATIENCE));
}

/* Returns 0, or -1 if it could not be started now and is back in the queue. */
static int start(struct covey *ex, struct cv_task *task)
{
	struct cv_spawned spawned = {
		.out = -1, .err = -1, .result = -1, .pidfd = -1,
		.step = "fork", .sys_errno = ENOMEM, .exhausted = true,
	};
	struct cv_slot *slot = take_slot(ex);
	covey_nsec began = cv_now(ex);

	task->view.attempts++;
	if (slot != NULL && (spawn(ex, task, slot, &spawned) == 0 || !spawned.exhausted
	    || hopeless(ex))) {
		/* the next task does not wait again, unless something could be started meanwhile */
		ex->starved = spawned.pid <= 0 && spawned.exhausted;
		ex->starving_since = ex->start_pause = 0;
		begin(slot, task, &spawned, began);
		return 0;
	}
	task->view.attempts--;
	if (slot != NULL)
		cv_slots_give(&ex->free_slots, slot->index);
	cv_sched_put_back(&ex->sched, task);
	lower_limit(ex, spawned.sys_errno);
	return -1;
}

/* Has the host submit more tasks, if it has any. Returns true if it may have done so. */
static bool pull(struct covey *ex)
{
	if (!ex->pull || ex->input_ended)
		return false;
	/* before the call, since the host may call covey_pull meanwhile */
	ex->pull = false;
	switch (ex->options.next(ex, ex->options.user)) {
	case COVEY_NEXT_MORE:
		ex->pull = true;
		return true;
	case COVEY_NEXT_LATER:
		return false;
	case COVEY_NEXT_END:
		break;
	}
	ex->input_ended = ex->next_ended = true;
	return false;
}

/* Asks the host whether an attempt may start. Without a ready task there is nothing to ask. */
static bool may_start(struct covey *ex)
{
	covey_nsec wait;

	if (ex->options.may_start == NULL || ex->sched.nready == 0)
		return true;
	wait = ex->options.may_start(ex, ex->options.user);
	if (wait == COVEY_START_NOW)
		return true;
	ex->gate = wait < 0 ? INT64_MAX : cv_clock_add(ex->now, wait);
	return false;
}

/* Returns true if there is more to start, for which the next turn should come at once. */
static bool start_some(struct covey *ex)
{
	int started = 0;

	if (ex->limit < ex->options.max_workers && ex->now >= ex->limit_raise) {
		ex->limit++;
		ex->limit_raise = ex->now + LIMIT_PAUSE;
	}
	while (cv_start_allowed(ex)) {
		struct cv_task *task;

		if (started == STARTS_PER_TURN)
			return true;
		if (!may_start(ex))
			break;
		task = cv_sched_next(&ex->sched);
		/* pull also says false when the host has submitted its last tasks */
		if (task == NULL && !pull(ex) && ex->sched.nready == 0)
			return ex->pull;
		if (task != NULL && start(ex, task) != 0)
			break;
		started += task != NULL;
	}
	return false;
}

bool cv_start_ready(struct covey *ex)
{
	bool more;

	ex->starting = true;
	more = start_some(ex);
	ex->starting = false;
	return more;
}
