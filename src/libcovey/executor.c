/*
 * The life of an executor: covey_new opens what it needs, covey_free ends what runs and releases
 * it.
 */
#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "executor.h"
#include "fdutil.h"
#include "procfs.h"

extern char **environ;

/* How long covey_free waits for what it kills: a process may hang in the kernel. */
#define FREE_PATIENCE (15 * COVEY_SEC)

static int out_of_memory(struct covey_error *err)
{
	return cv_error(err, COVEY_SYSTEM, ENOMEM, "cannot make an executor");
}

static char *default_tmpdir(void)
{
	const char *tmpdir = secure_getenv("TMPDIR");

	return strdup(tmpdir != NULL && *tmpdir != '\0' ? tmpdir : "/tmp");
}

/* Not by arc4random: after its first call, every fork of the host takes longer. */
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

/* Marks everything as not open, so that release works when covey_new fails half-way. */
static void set_empty(struct covey *ex, const struct covey_options *o)
{
	ex->options = *o;
	ex->suspended_at = -1;
	ex->reason_dir_fd = ex->oom_fd = ex->loop.epoll_fd = -1;
	ex->spawner.null_fd = ex->wait.wake_fd = -1;
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
	return cv_error(err, COVEY_SYSTEM, errno,
	    "cannot open '%.100s', the directory of the option 'reason_dir'", ex->reason_dir);
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

/* Copies what children have other than the host; the spawner's settings stay NULL for nothing. */
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
	/* setpriority brings a value that is out of range into the range */
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

/* Where SIGCHLD is ignored, the kernel discards the exit statuses of children. */
static bool ignores_sigchld(void)
{
	struct sigaction action;

	return sigaction(SIGCHLD, NULL, &action) == 0
	    && ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN);
}

static int open_wait(struct covey *ex, struct covey_error *err)
{
	if (ignores_sigchld())
		return cv_error(err, COVEY_BAD_STATE, 0,
		    "SIGCHLD is ignored, so the kernel discards exit statuses: set SIGCHLD to its "
		    "default action");
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

/* Orphans are looked for in /proc, which must show the processes of this PID namespace. */
static int check_proc(struct covey_error *err)
{
	switch (cv_procfs_view()) {
	case CV_PROCFS_OWN:
		return 0;
	case CV_PROCFS_FOREIGN:
		return cv_error(err, COVEY_BAD_STATE, 0, "'/proc' shows another PID namespace, so "
		    "orphans cannot be found: mount a new '/proc' (unshare has --mount-proc)");
	case CV_PROCFS_UNREADABLE:
		break;
	}
	return cv_error(err, COVEY_SYSTEM, errno, "cannot read '/proc/self'");
}

static int open_trees(struct covey *ex, struct covey_error *err)
{
	unsigned flags = ex->options.flags;

	if ((flags & COVEY_SUBREAPER) != 0) {
		if (check_proc(err) != 0)
			return -1;
		if (cv_tree_init(&ex->tree) != 0)
			return cv_error(err, COVEY_SYSTEM, errno,
			    "cannot adopt orphaned processes");
		ex->adopts = true;
		ex->next_scan = cv_now(ex);
	}
	/* leftovers that are kept would be killed with the next attempt in their cgroup */
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
		return cv_error(err, COVEY_SYSTEM, errno, "cannot make an epoll instance");
	ex->options.env = options->env;
	if (open_reason_dir(ex, err) != 0 || open_spawner(ex, err) != 0 || open_wait(ex, err) != 0
	    || open_trees(ex, err) != 0)
		return -1;
	ex->options.env = NULL;
	return 0;
}

/* Releases a slot. An attempt may still be in it that could not be ended, or supervised. */
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

	if (cv_validate_options(options, err) != 0)
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
	cv_executor_drop_watches(ex);
	covey_hold_output(ex, false);
	covey_cancel(ex, COVEY_CANCEL_KILL);
	give_up = cv_now(ex) + FREE_PATIENCE;
	do {
		if (cv_turn(ex, COVEY_SEC, NULL) < 0)
			break;
	} while (anything_left(ex) && cv_now(ex) < give_up);
	release(ex);
}
