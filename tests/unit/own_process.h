/*
 * own_process - a test in a process of its own, for what writes to descriptors 1 and 2
 *
 * Its body returns 0, or the line of the first thing that was wrong.
 */
#ifndef TESTS_OWN_PROCESS_H
#define TESTS_OWN_PROCESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chance.h"

typedef int body_fn(int arg);

#define NEEDS(truth) do { if (!(truth)) return __LINE__; } while (0)
#define PASSES(call) do { int line_ = (call); if (line_ != 0) return line_; } while (0)

/* Memory leaks are looked for at exit, which an end on an error does not come to. */
static inline void be_child(body_fn *body, int arg, int *line)
{
	signal(SIGPIPE, SIG_IGN);
	restart_chance((uint64_t)arg);
	*line = body(arg);
	if (*line != 0)
		_exit(1);
	exit(0);
}

static inline void run(body_fn *body, int arg)
{
	int *line = mmap(NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0), found, status;
	pid_t child;

	assert_true(line != MAP_FAILED);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_child(body, arg, line);
	assert_int_equal(waitpid(child, &status, 0), child);
	found = *line;
	munmap(line, sizeof *line);
	if (found != 0)
		fail_msg("with %d: wrong at line %d, COVEY_TEST_SEED=%llu", arg, found,
		    (unsigned long long)seed);
	if (status != 0)
		fail_msg("with %d: wait status %#x", arg, (unsigned)status);
}

#endif
