#include "call.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	CRASH_STACK = 64 << 10,  /* unwinding takes more than MINSIGSTKSZ */
	CRASH_SECONDS = 5,       /* for a backtrace, which may hang in broken memory */
	FAILURE = 255
};

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };

/*
 * A signal handler can reach file-scope variables only. These two are the child's: the parent never
 * sets them, and a child makes one call.
 */
static struct cv_call *current;
static pid_t current_pid;

/* ---- what functions call ---- */

static int cannot_return(struct cv_call *call, int error)
{
	call->failed_errno = error;
	errno = error;
	return -1;
}

int covey_return(struct covey_call *view, const void *data, size_t len)
{
	struct cv_call *call = (struct cv_call *)view;
	size_t done = 0;

	if (call == NULL) {
		errno = EINVAL;
		return -1;
	}
	if (data == NULL && len > 0)
		return cannot_return(call, EINVAL);
	if (call->failed_errno != 0)
		return cannot_return(call, call->failed_errno);
	if (call->max_result > 0 && len > call->max_result - call->returned)
		return cannot_return(call, EFBIG);
	while (done < len) {
		ssize_t n = write(call->result_fd, (const char *)data + done, len - done);

		if (n < 0 && errno != EINTR)
			return cannot_return(call, errno);
		done += n > 0 ? (size_t)n : 0;
	}
	call->returned += len;
	return 0;
}

int covey_fail(struct covey_call *view, int code, const char *format, ...)
{
	struct cv_call *call = (struct cv_call *)view;
	va_list args;

	if (call == NULL || format == NULL)
		return code;
	va_start(args, format);
	vsnprintf(call->note->text, sizeof call->note->text, format, args);
	va_end(args);
	return code;
}

/* ---- crashes ---- */

void *cv_call_prepare(void)
{
	void *stack = mmap(NULL, CRASH_STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *frame[1];

	/* the first call loads libgcc_s, which allocates */
	backtrace(frame, 1);
	return stack == MAP_FAILED ? NULL : stack;
}

void cv_call_release(void *crash_stack)
{
	if (crash_stack != NULL)
		munmap(crash_stack, CRASH_STACK);
}

static void *program_counter(const void *context)
{
	const ucontext_t *at = context;

#if defined(__x86_64__)
	return (void *)(uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (void *)(uintptr_t)at->uc_mcontext.pc;
#else
	(void)at;
	return NULL;
#endif
}

/* Leaves out the frames of the handler itself, where the crash can be found among the frames. */
static void note_frames(struct cv_note *note, const void *from)
{
	int n = backtrace(note->frames, CV_NOTE_FRAMES), first = 0;

	while (first < n && note->frames[first] != from)
		first++;
	if (first == n)
		first = 0;
	memmove(note->frames, note->frames + first, (size_t)(n - first) * sizeof *note->frames);
	note->nframes = n - first;
}

/*
 * The handler runs on a stack of its own, so that an overflow of the other stack has a backtrace,
 * too. The alarm is for the unwinder, which may hang in broken memory: then SIGALRM ends the
 * attempt.
 */
static void on_crash(int sig, siginfo_t *info, void *context)
{
	sigset_t mask;

	(void)info;
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	alarm(CRASH_SECONDS);
	if (getpid() == current_pid)
		note_frames(current->note, program_counter(context));
	alarm(0);
	/* the handler is reset (SA_RESETHAND): now the signal ends the process */
	raise(sig);
}

static void watch_crashes(void *crash_stack)
{
	struct sigaction action = { .sa_sigaction = on_crash };
	stack_t stack = { .ss_sp = crash_stack, .ss_size = CRASH_STACK };
	size_t i;

	if (crash_stack == NULL || sigaltstack(&stack, NULL) != 0)
		return;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
	for (i = 0; i < sizeof crashes / sizeof *crashes; i++)
		sigaction(crashes[i], &action, NULL);
}

/* ---- the end ---- */

/*
 * The host itself prints what it had buffered, and reads on after what it had read ahead. The
 * buffers are mostly empty, and then nothing is changed here: the first write to a page copies the
 * page.
 */
static void forget_buffered(void)
{
	if (stdin->_IO_read_ptr != stdin->_IO_read_end)
		__fpurge(stdin);
	if (__fpending(stdout) > 0)
		__fpurge(stdout);
	if (__fpending(stderr) > 0)
		__fpurge(stderr);
}

/*
 * Flushes the two streams that are the child's. Other streams are copies of the host's: their
 * descriptors are closed, or numbers that now stand for other files.
 */
static void flush_own(void)
{
	if (__fpending(stdout) > 0)
		fflush(stdout);
	if (__fpending(stderr) > 0)
		fflush(stderr);
}

static int code_of(struct cv_call *call, int returned)
{
	if (returned == 0 && call->failed_errno != 0)
		return covey_fail(&call->view, FAILURE, "cannot return the result: %s",
		    strerror(call->failed_errno));
	return returned >= 0 && returned <= FAILURE ? returned : FAILURE;
}

/* Runs before the host's atexit handlers, as it was registered after them, and ends the process. */
static void on_exit_called(int status, void *unused)
{
	(void)unused;
	flush_own();
	_exit(getpid() == current_pid ? code_of(current, status) : status);
}

void cv_call_run(struct cv_call *call)
{
	int code;

	current = call;
	current_pid = getpid();
	forget_buffered();
	watch_crashes(call->crash_stack);
	if (on_exit(on_exit_called, NULL) != 0)
		_exit(FAILURE);
	code = call->run(&call->view);
	/* the function may have forked, and a process that it forked may return from it, too */
	if (getpid() == current_pid)
		code = code_of(call, code);
	flush_own();
	_exit(code);
}
