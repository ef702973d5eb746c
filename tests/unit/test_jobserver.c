#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run/jobserver.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- pools of tokens ---- */

static unsigned tokens_in(int fd)
{
	int n = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return (unsigned)n;
}

/* What is in it, in order, and in it again. */
static void assert_tokens(const int pool[2], const char *wanted)
{
	char bytes[64];
	size_t n = tokens_in(pool[0]);

	assert_int_equal(n, strlen(wanted));
	assert_true(n < sizeof bytes);
	if (n == 0)
		return;
	assert_int_equal(read(pool[0], bytes, n), n);
	assert_memory_equal(bytes, wanted, n);
	assert_int_equal(write(pool[1], bytes, n), n);
}

static void make_pool(int pool[2], const char *tokens)
{
	assert_int_equal(pipe(pool), 0);
	assert_int_equal(write(pool[1], tokens, strlen(tokens)), strlen(tokens));
}

static void close_pool(const int pool[2])
{
	close(pool[0]);
	close(pool[1]);
}

static struct jobserver *join_pool(const int pool[2])
{
	struct jobserver *js;
	struct error err;
	char flags[64];

	snprintf(flags, sizeof flags, " -j4 --jobserver-auth=%d,%d", pool[0], pool[1]);
	assert_int_equal(jobserver_join(flags, &js, &err), 0);
	assert_non_null(js);
	return js;
}

/* ---- tasks ---- */

static struct covey *executor(void)
{
	struct covey_options options;
	struct covey *ex;

	covey_options_init(&options, sizeof options);
	ex = covey_new(&options, NULL);
	assert_non_null(ex);
	return ex;
}

static void tell(struct jobserver *js, enum covey_event_type type)
{
	struct sink sink = jobserver_sink(js);
	struct covey_event event = { .type = type };

	assert_true(sink.wants & SINK_WANTS(type));
	sink.event(sink.self, &event);
}

/* Asks, and starts where that is allowed. */
static bool start(struct jobserver *js, struct covey *ex)
{
	if (jobserver_may_start(js, ex) != COVEY_START_NOW)
		return false;
	tell(js, COVEY_STARTED);
	return true;
}

static void end(struct jobserver *js)
{
	tell(js, COVEY_ENDED);
}

/* ---- the option ---- */

static void what_the_option_says(void **state)
{
	static const struct {
		const char *text;
		unsigned n;
		bool fifo;
	} good[] = {
		{ NULL, 0, false }, { "fifo", 0, true }, { "1", 1, false }, { "4096", 4096, false },
		{ "8,fifo", 8, true },
	};
	static const char *const bad[] = {
		"", "0", "-1", "4097", "x", "1x", ",fifo", "fifo,1", "1,", "1,pipe", "1,fifo,", " 1", "1 ",
		"99999999999999999999,fifo",
	};
	struct jobserver_options o;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(jobserver_option_parse(good[i].text, &o, &err), 0);
		assert_true(o.serve);
		assert_int_equal(o.n, good[i].n);
		assert_int_equal(o.fifo, good[i].fifo);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		o = (struct jobserver_options){ .n = 77 };
		assert_int_equal(jobserver_option_parse(bad[i], &o, &err), -1);
		assert_int_equal(o.n, 77);
		assert_non_null(strstr(err.message, "is not N, 'fifo' or 'N,fifo', with N from 1 to 4096"));
	}
}

/* ---- a client ---- */

static void one_runs_without_a_token(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	int pool[2];

	(void)state;
	make_pool(pool, "");
	js = join_pool(pool);
	assert_true(start(js, ex));
	assert_false(start(js, ex));
	end(js);
	assert_true(start(js, ex));
	end(js);
	jobserver_free(js);
	covey_free(ex);
	close_pool(pool);
}

static void tokens_are_taken_and_given_back_as_they_were(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	int pool[2];

	(void)state;
	make_pool(pool, "abc");
	js = join_pool(pool);
	for (int i = 0; i < 4; i++)
		assert_true(start(js, ex));
	assert_tokens(pool, "");
	assert_false(start(js, ex));
	end(js);
	assert_tokens(pool, "c");
	end(js);
	assert_tokens(pool, "cb");
	assert_true(start(js, ex));
	assert_tokens(pool, "b");
	end(js);
	end(js);
	assert_tokens(pool, "bca");
	end(js);
	assert_tokens(pool, "bca");
	jobserver_free(js);
	covey_free(ex);
	close_pool(pool);
}

/* With retries a task ends and starts, and with pauses nothing runs while tokens were offered. */
static void a_token_that_is_not_used_goes_back(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	int pool[2];

	(void)state;
	make_pool(pool, "a");
	js = join_pool(pool);
	assert_true(start(js, ex));
	/* leave for the second is given, but it could not be started */
	assert_int_equal(jobserver_may_start(js, ex), COVEY_START_NOW);
	assert_tokens(pool, "");
	/* asked again, it needs no other one */
	assert_int_equal(jobserver_may_start(js, ex), COVEY_START_NOW);
	end(js);
	assert_tokens(pool, "a");
	jobserver_free(js);
	covey_free(ex);
	close_pool(pool);
}

/* Does the executor have something to look after? */
static bool is_ready(const struct covey *ex)
{
	return poll(&(struct pollfd){ .fd = covey_fd(ex), .events = POLLIN }, 1, 0) == 1;
}

static void a_token_that_comes_is_heard_of_once(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	int pool[2];

	(void)state;
	make_pool(pool, "");
	js = join_pool(pool);
	assert_true(start(js, ex));
	assert_int_equal(jobserver_may_start(js, ex), COVEY_START_WAIT);
	assert_false(is_ready(ex));
	assert_int_equal(write(pool[1], "x", 1), 1);
	assert_true(is_ready(ex));
	/* it has been told, and nobody who does not want the token is kept awake by it */
	for (int i = 0; i < 3; i++)
		covey_step(ex, 0, NULL);
	assert_false(is_ready(ex));
	assert_true(start(js, ex));
	end(js);
	assert_tokens(pool, "x");
	/* nor is it waited for any more when the one without a token has ended */
	assert_true(start(js, ex));
	assert_int_equal(jobserver_may_start(js, ex), COVEY_START_WAIT);
	end(js);
	end(js);
	for (int i = 0; i < 3; i++)
		covey_step(ex, 0, NULL);
	assert_tokens(pool, "x");
	assert_false(is_ready(ex));
	jobserver_free(js);
	close_pool(pool);
	/* without any token it is the one that waits which may start now */
	make_pool(pool, "");
	js = join_pool(pool);
	assert_true(start(js, ex));
	assert_int_equal(jobserver_may_start(js, ex), COVEY_START_WAIT);
	end(js);
	/* and it is asked again, token or not */
	assert_int_equal(write(pool[1], "x", 1), 1);
	assert_false(is_ready(ex));
	assert_true(start(js, ex));
	end(js);
	jobserver_free(js);
	covey_free(ex);
	close_pool(pool);
}

/* What a child that was killed had taken is in memory that its parent shares. */
static void tokens_come_back_from_a_process_that_is_gone(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	int pool[2], status;
	pid_t child;

	(void)state;
	make_pool(pool, "abc");
	js = join_pool(pool);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		bool all = start(js, ex) && start(js, ex) && start(js, ex);

		_exit(all ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_tokens(pool, "c");
	jobserver_release(js);
	assert_tokens(pool, "cba");
	/* once is enough */
	jobserver_release(js);
	jobserver_release(NULL);
	assert_tokens(pool, "cba");
	jobserver_free(js);
	covey_free(ex);
	close_pool(pool);
}

static void makes_descriptors_stay_as_they_are(void **state)
{
	struct jobserver *js;
	int pool[2];
	const int *fds;

	(void)state;
	make_pool(pool, "a");
	js = join_pool(pool);
	/* others wait in read, who share them */
	assert_int_equal(fcntl(pool[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(jobserver_fds(js, &fds), 2);
	assert_true(fds[0] == pool[0] && fds[1] == pool[1]);
	assert_null(jobserver_environ(js));
	jobserver_free(js);
	assert_tokens(pool, "a");
	close_pool(pool);
}

static void a_fifo_has_no_descriptors(void **state)
{
	char dir[] = "/tmp/test_jobserver.XXXXXX", path[64], flags[128];
	struct covey *ex = executor();
	struct jobserver *js;
	struct error err;
	const int *fds;
	int keep;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/fifo", dir);
	snprintf(flags, sizeof flags, " -j3 --jobserver-auth=fifo:%s", path);
	assert_int_equal(jobserver_join(flags, &js, &err), -1);
	assert_non_null(strstr(err.message, path));
	keep = open(path, O_CREAT | O_RDWR, 0600);
	assert_int_equal(jobserver_join(flags, &js, &err), -1);
	assert_non_null(strstr(err.message, "is not a FIFO"));
	close(keep);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	keep = open(path, O_RDWR);
	assert_int_equal(write(keep, "ab", 2), 2);
	assert_int_equal(jobserver_join(flags, &js, &err), 0);
	assert_int_equal(jobserver_fds(js, &fds), 0);
	assert_true(start(js, ex) && start(js, ex) && start(js, ex));
	assert_int_equal(tokens_in(keep), 0);
	assert_false(start(js, ex));
	jobserver_release(js);
	assert_int_equal(tokens_in(keep), 2);
	jobserver_free(js);
	covey_free(ex);
	/* it is make's to remove */
	assert_int_equal(unlink(path), 0);
	close(keep);
	rmdir(dir);
}

static void nothing_to_join(void **state)
{
	struct jobserver *js;
	struct error err;
	const int *fds;

	(void)state;
	assert_int_equal(jobserver_join(NULL, &js, &err), 0);
	assert_null(js);
	assert_int_equal(jobserver_join(" -j4", &js, &err), 0);
	assert_null(js);
	assert_int_equal(jobserver_fds(NULL, &fds), 0);
	assert_null(jobserver_environ(NULL));
	jobserver_free(NULL);
}

/* Anything at these numbers may be a file of ours or of somebody else's, to be left alone. */
static void what_cannot_be_makes_is_refused(void **state)
{
	int pool[2], other[2], file = open("/dev/null", O_RDWR), saved = dup(STDIN_FILENO);
	struct jobserver *js;
	struct error err;
	char flags[64];

	(void)state;
	make_pool(pool, "a");
	make_pool(other, "b");
	const int pairs[][2] = {
		{ 0, 1 }, { 2, 2 }, { -2, -2 }, { 900, 901 }, { file, file }, { pool[1], pool[0] },
		{ pool[0], other[1] }, { pool[0], pool[0] }, { pool[0], 2 },
	};
	for (size_t i = 0; i < COUNT(pairs); i++) {
		snprintf(flags, sizeof flags, " --jobserver-auth=%d,%d", pairs[i][0], pairs[i][1]);
		js = (struct jobserver *)&err;
		assert_int_equal(jobserver_join(flags, &js, &err), -1);
		assert_null(js);
		assert_non_null(strstr(err.message, "'+'"));
	}
	/* a pipe, but standard input */
	assert_int_equal(dup2(pool[0], STDIN_FILENO), STDIN_FILENO);
	snprintf(flags, sizeof flags, " --jobserver-auth=0,%d", pool[1]);
	assert_int_equal(jobserver_join(flags, &js, &err), -1);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
	assert_int_equal(jobserver_join(" --jobserver-auth=sem:x", &js, &err), -1);
	assert_non_null(strstr(err.message, "not a known kind"));
	assert_tokens(pool, "a");
	assert_tokens(other, "b");
	assert_int_equal(close(file), 0);
	close_pool(pool);
	close_pool(other);
}

/* ---- a server ---- */

static void a_pipe_of_our_own(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	const char *const *env;
	char wanted[64];
	struct error err;
	const int *fds;
	size_t n = 0;

	(void)state;
	setenv("MAKEFLAGS", "k -j9 --jobserver-auth=8,9", 1);
	js = jobserver_serve(getenv("MAKEFLAGS"), 3, NULL, &err);
	assert_non_null(js);
	assert_int_equal(jobserver_fds(js, &fds), 2);
	assert_int_equal(tokens_in(fds[0]), 2);
	/* tasks alone inherit them */
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	env = jobserver_environ(js);
	snprintf(wanted, sizeof wanted, "-j3 --jobserver-auth=%d,%d", fds[0], fds[1]);
	for (size_t i = 0; env[i] != NULL; i++)
		if (strncmp(env[i], "MAKEFLAGS=", 10) == 0) {
			n++;
			assert_non_null(strstr(env[i], wanted));
			assert_null(strstr(env[i], "8,9"));
		}
	assert_int_equal(n, 1);
	assert_true(start(js, ex) && start(js, ex) && start(js, ex));
	assert_false(start(js, ex));
	end(js);
	assert_int_equal(tokens_in(fds[0]), 1);
	jobserver_free(js);
	unsetenv("MAKEFLAGS");
	covey_free(ex);
}

static void a_fifo_of_our_own(void **state)
{
	char dir[] = "/tmp/test_jobserver.XXXXXX", blank[] = "/tmp/test jobserver.XXXXXX", path[64];
	struct jobserver *js;
	struct error err;
	const int *fds;
	int fifo;

	(void)state;
	assert_non_null(mkdtemp(dir));
	js = jobserver_serve(NULL, 5, dir, &err);
	assert_non_null(js);
	assert_int_equal(jobserver_fds(js, &fds), 0);
	snprintf(path, sizeof path, "%s/jobserver", dir);
	fifo = open(path, O_RDWR);
	assert_int_equal(tokens_in(fifo), 4);
	close(fifo);
	jobserver_free(js);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);
	assert_null(jobserver_serve(NULL, 5, dir, &err));
	assert_non_null(strstr(err.message, "cannot make the FIFO"));
	assert_null(jobserver_serve(NULL, 5, blank, &err));
	assert_non_null(strstr(err.message, "contains a blank"));
}

/* A task that was killed has taken tokens along; when nothing runs, all must be there. */
static void lost_tokens_are_replaced(void **state)
{
	struct covey *ex = executor();
	struct jobserver *js;
	struct error err;
	const int *fds;
	char token;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		js = jobserver_serve(NULL, 4, NULL, &err);
		assert_non_null(js);
		if (keep)
			jobserver_keep_lost(js);
		jobserver_fds(js, &fds);
		assert_true(start(js, ex) && start(js, ex));
		assert_int_equal(read(fds[0], &token, 1), 1);
		end(js);
		assert_int_equal(tokens_in(fds[0]), 2);
		end(js);
		assert_int_equal(tokens_in(fds[0]), keep ? 2 : 3);
		jobserver_free(js);
	}
	covey_free(ex);
}

static void as_many_as_can_be(void **state)
{
	struct jobserver *js;
	struct error err;
	const int *fds;

	(void)state;
	js = jobserver_serve(NULL, JOBSERVER_MOST, NULL, &err);
	assert_non_null(js);
	jobserver_fds(js, &fds);
	assert_int_equal(tokens_in(fds[0]), JOBSERVER_MOST - 1);
	jobserver_free(js);
	js = jobserver_serve(NULL, 1, NULL, &err);
	assert_non_null(js);
	jobserver_fds(js, &fds);
	assert_int_equal(tokens_in(fds[0]), 0);
	jobserver_free(js);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_option_says),
		cmocka_unit_test(one_runs_without_a_token),
		cmocka_unit_test(tokens_are_taken_and_given_back_as_they_were),
		cmocka_unit_test(a_token_that_is_not_used_goes_back),
		cmocka_unit_test(a_token_that_comes_is_heard_of_once),
		cmocka_unit_test(tokens_come_back_from_a_process_that_is_gone),
		cmocka_unit_test(makes_descriptors_stay_as_they_are),
		cmocka_unit_test(a_fifo_has_no_descriptors),
		cmocka_unit_test(nothing_to_join),
		cmocka_unit_test(what_cannot_be_makes_is_refused),
		cmocka_unit_test(a_pipe_of_our_own),
		cmocka_unit_test(a_fifo_of_our_own),
		cmocka_unit_test(lost_tokens_are_replaced),
		cmocka_unit_test(as_many_as_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
