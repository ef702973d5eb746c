/*
 * covey.h - run many commands and functions at once, each in a child process of its own
 *
 * An executor takes commands and functions, runs a bounded number of them at a time, captures what
 * they print and return, kills what overstays its time together with everything it started, runs
 * failures again on their own clock, and says exactly how each one ended.
 *
 *	struct covey_options o;
 *	struct covey_results *done;
 *	struct covey *ex;
 *
 *	covey_options_init(&o, sizeof o);
 *	ex = covey_new(&o, &err);
 *	covey_submit(ex, &command, &id, &err);            (as often as you like)
 *	covey_submit_function(ex, &function, &id, &err);
 *	covey_wait(ex, 0, &done, &err);                   (until everything has finished)
 *	for (i = 0; i < done->nfailed; i++)
 *		show(done->failed[i]);
 *	covey_results_free(done);
 *	covey_free(ex);
 *
 * A host that wants to be told as things happen sets on_event, and one with an event loop of its
 * own polls covey_fd and calls covey_step.
 *
 * The library never prints, never exits and leaves alone what belongs to its host: signal
 * dispositions (but for SIGCHLD where the kernel has no pidfd, and then the host's handler is
 * still called), the signal mask, the umask, the locale, other children.
 *
 * Calls return 0 for success and -1 for failure unless they say otherwise, and describe a failure
 * in *err, which may be NULL. An executor belongs to one thread at a time; a process may have
 * several executors. All calls are since 0.1.
 */
#ifndef COVEY_H
#define COVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds: a length of time, or a point on CLOCK_MONOTONIC. */
typedef int64_t covey_nsec;
#define COVEY_MSEC ((covey_nsec)1000000)
#define COVEY_SEC  ((covey_nsec)1000000000)

/* ---- errors ---- */

enum covey_code {
	COVEY_OK = 0,
	COVEY_BAD_ARGUMENT,  /* the call's arguments make no sense; the message names which */
	COVEY_BAD_STATE,     /* the call does not fit the executor's state */
	COVEY_SYSTEM,        /* a system call failed: see sys_errno */
};

struct covey_error {
	enum covey_code code;
	int sys_errno;          /* an errno value, or 0 */
	char message[248];      /* what failed, on what, why; lower case, one line, no full stop */
};

/* ---- outcomes ---- */

/* How an attempt ended. */
enum covey_outcome {
	COVEY_SUCCESS,    /* exit status 0 */
	COVEY_EXIT,       /* another exit status, or a function's failure code: 1 to 255 */
	COVEY_SIGNAL,     /* killed by a signal that this executor did not send */
	COVEY_TIMEOUT,    /* its timeout passed and it was killed */
	COVEY_SPAWN,      /* could not be started: see sys_errno */
	COVEY_DEADLINE,   /* the executor's deadline passed first */
	COVEY_CANCELLED,  /* covey_cancel or covey_cancel_task */
	COVEY_NOUTCOMES
};

/* The outcome's name as messages and journals write it: "success", "exit", … */
const char *covey_outcome_name(enum covey_outcome outcome);

/*
 * A set of outcomes. "words" has bit 1u << COVEY_TIMEOUT and so on for outcomes as a whole;
 * exit statuses and signals are named one by one in the two bit sets below, and COVEY_EXIT and
 * COVEY_SIGNAL in "words" stand for all of theirs. Of COVEY_SPAWN, failures that may pass by
 * themselves (EAGAIN, ENOMEM, ETXTBSY) are always in a set that has any word at all.
 */
struct covey_outcomes {
	uint32_t words;
	uint32_t statuses[8];  /* bit s % 32 of statuses[s / 32] */
	uint32_t signals[3];   /* bit s % 32 of signals[s / 32] */
};

/* ---- what to run ---- */

enum covey_stdin {
	COVEY_STDIN_NULL,   /* /dev/null */
	COVEY_STDIN_FILE,   /* the file at stdin_path, opened anew for each attempt */
	COVEY_STDIN_BYTES,  /* the stdin_len bytes at stdin_bytes, from the start in each attempt */
	COVEY_STDIN_FD,     /* the descriptor stdin_fd, shared; stays the caller's */
	COVEY_STDIN_INHERIT /* the caller's own */
};

/* One command. Everything pointed to is copied by covey_submit. */
struct covey_command {
	size_t size;                  /* set by covey_command_init */
	const char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;       /* NULL-terminated "NAME=VALUE" to set, "NAME" to unset; or NULL */
	const char *cwd;              /* directory to run in; NULL for the caller's */
	enum covey_stdin stdin_source;
	const char *stdin_path;
	const void *stdin_bytes;
	size_t stdin_len;
	int stdin_fd;
	covey_nsec timeout;           /* of one attempt; 0 for the executor's */
	unsigned tries;               /* attempts in all; 0 for the executor's */
	covey_nsec retry_interval;    /* as the executor's, which 0 stands for */
	void *user;                   /* handed back with every event; never looked at */
};

/* Fills in the defaults; size is sizeof *command. */
void covey_command_init(struct covey_command *command, size_t size);

/* ---- functions ---- */

/*
 * What a function has in its child. The library makes it; the functions below are for use in the
 * child only.
 */
struct covey_call {
	const void *arg;              /* the copied arguments, aligned as by malloc */
	size_t arg_len;
	uint64_t task;
	unsigned attempt, tries, slot;
};

/*
 * A function to be run as a task. It is called in a forked child, which ends when it returns:
 * 0 means success, anything else is a failure code (as an exit status: one that is not from 1 to
 * 255 counts as 255).
 *
 * The child is a copy of the host: what the function reads is the host's memory at the time of the
 * fork, and what it writes nobody else sees. It has /dev/null as its stdin, its own stdout and
 * stderr, which are captured (stdio's included, and flushed at the end), and no other descriptor
 * of the host's but those of "inherit_fds", whatever COVEY_INHERIT_FDS says; none of the signal
 * handlers that the host had when it called covey_step, covey_run or covey_wait; neither the host's
 * atexit handlers nor what its stdio had buffered. Of the threads of the host only the one that
 * called covey_step exists in it: in a host with threads the function must not wait for locks that
 * others may have held (malloc's are taken care of by the C library).
 */
typedef int covey_function_fn(struct covey_call *call);

/*
 * Adds bytes to the function's result. Returns 0, or -1 with errno: EFBIG when the result would be
 * larger than the executor's max_result. A function that returns 0 although this has failed is a
 * failure all the same, with code 255 and a reason: results are never cut silently.
 */
int covey_return(struct covey_call *call, const void *data, size_t len);

/*
 * Notes why the function fails, for "reason" in struct covey_attempt (at most 1023 bytes, the rest
 * is cut), and returns code: return covey_fail(call, 1, "division by zero");
 */
int covey_fail(struct covey_call *call, int code, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* One function with its arguments. Everything pointed to, but for user, is copied. */
struct covey_function {
	size_t size;                  /* set by covey_function_init */
	covey_function_fn *run;
	const char *name;             /* stands for the command in messages; NULL: "function" */
	const void *arg;              /* arg_len bytes, copied; the function sees the copy */
	size_t arg_len;
	covey_nsec timeout;           /* of one attempt; 0 for the executor's */
	unsigned tries;               /* attempts in all; 0 for the executor's */
	covey_nsec retry_interval;    /* as the executor's, which 0 stands for */
	void *user;                   /* handed back with every event; never looked at */
};

/* Fills in the defaults; size is sizeof *function. */
void covey_function_init(struct covey_function *function, size_t size);

/* A task as events show it; valid until its COVEY_FINISHED event has been delivered. */
struct covey_task {
	uint64_t id;                  /* from 1, in the order of submission */
	const char *const *argv;      /* of a function: its name alone */
	covey_function_fn *run;       /* of a function; NULL for a command */
	const void *arg;              /* of a function: the copied arguments */
	size_t arg_len;
	unsigned tries;               /* attempts allowed in all */
	unsigned attempts;            /* attempts started so far */
	covey_nsec timeout;           /* of one attempt; 0: none */
	void *user;
};

/* ---- what came of it ---- */

/* Bytes that an attempt printed on one stream: in memory while few, else in an unlinked file. */
struct covey_output;

/* How many bytes covey_output_read and covey_output_write give; 0 for NULL. */
uint64_t covey_output_size(const struct covey_output *output);

/*
 * How many bytes were cut out of the middle because of max_output; 0 for NULL. Unless offset is
 * NULL, *offset is set to where among those that are left.
 */
uint64_t covey_output_cut(const struct covey_output *output, uint64_t *offset);

/* Copies up to n bytes from offset into buf; returns how many, 0 past the end, -1 with errno. */
ssize_t covey_output_read(const struct covey_output *output, uint64_t offset, void *buf, size_t n);

/*
 * Writes up to n bytes from offset on to fd, without going through the caller's memory where the
 * kernel can. Returns how many were written, which may be fewer than there are, or -1 with errno (EAGAIN
 * where fd does not block and takes no more).
 */
ssize_t covey_output_write(const struct covey_output *output, uint64_t offset, uint64_t n, int fd);

/*
 * As covey_output_write, for callers that will not ask for bytes before offset again: where fd is
 * a regular file, their room is given back, so that a large output is not held twice.
 */
ssize_t covey_output_move(struct covey_output *output, uint64_t offset, uint64_t n, int fd);

/* Copies the last bytes, n at most, into buf; returns how many, or -1 with errno. */
ssize_t covey_output_tail(const struct covey_output *output, void *buf, size_t n);

/* Releases an output that covey_take_output or covey_output_new gave; NULL is allowed. */
void covey_output_free(struct covey_output *output);

/*
 * An output of the caller's own: in memory up to spill_bytes, then in an unlinked file in tmpdir
 * (NULL: $TMPDIR, or /tmp). Returns NULL when memory runs out.
 */
struct covey_output *covey_output_new(size_t spill_bytes, const char *tmpdir);

/*
 * Adds bytes. Returns 0, or -1 with errno; what was there before stays, and a beginning of data may
 * have been added.
 */
int covey_output_append(struct covey_output *output, const void *data, size_t len);

/* One run of a task, as the events COVEY_STARTED to COVEY_FINISHED show it. */
struct covey_attempt {
	unsigned number;              /* from 1 within the task */
	unsigned slot;                /* 1 to max_workers */
	pid_t pid;                    /* of the child; 0 where none could be started */
	covey_nsec started, ended;    /* on the executor's clock: CLOCK_MONOTONIC less suspensions */
	enum covey_outcome outcome;
	int status;                   /* exit status; 0 unless the child exited by itself */
	int signal;                   /* the signal that ended the child, or 0 */
	int sys_errno;                /* with COVEY_SPAWN: why */
	const char *spawn_step;       /* with COVEY_SPAWN: what failed: "exec", "chdir", … */
	bool retry;                   /* another attempt follows */
	bool leaky;                   /* left processes behind, which were killed */
	bool unkillable;              /* something of its tree is still there, whatever was done */
	bool cut_off;                 /* somebody outside the tree still held a stream; not waited for */
	bool core_dumped;
	bool oom;                     /* killed by the kernel's out-of-memory killer */
	struct rusage usage;          /* of the child and what it waited for */
	int output_errno;             /* what it printed could not be kept whole: why (ENOSPC, …); or 0 */
	const char *reason;           /* the line it wrote to COVEY_REASON, a function's covey_fail; or NULL */
	const char *backtrace;        /* of a function that crashed: a line for each frame, or NULL */
	struct covey_output *out, *err;  /* NULL where nothing was printed or captured */
	struct covey_output *result;  /* what a function returned; NULL where that was nothing */
};

/* What covey_take_output calls a function's result; 1 and 2 are stdout and stderr. */
#define COVEY_RESULT 3

/* Moves an output (1, 2 or COVEY_RESULT) out of the attempt; the caller frees it. May return NULL. */
struct covey_output *covey_take_output(struct covey_attempt *attempt, int stream);

/* ---- events ---- */

/*
 * For each task, in this order: queued ( started output* ended delayed? )* finished. "finished"
 * comes exactly once whatever happens. COVEY_LIMITED and COVEY_EXPIRED concern no task.
 *
 * A task that is cancelled, or overtaken by the deadline, while it waits to be run again finishes
 * with the outcome and a copy (without outputs and reason) of its last attempt.
 */
enum covey_event_type {
	COVEY_QUEUED,
	COVEY_STARTED,   /* attempt */
	COVEY_SLOW,      /* attempt: has run for the option "slow"; only once an attempt */
	COVEY_ENDED,     /* attempt */
	COVEY_DELAYED,   /* attempt (no outputs), due: the next one starts in due - now nanoseconds */
	COVEY_FINISHED,  /* outcome; attempt, unless the task was never started */
	COVEY_LIMITED,   /* sys_errno, workers: the system allows no more than this many at once */
	COVEY_EXPIRED    /* the executor's deadline has passed before everything was finished */
};

struct covey_event {
	enum covey_event_type type;
	covey_nsec now;                     /* on the executor's clock */
	const struct covey_task *task;
	struct covey_attempt *attempt;
	enum covey_outcome outcome;
	covey_nsec due;
	int sys_errno;
	unsigned workers;
};

struct covey;

/*
 * Called for each event, from within covey_step or the call that caused it. It may submit and
 * cancel; it may not call covey_step, covey_run or covey_free.
 */
typedef void covey_event_fn(struct covey *ex, const struct covey_event *event, void *user);

/*
 * Called with each piece of output as it arrives, len > 0, stream 1 or 2. Returns true if it has
 * dealt with the bytes; then only the last tail_bytes of them are kept with the attempt. false
 * leaves the bytes to be captured.
 */
typedef bool covey_output_fn(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user);

/*
 * Called when a slot is free and no task waits: submits one task or more with covey_submit, and
 * says whether there may be others.
 */
enum covey_next {
	COVEY_NEXT_MORE,    /* submitted; ask again */
	COVEY_NEXT_LATER,   /* nothing now; covey_pull will say when: called before, in the next turn */
	COVEY_NEXT_END      /* there are no more; it is not called again */
};
typedef enum covey_next covey_next_fn(struct covey *ex, void *user);

/*
 * Called just before an attempt is started in a slot. May return another argv to start it with,
 * which must last until the next call; NULL: the task's own.
 */
typedef const char *const *covey_prepare_fn(const struct covey_task *task, unsigned slot,
    void *user);

/*
 * Called when an attempt could be started: a task is ready and a slot is free. Says whether it may:
 * COVEY_START_NOW, COVEY_START_WAIT (until covey_wake is called), or in how many nanoseconds to ask
 * again, on the executor's clock. Nothing is started before; what runs goes on. The answer is about
 * the next attempt, whichever that is, retries included, and commits to nothing: COVEY_STARTED
 * tells what was started, and where the system lacks the means to, it is asked again.
 */
#define COVEY_START_NOW  ((covey_nsec)0)
#define COVEY_START_WAIT ((covey_nsec)-1)
typedef covey_nsec covey_may_start_fn(struct covey *ex, void *user);

/*
 * Called for a failed attempt that the retry options would run again (*delay: in how many
 * nanoseconds) or not (*delay: negative). May change *delay to decide otherwise; the number of
 * tries is not its limit. Never called for COVEY_DEADLINE and COVEY_CANCELLED.
 */
typedef void covey_decide_fn(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user);

/* ---- the executor ---- */

enum {
	/*
	 * Adopt the tree's orphans (PR_SET_CHILD_SUBREAPER on this process), so that processes that
	 * left their process group are found and killed, too. Sets COVEY_RUN and the like in the
	 * environment as with COVEY_EXPORT. An orphan that dies before it can be told from the host's
	 * own children is left to the host, as a zombie (see COVEY_SOLE_PARENT).
	 */
	COVEY_SUBREAPER = 1 << 0,
	/* Where a writable cgroup v2 exists, give each slot one: trees are killed in one step. */
	COVEY_CGROUP = 1 << 1,
	/* What a finished attempt leaves running is left alone. */
	COVEY_KEEP_LEFTOVERS = 1 << 2,
	/* Set COVEY_RUN, COVEY_TASK, COVEY_ATTEMPT, COVEY_TRIES, COVEY_SLOT and COVEY_REASON. */
	COVEY_EXPORT = 1 << 3,
	/* Children write to the caller's own stdout and stderr; nothing is captured. */
	COVEY_INHERIT_OUTPUT = 1 << 4,
	/* A child dies with the thread that started it (PR_SET_PDEATHSIG). */
	COVEY_DIE_WITH_PARENT = 1 << 5,
	/* Watch children with SIGCHLD even where pidfd is there. */
	COVEY_NO_PIDFD = 1 << 6,
	/*
	 * With COVEY_SUBREAPER: this process starts no children but through this executor, so that a
	 * child that cannot be told apart is an orphan of one of its trees, and is killed.
	 */
	COVEY_SOLE_PARENT = 1 << 7,
	/*
	 * Children stay in the caller's process group, so that they use its terminal as it does, and
	 * are signalled together with it. A child that must end is; of what it leaves behind nothing
	 * is known. What an outer covey has set in the environment is left there. Not with
	 * COVEY_SUBREAPER.
	 */
	COVEY_SAME_GROUP = 1 << 8,
	/* Children inherit every descriptor that is not close-on-exec, not only 0 to 2. */
	COVEY_INHERIT_FDS = 1 << 9,
	/*
	 * The host's signal handlers are the same from the first start on. Otherwise covey_step,
	 * covey_run and covey_wait look for new ones (64 system calls) when they first start a function
	 * (or a command where there is no clone3).
	 */
	COVEY_FIXED_HANDLERS = 1 << 10,
	/* Start commands with vfork even where clone3 is there (Linux 5.11; x86-64 and arm64). */
	COVEY_NO_CLONE3 = 1 << 11
};

/* A resource limit, as for setrlimit(2). */
struct covey_limit {
	int resource;                 /* RLIMIT_CPU, … */
	struct rlimit value;
};

/* The most that max_workers can be. */
#define COVEY_MAX_WORKERS 1000000U

struct covey_options {
	size_t size;                  /* set by covey_options_init */
	unsigned flags;               /* of the enum above; default 0 */
	unsigned max_workers;         /* children at once; default 16 */

	unsigned max_tries;           /* attempts a task, the first included; default 1 */
	covey_nsec retry_interval;    /* from the end of an attempt to the next; default 60 s */
	double backoff;               /* factor on the interval from retry to retry; default 1 */
	covey_nsec max_interval;      /* the interval's limit; 0, the default: none */
	double jitter;                /* 0 to 1: the part of the interval drawn at random; default 0 */
	struct covey_outcomes retry_on;     /* default: exit but 126 and 127, signal, timeout */
	struct covey_outcomes no_retry_on;  /* wins over retry_on; default empty */
	covey_decide_fn *decide;      /* or NULL */

	covey_nsec timeout;           /* of one attempt; 0, the default: none */
	covey_nsec slow;              /* COVEY_SLOW after this; 0, the default: never */
	covey_nsec kill_after;        /* from the stop signal to SIGKILL; default 5 s */
	covey_nsec deadline;          /* of everything, from covey_new on; 0, the default: none */
	int stop_signal;              /* first signal to a tree that must end; default SIGTERM */

	size_t tail_bytes;            /* kept of a stream that on_output deals with; default 64 KiB */
	uint64_t max_output;          /* kept of a stream: its head and its tail; 0: everything */
	uint64_t max_result;          /* bytes that a function may return; 0, the default: any number */
	size_t spill_bytes;           /* of a stream held in memory; more goes to a file; default 1 MiB */
	const char *tmpdir;           /* for such files; NULL: $TMPDIR, or /tmp */

	uint64_t child_nofile;        /* the children's soft RLIMIT_NOFILE; 0, the default: the caller's */
	const struct covey_limit *limits;  /* the children's; those not named are the caller's */
	size_t nlimits;
	int nice;                     /* added to the caller's niceness for the children; default 0 */
	const int *inherit_fds;       /* what children inherit besides 0 to 2; each 3 or higher */
	size_t ninherit_fds;
	const char *run_id;           /* COVEY_RUN; NULL: one is drawn */
	const char *reason_dir;       /* directory for COVEY_REASON files; NULL: no COVEY_REASON */
	const char *const *env;       /* the children's environment; NULL: the caller's at covey_new */
	const char *slot_var;         /* a variable that is set to the slot's number from 0, or NULL */

	covey_next_fn *next;          /* or NULL: everything is submitted by hand */
	covey_may_start_fn *may_start;  /* or NULL: whenever a slot is free */
	covey_prepare_fn *prepare;    /* or NULL */
	covey_event_fn *on_event;     /* or NULL */
	uint32_t events;              /* bit 1u << type: on_event is called for it; default: all */
	covey_output_fn *on_output;   /* or NULL */
	void *user;                   /* for these */
};

/* Fills in the defaults named above; size is sizeof *options. */
void covey_options_init(struct covey_options *options, size_t size);

/*
 * Makes an executor; everything in options is copied. Returns NULL on failure. SIGCHLD must not be
 * ignored: the kernel would throw the exit statuses away.
 */
struct covey *covey_new(const struct covey_options *options, struct covey_error *err);

/*
 * Kills and reaps whatever still runs, without events, and releases everything. May take as long
 * as the kernel takes to kill. NULL is allowed. From within a callback it does nothing.
 */
void covey_free(struct covey *ex);

/* Adds a task; *id (which may be NULL) gets its number. Fails after a cancel or the deadline. */
int covey_submit(struct covey *ex, const struct covey_command *command, uint64_t *id,
    struct covey_error *err);

/* The same for a function. */
int covey_submit_function(struct covey *ex, const struct covey_function *function, uint64_t *id,
    struct covey_error *err);

/*
 * Would a command of this name be found, in PATH or at its path, and may it be executed? If not,
 * err->sys_errno says why: ENOENT, EACCES, ….
 */
int covey_find(struct covey *ex, const char *name, struct covey_error *err);

/* There is more to be had from the "next" callback that said COVEY_NEXT_LATER. */
void covey_pull(struct covey *ex);

/* The "may_start" callback that said COVEY_START_WAIT, or some time, may be asked again at once. */
void covey_wake(struct covey *ex);

/*
 * One turn: starts what can start, waits up to max_wait for something to happen (0: does not
 * wait; negative: as long as it takes), and deals with what happened. Returns 1 while anything is
 * left to be done, 0 when everything has finished, -1 on failure.
 */
int covey_step(struct covey *ex, covey_nsec max_wait, struct covey_error *err);

/* Turns until everything has finished. */
int covey_run(struct covey *ex, struct covey_error *err);

/* One task that has finished. The caller's, as part of struct covey_results. */
struct covey_result {
	const struct covey_task *task;      /* what was called, with which arguments */
	enum covey_outcome outcome;
	struct covey_attempt *attempt;      /* the last one; NULL if it was never started */
};

struct covey_results {
	size_t nsucceeded, nfailed;
	struct covey_result **succeeded;    /* in the order in which they finished */
	struct covey_result **failed;
};

/* How long covey_wait waits by default. */
#define COVEY_WAIT_DEFAULT (3600 * COVEY_SEC)

/*
 * Turns until everything has finished, for at most timeout nanoseconds (0: COVEY_WAIT_DEFAULT;
 * INT64_MAX: for ever), and gives what has finished meanwhile, as two lists that the caller
 * releases with covey_results_free, also after the executor is gone.
 *
 * When the time has passed, what runs is killed, and it and what had not been started yet fail
 * with COVEY_DEADLINE; what waited to be run again keeps the outcome of its last attempt. A retry
 * that would come too late is run at once instead. Every task that had not finished before the call
 * is in one of the lists. Afterwards, more may be submitted and waited for. Outputs of more than
 * spill_bytes each hold a descriptor until the results are freed.
 *
 * Returns 0 whatever came of the tasks; -1 on failure, with *results NULL.
 */
int covey_wait(struct covey *ex, covey_nsec timeout, struct covey_results **results,
    struct covey_error *err);

/* Releases results and everything in them; NULL is allowed. */
void covey_results_free(struct covey_results *results);

/* A descriptor that poll(2) finds readable when covey_step has something to do; not the caller's. */
int covey_fd(const struct covey *ex);

/* Nanoseconds until covey_step must be called though covey_fd is quiet; -1: no such time. */
covey_nsec covey_next_deadline(struct covey *ex);

/*
 * Has the executor's turns watch a descriptor of the caller's too: on_fd is called from
 * covey_step when fd is ready (events: EPOLLIN, EPOLLOUT as in epoll(7)). Watching the same
 * descriptor again changes events and callback; events 0 ends it. A watched descriptor does not
 * count as something left to be done. Fails with EPERM for regular files, which are always ready.
 */
typedef void covey_watch_fn(struct covey *ex, int fd, unsigned events, void *user);
int covey_watch(struct covey *ex, int fd, unsigned events, covey_watch_fn *on_fd, void *user,
    struct covey_error *err);

enum covey_cancel_how {
	COVEY_CANCEL_WAITING,  /* start nothing more; what runs may finish */
	COVEY_CANCEL_STOP,     /* and stop what runs: stop signal, grace, SIGKILL */
	COVEY_CANCEL_KILL      /* and kill what runs at once */
};

/* Cancels every task there is; each still gets its COVEY_FINISHED. Cannot be undone. */
void covey_cancel(struct covey *ex, enum covey_cancel_how how);

/* Cancels one task, with COVEY_CANCEL_STOP if it runs; fails if there is no such task now. */
int covey_cancel_task(struct covey *ex, uint64_t id, struct covey_error *err);

/* Stops all trees (SIGSTOP) and the executor's clock; starts nothing until covey_resume. */
void covey_suspend(struct covey *ex);
void covey_resume(struct covey *ex);

/* Changes max_workers; what runs goes on. */
int covey_set_workers(struct covey *ex, unsigned max_workers, struct covey_error *err);

/*
 * While held, what children print is not read: they wait once their pipes are full. For callers
 * whose on_output cannot pass the bytes on as fast as they come.
 */
void covey_hold_output(struct covey *ex, bool hold);

struct covey_counts {
	uint64_t submitted, queued, running, delayed, succeeded, failed;
};
/* size is sizeof *counts. */
void covey_count(const struct covey *ex, struct covey_counts *counts, size_t size);

/* Has everything been submitted: did "next" say COVEY_NEXT_END, or was there no "next" at all? */
bool covey_input_ended(const struct covey *ex);

/* The executor's clock: CLOCK_MONOTONIC less the time that covey_suspend took out. */
covey_nsec covey_now(const struct covey *ex);

/* Calls each for every running attempt, in the order of slots. */
typedef void covey_each_fn(const struct covey_task *task, const struct covey_attempt *attempt,
    void *user);
void covey_each_running(const struct covey *ex, covey_each_fn *each, void *user);

/* ---- the guard ---- */

/*
 * covey_guard forks: the caller goes on in the child, the supervisor, and its parent becomes the
 * guard, a process that does nothing but wait for the supervisor to end, by whatever signal, and
 * then kills everything that it left running. Call it while the process has one thread and no
 * executor.
 *
 * In the supervisor it returns COVEY_GUARD_WATCHES; from fd the supervisor reads
 * struct covey_relayed for each signal that was sent to the guard, and end of file when the guard
 * is gone: then it should stop in order. In the guard it returns COVEY_GUARD_ENDED when nothing is
 * left, and wait_status tells how the supervisor ended, as from wait(2): pass it on. On failure
 * it returns COVEY_GUARD_FAILED and nothing has changed.
 *
 * The guard relays SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT and
 * SIGWINCH, except when the kernel sent them on behalf of the terminal, which sends them to the
 * supervisor as well. It stops when the supervisor stops, and wakes it when it goes on itself.
 */
enum covey_guard_result { COVEY_GUARD_FAILED = -1, COVEY_GUARD_WATCHES, COVEY_GUARD_ENDED };

struct covey_relayed {
	int signal;
	pid_t sender;   /* the process that had sent it to the guard */
};

struct covey_guard {
	pid_t pid;              /* of the guard, in the supervisor; of the supervisor, in the guard */
	int fd;                 /* in the supervisor, which closes it; close-on-exec, non-blocking */
	int wait_status;        /* in the guard */
	bool keep_leftovers;    /* in: what is left after an orderly end (exit, SIGINT…) is not killed */
};

enum covey_guard_result covey_guard(struct covey_guard *guard, struct covey_error *err);

/* In the supervisor, when it goes on after it was stopped: the guard goes on, too. */
void covey_guard_wake(const struct covey_guard *guard);

/* The library's version, such as "0.1.0". */
const char *covey_version(void);

#ifdef __cplusplus
}
#endif

#endif
