/*
 * covey.h - run many commands and functions at once, each in a child process of its own
 *
 * An executor takes commands and functions, and runs a bounded number of them at a time. It
 * captures what they print and return. It kills each one that runs out of time, together with all
 * processes started by it. It runs failures again, each on its own clock, and says exactly how
 * each one ended.
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
 * A host that wants to be told as things happen sets on_event. A host with an event loop of its own
 * polls covey_fd and calls covey_step.
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
	COVEY_BAD_ARGUMENT,  /* an argument of the call is not valid; the message names it */
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
	COVEY_LOST,       /* exit status 0, but its output was not kept whole: see output_errno */
	COVEY_NOUTCOMES
};

/* The outcome's name as messages and journals write it: "success", "exit", … */
const char *covey_outcome_name(enum covey_outcome outcome);

/*
 * A set of outcomes. "words" has bit 1u << COVEY_TIMEOUT and so on for outcomes as a whole. Exit
 * statuses and signals are named one by one in the other two bit sets; COVEY_EXIT in "words" stands
 * for all exit statuses, and COVEY_SIGNAL for all signals. Of COVEY_SPAWN, the failures that may
 * pass by themselves (EAGAIN, ENOMEM, ETXTBSY) are in every set in which "words" is not 0.
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
	COVEY_STDIN_FD,     /* the descriptor stdin_fd, shared by all; the caller closes it */
	COVEY_STDIN_INHERIT /* the caller's own stdin */
};

/* One command. Everything pointed to is copied by covey_submit. */
struct covey_command {
	size_t size;                  /* set by covey_command_init */
	const char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;       /* "NAME=VALUE" to set, "NAME" to unset, then NULL; or NULL */
	const char *cwd;              /* directory to run in; NULL for the caller's */
	enum covey_stdin stdin_source;
	const char *stdin_path;
	const void *stdin_bytes;
	size_t stdin_len;
	int stdin_fd;
	covey_nsec timeout;           /* of one attempt; 0: the executor's */
	unsigned tries;               /* attempts in all; 0: the executor's */
	covey_nsec retry_interval;    /* from an attempt's end to the next; 0: the executor's */
	void *user;                   /* handed back with every event; never looked at */
};

/* Fills in the defaults; size is sizeof *command. */
void covey_command_init(struct covey_command *command, size_t size);

/* ---- functions ---- */

/*
 * What a function is called with in its child. The library fills it in; covey_return and covey_fail
 * take it, and are for use in the child only.
 */
struct covey_call {
	const void *arg;              /* the copied arguments, aligned as by malloc */
	size_t arg_len;
	uint64_t task;
	unsigned attempt, tries, slot;
};

/*
 * A function to be run as a task. It is called in a forked child, which ends when the function
 * returns. 0 means success; any other value is a failure code, as an exit status is. A value that
 * is not from 0 to 255 counts as 255.
 *
 * The child is a copy of the host. The function reads the host's memory as it was at the time of
 * the fork, and no other process sees what the function writes to memory. The child has
 *
 *	- /dev/null as its stdin;
 *	- a stdout and a stderr of its own, which are captured; stdio is flushed at the end;
 *	- no other descriptor of the host but those of "inherit_fds", even with COVEY_INHERIT_FDS;
 *	- none of the signal handlers that the host had when it called covey_step, covey_run or
 *	  covey_wait;
 *	- neither the host's atexit handlers nor what the host's stdio had buffered;
 *	- of the host's threads, only the one that called covey_step.
 *
 * In a host with threads the function must not wait for locks that other threads may have held at
 * the time of the fork. The C library takes care of malloc's locks.
 */
typedef int covey_function_fn(struct covey_call *call);

/*
 * Adds bytes to the function's result. Returns 0, or -1 with errno: EFBIG when the result would be
 * larger than the executor's max_result. Results are never cut silently: a function
 * that returns 0 after such a failure fails with code 255 and a reason.
 */
int covey_return(struct covey_call *call, const void *data, size_t len);

/*
 * Notes why the function fails, for "reason" in struct covey_attempt, and returns code:
 * return covey_fail(call, 1, "division by zero"); the reason is cut after 1023 bytes.
 */
int covey_fail(struct covey_call *call, int code, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* One function with its arguments. Everything pointed to is copied, except for user. */
struct covey_function {
	size_t size;                  /* set by covey_function_init */
	covey_function_fn *run;
	const char *name;             /* takes the command's place in messages; NULL: "function" */
	const void *arg;              /* arg_len bytes, copied; the function sees the copy */
	size_t arg_len;
	covey_nsec timeout;           /* of one attempt; 0: the executor's */
	unsigned tries;               /* attempts in all; 0: the executor's */
	covey_nsec retry_interval;    /* from an attempt's end to the next; 0: the executor's */
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

/*
 * The bytes that an attempt printed on one stream. They are in memory while they are few, and then
 * in an unlinked file.
 */
struct covey_output;

/* The number of bytes that can be read; 0 for NULL. */
uint64_t covey_output_size(const struct covey_output *output);

/*
 * The number of bytes that were cut out of the middle because of max_output; 0 for NULL. Unless
 * offset is NULL, *offset is set to the place of the cut among the bytes that are left.
 */
uint64_t covey_output_cut(const struct covey_output *output, uint64_t *offset);

/*
 * Copies up to n bytes from offset on into buf. Returns the number of bytes copied, 0 past the
 * end, or -1 with errno.
 */
ssize_t covey_output_read(const struct covey_output *output, uint64_t offset, void *buf, size_t n);

/*
 * Writes up to n bytes from offset on to fd. Where the kernel can, the bytes do not go through the
 * caller's memory. Returns the number of bytes written, which may be fewer than there are, or -1
 * with errno: EAGAIN where fd does not block and takes no more.
 */
ssize_t covey_output_write(const struct covey_output *output, uint64_t offset, uint64_t n, int fd);

/*
 * As covey_output_write, for callers that will not ask for the bytes before offset again. Where fd
 * is a regular file, the room of those bytes is given back, so that a large output is not held
 * twice.
 */
ssize_t covey_output_move(struct covey_output *output, uint64_t offset, uint64_t n, int fd);

/* Copies the last bytes, n at most, into buf. Returns their number, or -1 with errno. */
ssize_t covey_output_tail(const struct covey_output *output, void *buf, size_t n);

/* Releases an output that covey_take_output or covey_output_new gave; NULL is allowed. */
void covey_output_free(struct covey_output *output);

/*
 * Makes an output of the caller's own: in memory up to spill_bytes, then in an unlinked file in
 * tmpdir (NULL: $TMPDIR, or /tmp). Returns NULL when out of memory.
 */
struct covey_output *covey_output_new(size_t spill_bytes, const char *tmpdir);

/*
 * Adds bytes. Returns 0, or -1 with errno. After a failure the output still has what it had before,
 * and possibly the beginning of data.
 */
int covey_output_append(struct covey_output *output, const void *data, size_t len);

/* One run of a task, as the events COVEY_STARTED to COVEY_FINISHED show it. */
struct covey_attempt {
	unsigned number;              /* from 1 within the task */
	unsigned slot;                /* 1 to max_workers */
	pid_t pid;                    /* of the child; 0 where none could be started */
	covey_nsec started, ended;    /* on the executor's clock: see covey_now */
	enum covey_outcome outcome;
	int status;                   /* exit status; 0 unless the child exited by itself */
	int signal;                   /* the signal that ended the child, or 0 */
	int sys_errno;                /* with COVEY_SPAWN: why */
	const char *spawn_step;       /* with COVEY_SPAWN: what failed: "exec", "chdir", … */
	bool retry;                   /* another attempt follows */
	bool leaky;                   /* left processes behind, which were killed */
	bool unkillable;              /* a process of its tree did not end, even of SIGKILL */
	bool cut_off;                 /* a process outside its tree held a stream open; closed */
	bool core_dumped;
	bool oom;                     /* killed by the kernel's out-of-memory killer */
	struct rusage usage;          /* of the child and of the processes that it waited for */
	int output_errno;             /* why its output was not kept whole (ENOSPC, …); or 0 */
	const char *reason;           /* its line in COVEY_REASON, or from covey_fail; or NULL */
	const char *backtrace;        /* of a function that crashed: a line a frame, or NULL */
	struct covey_output *out, *err;  /* NULL where nothing was printed or captured */
	struct covey_output *result;  /* what a function returned; NULL where that was nothing */
};

/* The number of a function's result in covey_take_output; 1 is stdout, and 2 is stderr. */
#define COVEY_RESULT 3

/*
 * Moves an output (1, 2 or COVEY_RESULT) out of the attempt. The caller releases it with
 * covey_output_free. Returns NULL where there is none.
 */
struct covey_output *covey_take_output(struct covey_attempt *attempt, int stream);

/* ---- events ---- */

/*
 * For each task, in this order: queued ( started output* ended delayed? )* finished. "finished"
 * comes exactly once, whatever happens. COVEY_LIMITED and COVEY_EXPIRED concern no task.
 *
 * A task may be cancelled, or the deadline may pass, while the task waits to be run again. Then it
 * finishes with the outcome of its last attempt, and with a copy of that attempt that has no
 * outputs and no reason.
 */
enum covey_event_type {
	COVEY_QUEUED,
	COVEY_STARTED,   /* attempt */
	COVEY_SLOW,      /* attempt: has run as long as the option "slow"; once an attempt */
	COVEY_ENDED,     /* attempt */
	COVEY_DELAYED,   /* attempt (no outputs), due: when the next attempt starts */
	COVEY_FINISHED,  /* outcome; attempt, unless the task was never started */
	COVEY_LIMITED,   /* sys_errno, workers: the system allows no more children at once */
	COVEY_EXPIRED    /* the executor's deadline passed before everything was finished */
};

struct covey_event {
	enum covey_event_type type;
	covey_nsec now;                     /* on the executor's clock */
	const struct covey_task *task;
	/*
	 * At COVEY_ENDED, whoever could not pass on the output of a success may set outcome to
	 * COVEY_LOST, and reason to a text that stays until COVEY_FINISHED.
	 */
	struct covey_attempt *attempt;
	enum covey_outcome outcome;
	covey_nsec due;
	int sys_errno;
	unsigned workers;
};

struct covey;

/*
 * Called for each event, from within covey_step or the call that caused the event. The callback may
 * submit and cancel; it may not call covey_step, covey_run or covey_free.
 */
typedef void covey_event_fn(struct covey *ex, const struct covey_event *event, void *user);

/*
 * Called with each piece of output as it arrives: len is greater than 0, and stream is 1 or 2. The
 * callback returns true if it has dealt with the bytes; then only the last tail_bytes of them are
 * kept with the attempt. If it returns false, the bytes are captured.
 */
typedef bool covey_output_fn(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user);

/*
 * Called when a slot is free and no task waits. The callback submits one task or more with
 * covey_submit, and says whether there may be others.
 */
enum covey_next {
	COVEY_NEXT_MORE,    /* tasks were submitted; ask again */
	COVEY_NEXT_LATER,   /* no task now; ask again after covey_pull, called meanwhile or later */
	COVEY_NEXT_END      /* there are no more tasks; the callback is not called again */
};
typedef enum covey_next covey_next_fn(struct covey *ex, void *user);

/*
 * Called just before an attempt is started in a slot. The callback may return another argv to start
 * the attempt with, which must last until the next call; NULL stands for the task's own.
 */
typedef const char *const *covey_prepare_fn(const struct covey_task *task, unsigned slot,
    void *user);

/*
 * Called when an attempt could be started, since a task is ready and a slot is free. The callback
 * says whether the attempt may start: COVEY_START_NOW, COVEY_START_WAIT (until covey_wake is
 * called), or in how many nanoseconds, on the executor's clock, to ask again. Until then nothing
 * is started, and what runs goes on. The answer is about the next attempt, whichever that is,
 * retries included. It does not mean that an attempt starts: COVEY_STARTED says so, and where the
 * system has no resources for one, the callback is asked again.
 */
#define COVEY_START_NOW  ((covey_nsec)0)
#define COVEY_START_WAIT ((covey_nsec)-1)
typedef covey_nsec covey_may_start_fn(struct covey *ex, void *user);

/*
 * Called for each failed attempt. *delay is what the retry options say: in how many nanoseconds
 * the task is run again, or a negative number if it is not. The callback may change *delay, even
 * where all tries are used up. It is never called for COVEY_DEADLINE and COVEY_CANCELLED.
 */
typedef void covey_decide_fn(const struct covey_task *task, const struct covey_attempt *attempt,
    covey_nsec *delay, void *user);

/* ---- the executor ---- */

enum {
	/*
	 * Adopt the orphans of trees (PR_SET_CHILD_SUBREAPER on this process), so that processes
	 * that left their process group are found and killed, too. Sets COVEY_RUN and the other
	 * variables as COVEY_EXPORT does. An orphan may end before it can be told from the host's
	 * own children: then it stays a zombie, which the host may reap (see COVEY_SOLE_PARENT).
	 */
	COVEY_SUBREAPER = 1 << 0,
	/* Where cgroups (v2) can be made, give each slot one: trees are killed in one step. */
	COVEY_CGROUP = 1 << 1,
	/* Do not kill what a finished attempt leaves running. */
	COVEY_KEEP_LEFTOVERS = 1 << 2,
	/* Set COVEY_RUN, COVEY_TASK, COVEY_ATTEMPT, COVEY_TRIES, COVEY_SLOT and COVEY_REASON. */
	COVEY_EXPORT = 1 << 3,
	/* Children write to the caller's own stdout and stderr; nothing is captured. */
	COVEY_INHERIT_OUTPUT = 1 << 4,
	/* A child dies with the thread that started it (PR_SET_PDEATHSIG). */
	COVEY_DIE_WITH_PARENT = 1 << 5,
	/* Watch children with SIGCHLD even where the kernel has pidfd. */
	COVEY_NO_PIDFD = 1 << 6,
	/*
	 * With COVEY_SUBREAPER: this process starts children through this executor only. A child
	 * that cannot be told apart is then an orphan of one of the executor's trees, and is
	 * killed.
	 */
	COVEY_SOLE_PARENT = 1 << 7,
	/*
	 * Children stay in the caller's process group, so that they use the terminal as the caller
	 * does, and are signalled together with the caller. When an attempt must end, only its
	 * child is killed, and not what the child has started. What an outer covey has set in the
	 * environment stays there. Not with COVEY_SUBREAPER.
	 */
	COVEY_SAME_GROUP = 1 << 8,
	/* Children inherit every descriptor that is not close-on-exec, not only 0 to 2. */
	COVEY_INHERIT_FDS = 1 << 9,
	/*
	 * The host does not change its signal handlers after the first start. Without this flag,
	 * covey_step, covey_run and covey_wait look for new handlers (64 system calls) when they
	 * first start a function, or a command where there is no clone3.
	 */
	COVEY_FIXED_HANDLERS = 1 << 10,
	/* Start commands with vfork even where clone3 works (Linux 5.11; x86-64 and arm64). */
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
	double backoff;               /* the interval grows by this factor each time; default 1 */
	covey_nsec max_interval;      /* the interval's limit; 0, the default: none */
	double jitter;                /* 0 to 1: how much of the interval is random; default 0 */
	struct covey_outcomes retry_on;  /* default: exit except 126 and 127, signal, timeout */
	struct covey_outcomes no_retry_on;  /* wins over retry_on; default: empty */
	covey_decide_fn *decide;      /* or NULL */

	covey_nsec timeout;           /* of one attempt; 0, the default: none */
	covey_nsec slow;              /* COVEY_SLOW after this; 0, the default: never */
	covey_nsec kill_after;        /* from the stop signal to SIGKILL; default 5 s */
	covey_nsec deadline;          /* of everything, from covey_new on; 0, the default: none */
	int stop_signal;              /* first signal to a tree that must end; default SIGTERM */
	/*
	 * An engine that stops a job may signal the children too, and before the host. An attempt that
	 * SIGTERM, SIGINT or SIGHUP ended and that this library did not signal (or with the exit status
	 * that a shell has then: 143, 130, 129) is held for this long, and nothing is started
	 * meanwhile: when covey_cancel stops everything by then, its outcome is COVEY_CANCELLED. After
	 * 20 attempts that were held in vain, none is. 0, the default: none is.
	 */
	covey_nsec stop_window;

	size_t tail_bytes;            /* kept of what on_output has dealt with; default 64 KiB */
	uint64_t max_output;          /* kept of a stream: head and tail; 0, the default: all */
	uint64_t max_result;          /* bytes that a function may return; 0, the default: any */
	size_t spill_bytes;           /* of a stream in memory, then in a file; default 1 MiB */
	const char *tmpdir;           /* for such files; NULL: $TMPDIR, or /tmp */

	uint64_t child_nofile;        /* the children's soft RLIMIT_NOFILE; 0: the caller's */
	const struct covey_limit *limits;  /* the children's; all others are the caller's */
	size_t nlimits;
	int nice;                     /* added to the caller's niceness in children; default 0 */
	const int *inherit_fds;       /* inherited by children besides 0 to 2; each 3 or higher */
	size_t ninherit_fds;
	const char *run_id;           /* COVEY_RUN; NULL: a random one */
	const char *reason_dir;       /* directory for COVEY_REASON files; NULL: no COVEY_REASON */
	const char *const *env;       /* the children's; NULL: the caller's at covey_new */
	const char *slot_var;         /* variable to set to the slot's number from 0, or NULL */

	covey_next_fn *next;          /* or NULL: the host calls covey_submit by itself */
	covey_may_start_fn *may_start;  /* or NULL: whenever a slot is free */
	covey_prepare_fn *prepare;    /* or NULL */
	covey_event_fn *on_event;     /* or NULL */
	uint32_t events;              /* bit 1u << type: on_event gets these; default: all */
	covey_output_fn *on_output;   /* or NULL */
	void *user;                   /* handed to the callbacks */
};

/* Fills in the defaults named above; size is sizeof *options. */
void covey_options_init(struct covey_options *options, size_t size);

/*
 * Makes an executor; everything in options is copied. Returns NULL on failure. SIGCHLD must not be
 * ignored, since the kernel would then discard exit statuses.
 */
struct covey *covey_new(const struct covey_options *options, struct covey_error *err);

/*
 * Kills and reaps what still runs, without events, and releases everything. The call may take as
 * long as the kernel takes to kill. NULL is allowed. From within a callback the call does nothing.
 */
void covey_free(struct covey *ex);

/*
 * Adds a task. Unless id is NULL, *id gets the task's number. Fails after covey_cancel, or when the
 * deadline has passed.
 */
int covey_submit(struct covey *ex, const struct covey_command *command, uint64_t *id,
    struct covey_error *err);

/* The same for a function. */
int covey_submit_function(struct covey *ex, const struct covey_function *function, uint64_t *id,
    struct covey_error *err);

/*
 * Returns 0 if a command of this name would be found, in PATH or at its path, and may be executed.
 * If not, err->sys_errno says why: ENOENT, EACCES, ….
 */
int covey_find(struct covey *ex, const char *name, struct covey_error *err);

/* Has the "next" callback, which said COVEY_NEXT_LATER, asked again. */
void covey_pull(struct covey *ex);

/* Has the "may_start" callback, which said that an attempt has to wait, asked again at once. */
void covey_wake(struct covey *ex);

/*
 * One turn: starts what can start, waits up to max_wait nanoseconds for something to happen (0:
 * does not wait; negative: as long as it takes), and deals with what happened. Returns 1 while
 * anything is left to be done, 0 when everything has finished, -1 on failure.
 */
int covey_step(struct covey *ex, covey_nsec max_wait, struct covey_error *err);

/* Turns until everything has finished. */
int covey_run(struct covey *ex, struct covey_error *err);

/* One task that has finished. It belongs to the caller, as part of struct covey_results. */
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
 * INT64_MAX: for ever). *results gets the tasks that have finished meanwhile, in two lists. The
 * caller releases them with covey_results_free, which may be done after covey_free.
 *
 * When the time has passed, what runs is killed. Tasks that were running and tasks that had not
 * been started yet fail with COVEY_DEADLINE; a task that waited to be run again keeps the outcome
 * of its last attempt. A retry that would come too late is run at once instead. Every task that
 * had not finished before the call is in one of the lists. Afterwards, more tasks may be submitted
 * and waited for. Each output of more than spill_bytes holds a descriptor until the results are
 * freed.
 *
 * Returns 0 whatever came of the tasks; -1 on failure, with *results NULL.
 */
int covey_wait(struct covey *ex, covey_nsec timeout, struct covey_results **results,
    struct covey_error *err);

/* Releases results and everything in them; NULL is allowed. */
void covey_results_free(struct covey_results *results);

/*
 * A descriptor that poll(2) finds readable when covey_step has something to do. It belongs to the
 * executor, which closes it.
 */
int covey_fd(const struct covey *ex);

/*
 * The number of nanoseconds after which covey_step must be called although covey_fd is not
 * readable; -1: there is no such time.
 */
covey_nsec covey_next_deadline(struct covey *ex);

/*
 * Has the executor watch a descriptor of the caller: on_fd is called from covey_step when fd is
 * ready for events (EPOLLIN, EPOLLOUT as in epoll(7)). Watching the same descriptor again changes
 * events and callback; with events 0, it is not watched any more. A watched descriptor does not
 * count as something left to be done. Fails with EPERM for regular files, which are always ready.
 */
typedef void covey_watch_fn(struct covey *ex, int fd, unsigned events, void *user);
int covey_watch(struct covey *ex, int fd, unsigned events, covey_watch_fn *on_fd, void *user,
    struct covey_error *err);

enum covey_cancel_how {
	COVEY_CANCEL_WAITING,  /* start nothing more; what runs may finish */
	COVEY_CANCEL_STOP,     /* and end what runs: stop signal, SIGKILL after kill_after */
	COVEY_CANCEL_KILL      /* and kill what runs at once */
};

/* Cancels all tasks; each still gets its COVEY_FINISHED. A cancel cannot be undone. */
void covey_cancel(struct covey *ex, enum covey_cancel_how how);

/*
 * Cancels one task, with COVEY_CANCEL_STOP if it runs. Fails if there is no such task, or it has
 * finished.
 */
int covey_cancel_task(struct covey *ex, uint64_t id, struct covey_error *err);

/* Stops all trees (SIGSTOP) and the executor's clock; starts nothing until covey_resume. */
void covey_suspend(struct covey *ex);
void covey_resume(struct covey *ex);

/* Changes max_workers. Attempts that run are not ended by that. */
int covey_set_workers(struct covey *ex, unsigned max_workers, struct covey_error *err);

/*
 * While output is held, what children print is not read, and a child whose pipe is full has to
 * wait. This is for callers whose on_output cannot pass the bytes on as fast as they come.
 */
void covey_hold_output(struct covey *ex, bool hold);

struct covey_counts {
	uint64_t submitted, queued, running, delayed, succeeded, failed;
};
/* size is sizeof *counts. */
void covey_count(const struct covey *ex, struct covey_counts *counts, size_t size);

/* Returns true if the "next" callback has said COVEY_NEXT_END, or there is no such callback. */
bool covey_input_ended(const struct covey *ex);

/* The executor's clock: CLOCK_MONOTONIC, less the time from each covey_suspend to covey_resume. */
covey_nsec covey_now(const struct covey *ex);

/* Calls each for every attempt that runs, in the order of slots. */
typedef void covey_each_fn(const struct covey_task *task, const struct covey_attempt *attempt,
    void *user);
void covey_each_running(const struct covey *ex, covey_each_fn *each, void *user);

/* ---- the guard ---- */

/*
 * covey_guard forks. The child is the supervisor, in which the caller goes on. The parent becomes
 * the guard: it waits until the supervisor has ended, in whatever way, and then kills everything
 * that the supervisor left running. Call covey_guard while the process has one thread and no
 * executor.
 *
 * In the supervisor the call returns COVEY_GUARD_WATCHES. From fd the supervisor reads a struct
 * covey_relayed for each signal that was sent to the guard. It reads end of file when the guard is
 * gone; then the supervisor should end in an orderly way. In the guard the call returns
 * COVEY_GUARD_ENDED when nothing is left, and wait_status tells how the supervisor ended, as from
 * wait(2), so that the guard can end in the same way. On failure the call returns
 * COVEY_GUARD_FAILED, and nothing has changed.
 *
 * The guard relays SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT and
 * SIGWINCH, except for those that the terminal sends, since the supervisor gets them as well. The
 * guard stops when the supervisor stops, and wakes the supervisor when it is woken itself.
 */
enum covey_guard_result { COVEY_GUARD_FAILED = -1, COVEY_GUARD_WATCHES, COVEY_GUARD_ENDED };

struct covey_relayed {
	int signal;
	pid_t sender;   /* the process that sent the signal to the guard */
};

struct covey_guard {
	pid_t pid;              /* in the supervisor, the guard's; in the guard, the supervisor's */
	int fd;                 /* in the supervisor, which closes it; does not block */
	int wait_status;        /* in the guard */
	bool keep_leftovers;    /* in: after an orderly end (exit, SIGINT, …) nothing is killed */
};

enum covey_guard_result covey_guard(struct covey_guard *guard, struct covey_error *err);

/* For the supervisor, when it goes on after it was stopped: wakes the guard. */
void covey_guard_wake(const struct covey_guard *guard);

/* The library's version, such as "0.1.0". */
const char *covey_version(void);

#ifdef __cplusplus
}
#endif

#endif
