#include "clone.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The C library has no function for this, and C cannot express one: the child goes on with the
 * parent's registers, on the parent's stack. It must not change what is on the stack, so it never
 * returns from here. Below the parent's frame it calls the function that ends in exec.
 */
#if defined __x86_64__ && defined __LP64__

static long start(struct clone_args *args, void (*run)(void *), void *arg)
{
	long result = SYS_clone3;

	__asm__ volatile("syscall\n\t"
	    "test %%rax, %%rax\n\t"
	    "jnz 1f\n\t"
	    "sub $128, %%rsp\n\t"        /* the red zone below the stack is the parent's */
	    "and $-16, %%rsp\n\t"
	    "mov %[arg], %%rdi\n\t"
	    "call *%[run]\n\t"
	    "ud2\n"
	    "1:"
	    : "+&a"(result), "+&D"(args)  /* written while run and arg are still to be read */
	    : "S"(sizeof *args), [run] "r"(run), [arg] "r"(arg)
	    : "rcx", "r11", "cc", "memory");
	return result;
}

#elif defined __aarch64__ && defined __LP64__

static long start(struct clone_args *args, void (*run)(void *), void *arg)
{
	register long number __asm__("x8") = SYS_clone3;
	register uintptr_t result __asm__("x0") = (uintptr_t)args;
	register size_t size __asm__("x1") = sizeof *args;

	__asm__ volatile("svc #0\n\t"
	    "cbnz x0, 1f\n\t"
	    "mov x0, %[arg]\n\t"
	    "blr %[run]\n\t"
	    "brk #1\n"
	    "1:"
	    : "+&r"(result)  /* written while run and arg are still to be read */
	    : "r"(number), "r"(size), [run] "r"(run), [arg] "r"(arg)
	    : "cc", "memory");
	return (long)result;
}

#else

static long start(struct clone_args *args, void (*run)(void *), void *arg)
{
	(void)args;
	(void)run;
	(void)arg;
	return -ENOSYS;
}

#endif

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#elif defined __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#endif

#ifdef WITH_ASAN
extern void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#endif

/* To AddressSanitizer, the frames of a child that has exec'd are still on the parent's stack. */
static void forget_frames(void)
{
#ifdef WITH_ASAN
	enum { DEPTH = 64 << 10 };

	__asan_unpoison_memory_region((const char *)__builtin_frame_address(0) - DEPTH, DEPTH);
#endif
}

bool cv_clone_works(void)
{
	/* EFAULT: the kernel has clone3, no sandbox forbids it, and the arguments are missing */
	if (start(NULL, NULL, NULL) != -EFAULT)
		return false;
	/* Linux 5.11; the other flags used here are older */
	return syscall(SYS_close_range, UINT_MAX, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0;
}

pid_t cv_clone(struct cv_clone *clone)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD,
	};
	long result;

	clone->pidfd = -1;
	if (clone->share_fds)
		args.flags |= CLONE_FILES;
	if (clone->want_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uintptr_t)&clone->pidfd;
	}
	if (clone->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uintptr_t)clone->cgroup_fd;
	}
	result = start(&args, clone->run, clone->arg);
	forget_frames();
	if (result >= 0)
		return (pid_t)result;
	/* the kernel writes the pidfd before the last step that can fail, and closes it then */
	clone->pidfd = -1;
	errno = (int)-result;
	return -1;
}
