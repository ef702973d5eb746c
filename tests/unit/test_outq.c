/*
 * Each test runs in a process of its own, as the queue writes to descriptors 1 and 2. Where a
 * reader is slow, the test itself is the reader, which takes bytes when it likes: a queue that
 * waited for it would never return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output/outq.h"
#include "output.h"
#include "own_process.h"
#include "shown.h"

/* ---- readers and files ---- */

enum kind {
	A_PIPE,
	A_LOCKED_PIPE,   /* that cannot be opened anew */
	A_SOCKET,
	A_TERMINAL,
	NKINDS
};

/* Makes both ends: data written to ends[1] is read from ends[0]. Little fits in between. */
static int make_ends(enum kind kind, int ends[2])
{
	struct termios raw;
	int small = 4096;

	switch (kind) {
	case A_PIPE:
	case A_LOCKED_PIPE:
		NEEDS(pipe2(ends, O_CLOEXEC) == 0);
		NEEDS(fcntl(ends[1], F_SETPIPE_SZ, small) == small);
		return 0;
	case A_SOCKET:
		NEEDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
		NEEDS(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
		return 0;
	case A_TERMINAL:
		NEEDS(openpty(&ends[0], &ends[1], NULL, NULL, NULL) == 0);
		NEEDS(tcgetattr(ends[1], &raw) == 0);
		cfmakeraw(&raw);
		NEEDS(tcsetattr(ends[1], TCSANOW, &raw) == 0);
		return 0;
	case NKINDS:
		break;
	}
	return __LINE__;
}

struct scene {
	int reader;       /* where what is written to stdout comes out; does not block */
	int file;         /* what is written to stderr */
	int flags;        /* of stdout, as it was */
	struct outq *q;
	struct trouble trouble;
	char *expected;   /* on stdout */
	size_t len, seen;
};

/* What was reported of stdout, or 0. */
static int stdout_error(const struct scene *s)
{
	int error = trouble_errno(&s->trouble, TROUBLE_READER);

	return error != 0 ? error : trouble_errno(&s->trouble, TROUBLE_OUTPUT);
}

enum { EXPECTED_MAX = 8 << 20 };

/* With no descriptor to be had, stdout cannot be opened anew. */
static struct outq *new_locked(struct trouble *trouble)
{
	struct rlimit limit, none;
	struct outq *q;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return NULL;
	none = limit;
	none.rlim_cur = 3;
	if (setrlimit(RLIMIT_NOFILE, &none) != 0)
		return NULL;
	q = outq_new(trouble);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return NULL;
	return q;
}

static int open_scene(struct scene *s, enum kind kind)
{
	int ends[2];

	*s = (struct scene){ .file = memfd_create("stderr", MFD_CLOEXEC) };
	PASSES(make_ends(kind, ends));
	NEEDS(s->file >= 0 && dup2(s->file, STDERR_FILENO) == STDERR_FILENO);
	NEEDS(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	close(ends[1]);
	s->reader = ends[0];
	NEEDS(fcntl(s->reader, F_SETFL, fcntl(s->reader, F_GETFL) | O_NONBLOCK) == 0);
	s->flags = fcntl(STDOUT_FILENO, F_GETFL);
	NEEDS((s->flags & O_NONBLOCK) == 0);
	s->expected = malloc(EXPECTED_MAX);
	s->q = kind == A_LOCKED_PIPE ? new_locked(&s->trouble) : outq_new(&s->trouble);
	NEEDS(s->expected != NULL && s->q != NULL);
	return 0;
}

static int close_scene(struct scene *s)
{
	outq_free(s->q);
	free(s->expected);
	NEEDS(fcntl(STDOUT_FILENO, F_GETFL) == s->flags);
	NEEDS(fcntl(STDOUT_FILENO, F_GETFD) == 0);
	return 0;
}

/* Takes up to most bytes, and compares them; *n is how many came. */
static int take(struct scene *s, size_t most, size_t *n)
{
	char buf[16384];
	ssize_t got = read(s->reader, buf, most < sizeof buf ? most : sizeof buf);

	*n = 0;
	if (got < 0 && errno == EAGAIN)
		return 0;
	NEEDS(got > 0);
	*n = (size_t)got;
	NEEDS(s->seen + *n <= s->len);
	NEEDS(memcmp(s->expected + s->seen, buf, *n) == 0);
	s->seen += *n;
	return 0;
}

/* ---- things to put ---- */

/* Bytes that will be put; NULL: there have been too many. */
static char *note_expected(struct scene *s, size_t len)
{
	char *data = s->expected + s->len;

	if (len > EXPECTED_MAX - s->len)
		return NULL;
	for (size_t i = 0; i < len; i++)
		data[i] = (char)below(256);
	s->len += len;
	return data;
}

static struct covey_output *output_of(const char *data, size_t len)
{
	/* some in memory, some in a file */
	struct covey_output *output = covey_output_new(20000, NULL);

	if (output != NULL && covey_output_append(output, data, len) == 0)
		return output;
	covey_output_free(output);
	return NULL;
}

static int put_parts(struct scene *s, const char *data, size_t len)
{
	struct outq_shared *shared;
	struct covey_output *output = output_of(data, len);
	size_t half = below((uint32_t)len + 1);

	NEEDS(output != NULL);
	shared = outq_share(output);
	NEEDS(shared != NULL && outq_shared_output(shared) == output);
	outq_part(s->q, STDOUT_FILENO, shared, 0, half);
	outq_part(s->q, STDOUT_FILENO, shared, half, len - half);
	outq_unshare(shared);
	return 0;
}

/* Something of a random sort and size. */
static int put_something(struct scene *s)
{
	size_t len = below(1 + (100000u >> below(14)));
	const char *data = note_expected(s, len);
	struct covey_output *output;

	NEEDS(data != NULL);
	switch (below(3)) {
	case 0:
		outq_text(s->q, STDOUT_FILENO, data, len);
		return 0;
	case 1:
		output = output_of(data, len);
		NEEDS(output != NULL);
		outq_output(s->q, STDOUT_FILENO, output);
		return 0;
	default:
		return put_parts(s, data, len);
	}
}

static int put_until(struct scene *s, size_t len)
{
	while (s->len < len)
		PASSES(put_something(s));
	return 0;
}

/* ---- order ---- */

static int file_body(int arg)
{
	struct scene s;
	int out = memfd_create("stdout", MFD_CLOEXEC);

	(void)arg;
	PASSES(open_scene(&s, A_PIPE));
	outq_free(s.q);
	NEEDS(out >= 0 && dup2(out, STDOUT_FILENO) == STDOUT_FILENO);
	s.flags = fcntl(STDOUT_FILENO, F_GETFL);
	s.trouble = (struct trouble){ { { false } } };
	s.q = outq_new(&s.trouble);
	NEEDS(s.q != NULL);
	PASSES(put_until(&s, 1 << 20));
	/* a file takes everything at once */
	NEEDS(outq_empty(s.q) && !outq_full(s.q));
	NEEDS(stdout_error(&s) == 0);
	NEEDS(holds(out, s.expected, s.len));
	return close_scene(&s);
}

static void files(void **state)
{
	(void)state;
	run(file_body, 0);
}

static enum covey_next pull(struct covey *ex, void *user)
{
	const struct scene *s = user;

	(void)ex;
	return outq_full(s->q) ? COVEY_NEXT_LATER : COVEY_NEXT_END;
}

static struct covey *new_executor(struct scene *s)
{
	struct covey_options options;

	covey_options_init(&options, sizeof options);
	options.next = pull;
	options.user = s;
	return covey_new(&options, NULL);
}

/* Steps and reads, in pieces of any size, until everything has come. */
static int carry_on(struct scene *s, struct covey *ex)
{
	size_t n;

	while (!outq_empty(s->q) || s->seen < s->len) {
		PASSES(take(s, 1 + below(9000), &n));
		if (s->len < EXPECTED_MAX / 4 && below(20) == 0)
			PASSES(put_something(s));
		NEEDS(covey_step(ex, 0, NULL) >= 0);
	}
	return 0;
}

static int attached_body(int kind)
{
	struct scene s;
	struct covey *ex;

	PASSES(open_scene(&s, (enum kind)kind));
	ex = new_executor(&s);
	NEEDS(ex != NULL);
	outq_attach(s.q, ex);
	PASSES(put_until(&s, EXPECTED_MAX / 8));
	for (int i = 0; i < 300; i++)
		outq_text(s.q, STDOUT_FILENO, note_expected(&s, 5), 5);
	NEEDS(outq_full(s.q) && !outq_empty(s.q));
	/* asks for more only once the queue has gone down */
	NEEDS(covey_step(ex, 0, NULL) > 0 && !covey_input_ended(ex));
	PASSES(carry_on(&s, ex));
	NEEDS(covey_input_ended(ex));
	NEEDS(!outq_full(s.q) && stdout_error(&s) == 0);
	/* and again, from the start */
	PASSES(put_until(&s, s.len + 200000));
	PASSES(carry_on(&s, ex));
	covey_free(ex);
	return close_scene(&s);
}

static void full_and_attached(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(attached_body, kind);
}

/* A process that reads and compares everything that is expected so far. */
static pid_t start_reader(struct scene *s)
{
	struct pollfd pfd = { .fd = s->reader, .events = POLLIN };
	pid_t reader = fork();
	size_t n;

	if (reader != 0)
		return reader;
	while (s->seen < s->len) {
		if (poll(&pfd, 1, -1) < 0 || take(s, 5000, &n) != 0)
			_exit(1);
	}
	_exit(0);
}

/* Has everything written, as the turns of an executor would. */
static void drain(struct outq *q)
{
	while (!outq_empty(q)) {
		outq_flush(q);
		usleep(1000);
	}
}

static int drain_body(int kind)
{
	struct scene s;
	int status;
	pid_t reader;

	PASSES(open_scene(&s, (enum kind)kind));
	PASSES(put_until(&s, 500000));
	outq_text(s.q, STDERR_FILENO, "an error\n", 9);
	NEEDS(!outq_empty(s.q));
	reader = start_reader(&s);
	NEEDS(reader > 0);
	drain(s.q);
	NEEDS(outq_empty(s.q) && stdout_error(&s) == 0);
	NEEDS(waitpid(reader, &status, 0) == reader && status == 0);
	NEEDS(holds(s.file, "an error\n", 9));
	drain(s.q);  /* nothing to do */
	return close_scene(&s);
}

static void drained(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(drain_body, kind);
}

/* What waits for a slow reader of one descriptor does not hold up the other. */
static int lanes_body(int kind)
{
	struct scene s;

	PASSES(open_scene(&s, (enum kind)kind));
	PASSES(put_until(&s, 500000));
	outq_text(s.q, STDERR_FILENO, "one\n", 4);
	NEEDS(!outq_empty(s.q) && holds(s.file, "one\n", 4));
	outq_printf(s.q, STDERR_FILENO, "%s %d\n", "two", 2);
	NEEDS(holds(s.file, "one\ntwo 2\n", 10));
	return close_scene(&s);
}

static void lanes(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(lanes_body, kind);
}

/* ---- errors ---- */

/* Whatever is put now is dropped, and the other descriptor does not mind. */
static int stays_broken(struct scene *s, int error)
{
	NEEDS(outq_empty(s->q) && !outq_full(s->q));
	NEEDS(stdout_error(s) == error);
	for (int i = 0; i < 50; i++)
		PASSES(put_something(s));
	NEEDS(outq_empty(s->q) && stdout_error(s) == error);
	outq_text(s->q, STDERR_FILENO, "fine\n", 5);
	NEEDS(holds(s->file, "fine\n", 5));
	drain(s->q);
	return 0;
}

static int gone_before_body(int kind)
{
	struct scene s;

	PASSES(open_scene(&s, (enum kind)kind));
	outq_free(s.q);
	close(s.reader);
	/* a pipe without a reader cannot even be opened */
	s.trouble = (struct trouble){ { { false } } };
	s.q = outq_new(&s.trouble);
	NEEDS(s.q != NULL && stdout_error(&s) == 0);
	outq_text(s.q, STDOUT_FILENO, "x", 1);
	PASSES(stays_broken(&s, kind == A_TERMINAL ? EIO : EPIPE));
	return close_scene(&s);
}

static void reader_gone_before(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(gone_before_body, kind);
}

static int gone_while_body(int kind)
{
	struct scene s;
	struct covey *ex;

	PASSES(open_scene(&s, (enum kind)kind));
	ex = new_executor(&s);
	NEEDS(ex != NULL);
	outq_attach(s.q, ex);
	PASSES(put_until(&s, 500000));
	NEEDS(!outq_empty(s.q) && stdout_error(&s) == 0);
	close(s.reader);
	while (!outq_empty(s.q))
		NEEDS(covey_step(ex, -1, NULL) >= 0);
	PASSES(stays_broken(&s, kind == A_TERMINAL ? EIO : EPIPE));
	covey_free(ex);
	return close_scene(&s);
}

static void reader_gone_meanwhile(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(gone_while_body, kind);
}

static int gone_drain_body(int kind)
{
	struct scene s;

	PASSES(open_scene(&s, (enum kind)kind));
	PASSES(put_until(&s, 500000));
	close(s.reader);
	drain(s.q);
	PASSES(stays_broken(&s, kind == A_TERMINAL ? EIO : EPIPE));
	return close_scene(&s);
}

static void reader_gone_while_draining(void **state)
{
	(void)state;
	for (int kind = 0; kind < NKINDS; kind++)
		run(gone_drain_body, kind);
}

/* A socket says EPIPE without the signal, though nobody catches it. */
static int no_signal_body(int kind)
{
	signal(SIGPIPE, SIG_DFL);
	return gone_drain_body(kind);
}

static void sockets_do_not_signal(void **state)
{
	(void)state;
	run(no_signal_body, A_SOCKET);
}

enum put_how { PUT_TEXT, PUT_SMALL_OUTPUT, PUT_LARGE_OUTPUT, NPUTS };

static int put_as(struct scene *s, int how)
{
	size_t len = how == PUT_LARGE_OUTPUT ? 100000 : 5;
	const char *data = note_expected(s, len);
	struct covey_output *output;

	NEEDS(data != NULL);
	if (how == PUT_TEXT) {
		outq_text(s->q, STDOUT_FILENO, data, len);
		return 0;
	}
	output = output_of(data, len);
	NEEDS(output != NULL);
	outq_output(s->q, STDOUT_FILENO, output);
	return 0;
}

/* Another stdout for the scene. */
static int reopen(struct scene *s, const char *path, int flags)
{
	int fd;

	outq_free(s->q);
	if (path == NULL) {
		NEEDS(close(STDOUT_FILENO) == 0);
	} else {
		fd = open(path, flags | O_CLOEXEC);
		NEEDS(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
		close(fd);
	}
	s->trouble = (struct trouble){ { { false } } };
	s->q = outq_new(&s->trouble);
	NEEDS(s->q != NULL);
	return 0;
}

static int full_disk_body(int how)
{
	struct scene s;

	PASSES(open_scene(&s, A_PIPE));
	PASSES(reopen(&s, "/dev/full", O_WRONLY));
	PASSES(put_as(&s, how));
	PASSES(stays_broken(&s, ENOSPC));
	outq_free(s.q);
	free(s.expected);
	return 0;
}

static void full_disk(void **state)
{
	(void)state;
	for (int how = 0; how < NPUTS; how++)
		run(full_disk_body, how);
}

/* What a closed stdout is turned into when the command starts. */
static int wrong_way_body(int how)
{
	struct scene s;

	PASSES(open_scene(&s, A_PIPE));
	PASSES(reopen(&s, "/dev/null", O_RDONLY));
	PASSES(put_as(&s, how));
	PASSES(stays_broken(&s, EBADF));
	outq_free(s.q);
	free(s.expected);
	return 0;
}

static void opened_the_wrong_way(void **state)
{
	(void)state;
	for (int how = 0; how < NPUTS; how++)
		run(wrong_way_body, how);
}

static int closed_body(int how)
{
	struct scene s;

	PASSES(open_scene(&s, A_PIPE));
	PASSES(reopen(&s, NULL, 0));
	NEEDS(stdout_error(&s) == 0);  /* nothing to write is no error */
	PASSES(put_as(&s, how));
	NEEDS(stdout_error(&s) == EBADF && outq_empty(s.q));
	outq_free(s.q);
	free(s.expected);
	return 0;
}

static void closed(void **state)
{
	(void)state;
	for (int how = 0; how < NPUTS; how++)
		run(closed_body, how);
}

/* ---- details ---- */

static int nothing_body(int arg)
{
	struct scene s;
	struct outq_shared *shared;

	(void)arg;
	PASSES(open_scene(&s, A_PIPE));
	NEEDS(outq_empty(s.q) && !outq_full(s.q));
	outq_text(s.q, STDERR_FILENO, "", 0);
	outq_text(s.q, STDERR_FILENO, NULL, 0);
	outq_printf(s.q, STDERR_FILENO, "%s", "");
	outq_output(s.q, STDERR_FILENO, NULL);
	outq_output(s.q, STDERR_FILENO, covey_output_new(100, NULL));
	shared = outq_share(covey_output_new(100, NULL));
	NEEDS(shared != NULL);
	outq_part(s.q, STDERR_FILENO, shared, 0, 0);
	outq_unshare(shared);
	outq_unshare(NULL);
	NEEDS(outq_empty(s.q));
	NEEDS(holds(s.file, "", 0));
	outq_free(NULL);
	return close_scene(&s);
}

static void nothing(void **state)
{
	(void)state;
	run(nothing_body, 0);
}

static int part_body(int arg)
{
	struct scene s;
	struct outq_shared *shared = outq_share(output_of("0123456789", 10));

	(void)arg;
	NEEDS(shared != NULL);
	PASSES(open_scene(&s, A_PIPE));
	outq_part(s.q, STDERR_FILENO, shared, 7, 3);
	outq_part(s.q, STDERR_FILENO, shared, 2, 1);
	outq_part(s.q, STDERR_FILENO, shared, 0, 4);
	outq_part(s.q, STDERR_FILENO, shared, 0, 4);
	/* still readable, though all of it was written */
	NEEDS(covey_output_size(outq_shared_output(shared)) == 10);
	outq_unshare(shared);
	NEEDS(holds(s.file, "789201230123", 12));
	return close_scene(&s);
}

static void parts(void **state)
{
	(void)state;
	run(part_body, 0);
}

static int cut_body(int arg)
{
	static const struct cv_capture_limits limits = {
		.spill_bytes = 1000, .max_output = 6, .tmpdir = "/tmp",
	};
	static const char wanted[] = "abc\n[covey: 4 bytes cut here]\nhij";
	struct covey_output *output = cv_output_create(&limits);
	struct scene s;

	(void)arg;
	NEEDS(output != NULL && covey_output_append(output, "abcdefghij", 10) == 0);
	PASSES(open_scene(&s, A_PIPE));
	outq_output(s.q, STDERR_FILENO, output);
	NEEDS(holds(s.file, wanted, sizeof wanted - 1));
	return close_scene(&s);
}

static void cuts_are_named(void **state)
{
	char note[OUTQ_CUT_SIZE];

	(void)state;
	run(cut_body, 0);
	outq_cut_note(note, 1);
	assert_string_equal(note, "\n[covey: 1 bytes cut here]\n");
	outq_cut_note(note, UINT64_MAX);
	assert_string_equal(note, "\n[covey: 18446744073709551615 bytes cut here]\n");
}

static int long_text_body(int arg)
{
	struct scene s;
	char *text = malloc(100000);

	(void)arg;
	NEEDS(text != NULL);
	memset(text, 'x', 99999);
	text[99999] = '\0';
	PASSES(open_scene(&s, A_PIPE));
	outq_printf(s.q, STDERR_FILENO, "%s", text);
	NEEDS(holds(s.file, text, 65535));
	free(text);
	return close_scene(&s);
}

static void formatted_text_is_cut(void **state)
{
	(void)state;
	run(long_text_body, 0);
}

/* Either many pieces or many bytes. */
static int fullness_body(int len)
{
	struct scene s;
	int pieces = 0, status;
	pid_t reader;

	PASSES(open_scene(&s, A_PIPE));
	while (!outq_full(s.q)) {
		outq_text(s.q, STDOUT_FILENO, note_expected(&s, (size_t)len), (size_t)len);
		pieces++;
	}
	NEEDS(pieces > 1 && !outq_empty(s.q));
	reader = start_reader(&s);
	NEEDS(reader > 0);
	drain(s.q);
	NEEDS(!outq_full(s.q) && outq_empty(s.q));
	NEEDS(waitpid(reader, &status, 0) == reader && status == 0);
	return close_scene(&s);
}

static void fullness(void **state)
{
	(void)state;
	run(fullness_body, 1);
	run(fullness_body, 400000);
}

struct hooked {
	int before, after;
	bool wrong;
	const struct scene *scene;
	struct stat at;          /* of the file, before */
};

static void on_write(void *arg, bool before)
{
	struct hooked *h = arg;

	h->wrong |= before ? h->before != h->after : h->before != h->after + 1;
	h->before += before;
	h->after += !before;
	if (before && h->before == 1)
		h->wrong |= fstat(h->scene->file, &h->at) != 0;
}

static int hook_body(int arg)
{
	struct scene s;
	struct hooked hooked = { .scene = &s };

	(void)arg;
	PASSES(open_scene(&s, A_PIPE));
	outq_set_hook(s.q, on_write, &hooked);
	outq_text(s.q, STDERR_FILENO, "", 0);
	NEEDS(hooked.before == 0);
	outq_text(s.q, STDERR_FILENO, "text", 4);
	NEEDS(hooked.before == 1 && hooked.after == 1 && !hooked.wrong);
	NEEDS(hooked.at.st_size == 0 && holds(s.file, "text", 4));
	outq_output(s.q, STDERR_FILENO, output_of("output", 6));
	NEEDS(hooked.before == 2 && hooked.after == 2 && !hooked.wrong);
	outq_set_hook(s.q, NULL, NULL);
	outq_text(s.q, STDERR_FILENO, "!", 1);
	NEEDS(hooked.before == 2 && holds(s.file, "textoutput!", 11));
	return close_scene(&s);
}

static void hooks(void **state)
{
	(void)state;
	run(hook_body, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(full_and_attached),
		cmocka_unit_test(drained),
		cmocka_unit_test(lanes),
		cmocka_unit_test(reader_gone_before),
		cmocka_unit_test(reader_gone_meanwhile),
		cmocka_unit_test(reader_gone_while_draining),
		cmocka_unit_test(sockets_do_not_signal),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(opened_the_wrong_way),
		cmocka_unit_test(closed),
		cmocka_unit_test(nothing),
		cmocka_unit_test(parts),
		cmocka_unit_test(cuts_are_named),
		cmocka_unit_test(formatted_text_is_cut),
		cmocka_unit_test(fullness),
		cmocka_unit_test(hooks),
	};

	choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
