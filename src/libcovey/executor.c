/*
 * The public calls: arguments are checked and copied here; everything else happens in turns.
 */
#include <bsd/stdlib.h>
#include <bsd/sys/param.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fdutil.h"
#include "turn.h"

extern char **environ;

/* How long covey_free waits for what it kills; what hangs in the kernel is left to it. */
#define FREE_PATIENCE (15 * COVEY_SEC)

/* ---- the clock ---- */

covey_nsec covey_now(const struct covey *ex)
{
	return ex == NULL ? 0 : cv_now(ex);
}

/* ---- making one ---- */

struct range {
	const char *name;
	covey_nsec value;
};

static int check_times(const struct covey_options *o, struct covey_error *err)
{
	const struct range times[] = {
		{ "retry_interval", o->retry_interval }, { "max_interval", o->max_interval },
		{ "timeout", o->timeout }, { "slow", o->slow }, { "kill_after", o->kill_after },
		{ "deadline", o->deadline },
	};
	size_t i;

	for (i = 0; i < sizeof times / sizeof *times; i++) {
		if (times[i].value < 0)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option '%s' is negative",
			    times[i].name);
	}
	return 0;
}

static int check_settings(const struct covey_options *o, struct covey_error *err)
{
	size_t i;

	if ((o->nlimits > 0 && o->limits == NULL) || (o->ninherit_fds > 0 && o->inherit_fds == NULL))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "there are no 'limits' or 'inherit_fds', though there is a number of them");
	for (i = 0; i < o->nlimits; i++) {
		const struct covey_limit *limit = &o->limits[i];

		if (limit->resource < 0 || limit->resource >= (int)RLIM_NLIMITS)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0, "there is no resource %d to limit",
			    limit->resource);
		if (limit->value.rlim_cur > limit->value.rlim_max)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0,
			    "the soft limit of the resource %d is above the hard one", limit->resource);
	}
	for (i = 0; i < o->ninherit_fds; i++) {
		if (o->inherit_fds[i] < 3)
			return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the descriptor %d among "
			    "'inherit_fds' is not 3 or higher", o->inherit_fds[i]);
	}
	return 0;
}

static int check_options(const struct covey_options *o, struct covey_error *err)
{
	if (o == NULL || o->size != sizeof *o)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the options were not set up with covey_options_init");
	if (o->max_workers == 0 || o->max_workers > COVEY_MAX_WORKERS)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'max_workers' is %u: it must be from 1 to %u", o->max_workers,
		    COVEY_MAX_WORKERS);
	if ((o->flags & COVEY_SAME_GROUP) != 0 && (o->flags & COVEY_SUBREAPER) != 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "COVEY_SAME_GROUP and COVEY_SUBREAPER cannot be used together");
	if (o->slot_var != NULL && (*o->slot_var == '\0' || strchr(o->slot_var, '=') != NULL))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "the option 'slot_var' is '%.100s', which cannot name a variable", o->slot_var);
	if (o->nice < -40 || o->nice > 40)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option 'nice' is not from -40 to 40");
	if (o->max_tries == 0)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option 'max_tries' is 0");
	if (!isfinite(o->backoff) || o->backoff < 1)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option 'backoff' is less than 1");
	if (!(o->jitter >= 0 && o->jitter <= 1))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option 'jitter' is not from 0 to 1");
	if (o->stop_signal <= 0 || o->stop_signal > 64)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the option 'stop_signal' is %d",
		    o->stop_signal);
	return check_settings(o, err) != 0 ? -1 : check_times(o, err);
}

static int out_of_memory(struct covey_error *err)
{
	return cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot make an executor");
}

static char *default_tmpdir(void)
{
	const char *tmpdir = secure_getenv("TMPDIR");

	return strdup(tmpdir != NULL && *tmpdir != '\0' ? tmpdir : "/tmp");
}

/* Not arc4random, which once it was called has every fork of the host do some work for it. */
static char *draw_run_id(void)
{
	uint64_t number;
	char *id;

	if (getentropy(&number, sizeof number) != 0)
		return NULL;
	return asprintf(&id, "%016" PRIx64, number) < 0 ? NULL : id;
}

static int copy_strings(struct covey *ex, const struct covey_options *o, struct covey_error *err)
{
	ex->tmpdir = o->tmpdir != NULL ? strdup(o->tmpdir) : default_tmpdir();
	ex->run_id = o->run_id != NULL ? strdup(o->run_id) : draw_run_id();
	ex->reason_dir = o->reason_dir != NULL ? strdup(o->reason_dir) : NULL;
	if (ex->tmpdir == NULL || ex->run_id == NULL || (o->reason_dir != NULL
	    && ex->reason_dir == NULL))
		return out_of_memory(err);
	ex->options.tmpdir = ex->tmpdir;
	ex->options.run_id = ex->run_id;
	ex->options.reason_dir = ex->reason_dir;
	ex->options.env = NULL;
	return 0;
}

static void set_policy(struct covey *ex, const struct covey_options *o)
{
	ex->retry.interval = o->retry_interval;
	ex->retry.backoff = o->backoff;
	ex->retry.max_interval = o->max_interval;
	ex->retry.jitter = o->jitter;
	ex->retry.on = o->retry_on;
	ex->retry.not_on = o->no_retry_on;
	ex->limits.spill_bytes = o->spill_bytes;
	ex->limits.max_output = o->max_output;
	ex->limits.tail_bytes = o->tail_bytes;
	ex->limits.tmpdir = ex->tmpdir;
	ex->result_limits.spill_bytes = o->spill_bytes;
	ex->result_limits.tmpdir = ex->tmpdir;
	ex->limit = UINT_MAX;
	ex->wait_until = INT64_MAX;
	ex->deadline = o->deadline > 0 ? cv_clock_add(cv_now(ex), o->deadline) : INT64_MAX;
	ex->pull = o->next != NULL;
	ex->input_ended = o->next == NULL;
}

/* What has to be in order before anything else: so that release works on a half-made executor. */
static void set_empty(struct covey *ex, const struct covey_options *o)
{
	ex->options = *o;
	ex->suspended_at = -1;
	ex->reason_dir_fd = ex->oom_fd = ex->loop.epoll_fd = ex->spawner.null_fd = ex->wait.wake_fd = -1;
	ex->tree.main_fd = ex->tree.own_fd = ex->cgroup.dir_fd = -1;
	ex->spawner.low[0] = ex->spawner.low[1] = ex->spawner.low[2] = -1;
	ex->sigchld_source.fd = -1;
	cv_sched_init(&ex->sched);
	cv_slots_init(&ex->free_slots);
	cv_timers_init(&ex->timers);
	TAILQ_INIT(&ex->touched);
	LIST_INIT(&ex->watches);
	LIST_INIT(&ex->dropped_watches);
}

static int open_reason_dir(struct covey *ex, struct covey_error *err)
{
	if (ex->reason_dir == NULL)
		return 0;
	ex->reason_dir_fd = cv_fd_above_stdio(
	    open(ex->reason_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (ex->reason_dir_fd >= 0)
		return 0;
	return cv_error(err, COVEY_SYSTEM, errno, "cannot open the reason_dir '%.100s'",
	    ex->reason_dir);
}

static int set_nofile(struct covey *ex)
{
	if (ex->options.child_nofile == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &ex->child_nofile) != 0)
		return -1;
	if (ex->options.child_nofile < ex->child_nofile.rlim_max)
		ex->child_nofile.rlim_cur = ex->options.child_nofile;
	ex->spawner.nofile = &ex->child_nofile;
	return 0;
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = n == 0 ? NULL : reallocarray(NULL, n, size);

	return to == NULL ? NULL : memcpy(to, from, n * size);
}

/* What children have other than the caller; settings stay NULL where they have nothing. */
static int set_child_settings(struct covey *ex)
{
	struct cv_child_settings *settings = &ex->child_settings;
	const struct covey_options *o = &ex->options;

	ex->child_limits = copy(o->limits, o->nlimits, sizeof *o->limits);
	ex->child_fds = copy(o->inherit_fds, o->ninherit_fds, sizeof *o->inherit_fds);
	if ((ex->child_limits == NULL && o->nlimits > 0)
	    || (ex->child_fds == NULL && o->ninherit_fds > 0))
		return -1;
	settings->limits = ex->child_limits;
	settings->nlimits = o->nlimits;
	settings->inherit_fds = ex->child_fds;
	settings->ninherit_fds = o->ninherit_fds;
	settings->reniced = o->nice != 0;
	/* the kernel keeps it within its range by itself */
	settings->niceness = o->nice != 0 ? getpriority(PRIO_PROCESS, 0) + o->nice : 0;
	if (settings->reniced || o->nlimits > 0 || o->ninherit_fds > 0)
		ex->spawner.settings = settings;
	ex->options.limits = NULL;
	ex->options.inherit_fds = NULL;
	return 0;
}

static int open_spawner(struct covey *ex, struct covey_error *err)
{
	unsigned flags = ex->options.flags;
	struct cv_environ_exports exports = {
		.run_id = (flags & (COVEY_EXPORT | COVEY_SUBREAPER)) != 0 ? ex->run_id : NULL,
		.reason_dir = ex->reason_dir, .slot_var = ex->options.slot_var,
		.keep_outer = (flags & COVEY_SAME_GROUP) != 0,
	};
	const char *const *env = ex->options.env != NULL ? ex->options.env
	    : (const char *const *)environ;

	if (cv_environ_init(&ex->environ, env, &exports) != 0)
		return out_of_memory(err);
	ex->options.slot_var = NULL;
	if (cv_spawner_init(&ex->spawner, ex->tmpdir, (flags & COVEY_NO_CLONE3) != 0) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot open '/dev/null'");
	if (set_nofile(ex) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot read RLIMIT_NOFILE");
	if (set_child_settings(ex) != 0)
		return out_of_memory(err);
	ex->spawner.new_group = (flags & COVEY_SAME_GROUP) == 0;
	ex->spawner.inherit_fds = (flags & COVEY_INHERIT_FDS) != 0;
	ex->spawner.die_with_parent = (flags & COVEY_DIE_WITH_PARENT) != 0;
	ex->spawner.inherit_output = (flags & COVEY_INHERIT_OUTPUT) != 0;
	return 0;
}

/* A host that ignores SIGCHLD has the kernel throw its children's statuses away. */
static bool ignores_sigchld(void)
{
	struct sigaction action;

	return sigaction(SIGCHLD, NULL, &action) == 0
	    && ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN);
}

static int open_wait(struct covey *ex, struct covey_error *err)
{
	if (ignores_sigchld())
		return cv_error(err, COVEY_BAD_STATE, 0, "SIGCHLD is ignored, so that no child's "
		    "exit status could be had; set it to its default");
	if (cv_wait_init(&ex->wait, (ex->options.flags & COVEY_NO_PIDFD) != 0) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot watch children");
	ex->spawner.want_pidfd = ex->wait.pidfd;
	if (ex->wait.wake_fd < 0)
		return 0;
	ex->sigchld_source.fd = ex->wait.wake_fd;
	ex->sigchld_source.kind = CV_SOURCE_SIGCHLD;
	if (cv_loop_add(&ex->loop, &ex->sigchld_source, EPOLLIN) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot watch children");
	return 0;
}

static int open_trees(struct covey *ex, struct covey_error *err)
{
	unsigned flags = ex->options.flags;

	if ((flags & COVEY_SUBREAPER) != 0) {
		if (cv_tree_init(&ex->tree) != 0)
			return cv_error(err, COVEY_SYSTEM, errno, "cannot adopt orphans");
		ex->adopts = true;
		ex->next_scan = cv_now(ex);
	}
	/* what is left running on purpose would be killed with the next in its cgroup */
	ex->has_cgroup = (flags & COVEY_CGROUP) != 0 && (flags & COVEY_KEEP_LEFTOVERS) == 0
	    && cv_cgroup_init(&ex->cgroup, ex->run_id) == 0;
	ex->oom_fd = cv_oom_open();
	ex->oom_count = cv_oom_count(ex->oom_fd);
	return 0;
}

static int open_all(struct covey *ex, const struct covey_options *options,
    struct covey_error *err)
{
	if (copy_strings(ex, options, err) != 0)
		return -1;
	set_policy(ex, options);
	ex->scratch = malloc(CV_SCRATCH_SIZE);
	if (ex->scratch == NULL)
		return out_of_memory(err);
	if (cv_loop_init(&ex->loop) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot make an epoll set");
	ex->options.env = options->env;
	if (open_reason_dir(ex, err) != 0 || open_spawner(ex, err) != 0 || open_wait(ex, err) != 0
	    || open_trees(ex, err) != 0)
		return -1;
	ex->options.env = NULL;
	return 0;
}

/* Gives up what is in a slot still: what could not be ended, or no longer be supervised. */
static void release_slot(struct cv_slot *slot)
{
	int i;

	if (slot->task != NULL && slot->attempt.pid > 0 && !slot->reaped)
		cv_slot_signal_group(slot, SIGKILL);
	for (i = 0; i < CV_NSTREAMS; i++) {
		covey_output_free(cv_capture_take(&slot->captures[i]));
		cv_capture_close(&slot->captures[i]);
	}
	cv_fd_close(&slot->exit_source.fd);
	cv_note_free(slot->note);
	cv_task_free(slot->task);
	free(slot);
}

static void release(struct covey *ex)
{
	struct cv_watch *watch;
	struct cv_task *task;
	unsigned i;

	cv_sched_promote_all(&ex->sched);
	while ((task = cv_sched_next(&ex->sched)) != NULL)
		cv_task_free(task);
	for (i = 0; i < ex->nslots; i++)
		release_slot(ex->slots[i]);
	free(ex->slots);
	while ((watch = LIST_FIRST(&ex->watches)) != NULL) {
		LIST_REMOVE(watch, entry);
		free(watch);
	}
	cv_slots_release(&ex->free_slots);
	cv_cgroup_release(&ex->cgroup);
	cv_tree_release(&ex->tree);
	cv_wait_release(&ex->wait);
	cv_spawner_release(&ex->spawner);
	cv_environ_release(&ex->environ);
	cv_loop_release(&ex->loop);
	cv_fd_close(&ex->oom_fd);
	cv_fd_close(&ex->reason_dir_fd);
	cv_call_release(ex->crash_stack);
	free(ex->child_limits);
	free(ex->child_fds);
	free(ex->scratch);
	free(ex->tmpdir);
	free(ex->run_id);
	free(ex->reason_dir);
	free(ex);
}

struct covey *covey_new(const struct covey_options *options, struct covey_error *err)
{
	struct covey *ex;

	if (check_options(options, err) != 0)
		return NULL;
	ex = calloc(1, sizeof *ex);
	if (ex == NULL) {
		out_of_memory(err);
		return NULL;
	}
	set_empty(ex, options);
	if (open_all(ex, options, err) == 0)
		return ex;
	release(ex);
	return NULL;
}

/* Its memory is kept until the turn is over: the batch of ready sources may name it again. */
static void drop_watch(struct covey *ex, struct cv_watch *watch)
{
	cv_loop_remove(&ex->loop, &watch->source);
	LIST_REMOVE(watch, entry);
	LIST_INSERT_HEAD(&ex->dropped_watches, watch, entry);
}

static void drop_all_watches(struct covey *ex)
{
	while (!LIST_EMPTY(&ex->watches))
		drop_watch(ex, LIST_FIRST(&ex->watches));
}

static bool anything_left(const struct covey *ex)
{
	return ex->running > 0 || !cv_probe_clean(ex);
}

void covey_free(struct covey *ex)
{
	covey_nsec give_up;

	if (ex == NULL || ex->in_turn || ex->emitting > 0)
		return;
	covey_resume(ex);
	ex->options.on_event = NULL;
	ex->options.on_output = NULL;
	ex->options.decide = NULL;
	ex->options.prepare = NULL;
	ex->options.may_start = NULL;
	drop_all_watches(ex);
	covey_hold_output(ex, false);
	covey_cancel(ex, COVEY_CANCEL_KILL);
	give_up = cv_now(ex) + FREE_PATIENCE;
	do {
		if (cv_turn(ex, COVEY_SEC, NULL) < 0)
			break;
	} while (anything_left(ex) && cv_now(ex) < give_up);
	release(ex);
}

/* ---- work ---- */

static int check_submit(const struct covey *ex, struct covey_error *err)
{
	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	if (ex->ending != CV_ENDING_NO || ex->cancel_asked)
		return cv_error(err, COVEY_BAD_STATE, 0,
		    ex->ending == CV_ENDING_NO || ex->ending == CV_ENDING_CANCELLED
		    ? "the executor was cancelled" : "the executor's deadline has passed");
	return 0;
}

static void add_task(struct covey *ex, struct cv_task *task, uint64_t *id)
{
	struct covey_event event = { .type = COVEY_QUEUED };

	task->view.id = ++ex->counts.submitted;
	if (task->view.tries == 0)
		task->view.tries = ex->options.max_tries;
	if (task->view.timeout == 0)
		task->view.timeout = ex->options.timeout;
	if (id != NULL)
		*id = task->view.id;
	cv_sched_add(&ex->sched, task);
	ex->due |= !ex->starting;
	event.task = &task->view;
	cv_emit(ex, &event);
}

int covey_submit(struct covey *ex, const struct covey_command *command, uint64_t *id,
    struct covey_error *err)
{
	struct cv_task *task;

	if (check_submit(ex, err) != 0)
		return -1;
	task = cv_task_new(command, err);
	if (task == NULL)
		return -1;
	add_task(ex, task, id);
	return 0;
}

int covey_submit_function(struct covey *ex, const struct covey_function *function, uint64_t *id,
    struct covey_error *err)
{
	struct cv_task *task;

	if (check_submit(ex, err) != 0)
		return -1;
	task = cv_task_new_function(function, err);
	if (task == NULL)
		return -1;
	if (!ex->uses_notes)
		ex->crash_stack = cv_call_prepare();
	ex->uses_notes = true;
	add_task(ex, task, id);
	return 0;
}

int covey_find(struct covey *ex, const char *name, struct covey_error *err)
{
	const char *path;

	if (ex == NULL || name == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "covey_find needs an executor and a name");
	path = cv_path_find(&ex->spawner.path, name, cv_environ_base_search(&ex->environ));
	if (path != NULL && (strchr(name, '/') == NULL || cv_path_executable(path)))
		return 0;
	return cv_error(err, COVEY_SYSTEM, errno, "cannot run '%.100s'", name);
}

void covey_pull(struct covey *ex)
{
	if (ex == NULL || ex->options.next == NULL)
		return;
	ex->pull = true;
	ex->due |= !ex->starting;
}

void covey_wake(struct covey *ex)
{
	if (ex == NULL || ex->gate == 0)
		return;
	ex->gate = 0;
	ex->due |= !ex->starting;
}

static int check_step(const struct covey *ex, struct covey_error *err)
{
	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	if (ex->in_turn || ex->emitting > 0)
		return cv_error(err, COVEY_BAD_STATE, 0,
		    "an executor's callback cannot turn the executor");
	return 0;
}

static int step(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	int result;

	if (check_step(ex, err) != 0)
		return -1;
	ex->in_turn = true;
	result = cv_turn(ex, max_wait, err);
	ex->in_turn = false;
	return result;
}

/* The host has been in control. */
static void enter(struct covey *ex)
{
	if (ex == NULL)
		return;
	if ((ex->options.flags & COVEY_FIXED_HANDLERS) == 0)
		cv_spawner_look_again(&ex->spawner);
	if (ex->adopts)
		cv_tree_enter(&ex->tree);
}

int covey_step(struct covey *ex, covey_nsec max_wait, struct covey_error *err)
{
	enter(ex);
	return step(ex, max_wait, err);
}

int covey_run(struct covey *ex, struct covey_error *err)
{
	int result;

	enter(ex);
	do
		result = step(ex, -1, err);
	while (result > 0);
	return result;
}

int covey_fd(const struct covey *ex)
{
	return ex == NULL ? -1 : ex->loop.epoll_fd;
}

covey_nsec covey_next_deadline(struct covey *ex)
{
	covey_nsec patience;

	if (ex == NULL)
		return -1;
	ex->now = cv_now(ex);
	patience = cv_turn_patience(ex);
	return patience == INT64_MAX ? -1 : patience;
}

/* ---- the host's descriptors ---- */

static struct cv_watch *find_watch(struct covey *ex, int fd)
{
	struct cv_watch *watch;

	LIST_FOREACH(watch, &ex->watches, entry) {
		if (watch->source.fd == fd)
			return watch;
	}
	return NULL;
}

static struct cv_watch *add_watch(struct covey *ex, int fd, unsigned events,
    struct covey_error *err)
{
	struct cv_watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL) {
		cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot watch descriptor %d", fd);
		return NULL;
	}
	watch->source.fd = fd;
	watch->source.kind = CV_SOURCE_HOST;
	watch->source.owner = watch;
	if (cv_loop_add(&ex->loop, &watch->source, events) != 0) {
		cv_error(err, COVEY_SYSTEM, errno, "cannot watch descriptor %d", fd);
		free(watch);
		return NULL;
	}
	LIST_INSERT_HEAD(&ex->watches, watch, entry);
	return watch;
}

int covey_watch(struct covey *ex, int fd, unsigned events, covey_watch_fn *on_fd, void *user,
    struct covey_error *err)
{
	struct cv_watch *watch;

	if (ex == NULL || fd < 0 || (events != 0 && on_fd == NULL))
		return cv_error(err, COVEY_BAD_ARGUMENT, 0,
		    "covey_watch needs an executor, a descriptor and a callback");
	watch = find_watch(ex, fd);
	if (events == 0) {
		if (watch != NULL)
			drop_watch(ex, watch);
		return 0;
	}
	if (watch == NULL)
		watch = add_watch(ex, fd, events, err);
	else if (cv_loop_change(&ex->loop, &watch->source, events) != 0)
		return cv_error(err, COVEY_SYSTEM, errno, "cannot watch descriptor %d", fd);
	if (watch == NULL)
		return -1;
	watch->on_fd = on_fd;
	watch->user = user;
	return 0;
}

/* ---- ending, stopping, changing ---- */

void covey_cancel(struct covey *ex, enum covey_cancel_how how)
{
	if (ex == NULL)
		return;
	if (how > COVEY_CANCEL_KILL)
		how = COVEY_CANCEL_KILL;
	if (!ex->cancel_asked || how > ex->cancel_how)
		ex->cancel_how = how;
	ex->cancel_asked = true;
}

int covey_cancel_task(struct covey *ex, uint64_t id, struct covey_error *err)
{
	struct cv_task *task;
	unsigned i;

	if (ex == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "the executor is NULL");
	for (i = 0; i < ex->nslots; i++) {
		struct cv_slot *slot = ex->slots[i];

		if (slot->task != NULL && slot->task->view.id == id) {
			slot->task->cancelled = true;
			cv_slot_stop(slot, COVEY_CANCELLED, CV_SOFT);
			return 0;
		}
	}
	task = cv_sched_take(&ex->sched, id);
	if (task == NULL)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "task %llu is not there or has finished",
		    (unsigned long long)id);
	cv_finish_waiting(task, ex, COVEY_CANCELLED);
	return 0;
}

static void signal_all(const struct covey *ex, int sig)
{
	unsigned i;

	for (i = 0; i < ex->nslots; i++) {
		struct cv_slot *slot = ex->slots[i];

		/* of a tree that is gone only the number is left, which may be somebody else's by now */
		if (slot->task == NULL || slot->attempt.pid <= 0 || slot->state == CV_DRAINING)
			continue;
		cv_slot_signal_group(slot, sig);
		cv_slot_signal_detached(slot, sig);
	}
}

void covey_suspend(struct covey *ex)
{
	if (ex == NULL || ex->suspended_at >= 0)
		return;
	ex->suspended_at = cv_clock_now();
	ex->due = true;
	signal_all(ex, SIGSTOP);
}

void covey_resume(struct covey *ex)
{
	if (ex == NULL || ex->suspended_at < 0)
		return;
	ex->paused += cv_clock_now() - ex->suspended_at;
	ex->suspended_at = -1;
	ex->due = true;
	signal_all(ex, SIGCONT);
}

int covey_set_workers(struct covey *ex, unsigned max_workers, struct covey_error *err)
{
	if (ex == NULL || max_workers == 0 || max_workers > COVEY_MAX_WORKERS)
		return cv_error(err, COVEY_BAD_ARGUMENT, 0, "%u workers: it must be from 1 to %u",
		    max_workers, COVEY_MAX_WORKERS);
	ex->options.max_workers = max_workers;
	ex->due = true;
	return 0;
}

static void hold_slot(struct cv_slot *slot, bool hold)
{
	int i;

	for (i = 0; i < CV_NSTREAMS; i++) {
		struct cv_source *source = &slot->stream_sources[i];

		if (slot->captures[i].fd < 0)
			continue;
		if (hold) {
			cv_loop_remove(&slot->ex->loop, source);
			continue;
		}
		source->fd = slot->captures[i].fd;
		if (cv_loop_add(&slot->ex->loop, source, EPOLLIN) != 0)
			cv_slot_close_stream(slot, i);
	}
}

void covey_hold_output(struct covey *ex, bool hold)
{
	unsigned i;

	if (ex == NULL || ex->held == hold)
		return;
	ex->held = hold;
	for (i = 0; i < ex->nslots; i++) {
		if (ex->slots[i]->task != NULL)
			hold_slot(ex->slots[i], hold);
	}
}

/* ---- asking ---- */

void covey_count(const struct covey *ex, struct covey_counts *counts, size_t size)
{
	struct covey_counts all = { 0 };

	if (counts == NULL)
		return;
	if (ex != NULL) {
		all = ex->counts;
		all.queued = ex->sched.nready;
		all.delayed = ex->sched.ndelayed;
		all.running = ex->running;
	}
	memset(counts, 0, size);
	memcpy(counts, &all, MIN(size, sizeof all));
}

bool covey_input_ended(const struct covey *ex)
{
	return ex == NULL || ex->input_ended;
}

void covey_each_running(const struct covey *ex, covey_each_fn *each, void *user)
{
	unsigned i;

	for (i = 0; ex != NULL && each != NULL && i < ex->nslots; i++) {
		if (ex->slots[i]->task != NULL)
			each(&ex->slots[i]->task->view, &ex->slots[i]->attempt, user);
	}
}
