/*
 * misbehave - a child that misbehaves on command
 *
 *	misbehave WORD...              carry out the words in order, then exit 0
 *	misbehave alive DIR            print how many lock files in DIR are held by a process
 *	misbehave reap DIR             kill the holders; fail if there were any
 *	misbehave watch BASE CMD...    run CMD with default signal dispositions; its pid goes into
 *	                               BASE.pid, how it ended ("exit 3", "signal SIGTERM") into
 *	                               BASE.status
 *
 * Whether a process still lives is asked of the lock that it holds, never of its pid: the kernel
 * releases the lock when the process exits, zombies hold none, and numbers that are reused do not
 * confuse it. With hold-file=PATH this process and each one that it makes afterwards locks a file
 * of its own, PATH.<pid>. POSIX record locks are used: they belong to the process, are not
 * inherited by fork, and stay over exec.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <err.h>

struct act {
	const char *hold;     /* prefix of the lock files, or NULL */
	bool close_pipes;     /* children made from now on let go of stdout and stderr */
	char **rest;          /* the words still to come */
};

static const char *term_note;  /* the one thing that the signal handler needs */

/* ---- small things ---- */

static long long number(const char *text, long long max)
{
	const char *problem;
	long long n = strtonum(text, 0, max, &problem);

	if (problem != NULL)
		errx(2, "number '%s' is %s", text, problem);
	return n;
}

static int signal_number(const char *name)
{
	if (strncasecmp(name, "sig", 3) == 0)
		name += 3;
	for (int sig = 1; sig < NSIG; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known != NULL && strcasecmp(known, name) == 0)
			return sig;
	}
	return (int)number(name, NSIG - 1);
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "cannot write to descriptor %d", fd);
		data += n;
		len -= (size_t)n;
	}
}

static void nap(long long ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

static void create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		err(1, "cannot create '%s'", path);
	close(fd);
}

static void put_line(const char *path, const char *text)
{
	char fresh[PATH_MAX];
	FILE *f;

	snprintf(fresh, sizeof fresh, "%s.new", path);
	f = fopen(fresh, "we");
	if (f == NULL || fprintf(f, "%s\n", text) < 0 || fclose(f) != 0 || rename(fresh, path) != 0)
		err(1, "cannot write '%s'", path);
}

static void linger(void)
{
	for (;;)
		pause();
}

/* ---- locks ---- */

static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static void hold_path(const struct act *act, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s.%ld", act->hold, (long)getpid());
}

/* The descriptor stays open, over exec too, for as long as the process lives. */
static void take_lock(const struct act *act)
{
	struct flock lock = whole_file();
	char path[PATH_MAX];
	int fd;

	if (act->hold == NULL)
		return;
	hold_path(act, path);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0)
		err(1, "cannot lock '%s'", path);
}

/* The pid of the process that holds the lock, or 0. */
static pid_t holder(int dirfd, const char *name)
{
	struct flock lock = whole_file();
	int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		pid = lock.l_pid;
	close(fd);
	return pid;
}

static int count_holders(const char *path, bool kill_them)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid_t pid = entry->d_name[0] == '.' ? 0 : holder(dirfd(dir), entry->d_name);

		if (pid > 0 && kill_them)
			kill(pid, SIGKILL);
		n += pid > 0;
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* ---- making processes ---- */

static void let_go_of_pipes(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		err(1, "cannot let go of the pipes");
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "cannot fork");
	return pid;
}

/* What a new process does before it counts as there; ready is written to when it is. */
static void settle(const struct act *act, int ready)
{
	if (act->close_pipes)
		let_go_of_pipes();
	take_lock(act);
	write_all(ready, "r", 1);
}

static void wait_ready(int ready, long long count)
{
	char byte;

	while (count > 0) {
		ssize_t n = read(ready, &byte, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			errx(1, "a child died before it was ready");
		count--;
	}
	close(ready);
}

static void ready_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		err(1, "cannot make a pipe");
}

/* Background children one below the other: each one makes the next. */
static void do_chain(struct act *act, const char *arg)
{
	long long depth = number(arg, 1000);
	int ready[2];

	ready_pipe(ready);
	for (long long i = 0; i < depth; i++) {
		if (fork_or_die() != 0) {
			close(ready[1]);
			if (i > 0)
				linger();
			wait_ready(ready[0], depth);
			return;
		}
		settle(act, ready[1]);
	}
	close(ready[1]);
	linger();
}

/* Background children side by side. */
static void do_fork_bomb(struct act *act, const char *arg)
{
	long long count = number(arg, 10000);
	int ready[2];

	ready_pipe(ready);
	for (long long i = 0; i < count; i++) {
		if (fork_or_die() == 0) {
			settle(act, ready[1]);
			close(ready[1]);
			linger();
		}
	}
	close(ready[1]);
	wait_ready(ready[0], count);
}

/* A daemon the classic way; it waits, and this process goes on. */
static void do_double_fork(struct act *act, const char *arg)
{
	int ready[2];
	pid_t middle;

	(void)arg;
	ready_pipe(ready);
	middle = fork_or_die();
	if (middle == 0) {
		if (setsid() < 0)
			err(1, "cannot make a session");
		if (fork_or_die() != 0)
			_exit(0);
		settle(act, ready[1]);
		close(ready[1]);
		linger();
	}
	close(ready[1]);
	waitpid(middle, NULL, 0);
	wait_ready(ready[0], 1);
}

static void next_generation(const struct act *act, int ready)
{
	int own[2];
	char path[PATH_MAX];

	ready_pipe(own);
	if (fork_or_die() == 0) {
		setsid();
		settle(act, own[1]);
		close(own[0]);
		close(own[1]);
		return;
	}
	close(own[1]);
	wait_ready(own[0], 1);
	if (act->hold != NULL) {
		hold_path(act, path);
		unlink(path);
	}
	close(ready);
	_exit(0);
}

/* A process that makes its successor and exits, over and over: no snapshot shows it for long. */
static void do_runaway(struct act *act, const char *arg)
{
	long long generations = number(arg, 1000000);
	int ready[2];

	ready_pipe(ready);
	if (fork_or_die() != 0) {
		close(ready[1]);
		wait_ready(ready[0], 1);
		return;
	}
	settle(act, ready[1]);
	for (long long i = 0; i < generations; i++)
		next_generation(act, ready[1]);
	linger();
}

/* As setsid(1) does: a group leader has to fork, and the parent then waits for the child. */
static void do_setsid(struct act *act, const char *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	if (setsid() >= 0)
		return;
	pid = fork_or_die();
	if (pid == 0) {
		if (setsid() < 0)
			err(1, "cannot make a session");
		take_lock(act);
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* From a copy that is setuid root: what another user started can then no longer be killed by him. */
static void do_become_root(struct act *act, const char *arg)
{
	(void)act;
	(void)arg;
	if (setuid(0) != 0 || getuid() != 0)
		err(1, "cannot become root");
}

/* ---- words about signals ---- */

static void do_ignore_term(struct act *act, const char *arg)
{
	(void)act;
	(void)arg;
	signal(SIGTERM, SIG_IGN);
}

static void on_term(int sig)
{
	int fd = open(term_note, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)sig;
	if (fd >= 0)
		close(fd);
}

/* SIGTERM makes the file, and is otherwise ignored. */
static void do_note_term(struct act *act, const char *arg)
{
	struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };

	(void)act;
	term_note = arg;
	sigaction(SIGTERM, &action, NULL);
}

/* Waits for SIGTERM and prints when it came, in nanoseconds of CLOCK_MONOTONIC. */
static void do_stamp_term(struct act *act, const char *arg)
{
	struct timespec now;
	sigset_t set;
	char line[64];
	int sig;

	(void)act;
	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigwait(&set, &sig);
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(line, sizeof line, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
	write_all(1, line, strlen(line));
}

static void do_stop_self(struct act *act, const char *arg)
{
	(void)act;
	(void)arg;
	raise(SIGSTOP);
}

static void do_signal(struct act *act, const char *arg)
{
	struct rlimit no_core = { 0, 0 };
	int sig = signal_number(arg);
	sigset_t set;

	(void)act;
	setrlimit(RLIMIT_CORE, &no_core);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

/* ---- words about output, files and time ---- */

static void do_keep_pipes(struct act *act, const char *arg)
{
	(void)arg;
	act->close_pipes = false;
}

static void do_close_pipes(struct act *act, const char *arg)
{
	(void)arg;
	act->close_pipes = true;
}

static void do_close_own(struct act *act, const char *arg)
{
	(void)act;
	(void)arg;
	let_go_of_pipes();
}

static void say(int fd, const char *text)
{
	write_all(fd, text, strlen(text));
	write_all(fd, "\n", 1);
}

static void do_print(struct act *act, const char *arg)
{
	(void)act;
	say(1, arg);
}

static void do_err(struct act *act, const char *arg)
{
	(void)act;
	say(2, arg);
}

/* BYTES[,out|err[,CHAR]]: one line of so many bytes, the newline included. */
static void do_flood(struct act *act, const char *arg)
{
	char bytes[32] = "", stream[8] = "out", fill = 'x';
	char block[65536];
	long long left;
	int fd;

	(void)act;
	if (sscanf(arg, "%31[0-9],%7[a-z],%c", bytes, stream, &fill) < 1)
		errx(2, "flood wants BYTES[,out|err[,CHAR]], not '%s'", arg);
	fd = strcmp(stream, "err") == 0 ? 2 : 1;
	memset(block, fill, sizeof block);
	for (left = number(bytes, LLONG_MAX); left > 1;) {
		size_t n = left - 1 < (long long)sizeof block ? (size_t)(left - 1) : sizeof block;

		write_all(fd, block, n);
		left -= (long long)n;
	}
	if (left == 1)
		write_all(fd, "\n", 1);
}

static void do_hold_file(struct act *act, const char *arg)
{
	act->hold = arg;
	take_lock(act);
}

static void do_wait_file(struct act *act, const char *arg)
{
	(void)act;
	while (access(arg, F_OK) != 0)
		nap(5000000);
}

static void do_touch(struct act *act, const char *arg)
{
	(void)act;
	create(arg);
}

static void do_fail_once(struct act *act, const char *arg)
{
	(void)act;
	if (access(arg, F_OK) == 0)
		return;
	create(arg);
	exit(1);
}

static void do_sleep(struct act *act, const char *arg)
{
	char *end;
	double seconds = strtod(arg, &end);

	(void)act;
	if (end == arg || *end != '\0' || !(seconds >= 0 && seconds < 1e9))
		errx(2, "sleep wants seconds, not '%s'", arg);
	nap((long long)(seconds * 1e9));
}

static void do_exit(struct act *act, const char *arg)
{
	(void)act;
	exit((int)number(arg, 255));
}

/* Goes on as a fresh program with nothing in its environment, hence nothing in /proc to find. */
static void do_env_clear(struct act *act, const char *arg)
{
	char *empty[] = { NULL }, hold[PATH_MAX + 16];
	size_t n = 0, words = 0;
	char **argv;

	(void)arg;
	while (act->rest[words] != NULL)
		words++;
	argv = calloc(words + 4, sizeof *argv);
	if (argv == NULL)
		err(1, "out of memory");
	argv[n++] = strdup("misbehave");
	if (act->hold != NULL) {
		snprintf(hold, sizeof hold, "hold-file=%s", act->hold);
		argv[n++] = hold;
	}
	argv[n++] = strdup(act->close_pipes ? "close-pipes" : "keep-pipes");
	memcpy(argv + n, act->rest, words * sizeof *argv);
	execve("/proc/self/exe", argv, empty);
	err(1, "cannot run again");
}

/* ---- the words ---- */

static const struct word {
	const char *name;
	bool takes_argument;
	void (*act)(struct act *act, const char *arg);
} words[] = {
	{ "become-root", false, do_become_root },
	{ "chain", true, do_chain },
	{ "close-own", false, do_close_own },
	{ "close-pipes", false, do_close_pipes },
	{ "crash", true, do_signal },
	{ "double-fork", false, do_double_fork },
	{ "env-clear", false, do_env_clear },
	{ "err", true, do_err },
	{ "exit", true, do_exit },
	{ "fail-once", true, do_fail_once },
	{ "flood", true, do_flood },
	{ "fork-bomb-light", true, do_fork_bomb },
	{ "hold-file", true, do_hold_file },
	{ "ignore-term", false, do_ignore_term },
	{ "keep-pipes", false, do_keep_pipes },
	{ "note-term", true, do_note_term },
	{ "print", true, do_print },
	{ "runaway", true, do_runaway },
	{ "setsid", false, do_setsid },
	{ "signal", true, do_signal },
	{ "sleep", true, do_sleep },
	{ "stamp-term", false, do_stamp_term },
	{ "stop-self", false, do_stop_self },
	{ "touch", true, do_touch },
	{ "wait-file", true, do_wait_file },
};

static const struct word *find_word(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, text, len) == 0)
			return &words[i];
	errx(2, "word '%s' is unknown", text);
}

static void carry_out(struct act *act, char *text)
{
	size_t len = strcspn(text, "=");
	const struct word *word = find_word(text, len);

	if (word->takes_argument != (text[len] == '='))
		errx(2, "word '%s' %s", text,
		    word->takes_argument ? "lacks a value" : "takes no value");
	word->act(act, word->takes_argument ? text + len + 1 : NULL);
}

/* ---- watch ---- */

static void run_watched(char **argv)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	warn("cannot run '%s'", argv[0]);
	_exit(127);
}

static int watch(const char *base, char **argv)
{
	char path[PATH_MAX], text[64];
	pid_t pid = fork_or_die();
	int status;

	if (pid == 0)
		run_watched(argv);
	snprintf(path, sizeof path, "%s.pid", base);
	snprintf(text, sizeof text, "%ld", (long)pid);
	put_line(path, text);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "signal SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(text, sizeof text, "exit %d", WEXITSTATUS(status));
	snprintf(path, sizeof path, "%s.status", base);
	put_line(path, text);
	return 0;
}

int main(int argc, char **argv)
{
	struct act act = { .rest = argv + 1 };
	int n;

	if (argc == 3 && strcmp(argv[1], "alive") == 0)
		return printf("%d\n", count_holders(argv[2], false)) < 0;
	if (argc == 3 && strcmp(argv[1], "reap") == 0) {
		n = count_holders(argv[2], true);
		return n == 0 ? 0 : 1;
	}
	if (argc > 3 && strcmp(argv[1], "watch") == 0)
		return watch(argv[2], argv + 3);
	while (*act.rest != NULL)
		carry_out(&act, *act.rest++);
	return 0;
}
