/*
 * What children print: shown, captured, cut, held back, or passed on.
 */
#include "executor_steps.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void set_fd_flag(int fd, int flag)
{
	int flags = fcntl(fd, F_GETFL);

	assert_true(flags >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, flags | flag), 0);
}

struct pieces {
	size_t n[3];
	char text[3][100];
	bool deal;
};

static bool take_piece(struct covey *ex, const struct covey_task *task,
    const struct covey_attempt *attempt, int stream, const void *data, size_t len, void *user)
{
	struct rig *rig = user;
	struct pieces *pieces = rig->arg;

	if (ex != rig->ex || len == 0 || (stream != 1 && stream != 2)
	    || attempt->number != task->attempts)
		strlcpy(rig->wrong, "on_output was called wrongly", sizeof rig->wrong);
	else if (pieces->n[stream] + len < sizeof pieces->text[stream])
		memcpy(pieces->text[stream] + pieces->n[stream], data, len);
	pieces->n[stream] += len;
	return pieces->deal;
}

static void test_on_output(struct rig *rig)
{
	struct pieces pieces = { .deal = true };

	rig->arg = &pieces;
	rig->o.on_output = take_piece;
	rig->o.tail_bytes = 4;
	start_rig(rig);
	sh(rig, "printf abcdefgh; printf oops >&2");
	run(rig);
	assert_string_equal(pieces.text[1], "abcdefgh");
	assert_string_equal(pieces.text[2], "oops");
	assert_string_equal(rig->tasks[1].text[0], "efgh");
	assert_string_equal(rig->tasks[1].text[1], "oops");
	/* declined, it is captured as if nobody had been asked */
	pieces.deal = false;
	sh(rig, "printf 12345678");
	run(rig);
	assert_string_equal(pieces.text[1], "abcdefgh12345678");
	assert_string_equal(rig->tasks[2].text[0], "12345678");
}

static void test_max_output(struct rig *rig)
{
	rig->o.max_output = 10;
	start_rig(rig);
	sh(rig, "printf 0123456789abcdefghijklmn; printf 0123456789 >&2");
	run(rig);
	assert_int_equal(rig->tasks[1].size[0], 10);
	assert_int_equal(rig->tasks[1].cut[0], 14);
	assert_string_equal(rig->tasks[1].text[0], "01234jklmn");
	assert_int_equal(rig->tasks[1].cut[1], 0);
	assert_string_equal(rig->tasks[1].text[1], "0123456789");
}

static void take_at_end(struct rig *rig, const struct covey_event *event)
{
	struct covey_output **taken = rig->arg;

	if (event->type != COVEY_ENDED)
		return;
	taken[0] = covey_take_output(event->attempt, 1);
	taken[1] = covey_take_output(event->attempt, 2);
	if (event->attempt->out != NULL || covey_take_output(event->attempt, 1) != NULL)
		wrong(rig, event, "taken, it is still there");
}

/* More than is kept in memory, in an unlinked file, and after the executor's end. */
static void test_take_output(struct rig *rig)
{
	struct covey_output *taken[2] = { NULL, NULL };
	char tail[6] = "", end[10];
	int fds[2];

	rig->hook = take_at_end;
	rig->arg = taken;
	rig->o.spill_bytes = 1000;
	rig->o.tmpdir = rig->dir;
	start_rig(rig);
	sh(rig, "seq 1 20000");
	run(rig);
	covey_free(rig->ex);
	rig->ex = NULL;
	assert_int_equal(rmdir(rig->dir), 0);
	assert_null(taken[1]);
	assert_int_equal(covey_output_size(taken[0]), 108894);
	assert_int_equal(covey_output_tail(taken[0], tail, 5), 5);
	assert_string_equal(tail, "0000\n");
	assert_int_equal(covey_output_read(taken[0], 108894, end, sizeof end), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	set_fd_flag(fds[1], O_NONBLOCK);
	assert_int_equal(covey_output_write(taken[0], 2, 4, fds[1]), 4);
	assert_int_equal(read(fds[0], end, sizeof end), 4);
	assert_memory_equal(end, "2\n3\n", 4);
	close(fds[0]);
	close(fds[1]);
	covey_output_free(taken[0]);
}

static void test_hold_output(struct rig *rig)
{
	struct pieces pieces = { .deal = false };

	rig->arg = &pieces;
	rig->o.on_output = take_piece;
	start_rig(rig);
	sh(rig, "echo before; : >first; " WAIT_FOR("gate") "echo after; : >second; "
	    "head -c 200000 /dev/zero");
	TURN_UNTIL(rig, pieces.n[1] == 7 && exists(rig, "first"));
	covey_hold_output(rig->ex, true);
	covey_hold_output(rig->ex, true);
	open_gate(rig, "gate");
	/* one that is started meanwhile is held, too */
	sh(rig, "echo other; : >third");
	TURN_UNTIL(rig, exists(rig, "second") && exists(rig, "third"));
	assert_int_equal(pieces.n[1], 7);
	covey_hold_output(rig->ex, false);
	run(rig);
	assert_int_equal(pieces.n[1], 7 + 6 + 200000 + 6);
	assert_int_equal(rig->tasks[1].size[0], 7 + 6 + 200000);
	assert_string_equal(rig->tasks[2].text[0], "other\n");
	assert_false(rig->tasks[1].last.cut_off);
	assert_false(rig->tasks[2].last.cut_off);
}

static void test_inherit_output(struct rig *rig)
{
	char text[20] = "";
	int fd;

	rig->o.flags |= COVEY_INHERIT_OUTPUT;
	start_rig(rig);
	write_file(rig, "out", "", 0600);
	fd = open(in_dir(rig, "out"), O_RDWR | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	fflush(stdout);
	rig->own_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(rig->own_stdout >= 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	sh(rig, "echo directly");
	run(rig);
	restore_host(rig);
	assert_int_equal(pread(fd, text, sizeof text - 1, 0), 9);
	assert_string_equal(text, "directly\n");
	close(fd);
	assert_outcome(rig, 1, COVEY_SUCCESS);
	assert_int_equal(rig->tasks[1].size[0], 0);
}

static const struct entry entries[] = {
	TEST(test_on_output, BOTH),
	TEST(test_max_output, ANY),
	TEST(test_take_output, ANY),
	TEST(test_hold_output, BOTH),
	TEST(test_inherit_output, BOTH),
};

int main(void)
{
	return run_entries("executor_output", entries, COUNT(entries));
}
