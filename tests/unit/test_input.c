#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/input/input.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- a directory of our own ---- */

struct place {
	char dir[64];
	char file[80];
};

static int enter(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	snprintf(p->dir, sizeof p->dir, "/tmp/covey-input-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof p->file, "%s/file", p->dir);
	*state = p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;

	unlink(p->file);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

static void fill(const char *path, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	write_all(fd, data, len);
	assert_int_equal(close(fd), 0);
}

/* ---- what comes ---- */

static struct input *opened(const struct input_options *options)
{
	struct error err = { "" };
	struct input *input = input_open(options, &err);

	if (input == NULL)
		fail_msg("%s", err.message);
	return input;
}

static struct input *opened_file(const char *path, int delimiter, bool empty_records)
{
	const struct input_options options = {
		.path = path, .delimiter = delimiter, .empty_records = empty_records,
	};

	return opened(&options);
}

static void expect_bytes(struct input *input, const char *text, size_t len, uint64_t line)
{
	struct input_record record;
	struct error err = { "" };
	enum input_result result = input_next(input, &record, &err);

	if (result != INPUT_RECORD)
		fail_msg("'%s': result %d: %s", text, (int)result, err.message);
	assert_int_equal(record.len, len);
	assert_memory_equal(record.text, text, len + 1);
	assert_int_equal(record.line, line);
}

static void expect(struct input *input, const char *text, uint64_t line)
{
	expect_bytes(input, text, strlen(text), line);
}

static void expect_result(struct input *input, enum input_result result)
{
	struct input_record record;
	struct error err = { "" };

	assert_int_equal(input_next(input, &record, &err), result);
}

static void expect_message(struct input *input, enum input_result result, const char *message)
{
	struct input_record record;
	struct error err = { "" };

	assert_int_equal(input_next(input, &record, &err), result);
	assert_string_equal(err.message, message);
}

/* There is no way back from the end. */
static void expect_end(struct input *input)
{
	expect_result(input, INPUT_END);
	assert_false(input_has_more(input));
	expect_result(input, INPUT_END);
	input_close(input);
}

/* ---- files ---- */

static void records(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		int delimiter;
		bool empty;
		const char *records[5];
		uint64_t lines[5];
	} cases[] = {
		{ "", 0, '\n', false, { NULL }, { 0 } },
		{ "", 0, '\n', true, { NULL }, { 0 } },
		{ "a\n", 2, '\n', false, { "a" }, { 1 } },
		{ "a", 1, '\n', false, { "a" }, { 1 } },
		{ "a\nb\n", 4, '\n', false, { "a", "b" }, { 1, 2 } },
		{ "a\nb", 3, '\n', false, { "a", "b" }, { 1, 2 } },
		{ " a \t\n", 5, '\n', false, { " a \t" }, { 1 } },
		{ "a\r\n", 3, '\n', false, { "a\r" }, { 1 } },
		/* what is skipped is counted, so that numbers are those of the lines */
		{ "\n\na\n\nb\n\n", 8, '\n', false, { "a", "b" }, { 3, 5 } },
		{ "\n\na\n\n", 5, '\n', true, { "", "", "a", "" }, { 1, 2, 3, 4 } },
		{ "\n", 1, '\n', false, { NULL }, { 0 } },
		{ "\n", 1, '\n', true, { "" }, { 1 } },
		{ "a\0b c\nd\0", 8, '\0', true, { "a", "b c\nd" }, { 1, 2 } },
		{ "a\0\0b", 4, '\0', true, { "a", "", "b" }, { 1, 2, 3 } },
		{ "a\0\0b", 4, '\0', false, { "a", "b" }, { 1, 3 } },
		{ "a,b\n,c", 6, ',', false, { "a", "b\n", "c" }, { 1, 2, 3 } },
		{ "a\xff" "b", 3, 0xff, false, { "a", "b" }, { 1, 2 } },
	};
	const struct place *p = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct input *input;

		fill(p->file, cases[i].data, cases[i].len);
		input = opened_file(p->file, cases[i].delimiter, cases[i].empty);
		assert_string_equal(input_name(input), p->file);
		assert_int_equal(input_fd(input), -1);
		for (size_t r = 0; r < 5 && cases[i].records[r] != NULL; r++)
			expect(input, cases[i].records[r], cases[i].lines[r]);
		expect_end(input);
	}
}

static void more_of_a_file(void **state)
{
	const struct place *p = *state;
	struct input *input;

	fill(p->file, "a\nb\n", 4);
	input = opened_file(p->file, '\n', false);
	assert_true(input_has_more(input));
	expect(input, "a", 1);
	assert_true(input_has_more(input));
	expect(input, "b", 2);
	assert_false(input_has_more(input));
	expect_end(input);
	fill(p->file, "", 0);
	input = opened_file(p->file, '\n', false);
	assert_false(input_has_more(input));
	expect_end(input);
}

static void missing_file(void **state)
{
	const struct place *p = *state;
	const struct input_options options = { .path = p->file, .delimiter = '\n' };
	struct error err = { "" };
	char message[200];

	assert_null(input_open(&options, &err));
	snprintf(message, sizeof message, "cannot open '%s': No such file or directory", p->file);
	assert_string_equal(err.message, message);
}

static void directory(void **state)
{
	const struct place *p = *state;
	const struct input_options options = { .path = p->dir, .delimiter = '\n' };
	struct error err = { "" };
	char message[200];
	int before = dup(STDERR_FILENO), after;

	assert_true(before >= 0);
	close(before);
	assert_null(input_open(&options, &err));
	snprintf(message, sizeof message, "cannot read '%s': it is a directory", p->dir);
	assert_string_equal(err.message, message);
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);  /* nothing was left open */
}

static void closing(void **state)
{
	const struct place *p = *state;
	int before = dup(STDERR_FILENO), after;

	close(before);
	fill(p->file, "a\n", 2);
	input_close(opened_file(p->file, '\n', false));
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);
	input_close(NULL);
}

/* ---- NUL bytes ---- */

static void nul_is_refused(void **state)
{
	const struct place *p = *state;
	static const char data[] = "one\ntw\0o\nthree\n\n\0\nlast\0";
	struct input *input;
	char message[250];

	fill(p->file, data, sizeof data - 1);
	input = opened_file(p->file, '\n', false);
	expect(input, "one", 1);
	snprintf(message, sizeof message,
	    "%s:2: item with a NUL byte left out; use -0 if NUL ends each item", p->file);
	expect_message(input, INPUT_REFUSED, message);
	expect(input, "three", 3);
	snprintf(message, sizeof message,
	    "%s:5: item with a NUL byte left out; use -0 if NUL ends each item", p->file);
	expect_message(input, INPUT_REFUSED, message);
	snprintf(message, sizeof message,
	    "%s:6: item with a NUL byte left out; use -0 if NUL ends each item", p->file);
	expect_message(input, INPUT_REFUSED, message);
	expect_end(input);
}

/* ---- long records ---- */

/* Lengths around every size that a buffer may have. */
static void lengths(void **state)
{
	static const size_t lengths[] = {
		1, 4095, 4096, 65533, 65534, 65535, 65536, 65537, 1, 131070, 131071, 131072, 131073,
		3 << 20, 2,
	};
	const struct place *p = *state;
	char *text = malloc((3 << 20) + 1);
	int fd = open(p->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct input *input;

	assert_true(text != NULL && fd >= 0);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(text, (int)('a' + i), lengths[i]);
		text[lengths[i]] = '\n';
		write_all(fd, text, lengths[i] + 1);
	}
	close(fd);
	input = opened_file(p->file, '\n', false);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(text, (int)('a' + i), lengths[i]);
		text[lengths[i]] = '\0';
		expect_bytes(input, text, lengths[i], i + 1);
	}
	expect_end(input);
	free(text);
}

/* An endless record ends in words, not in all memory used up. */
static void endless_record(void **state)
{
	const struct place *p = *state;
	struct input_record record;
	struct error err = { "" };
	struct input *input;
	char message[200];

	fill(p->file, "one\n", 4);
	/* a hole: nothing of it is on the disk */
	assert_int_equal(truncate(p->file, (off_t)1 << 30), 0);
	input = opened_file(p->file, '\n', false);
	expect(input, "one", 1);
	assert_int_equal(input_next(input, &record, &err), INPUT_BAD);
	snprintf(message, sizeof message, "%s:2: item longer than 64 MiB", p->file);
	assert_memory_equal(err.message, message, strlen(message));
	input_close(input);
}

/* ---- pipes ---- */

struct stream {
	int ends[2];
	struct input *input;
};

/* By its name in /proc, so that the input has a descriptor of its own. */
static void open_stream(struct stream *s, int delimiter)
{
	char path[64];

	assert_int_equal(pipe2(s->ends, O_CLOEXEC), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", s->ends[0]);
	s->input = opened_file(path, delimiter, false);
	assert_true(input_fd(s->input) >= 0);
	close(s->ends[0]);
}

/* Waits as the loop does, and tells the input. */
static void await_input(struct input *input)
{
	struct pollfd pfd = { .fd = input_fd(input), .events = POLLIN };

	while (poll(&pfd, 1, -1) < 0)
		assert_int_equal(errno, EINTR);
	input_ready(input);
}

static void arrival(void **state)
{
	struct stream s;

	(void)state;
	open_stream(&s, '\n');
	expect_result(s.input, INPUT_LATER);
	assert_false(input_has_more(s.input));
	write_all(s.ends[1], "on", 2);
	/* it may not read before it is told to */
	expect_result(s.input, INPUT_LATER);
	assert_true(input_has_more(s.input));
	await_input(s.input);
	expect_result(s.input, INPUT_LATER);
	write_all(s.ends[1], "e\ntwo\nth", 8);
	await_input(s.input);
	/* what is there is there, whatever else there will be */
	expect(s.input, "one", 1);
	assert_true(input_has_more(s.input));
	expect(s.input, "two", 2);
	expect_result(s.input, INPUT_LATER);
	expect_result(s.input, INPUT_LATER);
	close(s.ends[1]);
	await_input(s.input);
	expect(s.input, "th", 3);
	expect_end(s.input);
}

static void byte_by_byte(void **state)
{
	static const char text[] = "a\n\nbc\n\n\nd";
	struct stream s;
	char got[20] = "";
	struct input_record record;
	struct error err;

	(void)state;
	open_stream(&s, '\n');
	for (size_t i = 0; i < strlen(text); i++) {
		write_all(s.ends[1], text + i, 1);
		await_input(s.input);
		while (input_next(s.input, &record, &err) == INPUT_RECORD) {
			strncat(got, record.text, sizeof got - strlen(got) - 1);
			strncat(got, "|", sizeof got - strlen(got) - 1);
		}
	}
	assert_string_equal(got, "a|bc|");
	close(s.ends[1]);
	await_input(s.input);
	expect(s.input, "d", 6);
	expect_end(s.input);
}

static void nothing_comes(void **state)
{
	struct stream s;

	(void)state;
	open_stream(&s, '\n');
	expect_result(s.input, INPUT_LATER);
	close(s.ends[1]);
	await_input(s.input);
	expect_end(s.input);
}

/* More than the pipe holds, from another process, in records that straddle every read. */
static void long_stream(void **state)
{
	enum { RECORDS = 20000 };
	struct stream s;
	pid_t writer;
	int status;

	(void)state;
	open_stream(&s, '\0');
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		for (int i = 1; i <= RECORDS; i++)
			if (dprintf(s.ends[1], "record %d%c", i, '\0') < 0)
				_exit(1);
		_exit(0);
	}
	close(s.ends[1]);
	for (uint64_t line = 1; line <= RECORDS;) {
		struct input_record record;
		struct error err;
		char wanted[32];

		switch (input_next(s.input, &record, &err)) {
		case INPUT_RECORD:
			snprintf(wanted, sizeof wanted, "record %d", (int)line);
			assert_string_equal(record.text, wanted);
			assert_int_equal(record.line, line++);
			continue;
		case INPUT_LATER:
			await_input(s.input);
			continue;
		case INPUT_END:
		case INPUT_REFUSED:
		case INPUT_AGAIN:
		case INPUT_OTHERS:
		case INPUT_BAD:
			fail_msg("no record %d", (int)line);
		}
	}
	await_input(s.input);
	expect_end(s.input);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
}

/* Somebody else was faster, or the descriptor was not readable after all. */
static void false_alarm(void **state)
{
	struct stream s;

	(void)state;
	open_stream(&s, '\n');
	assert_int_equal(fcntl(input_fd(s.input), F_SETFL, O_NONBLOCK), 0);
	input_ready(s.input);
	expect_result(s.input, INPUT_LATER);
	write_all(s.ends[1], "a\n", 2);
	await_input(s.input);
	expect(s.input, "a", 1);
	close(s.ends[1]);
	expect_result(s.input, INPUT_LATER);
	await_input(s.input);
	expect_end(s.input);
}

/* ---- standard input ---- */

#define NEEDS(truth) do { if (!(truth)) return __LINE__; } while (0)

static int stdin_body(const struct place *p, const char *path)
{
	const struct input_options options = { .path = path, .delimiter = '\n' };
	struct input_record record;
	struct error err;
	struct input *input;
	int fd = open(p->file, O_RDONLY | O_CLOEXEC);

	NEEDS(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	input = input_open(&options, &err);
	NEEDS(input != NULL);
	NEEDS(strcmp(input_name(input), "standard input") == 0);
	NEEDS(input_next(input, &record, &err) == INPUT_RECORD);
	NEEDS(strcmp(record.text, "one") == 0);
	NEEDS(input_next(input, &record, &err) == INPUT_REFUSED);
	NEEDS(strncmp(err.message, "standard input:2: ", 18) == 0);
	NEEDS(input_next(input, &record, &err) == INPUT_END);
	input_close(input);
	NEEDS(fcntl(STDIN_FILENO, F_GETFD) >= 0);  /* it is not ours to close */
	close(fd);

	fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	NEEDS(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	NEEDS(input_open(&options, &err) == NULL);
	NEEDS(strcmp(err.message, "cannot read 'standard input': it is a directory") == 0);
	close(STDIN_FILENO);
	NEEDS(input_open(&options, &err) == NULL);
	NEEDS(strcmp(err.message, "cannot open 'standard input': Bad file descriptor") == 0);
	return 0;
}

static void standard_input(void **state)
{
	static const char *const paths[] = { NULL, "-" };
	const struct place *p = *state;

	fill(p->file, "one\nt\0o", 7);
	for (size_t i = 0; i < COUNT(paths); i++) {
		pid_t child = fork();
		int status, line;

		assert_true(child >= 0);
		if (child == 0) {
			line = stdin_body(p, paths[i]);
			_exit(line == 0 ? 0 : 1 + (line - 1) % 255);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("path %zu: wait status %#x", i, (unsigned)status);
	}
}

/* A descriptor that cannot be read is told about, once it is read. */
static void unreadable(void **state)
{
	struct input *input;
	char message[200];

	(void)state;
	/* address 0 is not mapped */
	input = opened_file("/proc/self/mem", '\n', false);
	snprintf(message, sizeof message, "cannot read '/proc/self/mem': %s", strerror(EIO));
	expect_message(input, INPUT_BAD, message);
	input_close(input);
}

/* ---- items ---- */

static void items(void **state)
{
	char *const list[] = { (char[]){ "one" }, (char[]){ "" }, (char[]){ "th\nree" } };
	const struct input_options options = {
		.items = list, .nitems = COUNT(list), .given = true, .delimiter = '\n',
	};
	struct input *input = opened(&options);

	(void)state;
	assert_int_equal(input_fd(input), -1);
	assert_true(input_has_more(input));
	expect(input, "one", 1);
	/* who writes '' on the command line means it */
	expect(input, "", 2);
	assert_true(input_has_more(input));
	expect(input, "th\nree", 3);
	expect_end(input);
}

/* ":::" with nothing behind it is not standard input. */
static void no_items(void **state)
{
	const struct input_options options = { .given = true, .delimiter = '\n' };

	(void)state;
	expect_end(opened(&options));
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(records),
		IN_PLACE(more_of_a_file),
		IN_PLACE(missing_file),
		IN_PLACE(directory),
		IN_PLACE(closing),
		IN_PLACE(nul_is_refused),
		IN_PLACE(lengths),
		IN_PLACE(endless_record),
		cmocka_unit_test(arrival),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(nothing_comes),
		cmocka_unit_test(long_stream),
		cmocka_unit_test(false_alarm),
		IN_PLACE(standard_input),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(items),
		cmocka_unit_test(no_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
