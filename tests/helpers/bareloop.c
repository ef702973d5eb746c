/*
 * bareloop - the yardstick: what starting N commands costs when nothing else is done
 *
 *	bareloop [-s] -n N -j J COMMAND [ARG]...
 *	bareloop [-m MIB] -n N -j J
 *
 * Runs COMMAND ARG... NUMBER for each number from 1 to N, J at a time: vfork and exec with a pipe
 * each for stdout and stderr, poll over all pipes, read both to their end, wait for the child. No
 * time limit, no process group, nothing kept. With -s, only starting is timed: prints the seconds
 * until the last has been started, then kills them all. Without COMMAND: fork and _exit, with one
 * pipe, in a process that has touched MIB of memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <err.h>

struct loop {
	char **argv;               /* the last word is number */
	char number[24];
	long long next, total;
	int jobs, running;
	pid_t *pids;               /* by slot; 0: free */
	struct pollfd *pipes;      /* two a slot */
	int null;
	bool start_only;
};

static void exec_child(const struct loop *loop, int out, int errout)
{
	if (dup2(loop->null, 0) < 0 || dup2(out, 1) < 0 || dup2(errout, 2) < 0)
		_exit(126);
	execvp(loop->argv[0], loop->argv);
	_exit(127);
}

static void start_fork(struct loop *loop, int slot)
{
	int out[2];

	if (pipe2(out, O_CLOEXEC) != 0)
		err(1, "cannot make a pipe");
	loop->next++;
	loop->pids[slot] = fork();
	if (loop->pids[slot] == 0)
		_exit(0);
	if (loop->pids[slot] < 0)
		err(1, "cannot fork");
	close(out[1]);
	loop->pipes[2 * slot] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	loop->running++;
}

static void start(struct loop *loop, int slot)
{
	int out[2], errout[2];

	if (loop->argv[0] == loop->number) {
		start_fork(loop, slot);
		return;
	}

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(errout, O_CLOEXEC) != 0)
		err(1, "cannot make a pipe");
	snprintf(loop->number, sizeof loop->number, "%lld", ++loop->next);
	loop->pids[slot] = vfork();
	if (loop->pids[slot] == 0)
		exec_child(loop, out[1], errout[1]);
	if (loop->pids[slot] < 0)
		err(1, "cannot fork");
	close(out[1]);
	close(errout[1]);
	loop->pipes[2 * slot] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	loop->pipes[2 * slot + 1] = (struct pollfd){ .fd = errout[0], .events = POLLIN };
	loop->running++;
}

static void finish(struct loop *loop, int slot)
{
	int status;

	if (waitpid(loop->pids[slot], &status, 0) < 0)
		err(1, "cannot wait");
	loop->pids[slot] = 0;
	loop->running--;
	if (loop->next < loop->total)
		start(loop, slot);
}

static void drain(struct loop *loop, int i)
{
	static char sink[65536];
	struct pollfd *end = &loop->pipes[i];
	ssize_t n = read(end->fd, sink, sizeof sink);

	if (n < 0 && errno != EINTR)
		err(1, "cannot read");
	if (n != 0)
		return;
	close(end->fd);
	end->fd = -1;
	if (loop->pipes[i ^ 1].fd < 0)
		finish(loop, i / 2);
}

static void turn(struct loop *loop)
{
	int ready = poll(loop->pipes, 2 * (nfds_t)loop->jobs, -1);

	if (ready < 0 && errno != EINTR)
		err(1, "cannot poll");
	for (int i = 0; i < 2 * loop->jobs && ready > 0; i++) {
		if (loop->pipes[i].fd < 0 || loop->pipes[i].revents == 0)
			continue;
		ready--;
		loop->pipes[i].revents = 0;
		drain(loop, i);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void end_all(const struct loop *loop)
{
	for (int slot = 0; slot < loop->jobs; slot++)
		if (loop->pids[slot] > 0)
			kill(loop->pids[slot], SIGKILL);
	for (int slot = 0; slot < loop->jobs; slot++)
		if (loop->pids[slot] > 0)
			waitpid(loop->pids[slot], NULL, 0);
}

static long long number(const char *option, const char *text)
{
	const char *problem;
	long long n = strtonum(text, 1, 100000000, &problem);

	if (problem != NULL)
		errx(2, "%s '%s' is %s", option, text, problem);
	return n;
}

/* Memory that the kernel has page tables for, which a fork copies. */
static void touch(size_t size)
{
	char *memory = malloc(size);

	if (memory == NULL)
		err(1, "cannot have %zu bytes", size);
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
}

static void set_up(struct loop *loop, char **words, int nwords)
{
	loop->argv = calloc((size_t)nwords + 2, sizeof *loop->argv);
	loop->pids = calloc((size_t)loop->jobs, sizeof *loop->pids);
	loop->pipes = reallocarray(NULL, 2 * (size_t)loop->jobs, sizeof *loop->pipes);
	loop->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (loop->argv == NULL || loop->pids == NULL || loop->pipes == NULL || loop->null < 0)
		err(1, "cannot set up");
	memcpy(loop->argv, words, (size_t)nwords * sizeof *words);
	loop->argv[nwords] = loop->number;
	for (int i = 0; i < 2 * loop->jobs; i++)
		loop->pipes[i] = (struct pollfd){ .fd = -1 };
}

int main(int argc, char **argv)
{
	struct loop loop = { .jobs = 1, .total = 1 };
	double began;
	int c;

	while ((c = getopt(argc, argv, "+sn:j:m:")) != -1) {
		if (c == 's')
			loop.start_only = true;
		else if (c == 'm')
			touch((size_t)number("-m", optarg) << 20);
		else if (c == 'n')
			loop.total = number("-n", optarg);
		else if (c == 'j')
			loop.jobs = (int)number("-j", optarg);
		else
			return 2;
	}
	if (loop.start_only && optind == argc)
		errx(2, "-s wants a COMMAND");
	if (loop.start_only && loop.total > loop.jobs)
		errx(2, "-s wants as many jobs as commands");
	set_up(&loop, argv + optind, argc - optind);
	began = now();
	for (int slot = 0; slot < loop.jobs && loop.next < loop.total; slot++)
		start(&loop, slot);
	if (loop.start_only) {
		printf("%.6f\n", now() - began);
		end_all(&loop);
	}
	while (!loop.start_only && loop.running > 0)
		turn(&loop);
	return 0;
}
