/*
 * inject - makes one system call of a command fail, and says what became of the command
 *
 *	inject [-t SECONDS] -o REPORT -c COMMAND [ARG]...
 *	inject [-t SECONDS] -o REPORT -s SYSCALL -e ERRNO -n N[+] -r ROLE COMMAND [ARG]...
 *
 * With -c nothing fails, and the report has a line "count ROLE SYSCALL N" for each system call.
 * Otherwise the Nth SYSCALL of the processes in ROLE fails with the number ERRNO, with N+ each from
 * the Nth on. The roles are: guard (the process that is started), supervisor (the first that it
 * starts), and child (any other, until it executes something else).
 *
 * The report ends with "hit N" (so many calls have failed), "left PID" for each process that the
 * command has left, and one of "exit STATUS", "signal NUMBER", "hang". A process that outlives
 * SECONDS is killed.
 *
 * A seccomp filter has the kernel ask this process before each of the calls; so all others run at
 * full speed.
 */
#include <bsd/stdlib.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* how long what the command has left may take to end by itself */
#define LEFT_PATIENCE_MS 1000

enum role { ROLE_GUARD, ROLE_SUPERVISOR, ROLE_CHILD, ROLE_NONE, NROLES };

static const char *const role_names[] = {
	[ROLE_GUARD] = "guard", [ROLE_SUPERVISOR] = "supervisor", [ROLE_CHILD] = "child",
	[ROLE_NONE] = "none",
};
_Static_assert(COUNT(role_names) == NROLES, "each role has a name");

#define CALL(name) { #name, SYS_##name }
static const struct {
	const char *name;
	int nr;
} calls[] = {
	CALL(access), CALL(brk), CALL(chdir), CALL(clock_nanosleep), CALL(clone), CALL(clone3),
	CALL(close), CALL(close_range), CALL(connect), CALL(copy_file_range), CALL(dup), CALL(dup2),
	CALL(dup3), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(eventfd2),
	CALL(execve), CALL(execveat), CALL(faccessat2), CALL(fallocate), CALL(fchmod),
	CALL(fchown), CALL(fcntl), CALL(fdatasync), CALL(flock), CALL(fstat), CALL(fstatfs),
	CALL(fsync), CALL(ftruncate), CALL(futex), CALL(getcwd), CALL(getdents64), CALL(getpgid),
	CALL(getrandom), CALL(getrlimit), CALL(getrusage), CALL(ioctl), CALL(kill), CALL(link),
	CALL(lseek), CALL(lstat), CALL(madvise), CALL(mkdir), CALL(mkdirat), CALL(mmap),
	CALL(mprotect), CALL(mremap), CALL(munmap), CALL(newfstatat), CALL(open), CALL(openat),
	CALL(pidfd_open), CALL(pidfd_send_signal), CALL(pipe2), CALL(poll), CALL(ppoll),
	CALL(prctl), CALL(pread64), CALL(prlimit64), CALL(pwrite64), CALL(read), CALL(readlink),
	CALL(readlinkat), CALL(readv), CALL(rename), CALL(renameat), CALL(rmdir),
	CALL(rt_sigaction), CALL(rt_sigpending), CALL(rt_sigprocmask), CALL(rt_sigtimedwait),
	CALL(sched_getaffinity), CALL(select), CALL(sendfile), CALL(sendto), CALL(setpgid),
	CALL(setpriority), CALL(setrlimit), CALL(setsid), CALL(sigaltstack), CALL(splice),
	CALL(stat), CALL(statfs), CALL(statx), CALL(symlink), CALL(sysinfo), CALL(tgkill),
	CALL(timerfd_create), CALL(timerfd_settime), CALL(umask), CALL(uname), CALL(unlink),
	CALL(unlinkat), CALL(unshare), CALL(vfork), CALL(fork), CALL(wait4), CALL(waitid),
	CALL(write), CALL(writev),
};

struct fault {
	int nr;             /* -1: none */
	int error;
	unsigned long from;
	bool for_good;
	enum role role;
};

struct state {
	struct fault fault;
	FILE *report;
	int listener;
	pid_t root, supervisor;
	char program[PATH_MAX];
	unsigned long counts[NROLES][COUNT(calls)], seen, hits;
	struct seccomp_notif *ask;
	struct seccomp_notif_resp *answer;
	size_t ask_size, answer_size;
};

/* What parent and child share before exec. */
struct meeting {
	_Atomic int fd;      /* the listener in the child; 0: not yet; negative: -errno */
	_Atomic bool taken;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- the command ---- */

static int install_filter(int nr)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF) };
	struct sock_filter one[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = nr < 0 ? COUNT(all) : COUNT(one), .filter = nr < 0 ? all : one,
	};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}

/* Once the filter is there, every call may wait for an answer: so nothing but memory is used. */
static void run_command(struct meeting *meeting, int nr, char **argv)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		err(2, "cannot prepare the command");
	fd = install_filter(nr);
	atomic_store(&meeting->fd, fd < 0 ? -errno : fd);
	while (fd >= 0 && !atomic_load(&meeting->taken))
		continue;
	execv(argv[0], argv);
	_exit(127);
}

static void start(struct state *s, char **argv)
{
	struct meeting *meeting = mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct timespec pause = { .tv_nsec = 100000 };
	int pidfd;

	if (meeting == MAP_FAILED)
		err(2, "mmap");
	s->root = fork();
	if (s->root < 0)
		err(2, "fork");
	if (s->root == 0)
		run_command(meeting, s->fault.nr, argv);
	while (atomic_load(&meeting->fd) == 0)
		nanosleep(&pause, NULL);
	if (atomic_load(&meeting->fd) < 0) {
		errno = -atomic_load(&meeting->fd);
		err(2, "seccomp");
	}
	pidfd = (int)syscall(SYS_pidfd_open, s->root, 0);
	s->listener = (int)syscall(SYS_pidfd_getfd, pidfd, atomic_load(&meeting->fd), 0);
	if (s->listener < 0)
		err(2, "pidfd_getfd");
	close(pidfd);
	atomic_store(&meeting->taken, true);
}

/* ---- its system calls ---- */

static enum role role_of(struct state *s, pid_t pid)
{
	char path[32], program[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	n = readlink(path, program, sizeof program - 1);
	if (n < 0)
		return ROLE_NONE;
	program[n] = '\0';
	if (strcmp(program, s->program) != 0)
		return ROLE_NONE;
	if (pid == s->root)
		return ROLE_GUARD;
	if (s->supervisor == 0)
		s->supervisor = pid;
	return pid == s->supervisor ? ROLE_SUPERVISOR : ROLE_CHILD;
}

static void count(struct state *s, enum role role, int nr)
{
	size_t i;

	for (i = 0; i < COUNT(calls); i++) {
		if (calls[i].nr == nr)
			s->counts[role][i]++;
	}
}

static bool is_to_fail(struct state *s, enum role role, int nr)
{
	if (nr != s->fault.nr || role != s->fault.role)
		return false;
	s->seen++;
	return s->fault.for_good ? s->seen >= s->fault.from : s->seen == s->fault.from;
}

static void answer_one(struct state *s)
{
	enum role role;

	memset(s->ask, 0, s->ask_size);
	memset(s->answer, 0, s->answer_size);
	/* the process may have been killed meanwhile */
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, s->ask) != 0)
		return;
	role = role_of(s, (pid_t)s->ask->pid);
	count(s, role, s->ask->data.nr);
	s->answer->id = s->ask->id;
	s->answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (is_to_fail(s, role, s->ask->data.nr)) {
		s->hits++;
		s->answer->flags = 0;
		s->answer->error = -s->fault.error;
	}
	ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, s->answer);
}

/* ---- its end ---- */

/* Reaps what has ended. Returns true if nothing is left. */
static bool reap(const struct state *s, int *status, bool *ended)
{
	int one;
	pid_t pid;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
		if (pid == s->root) {
			*status = one;
			*ended = true;
		}
	}
	return pid < 0 && errno == ECHILD;
}

static void kill_children(const struct state *s, bool tell)
{
	char path[64];
	long pid;
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	while (file != NULL && fscanf(file, "%ld", &pid) == 1) {
		if (tell)
			fprintf(s->report, "left %ld\n", pid);
		kill((pid_t)pid, SIGKILL);
	}
	if (file != NULL)
		fclose(file);
}

static void watch(struct state *s, long long patience)
{
	struct pollfd pfd = { .fd = s->listener, .events = POLLIN };
	long long end = now_ms() + patience, left_end = LLONG_MAX;
	bool ended = false, hang = false, told = false;
	int status = 0;

	while (!reap(s, &status, &ended)) {
		/* a child that ends does not wake poll */
		if (poll(&pfd, 1, 2) > 0 && (pfd.revents & POLLIN) != 0)
			answer_one(s);
		if (ended && left_end == LLONG_MAX)
			left_end = now_ms() + LEFT_PATIENCE_MS;
		if (!ended && now_ms() > end)
			hang = true;
		if (hang || now_ms() > left_end) {
			kill_children(s, !hang && !told);
			told = true;
		}
	}
	fprintf(s->report, "hit %lu\n", s->hits);
	if (hang)
		fprintf(s->report, "hang\n");
	else if (WIFSIGNALED(status))
		fprintf(s->report, "signal %d\n", WTERMSIG(status));
	else
		fprintf(s->report, "exit %d\n", WEXITSTATUS(status));
}

static void report_counts(const struct state *s)
{
	int role;
	size_t i;

	for (role = 0; role < ROLE_NONE; role++) {
		for (i = 0; i < COUNT(calls); i++) {
			if (s->counts[role][i] > 0)
				fprintf(s->report, "count %s %s %lu\n", role_names[role],
				    calls[i].name, s->counts[role][i]);
		}
	}
}

/* ---- the command line ---- */

static int call_number(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(calls); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].nr;
	}
	errx(2, "inject does not know the system call '%s'", name);
}

static enum role role_number(const char *name)
{
	int role;

	for (role = 0; role < ROLE_NONE; role++) {
		if (strcmp(role_names[role], name) == 0)
			return (enum role)role;
	}
	errx(2, "inject does not know the role '%s'", name);
}

static void set_from(struct fault *fault, const char *text)
{
	char *end;

	fault->from = strtoul(text, &end, 10);
	fault->for_good = *end == '+';
}

static void prepare(struct state *s, const char *program)
{
	struct seccomp_notif_sizes sizes;

	if (realpath(program, s->program) == NULL)
		err(2, "'%s'", program);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		err(2, "prctl");
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0)
		err(2, "the kernel cannot ask about system calls");
	s->ask_size = sizes.seccomp_notif > sizeof *s->ask ? sizes.seccomp_notif : sizeof *s->ask;
	s->answer_size = sizes.seccomp_notif_resp > sizeof *s->answer ? sizes.seccomp_notif_resp
	    : sizeof *s->answer;
	s->ask = calloc(1, s->ask_size);
	s->answer = calloc(1, s->answer_size);
	if (s->ask == NULL || s->answer == NULL)
		err(2, "calloc");
}

int main(int argc, char **argv)
{
	struct state s = { .fault = { .nr = -1, .error = EIO, .from = 1 } };
	long long patience = 20;
	int c;

	while ((c = getopt(argc, argv, "+t:o:cs:e:n:r:")) != -1) {
		switch (c) {
		case 't': patience = strtonum(optarg, 1, 3600, NULL); break;
		case 'o': s.report = fopen(optarg, "we"); break;
		case 'c': s.fault.nr = -1; break;
		case 's': s.fault.nr = call_number(optarg); break;
		case 'e': s.fault.error = (int)strtonum(optarg, 1, 4095, NULL); break;
		case 'n': set_from(&s.fault, optarg); break;
		case 'r': s.fault.role = role_number(optarg); break;
		default: return 2;
		}
	}
	if (optind == argc || s.report == NULL)
		errx(2, "inject needs a report and a command");
	prepare(&s, argv[optind]);
	start(&s, argv + optind);
	watch(&s, patience * 1000);
	if (s.fault.nr < 0)
		report_counts(&s);
	return fclose(s.report) == 0 ? 0 : 2;
}
